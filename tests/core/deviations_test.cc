// Each deviation changes what it says it does: one story, told with and without it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/core/deviation.h"
#include "sim/core/gossip.h"
#include "sim/wire/nodes_conf.h"
#include "tests/core/cluster_stage.h"
#include "tests/core/pump.h"

namespace sim::stage {
namespace {

using Suspicion = event::Suspicion;

Deviations with(std::initializer_list<Deviation> wanted) {
  Deviations set;
  for (const Deviation deviation : wanted) set.add(deviation);
  return set;
}

struct Story : ClusterStage {
  Story(int primaries, int replicas, Deviations deviations,
        std::map<std::string, std::string> directives = {})
      : ClusterStage(spec(primaries, replicas, deviations, std::move(directives))) {
    EXPECT_TRUE(run_until_healthy());
    run_for(8s);  // until every replica is in sync
  }

  static ClusterSpec spec(int primaries, int replicas, Deviations deviations,
                          std::map<std::string, std::string> directives) {
    ClusterSpec made;
    made.primaries = primaries;
    made.replicas = replicas;
    made.deviations = deviations;
    made.directives = std::move(directives);
    made.config.cluster_node_timeout_ms = 2000;
    return made;
  }

  void power_off(const std::string& who) { levers().crash(id(who), true); }
  void hold(const std::string& label, const std::string& from, const std::string& to) {
    MessageRule rule;
    rule.label = label;
    rule.from = {id(from)};
    rule.to = {id(to)};
    levers().on_message(rule);
  }

