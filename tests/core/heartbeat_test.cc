// What a header and a heartbeat change at their receiver, one call at a time. (Protocol §5.)
#include "sim/core/heartbeat.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "sim/core/cluster_node.h"
#include "sim/core/gossip_reading.h"
#include "sim/core/manual_failover.h"
#include "sim/core/nodes_file.h"
#include "sim/core/replication.h"
#include "sim/core/slots_config.h"
#include "tests/core/cluster_stage.h"

namespace sim {
namespace {

class Receiver : public ::testing::Test {
 protected:
  Receiver() : stream(1, "test"), choices(stream), pass(clocks(), choices, effects, outbox) {
    server.names = std::make_shared<Names>();
    add(bus::flag::kMyself | bus::flag::kMaster);
    other = add(bus::flag::kMaster);
  }
  static Clocks clocks() {
    Clocks now;
    now.wall = kWallStart;
    return now;
  }
  PeerId add(std::uint16_t flags) {
    const char letter = static_cast<char>('a' + server.cluster.peers.known());
    const NameRef name = server.names->intern(NodeName::from(std::string(40, letter)));
    const PeerId peer = server.cluster.peers.add(name);
    server.cluster.peers.hot(peer).set(flags);
    return peer;
  }

  Server server;
  PeerId other;
  ChoiceStream stream;
  Choices choices;
  Effects effects;
  Outbox outbox;
  Pass pass;
};

TEST_F(Receiver, LosesAHostnameThatIsNotToldAgain) {
  bus::Heartbeat beat;
  beat.extensions.push_back(bus::hostname_extension("h1"));
  read_extensions(server, other, beat);
  EXPECT_EQ(peer_hostname(server, other), "h1");
  // Extensions of later versions are no hostname.
  beat.extensions = {bus::Extension{3, std::string(40, 'x')}};
  read_extensions(server, other, beat);
  EXPECT_EQ(peer_hostname(server, other), "");
}

TEST_F(Receiver, PausesForItsReplicaWhateverItIsItself) {
  PeerHot& me = server.cluster.peers.hot(kMyself);
  me.clear(bus::flag::kMaster);
  me.set(bus::flag::kSlave);
  server.cluster.peers.cold(kMyself).primary = other;
  const PeerId sub_replica = add(bus::flag::kSlave);
  read_mfstart(server, pass, sub_replica, ConnId::accepted(0, 1));
  EXPECT_FALSE(writes_paused(server));  // not a replica of mine
  server.cluster.peers.cold(sub_replica).primary = kMyself;
  read_mfstart(server, pass, sub_replica, ConnId::accepted(0, 1));
  EXPECT_TRUE(writes_paused(server));
}

// ---- Slots by owner and owners by slot are one relation (protocol §15.26) ----

void expect_one_relation(const ClusterState& cluster) {
  std::map<PeerId, SlotSet> by_owner;
  cluster.owners.each_run([&](SlotId first, SlotId last, PeerId owner) {
    for (std::uint32_t slot = first.value; slot <= last.value; ++slot) by_owner[owner].set(slot);
  });
  cluster.peers.each([&](PeerId peer) {
    const SlotSet& slots = cluster.peers.cold(peer).slots->slots();
    EXPECT_EQ(by_owner[peer], slots) << peer.value;
    EXPECT_EQ(cluster.peers.cold(peer).slots->count(), slots.count());
    EXPECT_EQ(cluster.peers.hot(peer).serving(), slots.any()) << peer.value;
  });
}

TEST_F(Receiver, BindsASlotToAPeerExactlyWhenThePeerHasIt) {
  const std::vector<PeerId> owners = {kMyself, other, add(bus::flag::kMaster),
                                      add(bus::flag::kMaster), kNoPeer};
  Choices at_random(stream);
  for (int step = 1; step <= 300; ++step) {
    const PeerId owner = owners[at_random.choose(Site::kFaultTarget, owners.size())];
    SlotSet slots;
    for (std::uint64_t runs = at_random.choose(Site::kFaultKind, 3); runs > 0; --runs) {
      const std::uint64_t first = at_random.choose(Site::kKey, kSlotCount);
      const std::uint64_t length = 1 + at_random.choose(Site::kKey, 2000);
      for (std::uint64_t slot = first; slot < std::min<std::uint64_t>(first + length, kSlotCount);
           ++slot) {
        slots.set(slot);
      }
    }
    switch (at_random.choose(Site::kOperation, 8)) {
      case 0:
        if (!owner.is_none()) unbind_all(server, pass, owner);
        break;
      case 1:
      case 2:
      case 3:
        if (owner != kMyself && !owner.is_none()) {
          update_slots(server, pass, owner, static_cast<std::uint64_t>(step), share_slots(slots));
        }
        break;
      default:
        bind_slots(server, pass, slots, owner, static_cast<std::uint64_t>(step));
    }
    expect_one_relation(server.cluster);
    if (HasFailure()) FAIL() << "at step " << step;
  }
}

// ---- MIGRATE_TO: who wants replicas (protocol §7.9) ----

TEST_F(Receiver, APrimaryWithItsFirstSlotWantsReplicasWhereOthersHaveSome) {
  const auto wants = [&] { return server.cluster.peers.hot(kMyself).has(bus::flag::kMigrateTo); };
  SlotSet slots;
  slots.set(1);
  bind_slots(server, pass, slots, kMyself, 0);
  EXPECT_FALSE(wants());  // nobody has any
  bind_slots(server, pass, slots, kNoPeer, 0);
  const PeerId replica = add(bus::flag::kSlave);
  const PeerId sub_replica = add(bus::flag::kSlave);
  server.cluster.peers.cold(sub_replica).primary = replica;
  bind_slots(server, pass, slots, kMyself, 0);
  EXPECT_FALSE(wants());  // a replica's replicas do not count
  bind_slots(server, pass, slots, kNoPeer, 0);
  server.cluster.peers.cold(replica).primary = other;
  bind_slots(server, pass, slots, kMyself, 0);
  EXPECT_TRUE(wants());
}

std::uint16_t flags_after_loading(const std::vector<std::string>& lines, const NodeName& of) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  Config config;
  Server server;
  server.config = config;
  server.names = std::make_shared<Names>();
  ChoiceStream stream(1, "test");
  Choices choices(stream);
  Effects effects;
  Outbox outbox;
  Pass pass(Clocks{}, choices, effects, outbox);
  load_nodes_file(server, pass, {{"nodes.conf", share(text)}});
  return server.cluster.peers.hot(server.cluster.peers.find(server.names->intern(of))).flags();
}

TEST(NodesFile, APrimaryWithoutReplicasWantsSomeIfALineBeforeItsOwnHasOne) {
  const std::string id1(40, '1'), id2(40, '2'), id3(40, '3');
  const std::string mine = id1 + " 10.0.0.1:6379@16379 myself,master - 0 0 1 connected 0-99";
  const std::string pair = id2 + " 10.0.0.2:6379@16379 master - 0 0 2 connected 100-199";
  const std::string replica = id3 + " 10.0.0.3:6379@16379 slave " + id2 + " 0 0 2 connected";
  const auto wants = [&](const std::vector<std::string>& lines) {
    return (flags_after_loading(lines, NodeName::from(id1)) & bus::flag::kMigrateTo) != 0;
  };
  EXPECT_FALSE(wants({mine, pair, replica}));
  EXPECT_TRUE(wants({pair, replica, mine}));
}

// ---- The cron (protocol §4) ----

// A poll sleeps whole milliseconds from when it begins: whoever was woken in between sleeps past
// its cron by what is left of one, and that moves all crons to come.
TEST(Cron, OversleepsByWhatTheLastInputLeftOfAMillisecond) {
  ClusterNode node(NodeSetup{Config{}, std::make_shared<Names>()});
  ChoiceStream stream(1, "test");
  Choices choices(stream);
  const auto step = [&](MonotonicTime at, Input input) {
    Effects effects;
    node.step({kWallStart, at}, {&input, 1}, choices, effects);
  };
  const MonotonicTime boot{1s};
  step(boot, Booted{0, std::make_shared<DiskImage>(), {}});
  EXPECT_EQ(node.tick(), boot + 1ms);
  step(boot + 1ms, DeadlinePassed{});
  EXPECT_EQ(node.tick(), boot + 101ms) << "nothing woke it: not a moment late";
  step(boot + 50'300us, Closed{ConnId{4}, {}});
  EXPECT_EQ(node.tick(), boot + 101'300us) << "50.7 ms to go, so it polls 51";
  step(boot + 101'200us, Closed{ConnId{4}, {}});
  EXPECT_EQ(node.tick(), boot + 201'200us) << "woken when it was due, it ran with what woke it";
  step(boot + 201'200us, DeadlinePassed{});
  EXPECT_EQ(node.tick(), boot + 301'200us) << "lateness is not made up for";
}

// ---- Manual failover ----

// The replica lags when its primary pauses. It notices in the pass in which it has caught up, not
// at the next cron.
TEST(ManualFailover, NoticesAtOnceThatTheOffsetIsReached) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    stage::ClusterSpec spec;
    spec.seed = seed;
    spec.config.cluster_node_timeout_ms = 2000;
    stage::ClusterStage stage(spec);
    ASSERT_TRUE(stage.run_until_healthy());
    stage.run_for(8s);
    MessageRule rule;
    rule.label = "repl:STREAM";
    rule.from = {stage.id("m1")};
    const LeverId lag = stage.levers().on_message(rule);
    ASSERT_EQ(stage.tell("m1", "SET bar 1"), "OK");
    ASSERT_EQ(stage.tell("m4", "CLUSTER FAILOVER"), "OK");
    stage.run_for(280ms);                                           // two crons and more
    ASSERT_EQ(stage.told<event::ManualFailover>("m4").size(), 1u);  // "requested"
    stage.levers().release(lag);
    stage.run_for(10ms);
    const auto told = stage.told<event::ManualFailover>("m4");
    ASSERT_GE(told.size(), 2u) << "seed " << seed;
    EXPECT_EQ(told[1].phase, "offset matched") << "seed " << seed;
  }
}

}  // namespace
}  // namespace sim
