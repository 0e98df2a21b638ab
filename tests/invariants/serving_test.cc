// What clients are told: routing, where writes take effect, where keys are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/invariants/story_testing.h"

namespace sim::story {
namespace {

using ::testing::HasSubstr;

// ---- routing_table_holds ----

// A read of a key of m1's slot 5, asked of m1 in a cluster that is ok.
event::Routed read_of_own() {
  event::Routed asked;
  asked.slot = SlotId{5};
  asked.owner = id(m1);
  asked.ok = true;
  return asked;
}
std::string mistake(std::uint32_t machine, const event::Routed& asked) {
  const Judged judged = running().say(machine, asked).judge("routing_table_holds");
  return judged.judgement == Judgement::kPass ? "" : judged.what();
}

TEST(RoutingTableHolds, SendsTheClientOnFromAMigratingSlot) {
  event::Routed asked = read_of_own();
  asked.migrating_to = id(m2);
  asked.existing = 1;
  EXPECT_EQ(mistake(m1, asked), "");
  asked.existing = 0;
  asked.missing = 1;
  EXPECT_EQ(mistake(m1, asked),
            "m1 was asked for a read in slot 5 of m1, migrating to m2, 0 of 1 key there: it served "
            "it instead of ASK");
  asked.refusal = "ASK 5 10.0.0.2:6379";
  EXPECT_EQ(mistake(m1, asked), "");
  asked.refusal = "MOVED 5 10.0.0.2:6379";
  EXPECT_THAT(mistake(m1, asked), HasSubstr("instead of ASK"));
  asked.existing = 1;
  EXPECT_THAT(mistake(m1, asked), HasSubstr("instead of TRYAGAIN"));
  asked.moves_keys = true;
  asked.refusal.clear();
  EXPECT_EQ(mistake(m1, asked), "");
}

TEST(RoutingTableHolds, ImportsOnlyForWhoAsks) {
  event::Routed asked = read_of_own();
  asked.importing_from = id(m1);
  EXPECT_THAT(mistake(m2, asked), HasSubstr("it served it instead of MOVED"));
  asked.refusal = "MOVED 5 10.0.0.1:6379";
  EXPECT_EQ(mistake(m2, asked), "");
  asked.asking = true;
  EXPECT_THAT(mistake(m2, asked), HasSubstr("after ASKING: it answered \"MOVED"));
  asked.refusal.clear();
  EXPECT_EQ(mistake(m2, asked), "");
  asked.several = true;
  asked.missing = 1;
  EXPECT_THAT(mistake(m2, asked), HasSubstr("instead of TRYAGAIN"));
}

TEST(RoutingTableHolds, RefusesWhatNobodyCanServe) {
  event::Routed asked = read_of_own();
  asked.ok = false;
  EXPECT_THAT(mistake(m1, asked), HasSubstr("the cluster being down: it served it"));
  asked.when_down = true;
  EXPECT_EQ(mistake(m1, asked), "");
  asked.crossing = asked.several = true;
  EXPECT_THAT(mistake(m1, asked), HasSubstr("instead of CROSSSLOT"));
  asked.owner = NodeName{};
  EXPECT_THAT(mistake(m1, asked), HasSubstr("instead of CLUSTERDOWN"));
  asked.refusal = "CLUSTERDOWN Hash slot not served";
  EXPECT_EQ(mistake(m1, asked), "");
}

TEST(RoutingTableHolds, LetsReplicasServeReadsToWhoWantsThem) {
  event::Routed asked = read_of_own();
  asked.primary = id(m1);
  EXPECT_THAT(mistake(m4, asked), HasSubstr("instead of MOVED"));
  asked.readonly = true;
  EXPECT_EQ(mistake(m4, asked), "");
  asked.writes = true;
  EXPECT_THAT(mistake(m4, asked), HasSubstr("a write in slot 5 of m1: it served it"));
}

TEST(RoutingTableHolds, SeesARedirectionToItselfOrOfAnotherSlot) {
  event::Routed asked = read_of_own();
  asked.refusal = "MOVED 5 " + format_endpoint(Story().facts.cast[m2].endpoint);
  EXPECT_THAT(mistake(m2, asked), HasSubstr("names the node itself"));
  asked.refusal = "MOVED 6 10.0.0.1:6379";
  EXPECT_THAT(mistake(m2, asked), HasSubstr("names another slot"));
}

// ---- writes_at_owner ----

TEST(WritesAtOwner, HoldsForOwnersAndImporters) {
  Story story = running().say(m1, event::WriteApplied{SlotId{5}, 0, 10});
  story.say(m2, event::SlotOpened{SlotId{5}, true, id(m1)});
  story.say(m2, event::WriteApplied{SlotId{5}, 0, 10});
  EXPECT_EQ(story.judge("writes_at_owner").judgement, Judgement::kPass);
}

TEST(WritesAtOwner, LetsAPassMakeAnOwner) {
  Story story = running().say(m4, event::WriteApplied{SlotId{5}, 0, 10});
  Story promoted = story;
  promoted.claim_primary(m4, shard(0), 9).at(11s);
  EXPECT_EQ(promoted.judge("writes_at_owner").judgement, Judgement::kPass);
  story.at(11s).claim_primary(m4, shard(0), 9);
  EXPECT_EQ(story.judge("writes_at_owner").what(),
            "m4 applied a write to slot 5, but it is a replica of m1");
}

TEST(WritesAtOwner, SeesAWriteInAnotherSlotThanItsKeys) {
  Story story = running();
  event::OpInvoked invoked;
  invoked.operation = 7;
  invoked.key = "{a}b";
  invoked.slot = 6;
  story.say(client, invoked).say(m1, event::WriteApplied{SlotId{5}, 7, 10});
  EXPECT_EQ(story.judge("writes_at_owner").what(),
            "m1 applied a write to key \"{a}b\" in slot 5, but the key is in slot 6");
}

// ---- keys_live_where_owned ----

TEST(KeysLiveWhereOwned, SeesKeysThatStayedBehind) {
  const auto judged = [](std::uint64_t keys, bool copied, std::uint64_t left) {
    return running()
        .say(m1, event::KeysMigrated{SlotId{5}, keys, {}, copied, 5, left})
        .judge("keys_live_where_owned");
  };
  EXPECT_EQ(judged(3, false, 2).judgement, Judgement::kPass);
  EXPECT_EQ(judged(3, true, 5).judgement, Judgement::kPass);
  EXPECT_EQ(judged(3, false, 5).what(),
            "m1 handed over 3 keys of the 5 of slot 5 and has 5 left instead of 2");
}

Story with_stray_keys() {
  Story story = running().at(20s).phase(event::Phase::kSettling);
  story.facts.settle_from = sim_time(20s);
  return story;
}
Judged with_keys_of_slot_5(Story story) {
  event::ViewSnapshot view = story.view(m2);
  view.occupied = slots(5, 5);
  return story.at(29s).views().say(m2, view).judge("keys_live_where_owned");
}

TEST(KeysLiveWhereOwned, SeesKeysOfSomebodyElsesSlot) {
  EXPECT_EQ(with_keys_of_slot_5(with_stray_keys()).what(),
            "m2 has keys of slot 5, which it neither owns nor imports");
  Story importing = with_stray_keys().say(m2, event::SlotOpened{SlotId{5}, true, id(m1)});
  EXPECT_EQ(with_keys_of_slot_5(importing).judgement, Judgement::kPass);
  Story stopped = importing.say(m2, event::SlotClosed{SlotId{5}, true});
  EXPECT_EQ(with_keys_of_slot_5(stopped).judgement, Judgement::kPass);
  Story inherited = with_stray_keys().say(m3, event::KeysDropped{1, "slot lost"});
  inherited.promote(m2, m3, shard(1), 9);
  EXPECT_EQ(with_keys_of_slot_5(inherited).judgement, Judgement::kKnownDefect);
}

// ---- reshard_keeps_keys_reachable ----

class Reading {
 public:
  Reading() { story_.boot().at(10s); }
  Reading& write(std::uint64_t operation, std::string value,
                 event::OpOutcome outcome = event::OpOutcome::kOk) {
    begin_write(operation, std::move(value));
    story_.say(client, event::OpCompleted{operation, outcome});
    return *this;
  }
  Reading& end_write(std::uint64_t operation) {
    story_.say(client, event::OpCompleted{operation, event::OpOutcome::kOk});
    return *this;
  }
  Reading& begin_write(std::uint64_t operation, std::string value) {
    story_.say(client, invoked(operation, event::OpKind::kWrite, std::move(value)));
    return *this;
  }
  Judged read(std::string value) {
    story_.say(client, invoked(99, event::OpKind::kRead, ""));
    event::OpCompleted done;
    done.operation = 99;
    done.absent = value.empty();
    done.value = std::move(value);
    done.node = "m2";
    return story_.say(client, done).judge("reshard_keeps_keys_reachable");
  }
  Reading& say(std::uint32_t machine, Event event) {
    story_.say(machine, std::move(event));
    return *this;
  }

