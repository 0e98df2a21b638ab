// The class of each lost write: one story each, and the evidence that makes it another class.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/invariants/client_story.h"

namespace sim::story {
namespace {

using event::OpKind;
using event::OpOutcome;
using ::testing::Contains;
using ::testing::HasSubstr;

// m4 takes m1's place; the write 2 is lost unless m4 was there.
ClientStory failover(std::int64_t m4_at) {
  ClientStory story;
  story.write(1, "k", "a", 50).when(6s).write(2, "k", "b", 100).replica_at(m4, m4_at);
  story.when(6100ms).crash(m1).at(9s).promote(m4, m1, shard(0), 4);
  return story;
}

TEST(LossClasses, AsyncUnlessTheWinnerHadIt) {
  EXPECT_EQ(failover(50).final("k", OpKind::kRead, "a").classes(), "A permitted");
  EXPECT_EQ(failover(100).final("k", OpKind::kRead, "a").classes(), "? VIOLATION");
}

// m4 has copied m1 after the write: what m1 had when it began to send, which its offset tells.
TEST(LossClasses, ACopyIsAsOldAsItsOffset) {
  const auto classes = [](std::int64_t offset) {
    ClientStory story;
    story.write(1, "k", "a", 50).when(6s).write(2, "k", "b", 100);
    story.when(7s).say(
        m4, event::ReplicationUp{id(m1), event::SyncKind::kFull, history('x'), offset, 1});
    story.when(8s).crash(m1).at(9s).promote(m4, m1, shard(0), 4);
    return story.final("k", OpKind::kRead, "a").classes();
  };
  EXPECT_EQ(classes(99), "A permitted");
  EXPECT_EQ(classes(100), "? VIOLATION");
}

TEST(LossClasses, MinorityUntilItShouldHaveStopped) {
  for (const auto& [time, expected] :
       {std::pair{13203ms, "B permitted"}, std::pair{13204ms, "C VIOLATION"}}) {
    ClientStory story;
    story.write(1, "k", "a", 50).when(10s).cut({{"m1", "c"}, {"m2", "m3", "m4", "m5", "m6"}});
    story.when(12500ms).promote(m4, m1, shard(0), 4);
    story.when(time).write(2, "k", "b", 100).final("k", OpKind::kRead, "a");
    EXPECT_EQ(story.classes(), expected);
    const LossRow row = story.table().rows.at(0);
    EXPECT_EQ(row.window_ns, (time - 10s) / 1ns);
    EXPECT_EQ(row.who, "m1 -> m4");
    const std::pair<std::string, std::string> sides{"partition", "m1 c | m2 m3 m4 m5 m6"};
    EXPECT_THAT(row.example.evidence, Contains(sides));
  }
}

// m1 wakes and takes a write when m4 has its slots, though m4 is dead by then, and drops it later.
TEST(LossClasses, MinorityIfItHadBeenReplacedByWhoHasDiedSince) {
  const auto classes = [](std::uint64_t epoch) {
    ClientStory story;
    story.write(1, "k", "a", 50).replica_at(m4, 50);
    story.when(6s).say(m1, event::MachinePaused{}).at(9s).promote(m4, m1, shard(0), epoch);
    story.at(9100ms).crash(m4).at(10s).say(m1, event::MachineResumed{});
    story.write(2, "k", "b", 100).when(20s).claim_replica(m1, m4);
    story.say(m1, event::KeysDropped{2, "flushed before a full synchronisation"});
    return story.final("k", OpKind::kRead, "a").classes();
  };
  EXPECT_EQ(classes(4), "B permitted");
  EXPECT_EQ(classes(1), "? VIOLATION") << "its own epoch is as great";
}

TEST(LossClasses, MinReplicasAreInTheEvidenceOfAMinority) {
  ClientStory story;
  story.facts.min_replicas_to_write = 1;
  story.facts.min_replicas_max_lag = 10s;
  story.write(1, "k", "a", 50).when(10s).cut({{"m1", "c"}, {"m2", "m3", "m4", "m5", "m6"}});
  story.when(13s).write(2, "k", "b", 100).final("k", OpKind::kRead, "a");
  EXPECT_THAT(story.table().rows.at(0).example.what,
              HasSubstr("min-replicas-to-write 1 stops one that is cut off from its replicas too "
                        "after about 11.000 s"));
}

struct Waited {
  std::uint32_t counted = 1;  // by WAIT, of one asked for
  std::int64_t m5_at = 100;   // the other replica of m1
  bool m5_lives = true;
  std::uint32_t rank = 0;  // with which m4, who is behind, stands
  bool cut_lately = false;
  std::string classes() const {
    ClientStory story;
    story.claim_replica(m5, m1);
    story.write(1, "k", "a", 50);
    story.wait_wanted = 1;
    story.wait_counted = counted;
    story.when(6s).write(2, "k", "b", 100).replica_at(m4, 50).replica_at(m5, m5_at);
    story.when(6100ms).crash(m1);
    if (!m5_lives) story.crash(m5);
    if (cut_lately) story.when(7s).cut({{"m3"}, {"m1", "m2", "m4", "m5", "m6"}}).cut({});
    story.when(9s).say(m4, event::ElectionStarted{id(m1), 4, rank, 2, false});
    story.promote(m4, m1, shard(0), 4);
    return story.final("k", OpKind::kRead, "a").classes();
  }
};

TEST(LossClasses, WaitIfAnotherReplicaHadIt) {
  EXPECT_EQ(Waited{.rank = 1}.classes(), "D permitted") << "m5 did not stand in time";
  EXPECT_EQ(Waited{.rank = 0}.classes(), "D VIOLATION") << "m4 knew that m5 was ahead";
  EXPECT_EQ((Waited{.rank = 0, .cut_lately = true}.classes()), "D permitted") << "or may not have";
  EXPECT_EQ(Waited{.counted = 0}.classes(), "A permitted") << "its client was told";
  EXPECT_EQ(Waited{.m5_at = 50}.classes(), "A permitted") << "m5 did not have it after all";
  EXPECT_EQ(Waited{.m5_lives = false}.classes(), "A permitted") << "nobody else could stand";
}

TEST(LossClasses, AFailedWaitIsCountedAsAWarning) {
  ClientStory story;
  story.wait_wanted = 2;
  story.wait_counted = 1;
  story.write(1, "k", "a", 50).when(6s).crash(m1).at(9s).promote(m4, m1, shard(0), 4);
  const LossTable table = story.final("k", OpKind::kRead, "", true).table();
  EXPECT_EQ(table.warned, 1u);
  EXPECT_EQ(table.waited, 0u);
}

TEST(LossClasses, MigrationIfItsSlotWasOnTheMove) {
  for (const SlotId slot : {SlotId{1}, SlotId{2}}) {
    ClientStory story;
    story.write(1, "k", "a", 50).at(6s);
    story.say(m1, event::SlotOpened{slot, false, id(m2)}).say(m1, event::SlotClosed{slot, false});
    story.final("k", OpKind::kRead, "", true);
    EXPECT_EQ(story.classes(), slot == SlotId{1} ? "E VIOLATION" : "? VIOLATION");
  }
  ClientStory defect;
  defect.write(1, "k", "a", 50).say(m1, event::SlotOpened{SlotId{1}, false, id(m2)});
  defect.replica_at(m4, 50).when(6s).crash(m1).at(9s).promote(m4, m1, shard(0), 4);
  EXPECT_EQ(defect.final("k", OpKind::kRead, "", true).classes(), "E known defect 4");
}

// m4 has replaced m1 and has all its data; then it drops them for `taker`.
ClientStory given_back(std::uint32_t taker, bool takeovers) {
  ClientStory story = failover(100);
  story.facts.takeovers = takeovers;
  story.when(12s).start(m1, 1).say(m1, event::NodeStarted{id(m1), 1, 3, 0, 3});
  story.claim_primary(m1, taker == m1 ? shard(0) : no_slots(), 4).claim_replica(m4, taker);
  story.say(m4, event::KeysDropped{2, "flushed before a full synchronisation"});
  story.final("k", OpKind::kRead, "a");
  return story;
}

TEST(LossClasses, RetakenIfTheOldPrimaryIsBack) {
  EXPECT_EQ(given_back(m1, false).classes(), "F VIOLATION");
  EXPECT_EQ(given_back(m1, true).classes(), "F known defect 30");
  EXPECT_EQ(given_back(m2, false).classes(), "? VIOLATION");
  EXPECT_THAT(given_back(m1, false).table().rows.at(0).example.what,
              HasSubstr("m1, which it had replaced at 9.000 s with epoch 4, had taken its slots "
                        "back with epoch 4"));
}

TEST(LossClasses, ForcedIfAnOperatorDidNotWait) {
  const auto classes = [](bool takeover, bool manual, bool waited) {
    ClientStory story;
    story.write(1, "k", "a", 50).when(6s);
    if (waited) story.say(m4, event::ManualFailover{"offset matched"});
    story.say(m4, event::Promoted{id(m1), 4, 2, 2, takeover, manual});
    return story.final("k", OpKind::kRead, "", true).classes();
  };
  EXPECT_EQ(classes(true, true, false), "T known defect 31");
  EXPECT_EQ(classes(false, true, false), "T permitted");
  EXPECT_EQ(classes(false, true, true), "? VIOLATION");
  EXPECT_EQ(classes(false, false, false), "A permitted");
}

TEST(LossClasses, RestartIfItsDiskDidNotHaveIt) {
  for (const std::uint64_t keys : {std::uint64_t{0}, std::uint64_t{3}}) {
    ClientStory story;
    story.write(1, "k", "a", 50).when(6s).crash(m1).start(m1, 1);
    story.say(m1, event::NodeStarted{id(m1), 1, 3, 0, keys}).claim_primary(m1, shard(0), 1);
    story.final("k", OpKind::kRead, "", true);
    EXPECT_EQ(story.classes(), keys == 0 ? "R known defect 47" : "R permitted");
  }
}

// What m4 copied from m1 after its restart is what was left on m1's disk, and m4's own successor
// cannot have more.
TEST(LossClasses, RestartStaysTheReasonForWhoCopiesAndReplaces) {
  ClientStory story;
  story.write(1, "k", "a", 50).when(6s).crash(m1).start(m1, 1);
  story.say(m1, event::NodeStarted{id(m1), 1, 3, 0, 3}).claim_primary(m1, shard(0), 1);
  story.say(m1, event::StreamAt{history('y'), 10, 10, Role::kPrimary});
  for (const std::uint32_t replica : {m4, m5})
    story.say(replica, event::ReplicationUp{id(m1), event::SyncKind::kFull, history('y'), 10, 3});
  for (const auto& [winner, loser] : {std::pair{m4, m1}, std::pair{m5, m4}}) {
    story.when(winner == m4 ? 8s : 9s).say(winner, event::ManualFailover{"offset matched"});
    story.say(winner, event::Promoted{id(loser), 4, 2, 2, false, true});
  }
  story.final("k", OpKind::kRead, "", true);
  EXPECT_EQ(story.classes(), "R permitted");
  EXPECT_THAT(story.table().rows.at(0).example.what,
              HasSubstr("m1 was restarted at 6.000 s from a disk that did not have it"));
}

TEST(LossClasses, NoLossIfAClientRemovedIt) {
  for (const auto& [key, removed] : {std::pair{"", true}, {"k", true}, {"j", false}}) {
    ClientStory story;
    story.write(1, "k", "a", 50).when(6s).say(m1, event::KeysRemoved{1, key});
    const LossTable table = story.final("k", OpKind::kRead, "", true).table();
    EXPECT_EQ(table.removed, removed ? 1u : 0u) << key;
    EXPECT_EQ(table.lost, removed ? 0u : 1u) << key;
  }
  ClientStory after;
  after.say(m1, event::KeysRemoved{1, ""});
  after.when(6s).write(1, "k", "a", 50);
  EXPECT_EQ(after.final("k", OpKind::kRead, "", true).table().lost, 1u);
}

// What is overwritten for good is not kept whole, and still known.
TEST(LossClasses, OverwrittenWritesAreRememberedInBrief) {
  ClientStory story;
  for (int i = 1; i <= 100; ++i) {
    story.when(5s + i * 10ms);
    story.write(static_cast<std::uint64_t>(i), "k", "v" + std::to_string(i), i);
  }
  ClientStory old = story, newest = story, alien = story;
  newest.final("k", OpKind::kRead, "v100");
  EXPECT_EQ(newest.judged().judgement, Judgement::kPass) << newest.judged().what();
  EXPECT_EQ(newest.table().acked, 100u);
  const LossTable lost = old.final("k", OpKind::kRead, "v5").table();
  EXPECT_EQ(lost.lost, 1u) << "of a register only the newest can be missed";
  EXPECT_EQ(lost.rows.at(0).share_ppm, 10'000);
  EXPECT_THAT(alien.final("k", OpKind::kRead, "v101").judged().what(),
              HasSubstr("which nobody wrote"));
}

}  // namespace
}  // namespace sim::story
