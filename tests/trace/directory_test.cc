#include "sim/trace/directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/trace/names_testing.h"

namespace sim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr MachineId kM1{0}, kM2{1}, kM3{2}, kM4{3};

SlotsRef slots(std::size_t first, std::size_t last) {
  SlotSet set;
  for (std::size_t slot = first; slot <= last; ++slot) set.set(slot);
  return share_slots(set);
}

// Two shards: primaries m1 and m2, replicas m3 and m4.
class DirectoryTest : public ::testing::Test {
 protected:
  DirectoryTest() : directory(cast()) {
    primary(kM1, slots(0, 8191), 1);
    primary(kM2, slots(8192, 16383), 2);
    replica(kM3, 'a');
    replica(kM4, 'b');
  }

  static Cast cast() {
    std::vector<MachineInfo> people(5);
    for (std::size_t i = 0; i < 4; ++i) {
      people[i].name = "m" + std::to_string(i + 1);
      people[i].shard = static_cast<int>(i % 2);
      people[i].planned_primary = i < 2;
      people[i].planned_id = id(static_cast<char>('a' + i));
      people[i].zone = i % 2 == 0 ? "east" : "west";
    }
    people[4].name = "client";
    people[4].kind = MachineKind::kClient;
    return people;
  }
  void tell(MachineId machine, Event event) {
    directory.see({sequence_++, {}, machine, Source::kInternal, std::move(event)});
  }
  void primary(MachineId machine, SlotsRef own, std::uint64_t epoch) {
    const char letter = static_cast<char>('a' + machine.value);
    tell(machine, event::Claim{id(letter), Role::kPrimary, {}, std::move(own), epoch, epoch});
  }
  void replica(MachineId machine, char of) {
    const char letter = static_cast<char>('a' + machine.value);
    tell(machine, event::Claim{id(letter), Role::kReplica, id(of), no_slots(), 0, 0});
  }

  Directory directory;

 private:
  std::uint64_t sequence_ = 0;
};

// Another cluster beside this one: m3 and m4 are of it.
class OtherClusterTest : public DirectoryTest {
 protected:
  OtherClusterTest() {
    Cast people = cast();
    std::vector<MachineInfo> changed(people.people().begin(), people.people().end());
    for (const std::size_t i : {2u, 3u}) {
      changed[i].cluster = "b";
      changed[i].shard = -1;
    }
    directory = Directory(Cast(std::move(changed)));
    primary(kM1, slots(0, 16383), 1);
    primary(kM3, slots(0, 16383), 7);
    replica(kM4, 'c');
  }
};

TEST_F(OtherClusterTest, IsNoneOfThisOnesBusiness) {
  EXPECT_TRUE(directory.is_foreign(kM3));
  EXPECT_FALSE(directory.is_member(kM3));
  EXPECT_FALSE(directory.is_spare(kM3));
  EXPECT_THAT(directory.cluster_nodes(), ElementsAre(kM1, kM2));
  EXPECT_THAT(directory.primaries(), ElementsAre(kM1));
  EXPECT_THAT(directory.replicas(), IsEmpty());
  EXPECT_EQ(directory.owner_of(SlotId{5}), kM1);
  tell(kM4, event::PeerLearned{id('c')});
  EXPECT_FALSE(directory.has_merged()) << "they know each other";
}

TEST_F(OtherClusterTest, IsPartOfItOnceOneKnowsTheOther) {
  tell(kM1, event::PeerLearned{id('c')});
  EXPECT_TRUE(directory.has_merged());
  EXPECT_FALSE(directory.is_foreign(kM3));
  EXPECT_TRUE(directory.is_foreign(kM4)) << "nobody here has heard of it";
  EXPECT_EQ(directory.owner_of(SlotId{5}), kM3) << "its epoch is the greater";
  tell(kM4, event::PeerLearned{id('a')});
  EXPECT_FALSE(directory.is_foreign(kM4));
  EXPECT_THAT(directory.replicas(), ElementsAre(kM4));
}

TEST_F(DirectoryTest, KnowsWhatEverybodyClaims) {
  EXPECT_EQ(directory.primary_of(0), kM1);
  EXPECT_EQ(directory.primary_of(1), kM2);
  EXPECT_THAT(directory.replicas_of(0), ElementsAre(kM3));
  EXPECT_THAT(directory.primaries(), ElementsAre(kM1, kM2));
  EXPECT_THAT(directory.replicas(), ElementsAre(kM3, kM4));
  EXPECT_EQ(directory.owner_of(SlotId{8191}), kM1);
  EXPECT_EQ(directory.owner_of(SlotId{8192}), kM2);
  EXPECT_EQ(directory.find("m4"), kM4);
  EXPECT_EQ(directory.machine_of(id('c')), kM3);
  EXPECT_EQ(directory.label(id('z')), "zzzzzzzz");
  EXPECT_THAT(directory.in_zone("west"), ElementsAre(kM2, kM4));
  EXPECT_EQ(directory.shard_of(SlotId{9000}), 1);
}