 private:
  static event::OpInvoked invoked(std::uint64_t operation, event::OpKind kind, std::string value) {
    return {operation, 0, kind, "k", std::move(value), false, "register", 5};
  }
  Story story_;
};

TEST(ReshardKeepsKeysReachable, SeesWhatIsGoneOrOld) {
  EXPECT_EQ(Reading().write(1, "a").read("a").judgement, Judgement::kPass);
  EXPECT_EQ(Reading().write(1, "a").read("").what(),
            "c was told by m2 that key \"k\" (slot 5) is not there, but \"a\" was acknowledged at "
            "10.000 s");
  EXPECT_THAT(Reading().write(1, "a").write(2, "b").read("a").what(), HasSubstr("holds \"a\""));
}

TEST(ReshardKeepsKeysReachable, JudgesOnlyKeysAtRest) {
  const auto unknown = event::OpOutcome::kUnknown;
  EXPECT_EQ(Reading().write(1, "a").begin_write(2, "b").read("").judgement, Judgement::kNotChecked);
  // Of two at once nobody knows which came last.
  EXPECT_EQ(Reading().begin_write(1, "a").write(2, "b").end_write(1).read("b").judgement,
            Judgement::kNotChecked);
  EXPECT_EQ(Reading().begin_write(1, "a").write(2, "b").read("a").judgement,
            Judgement::kNotChecked);
  EXPECT_EQ(Reading().write(1, "a", unknown).write(2, "b").read("").judgement,
            Judgement::kNotChecked);
  EXPECT_EQ(Reading().write(1, "a").say(m1, event::MachineCrashed{}).read("").judgement,
            Judgement::kNotChecked);
  event::StepReply console;
  console.node = "m1";
  console.command = "DEL k";
  EXPECT_EQ(Reading().write(1, "a").say(plan, console).read("").judgement, Judgement::kNotChecked);
}

}  // namespace
}  // namespace sim::story