  event::PeerView of(const std::string& peer, const std::string& in_view_of) {
    const event::ViewSnapshot seen = view(in_view_of);
    for (const event::PeerView& row : seen.peers) {
      if (who().label(row.id) == peer) return row;
    }
    return {};
  }
  bool owns(const std::string& peer, std::uint32_t slot, const std::string& in_view_of) {
    return of(peer, in_view_of).slots->slots().test(slot);
  }
  bool holds_failed(const std::string& by, const std::string& peer) {
    return of(peer, by).suspicion == Suspicion::kFail;
  }
  template <class Kind>
  SimTime last(const std::string& by) const {
    const std::vector<SimTime> at = times<Kind>(by);
    return at.empty() ? SimTime{} : at.back();
  }
};

TEST(Deviations, NamesAreFoundAndListed) {
  for (const DeviationInfo& info : deviations()) {
    EXPECT_EQ(find_deviation(info.name), info.deviation);
    EXPECT_EQ(names_of(with({info.deviation})), info.name);
    EXPECT_FALSE(info.versions.empty());
    EXPECT_FALSE(info.source.empty());
  }
  EXPECT_EQ(find_deviation("no-such"), std::nullopt);
  const std::vector<std::string> two{"distinct-ranks", "no-owner-not-claiming"};
  EXPECT_EQ(names_of(deviations_named(two)), "no-owner-not-claiming, distinct-ranks");
  EXPECT_EQ(names_of({}), "");
}

// ---- Older versions ----

TEST(Deviations, NoOwnerNotClaiming) {
  const auto moves = [](Deviations set) {
    Story story(3, 0, set);
    story.tell("m3", "CLUSTER DELSLOTS 16000");
    story.run_for(3s);
    story.tell("m1", "CLUSTER DELSLOTS 16000");
    story.tell("m1", "CLUSTER ADDSLOTS 16000");
    story.run_for(3s);
    return story.owns("m1", 16000, "m2");
  };
  EXPECT_TRUE(moves({})) << "m1's epoch is lower, but m3 has let go of the slot";
  EXPECT_FALSE(moves(with({Deviation::kNoOwnerNotClaiming})));
}

TEST(Deviations, SuspectsByChance) {
  nodes_conf::File file;
  for (int i = 1; i <= 9; ++i) {
    nodes_conf::Line line;
    line.id = id_of(i);
    line.address = {"10.0.1." + std::to_string(i), 6379, 16379, 0};
    line.flags = bus::flag::kMaster;
    if (i == 1) line.flags |= bus::flag::kMyself;
    line.slots.set(static_cast<std::size_t>(i));
    file.lines.push_back(std::move(line));
  }
  const auto mentions = [&](Deviations set) {
    Pump pump;
    pump.add({}, {{"nodes.conf", share(nodes_conf::print(file))}}, Mutation::kNone, set);
    Server server = pump.server(0);
    const PeerId suspect = server.cluster.peers.find(server.names->intern(id_of(9)));
    server.cluster.peers.hot(suspect).set(bus::flag::kPfail);
    server.cluster.suspected_at_cron = 1;
    ChoiceStream stream(1, "test");
    Choices choices(stream);
    Effects effects;
    Outbox outbox;
    Pass pass({kWallStart, MonotonicTime{Duration{1}}}, choices, effects, outbox);
    int count = 0;
    for (int i = 0; i < 100; ++i) {
      const PayloadRef payload = make_heartbeat(server, pass, bus::Type::kPing);
      const bus::Message& message = static_cast<const bus::BusPayload&>(*payload).message();
      const auto& gossip = std::get<bus::Heartbeat>(message.body).gossip;
      count += std::any_of(gossip.begin(), gossip.end(), [&](const bus::Gossip& entry) {
        return (server.names->profile(entry.profile).flags & bus::flag::kPfail) != 0;
      });
    }
    return count;
  };
  EXPECT_EQ(mentions({}), 100);
  const int by_chance = mentions(with({Deviation::kSuspectsByChance}));
  EXPECT_GT(by_chance, 10);
  EXPECT_LT(by_chance, 90);
}

TEST(Deviations, PongsOnlyLiveness) {
  const auto suspects = [](Deviations set) {
    Story story(3, 0, set);
    story.hold("bus:PONG", "m2", "m1");
    story.run_for(5s);
    return !story.told<event::SuspicionChanged>("m1").empty();
  };
  EXPECT_FALSE(suspects({})) << "m2's PINGs still come";
  EXPECT_TRUE(suspects(with({Deviation::kPongsOnlyLiveness})));
}

TEST(Deviations, ReplicasKeepFailure) {
  const auto told = [](Deviations set) {
    Story story(3, 3, set);
    story.power_off("m1");
    story.run_for(6s);
    EXPECT_TRUE(story.holds_failed("m2", "m1"));
    std::uint64_t sent = 0;
    for (const char* replica : {"m4", "m5", "m6"})
      sent += story.view(replica).counters["bus_sent_fail"];
    return sent > 0;
  };
  EXPECT_TRUE(told({}));
  EXPECT_FALSE(told(with({Deviation::kReplicasKeepFailure})));
}

TEST(Deviations, PauseOutlastsFailover) {
  const auto writable = [](Deviations set) {
    Story story(3, 3, set);
    story.hold("bus:PING", "m1", "m4");  // so that m4 never learns what offset to reach
    story.hold("bus:PONG", "m1", "m4");
    story.tell("m4", "CLUSTER FAILOVER");
    story.run_for(4s);
    EXPECT_FALSE(story.view("m1").writable);
    story.run_for(2s);
    return story.view("m1").writable;
  };
  EXPECT_TRUE(writable({}));
  EXPECT_FALSE(writable(with({Deviation::kPauseOutlastsFailover})));
}

TEST(Deviations, ZeroOffsetUnknown) {
  const auto completes = [](Deviations set) {
    Story story(3, 3, set, {{"repl-ping-replica-period", "1000"}});
    EXPECT_EQ(story.view("m1").offset, 0);
    story.tell("m4", "CLUSTER FAILOVER");
    story.run_for(6s);
    return !story.told<event::Promoted>("m4").empty();
  };
  EXPECT_TRUE(completes({}));
  EXPECT_FALSE(completes(with({Deviation::kZeroOffsetUnknown})));
}

TEST(Deviations, PrimaryEpochLoaded) {
  const auto epoch_of_takeover = [](Deviations set) {
    Story story(3, 3, set);
    EXPECT_EQ(story.tell("m1", "CLUSTER BUMPEPOCH"), "BUMPED 4");
    story.run_for(3s);
    story.levers().crash(story.id("m4"), false);
    story.run_for(100ms);
    story.levers().start(story.id("m4"), {});
    story.run_for(3s);
    story.tell("m4", "CLUSTER FAILOVER TAKEOVER");
    return story.told<event::Promoted>("m4").at(0).epoch;
  };
  EXPECT_EQ(epoch_of_takeover({}), 5u);
  EXPECT_EQ(epoch_of_takeover(with({Deviation::kPrimaryEpochLoaded})), 4u);
}

// ---- Later versions: elections ----

// A dead node that I have forgotten is still known to others. Who trusts the id adds it by that;
// who trusts the address waits for an answer from there, and gets none.
TEST(Deviations, GossipIntroduces) {
  const auto knows_again = [](Deviations set) {
    Story story(3, 1, set);
    story.power_off("m4");
    story.run_for(8s);
    story.tell("m1", "CLUSTER FORGET " + std::string(story.of("m4", "m1").id.view()));
    story.run_for(1s);
    EXPECT_TRUE(story.of("m4", "m1").id.is_none());
    story.run_for(65s);
    return !story.of("m4", "m1").id.is_none();
  };
  EXPECT_TRUE(knows_again({}));
  EXPECT_FALSE(knows_again(with({Deviation::kGossipIntroduces})));
}

TEST(Deviations, DistinctRanks) {
  const auto rank_of_the_second = [](Deviations set) {
    Story story(3, 6, set);
    story.power_off("m1");
    EXPECT_TRUE(
        story.run_until<event::ElectionScheduled>(6s, [&](const Record& record, const auto&) {
          return story.who().name(record.machine) == "m7";
        }));
    return story.told<event::ElectionScheduled>("m7").at(0).rank;
  };
  EXPECT_EQ(rank_of_the_second({}), 0u);
  EXPECT_EQ(rank_of_the_second(with({Deviation::kDistinctRanks})), 1u);
}

TEST(Deviations, RankMayImprove) {
  const auto waits = [](Deviations set) {
    set.add(Deviation::kDistinctRanks);  // so that m7 has rank 1 to begin with
    Story story(3, 6, set);
    story.power_off("m1");
    EXPECT_TRUE(
        story.run_until<event::ElectionScheduled>(6s, [&](const Record& record, const auto&) {
          return story.who().name(record.machine) == "m7";
        }));
    story.tell("m4", "CONFIG SET cluster-replica-no-failover yes");
    story.run_for(4s);
    const auto delay =
        std::chrono::milliseconds(story.told<event::ElectionScheduled>("m7").at(0).delay_ms);
    const Duration waited =
        story.last<event::ElectionStarted>("m7") - story.last<event::ElectionScheduled>("m7");
    return waited >= delay;
  };
  EXPECT_TRUE(waits({}));
  EXPECT_FALSE(waits(with({Deviation::kRankMayImprove}))) << "m4 ranks no more";
}

TEST(Deviations, NewPrimaryNewElection) {
  const auto must_wait = [](Deviations set) {
    Story story(3, 6, set);
    story.power_off("m1");
    EXPECT_TRUE(
        story.run_until<event::Following>(10s, [](const Record&, const auto&) { return true; }));
    const std::string winner = story.told<event::Promoted>("m4").empty() ? "m7" : "m4";
    const std::string other = winner == "m4" ? "m7" : "m4";
    story.run_for(2s);
    story.power_off(winner);
    story.run_for(5s);
    EXPECT_TRUE(story.holds_failed(other, winner));
    const auto hindered = story.told<event::ElectionHindered>(other);
    return std::any_of(hindered.begin(), hindered.end(),
                       [](const auto& told) { return told.why == "waits until it may try again"; });
  };
  EXPECT_TRUE(must_wait({}));
  EXPECT_FALSE(must_wait(with({Deviation::kNewPrimaryNewElection})));
}

TEST(Deviations, EmptyShardFailsOver) {
  const auto promoted = [](Deviations set) {
    Story story(3, 3, set, {{"cluster-require-full-coverage", "no"}});
    for (int i = 1; i <= 6; ++i)
      story.tell("m" + std::to_string(i), "CLUSTER DELSLOTSRANGE 0 5460");
    story.power_off("m1");
    story.run_for(8s);
    EXPECT_TRUE(story.holds_failed("m4", "m1"));
    return !story.told<event::Promoted>("m4").empty();
  };
  EXPECT_FALSE(promoted({}));
  EXPECT_TRUE(promoted(with({Deviation::kEmptyShardFailsOver})));
}

TEST(Deviations, ForceAtOnce) {
  const auto at_once = [](Deviations set) {
    Story story(3, 3, set);
    story.tell("m4", "CLUSTER FAILOVER FORCE");
    story.run_for(5ms);
    return !story.told<event::ElectionScheduled>("m4").empty();
  };
  EXPECT_FALSE(at_once({})) << "at the next cron";
  EXPECT_TRUE(at_once(with({Deviation::kForceAtOnce})));
}

// ---- Later versions: failure detection ----

TEST(Deviations, ServingPrimariesReport) {
  const auto fails = [](Deviations set) {
    Story story(3, 0, set, {{"cluster-require-full-coverage", "no"}});
    for (const char* node : {"m1", "m2", "m3"})
      story.tell(node, "CLUSTER DELSLOTSRANGE 10922 16383");
    story.power_off("m1");
    story.run_for(8s);
    return story.holds_failed("m2", "m1");
  };
  EXPECT_TRUE(fails({})) << "m3 has no slots, but a word";
  EXPECT_FALSE(fails(with({Deviation::kServingPrimariesReport})));
}

TEST(Deviations, SolePrimaryDeclares) {
  const auto fails = [](Deviations set) {
    Story story(1, 1, set);
    story.power_off("m2");
    story.run_for(6s);
    return story.of("m2", "m1").suspicion;
  };
  EXPECT_EQ(fails({}), Suspicion::kPfail);
  EXPECT_EQ(fails(with({Deviation::kSolePrimaryDeclares})), Suspicion::kFail);
}

// ---- Later versions: epochs, roles and slots ----

TEST(Deviations, PrimariesOnlyTellEpochs) {
  const auto epoch_of_replica = [](Deviations set) {
    Story story(3, 3, set);
    return story.of("m6", "m1").config_epoch;
  };
  EXPECT_EQ(epoch_of_replica({}), 3u) << "its primary's";
  EXPECT_EQ(epoch_of_replica(with({Deviation::kPrimariesOnlyTellEpochs})), 0u);
}

TEST(Deviations, UpdateOnlyPrimaries) {
  const auto finds_out = [](Deviations set) {
    Story story(3, 6, set);
    const LeverId apart =
        story.levers().cut(story.both_ways({"m7"}, story.others({"m7"})), kAllPlanes);
    story.tell("m4", "CLUSTER FAILOVER");
    story.run_for(1s);
    story.levers().release(apart);
    story.levers().cut(story.both_ways({"m7"}, {"m1", "m4"}), kAllPlanes);
    story.run_for(4s);
    return !story.told<event::Following>("m7").empty();
  };
  EXPECT_TRUE(finds_out({})) << "m2 and m3 tell it of m4";
  EXPECT_FALSE(finds_out(with({Deviation::kUpdateOnlyPrimaries})));
}

TEST(Deviations, DemotionKeepsSlots) {
  const auto unbinds = [](Deviations set) {
    Story story(3, 3, set);
    story.hold("bus:PING", "m4", "m3");
    story.hold("bus:PONG", "m4", "m3");
    story.tell("m4", "CLUSTER FAILOVER TAKEOVER");
    story.run_for(1500ms);
    EXPECT_EQ(story.of("m1", "m3").role, Role::kReplica);
    const auto moved = story.told<event::SlotsRebound>("m3");
    return std::any_of(moved.begin(), moved.end(),
                       [](const auto& told) { return told.to.is_none(); });
  };
  EXPECT_TRUE(unbinds({}));
  EXPECT_FALSE(unbinds(with({Deviation::kDemotionKeepsSlots})));
}

TEST(Deviations, ClaimBitCleared) {
  const auto gives_up = [](Deviations set) {
    Story story(3, 0, set);
    story.tell("m1", "CLUSTER DELSLOTS 100");
    story.run_for(3s);  // m2 sees that nobody claims it
    story.hold("bus:PING", "m2", "m1");
    story.hold("bus:PONG", "m2", "m1");
    story.tell("m2", "CLUSTER DELSLOTS 100");
    story.tell("m2", "CLUSTER ADDSLOTS 100");
    story.tell("m1", "CLUSTER ADDSLOTS 100");
    story.run_for(1500ms);
    return story.owns("m1", 100, "m2");
  };
  EXPECT_TRUE(gives_up({})) << "to a lower epoch";
  EXPECT_FALSE(gives_up(with({Deviation::kClaimBitCleared})));
}

// ---- Later versions: the rest ----

TEST(Deviations, LostKeysReplicated) {
  const auto left_on_replica = [](Deviations set) {
    Story story(3, 3, set);
    EXPECT_EQ(story.tell("m1", "SET b 1"), "OK");  // slot 3300
    story.run_for(1s);
    story.tell("m2", "CLUSTER DELSLOTS 3300");
    story.tell("m2", "CLUSTER ADDSLOTS 3300");
    story.run_for(3s);
    EXPECT_EQ(story.view("m1").keys, 0u);
    return story.view("m4").keys;
  };
  EXPECT_EQ(left_on_replica({}), 1u);
  EXPECT_EQ(left_on_replica(with({Deviation::kLostKeysReplicated})), 0u);
}

TEST(Deviations, MeetUntilAnswered) {
  const auto knows = [](Deviations set) {
    ClusterSpec spec = Story::spec(2, 0, set, {});
    spec.known = false;
    ClusterStage stage(spec);
    stage.run_for(1s);
    MessageRule rule;
    rule.label = "bus:MEET";
    rule.from = {stage.id("m1")};
    rule.to = {stage.id("m2")};
    const LeverId held = stage.levers().on_message(rule);
    stage.tell("m1", "CLUSTER MEET 10.0.0.2 6379");
    stage.run_for(500ms);
    stage.levers().reset_connections(stage.both_ways({"m1"}, {"m2"}), kAllPlanes);
    stage.levers().release(held);
    stage.run_for(4s);
    EXPECT_EQ(stage.view("m1").known_nodes, 2u);
    return stage.view("m2").known_nodes == 2;
  };
  EXPECT_FALSE(knows({})) << "the only MEET was lost with its connection";
  EXPECT_TRUE(knows(with({Deviation::kMeetUntilAnswered})));
}

TEST(Deviations, MigrationStartsAfresh) {
  const auto offset_in_new_shard = [](Deviations set) {
    Story story(3, 6, set);
    EXPECT_EQ(story.tell("m1", "SET b 1"), "OK");
    story.run_for(2s);
    EXPECT_GT(story.view("m4").offset, 0);
    story.tell("m4", "CLUSTER REPLICATE " + std::string(id_of(2).view()));
    story.run_for(100ms);
    return story.view("m4").offset;
  };
  EXPECT_GT(offset_in_new_shard({}), 0) << "of the shard it has left";
  EXPECT_EQ(offset_in_new_shard(with({Deviation::kMigrationStartsAfresh})), 0);
}

struct OpenSlot609 : Story {
  explicit OpenSlot609(Deviations set) : Story(3, 3, set) {
    EXPECT_EQ(tell("m2", "CLUSTER SETSLOT 609 IMPORTING " + std::string(id_of(1).view())), "OK");
    EXPECT_EQ(tell("m1", "CLUSTER SETSLOT 609 MIGRATING " + std::string(id_of(2).view())), "OK");
    run_for(500ms);
  }
  // "[609->-m2]"
  bool shows(const std::string& who, const std::string& direction, int other) {
    const std::string open = "[609" + direction + std::string(id_of(other).view()) + "]";
    return tell(who, "CLUSTER NODES").find(open) != std::string::npos;
  }
};

TEST(Deviations, OpenSlotsReplicated) {
  const Deviations replicated = with({Deviation::kOpenSlotsReplicated});
  const auto known = [](Deviations set) {
    OpenSlot609 story(set);
    return story.shows("m4", "->-", 2) && story.shows("m5", "-<-", 1);
  };
  EXPECT_FALSE(known({}));
  EXPECT_TRUE(known(replicated));

  OpenSlot609 story(replicated);
  story.tell("m4", "CLUSTER FAILOVER");
  story.run_for(3s);
  EXPECT_TRUE(story.shows("m4", "->-", 2)) << "promoted";
  EXPECT_TRUE(story.shows("m1", "->-", 2)) << "demoted";
}

TEST(Deviations, OpenSlotsAreInAFullSynchronisation) {
  const auto inherited = [](Deviations set) {
    OpenSlot609 story(set);
    story.levers().crash(story.id("m4"), true);
    story.levers().start(story.id("m4"), {DiskChange::What::kLoseAll, ""});
    story.run_for(1s);
    story.tell("m4", "CLUSTER MEET 10.0.0.1 6379");
    story.run_for(3s);
    story.tell("m4", "CLUSTER REPLICATE " + std::string(id_of(1).view()));
    story.run_for(8s);
    return story.shows("m4", "->-", 2);
  };
  EXPECT_FALSE(inherited({}));
  EXPECT_TRUE(inherited(with({Deviation::kOpenSlotsReplicated})));
}

// The replica cannot acknowledge what its primary tells it.
TEST(Deviations, SetSlotWaitsForReplicas) {
  const std::string migrating = "CLUSTER SETSLOT 700 MIGRATING " + std::string(id_of(2).view());
  const auto answers = [&](Deviations set, const std::string& form, Duration after) {
    OpenSlot609 story(set);
    story.levers().pause(story.id("m4"));
    const std::string early = story.tell("m1", form);
    story.run_for(after);
    const bool open = story.tell("m1", "CLUSTER NODES").find("[700") != std::string::npos;
    return early + (open ? " open" : "");
  };
  const Deviations replicated = with({Deviation::kOpenSlotsReplicated});
  EXPECT_EQ(answers({}, migrating, 0s), "OK open");
  EXPECT_EQ(answers(replicated, migrating, 4s).find("open"), std::string::npos);
  EXPECT_THAT(answers(replicated, migrating + " TIMEOUT x", 0s),
              testing::HasSubstr("timeout is not an integer"));
  EXPECT_THAT(answers({}, migrating + " TIMEOUT 500", 0s),
              testing::HasSubstr("Invalid CLUSTER SETSLOT action"));
}

TEST(Deviations, OpenSlotsRepointed) {
  const Deviations both = with({Deviation::kOpenSlotsReplicated, Deviation::kOpenSlotsRepointed});
  const auto after_failovers = [](Deviations set, const char* who, const char* direction,
                                  int other) {
    OpenSlot609 story(set);
    story.tell("m5", "CLUSTER FAILOVER");
    story.run_for(3s);
    story.tell("m4", "CLUSTER FAILOVER");
    story.run_for(3s);
    return story.shows(who, direction, other);
  };
  EXPECT_TRUE(after_failovers(both, "m4", "->-", 5)) << "the target's new primary";
  EXPECT_TRUE(after_failovers(both, "m5", "-<-", 4)) << "the source's";
  EXPECT_TRUE(after_failovers(with({Deviation::kOpenSlotsReplicated}), "m4", "->-", 2));

  const auto takes_what_is_let_go = [](Deviations set) {
    OpenSlot609 story(set);
    story.tell("m1", "CLUSTER SETSLOT 609 NODE " + std::string(id_of(2).view()));
    story.run_for(3s);
    return story.owns("m2", 609, "m2");
  };
  EXPECT_FALSE(takes_what_is_let_go({})) << "nobody has told m2";
  EXPECT_TRUE(takes_what_is_let_go(both));
}

TEST(Deviations, ConfigByRename) {
  const auto writes = [](Deviations set) {
    Pump pump;
    const auto box = pump.add({}, {}, Mutation::kNone, set);
    pump.say(box, "CLUSTER SAVECONFIG");
    std::vector<std::string> effects = pump.last_effects(box);
    effects.pop_back();  // the reply
    EXPECT_EQ(pump.files(box).size(), 1u);
    EXPECT_FALSE(pump.files(box).at("nodes.conf").empty());
    return effects;
  };
  using testing::StartsWith;
  EXPECT_THAT(writes({}), testing::ElementsAre("write nodes.conf", "sync nodes.conf"));
  EXPECT_THAT(writes(with({Deviation::kConfigByRename})),
              testing::ElementsAre(StartsWith("write nodes.conf.tmp-"),
                                   StartsWith("sync nodes.conf.tmp-")));
}

}  // namespace
}  // namespace sim::stage