TEST_F(DirectoryTest, TheGreatestEpochOwnsTheSlots) {
  primary(kM3, slots(0, 8191), 3);
  EXPECT_EQ(directory.primary_of(0), kM3);
  EXPECT_EQ(directory.owner_of(SlotId{7}), kM3);
  EXPECT_EQ(directory.voters(), 2u) << "m1 is outranked";
}

TEST_F(DirectoryTest, ADeadPrimaryLeavesItsShardWithoutOneUntilItIsReplaced) {
  tell(kM1, event::MachineCrashed{});
  EXPECT_EQ(directory.primary_of(0), std::nullopt);
  EXPECT_EQ(directory.last_primary_of(0), kM1);
  EXPECT_EQ(directory.owner_of(SlotId{7}), std::nullopt);
  EXPECT_THAT(directory.replicas_of(0), ElementsAre(kM3));
  EXPECT_THAT(directory.down(), ElementsAre(kM1));
  EXPECT_EQ(directory.voters(), 2u) << "it counts for the majority as long as nobody has its slots";
  primary(kM3, slots(0, 8191), 3);
  EXPECT_EQ(directory.last_primary_of(0), kM3);
}

TEST_F(DirectoryTest, APausedPrimaryIsStillPrimary) {
  tell(kM1, event::MachinePaused{});
  EXPECT_EQ(directory.primary_of(0), kM1);
  EXPECT_FALSE(directory.is_serving(kM1));
  tell(kM1, event::MachineResumed{});
  EXPECT_TRUE(directory.is_serving(kM1));
}

TEST_F(DirectoryTest, AShardFollowsItsSlotsNotItsMachines) {
  primary(kM1, slots(0, 2000), 1);
  primary(kM2, slots(2001, 16383), 4);
  EXPECT_EQ(directory.primary_of(0), kM2) << "it owns most of the home of shard 0 now";
  EXPECT_EQ(directory.shard_of(kM1), 0);
  replica(kM3, 'b');
  EXPECT_EQ(directory.shard_of(kM3), 1);
  EXPECT_EQ(directory.planned_shard(kM3), 0);
}

TEST_F(DirectoryTest, EqualEpochsAreWonByTheGreaterId) {
  primary(kM2, slots(0, 16383), 1);
  EXPECT_EQ(directory.owner_of(SlotId{7}), kM2);
}

TEST_F(DirectoryTest, AMachineKeepsItsNameWhenTheNodeTakesAnotherId) {
  tell(kM1, event::NodeStarted{id('q'), 1, 0, 0, 0});
  EXPECT_EQ(directory.machine_of(id('q')), kM1);
  EXPECT_EQ(directory.machine_of(id('a')), kM1);
  EXPECT_EQ(directory.incarnation(kM1), 1u);
}

TEST_F(DirectoryTest, HealthIsWhatALiveNodeSays) {
  EXPECT_FALSE(directory.is_healthy(kM1));
  tell(kM1, event::HealthChanged{true, ""});
  EXPECT_TRUE(directory.is_healthy(kM1));
  tell(kM1, event::ProgramExited{1, "assertion"});
  EXPECT_FALSE(directory.is_healthy(kM1));
  EXPECT_FALSE(directory.is_up(kM1));
}

TEST_F(DirectoryTest, TheMajorityIsOfLivePrimaries) {
  EXPECT_THAT(directory.majority(), ElementsAre(kM1, kM2));
  tell(kM1, event::MachineCrashed{});
  EXPECT_THAT(directory.majority(), ElementsAre(kM2));
}

TEST_F(DirectoryTest, CopiesGoTheirOwnWay) {
  Directory copy = directory;
  copy.see({99, {}, kM1, Source::kWorld, event::MachineCrashed{}});
  EXPECT_FALSE(copy.is_up(kM1));
  EXPECT_TRUE(directory.is_up(kM1));
}

TEST(Directory, KnowsNothingBeforeAnybodySpeaks) {
  const Directory directory{std::vector<MachineInfo>(2)};
  EXPECT_THAT(directory.primaries(), IsEmpty());
  EXPECT_EQ(directory.primary_of(0), std::nullopt);
  EXPECT_EQ(directory.name(kNoMachine), "nobody");
  EXPECT_EQ(directory.claim(kNoMachine), nullptr);
  EXPECT_EQ(directory.shard_of(kNoMachine), -1);
}

}  // namespace
}  // namespace sim
