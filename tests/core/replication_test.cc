// Replication between nodes without a cluster: one primary, its replicas, and what goes wrong
// between them. (Protocol §10.)
#include "sim/core/replication.h"

#include <gtest/gtest.h>

#include <string>

#include "sim/core/psync.h"
#include "tests/core/pump.h"

namespace sim {
namespace {

constexpr std::int64_t kSyncDelay = 7'000;  // repl-diskless-sync-delay and a cron or two

Config standalone() {
  Config config;
  config.cluster_enabled = false;
  config.save_on_shutdown = false;
  return config;
}

struct Shard {
  Pump pump;
  Pump::BoxId primary, replica;

  explicit Shard(Config config = standalone(), Mutation replica_mutation = Mutation::kNone) {
    primary = pump.add(config);
    replica = pump.add(config, {}, replica_mutation);
  }
  void follow(Pump::BoxId who, Pump::BoxId whom) {
    const Endpoint to = pump.endpoint(whom);
    EXPECT_EQ(pump.call(who, {"REPLICAOF", format_ipv4(to.ipv4), std::to_string(to.port)}),
              resp::ok());
  }
  void sync() {
    follow(replica, primary);
    pump.advance(kSyncDelay);
    ASSERT_TRUE(primary_link_up(pump.server(replica)));
  }
  std::int64_t offset(Pump::BoxId box) const { return replication_offset(pump.server(box)); }
  const ReplicationState& state(Pump::BoxId box) const { return pump.server(box).replication; }
  std::vector<event::SyncKind> syncs(Pump::BoxId box) const {
    std::vector<event::SyncKind> kinds;
    for (const auto& up : pump.notes<event::ReplicationUp>(box)) kinds.push_back(up.how);
    return kinds;
  }
  bool equal_data() const {
    return pump.server(primary).keyspace.data_hash() == pump.server(replica).keyspace.data_hash();
  }
  std::string get(Pump::BoxId box, const std::string& key) {
    const resp::Value value = pump.call(box, {"GET", key});
    const auto* const bulk = std::get_if<resp::Bulk>(&value.data);
    return bulk != nullptr ? bulk->text : "(none)";
  }
};

using Kinds = std::vector<event::SyncKind>;
constexpr auto kFull = event::SyncKind::kFull;
constexpr auto kPartial = event::SyncKind::kPartial;

TEST(Replication, CopiesEverythingThenFollowsTheStream) {
  Shard shard;
  shard.pump.call(shard.primary, {"SET", "before", "1", "EX", "1000"});
  shard.pump.call(shard.primary, {"RPUSH", "list", "a", "b"});
  shard.sync();
  shard.pump.call(shard.primary, {"SET", "after", "2"});
  shard.pump.call(shard.primary, {"RPUSH", "list", "c"});
  EXPECT_EQ(shard.get(shard.replica, "after"), "2");
  EXPECT_TRUE(shard.equal_data());
  EXPECT_EQ(shard.pump.server(shard.replica).keyspace.size(), 3u);
  EXPECT_EQ(shard.offset(shard.replica), shard.offset(shard.primary));
  EXPECT_EQ(shard.syncs(shard.replica), Kinds{kFull});
}

TEST(Replication, FullSyncWaitsForMoreReplicas) {
  Shard shard;
  shard.follow(shard.replica, shard.primary);
  shard.pump.advance(4'000);
  EXPECT_FALSE(primary_link_up(shard.pump.server(shard.replica)));
  const Pump::BoxId second = shard.pump.add(standalone());
  shard.follow(second, shard.primary);
  shard.pump.advance(3'000);
  EXPECT_TRUE(primary_link_up(shard.pump.server(shard.replica)));
  EXPECT_TRUE(primary_link_up(shard.pump.server(second)));
}

TEST(Replication, OffsetCountsBytesOfTheStream) {
  Shard shard;
  shard.sync();
  const std::int64_t before = shard.offset(shard.primary);
  shard.pump.call(shard.primary, {"SET", "k", "v"});
  // SELECT 0 stands before the first write.
  EXPECT_EQ(shard.offset(shard.primary) - before, 23 + 27);
  shard.pump.call(shard.primary, {"SET", "k", "v"});
  EXPECT_EQ(shard.offset(shard.primary) - before, 23 + 27 + 27);
  EXPECT_EQ(shard.offset(shard.replica), shard.offset(shard.primary));
}

TEST(Replication, AfterEachSnapshotTheStreamSelectsAgain) {
  Shard shard;
  shard.sync();
  shard.pump.call(shard.primary, {"SET", "k", "v"});
  const Pump::BoxId second = shard.pump.add(standalone());
  shard.follow(second, shard.primary);
  shard.pump.advance(kSyncDelay);
  const std::int64_t before = shard.offset(shard.primary);
  shard.pump.call(shard.primary, {"SET", "k", "v"});
  EXPECT_EQ(shard.offset(shard.primary) - before, 23 + 27);
  EXPECT_EQ(shard.offset(second), shard.offset(shard.primary));
}

TEST(Replication, AnIdlePrimaryAdvancesByAPingPerPeriod) {
  Shard shard;
  shard.sync();
  const std::int64_t before = shard.offset(shard.primary);
  shard.pump.advance(30'000);
  EXPECT_EQ(shard.offset(shard.primary) - before, 3 * 14);
  EXPECT_EQ(shard.offset(shard.replica), shard.offset(shard.primary));
}

TEST(Replication, WithoutReplicasNothingIsCounted) {
  Shard shard;
  shard.pump.call(shard.primary, {"SET", "k", "v"});
  EXPECT_EQ(shard.offset(shard.primary), 0);
  EXPECT_TRUE(shard.pump.notes<event::StreamAt>(shard.primary).empty());
}

TEST(Replication, ALostConnectionIsMendedByAPartialSync) {
  Shard shard;
  shard.sync();
  shard.pump.reset(shard.primary, shard.replica);
  EXPECT_EQ(shard.syncs(shard.replica), (Kinds{kFull, kPartial}));  // reconnects at once
  shard.pump.cut(shard.primary, shard.replica);
  shard.pump.call(shard.primary, {"SET", "missed", "1"});
  shard.pump.heal();
  shard.pump.reset(shard.primary, shard.replica);
  EXPECT_EQ(shard.get(shard.replica, "missed"), "1");
  EXPECT_EQ(shard.syncs(shard.replica), (Kinds{kFull, kPartial, kPartial}));
  EXPECT_TRUE(shard.equal_data());
}

TEST(Replication, WhatTheBacklogForgotNeedsAFullSync) {
  Config config = standalone();
  config.repl_backlog_size = 16 * 1024;
  Shard shard(config);
  shard.sync();
  shard.pump.cut(shard.primary, shard.replica);
  for (int i = 0; i < 40; ++i) {
    shard.pump.call(shard.primary, {"SET", "k" + std::to_string(i), std::string(1000, 'x')});
  }
  shard.pump.heal();
  shard.pump.reset(shard.primary, shard.replica);
  shard.pump.advance(kSyncDelay);
  EXPECT_EQ(shard.syncs(shard.replica), (Kinds{kFull, kFull}));
  EXPECT_TRUE(shard.equal_data());
  EXPECT_EQ(shard.pump.notes<event::KeysDropped>(shard.replica).size(), 0u);  // it had none
}

TEST(Replication, ASiblingGoesOnWithTheWinner) {
  Shard shard;
  const Pump::BoxId sibling = shard.pump.add(standalone());
  shard.follow(sibling, shard.primary);
  shard.sync();
  shard.pump.call(shard.primary, {"SET", "k", "v"});
  shard.pump.crash(shard.primary);
  shard.pump.call(shard.replica, {"REPLICAOF", "NO", "ONE"});
  EXPECT_EQ(shard.state(shard.replica).second_offset, shard.offset(shard.replica) + 1);
  const std::int64_t stopped_at = shard.offset(sibling);
  shard.follow(sibling, shard.replica);
  EXPECT_EQ(shard.state(sibling).second_offset, stopped_at + 1);
  EXPECT_EQ(shard.state(sibling).replid2, shard.state(shard.replica).replid2);
  shard.pump.call(shard.replica, {"SET", "k2", "v"});
  shard.pump.advance(1'000);
  EXPECT_EQ(shard.syncs(sibling), (Kinds{kFull, kPartial}));
  EXPECT_EQ(shard.get(sibling, "k2"), "v");
  EXPECT_EQ(shard.state(sibling).chain, shard.state(shard.replica).chain);
  EXPECT_EQ(shard.state(sibling).replid, shard.state(shard.replica).replid);
}

TEST(Replication, AnOldPrimaryThatIsAheadLosesItsExtraWrites) {
  Shard shard;
  shard.sync();
  shard.pump.call(shard.primary, {"SET", "both", "1"});
  shard.pump.cut(shard.primary, shard.replica);
  shard.pump.call(shard.primary, {"SET", "extra", "1"});
  shard.pump.call(shard.replica, {"REPLICAOF", "NO", "ONE"});
  shard.pump.heal();
  shard.follow(shard.primary, shard.replica);
  shard.pump.advance(kSyncDelay);
  EXPECT_EQ(shard.syncs(shard.primary), Kinds{kFull});
  EXPECT_EQ(shard.get(shard.primary, "extra"), "(none)");
  EXPECT_EQ(shard.get(shard.primary, "both"), "1");
  const auto dropped = shard.pump.notes<event::KeysDropped>(shard.primary);
  ASSERT_EQ(dropped.size(), 1u);
  EXPECT_EQ(dropped[0].keys, 2u);
}

TEST(Replication, AnOldPrimaryThatIsNotAheadGoesOn) {
  Shard shard;
  shard.sync();
  shard.pump.call(shard.primary, {"SET", "both", "1"});
  shard.pump.call(shard.replica, {"REPLICAOF", "NO", "ONE"});
  shard.follow(shard.primary, shard.replica);
  shard.pump.advance(1'000);
  EXPECT_EQ(shard.syncs(shard.primary), Kinds{kPartial});
}

TEST(Replication, AFullSyncForgetsTheSecondId) {
  Shard shard;
  shard.sync();
  shard.pump.call(shard.replica, {"REPLICAOF", "NO", "ONE"});
  EXPECT_FALSE(shard.state(shard.replica).replid2.is_none());
  shard.pump.call(shard.replica, {"SET", "ahead", "1"});
  shard.follow(shard.replica, shard.primary);
  shard.pump.advance(kSyncDelay);
  EXPECT_EQ(shard.syncs(shard.replica), (Kinds{kFull, kFull}));
  EXPECT_TRUE(shard.state(shard.replica).replid2.is_none());
  EXPECT_EQ(shard.state(shard.replica).replid, shard.state(shard.primary).replid);
}

TEST(Replication, APrimaryThatRestartsEmptyEmptiesItsReplicas) {
  Shard shard;
  shard.sync();
  shard.pump.call(shard.primary, {"SET", "precious", "1"});
  EXPECT_EQ(shard.get(shard.replica, "precious"), "1");
  shard.pump.crash(shard.primary);
  shard.pump.start(shard.primary, false);
  shard.pump.advance(kSyncDelay);
  EXPECT_EQ(shard.get(shard.replica, "precious"), "(none)");
  EXPECT_EQ(shard.syncs(shard.replica), (Kinds{kFull, kFull}));
}

TEST(Replication, AGracefulRestartOfAReplicaGoesOnWhereItStopped) {
  Config config = standalone();
  config.save_on_shutdown = true;
  Shard shard(config);
  shard.sync();
  shard.pump.call(shard.primary, {"SET", "k", "v"});
  shard.pump.terminate(shard.replica);
  shard.pump.call(shard.primary, {"SET", "meanwhile", "1"});
  shard.pump.start(shard.replica);
  EXPECT_EQ(shard.get(shard.replica, "k"), "v");
  EXPECT_EQ(shard.state(shard.replica).replid2, shard.state(shard.primary).replid);
}

TEST(Replication, AGracefulRestartOfAPrimaryKeepsItsReplicas) {
  Config config = standalone();
  config.save_on_shutdown = true;
  Shard shard(config);
  shard.sync();
  shard.pump.call(shard.primary, {"SET", "k", "v"});
  const NodeName old_id = shard.state(shard.primary).replid;
  shard.pump.terminate(shard.primary);
  shard.pump.start(shard.primary);
  shard.pump.advance(2'000);
  EXPECT_EQ(shard.syncs(shard.replica), (Kinds{kFull, kPartial}));
  EXPECT_EQ(shard.state(shard.primary).replid2, old_id);
  EXPECT_NE(shard.state(shard.primary).replid, old_id);
  shard.pump.call(shard.primary, {"SET", "k2", "v"});
  EXPECT_EQ(shard.state(shard.primary).chain, shard.state(shard.replica).chain);
  EXPECT_TRUE(shard.equal_data());
}

TEST(Replication, AGracefulShutdownWaitsForReplicas) {
  Shard shard;
  shard.sync();
  const std::int64_t acked = shard.state(shard.primary).replicas.begin()->second.ack_at_s;
  while (shard.state(shard.primary).replicas.begin()->second.ack_at_s == acked) {
    shard.pump.advance(1);  // until just after an ACK: the next one comes in a second
  }
  shard.pump.call(shard.primary, {"SET", "k", "v"});
  const std::int64_t before = shard.offset(shard.primary);
  shard.pump.signal(shard.primary);
  shard.pump.advance(150);
  ASSERT_TRUE(shard.pump.up(shard.primary));
  EXPECT_EQ(shard.offset(shard.primary) - before, 37);  // REPLCONF GETACK *
  EXPECT_EQ(shard.pump.call(shard.primary, {"GET", "k"}), resp::bulk("v"));
  EXPECT_EQ(shard.pump.call(shard.primary, {"SET", "k", "lost"}).data,
            resp::Value{resp::Null{}}.data);  // no answer: writes wait
  shard.pump.advance(1'200);                  // by then the replica has acknowledged
  EXPECT_FALSE(shard.pump.up(shard.primary));
  EXPECT_EQ(shard.get(shard.replica, "k"), "v");
}

TEST(Replication, AGracefulShutdownWaitsForAMuteReplicaTenSecondsOnly) {
  Shard shard;
  shard.sync();
  shard.pump.cut(shard.primary, shard.replica);
  shard.pump.call(shard.primary, {"SET", "k", "v"});
  shard.pump.signal(shard.primary);
  shard.pump.advance(9'900);
  EXPECT_TRUE(shard.pump.up(shard.primary));
  shard.pump.advance(400);
  EXPECT_FALSE(shard.pump.up(shard.primary));
}

TEST(Replication, WithoutReplicasAShutdownIsTheNextCronsBusiness) {
  Shard shard;
  shard.pump.signal(shard.primary);
  EXPECT_TRUE(shard.pump.up(shard.primary));
  shard.pump.advance(101);
  EXPECT_FALSE(shard.pump.up(shard.primary));
}

// A restarted primary does not load what expired meanwhile; its replicas, who go on where they
// stopped, are told.
TEST(Replication, WhatExpiredDuringARestartGoesFromReplicasToo) {
  Config config = standalone();
  config.save_on_shutdown = true;
  Shard shard(config);
  shard.sync();
  shard.pump.call(shard.primary, {"SET", "soon", "v", "PX", "3000"});
  shard.pump.call(shard.primary, {"SET", "later", "v"});
  shard.pump.terminate(shard.primary);
  shard.pump.advance(4'000);
  shard.pump.start(shard.primary);
  shard.pump.advance(2'000);
  EXPECT_EQ(shard.syncs(shard.replica), (Kinds{kFull, kPartial}));
  EXPECT_EQ(shard.pump.server(shard.replica).keyspace.size(), 1u);
  EXPECT_TRUE(shard.equal_data());
  EXPECT_EQ(shard.state(shard.primary).chain, shard.state(shard.replica).chain);
}

TEST(Replication, ASilentPrimaryIsDroppedAfterReplTimeout) {
  Shard shard;
  shard.sync();
  shard.pump.cut(shard.primary, shard.replica);
  shard.pump.advance(55'000);
  EXPECT_TRUE(primary_link_up(shard.pump.server(shard.replica)));
  EXPECT_EQ(shard.state(shard.primary).replicas.size(), 1u);
  shard.pump.advance(18'000);
  EXPECT_FALSE(primary_link_up(shard.pump.server(shard.replica)));
  EXPECT_TRUE(shard.state(shard.primary).replicas.empty());
  const std::int64_t offset = shard.state(shard.replica).offset;
  EXPECT_EQ(shard.offset(shard.replica), offset);  // its history stays, for PSYNC
  shard.pump.heal();
  shard.pump.advance(70'000);
  EXPECT_TRUE(primary_link_up(shard.pump.server(shard.replica)));
  EXPECT_EQ(shard.syncs(shard.replica), (Kinds{kFull, kPartial}));
}

TEST(Replication, ReplicasRefuseWritesAndHideExpiredKeys) {
  Shard shard;
  shard.sync();
  EXPECT_EQ(shard.pump.call(shard.replica, {"SET", "k", "v"}),
            resp::error("READONLY You can't write against a read only replica."));
  shard.pump.call(shard.primary, {"SET", "k", "v", "PX", "30"});
  shard.pump.cut(shard.primary, shard.replica);
  shard.pump.advance(200);
  EXPECT_EQ(shard.get(shard.replica, "k"), "(none)");
  EXPECT_EQ(shard.pump.server(shard.replica).keyspace.size(), 1u);  // it waits for the DEL
  shard.pump.heal();
  shard.pump.reset(shard.primary, shard.replica);
  EXPECT_EQ(shard.pump.server(shard.replica).keyspace.size(), 0u);
}

TEST(Replication, StaleReplicasCanBeForbiddenToAnswer) {
  Config config = standalone();
  config.replica_serve_stale_data = false;
  Shard shard(config);
  shard.sync();
  EXPECT_EQ(shard.get(shard.replica, "k"), "(none)");
  shard.pump.crash(shard.primary);
  EXPECT_EQ(shard.pump.call(shard.replica, {"GET", "k"}),
            resp::error("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set "
                        "to 'no'."));
  EXPECT_NE(shard.pump.say(shard.replica, "INFO").find("redis_version"), std::string::npos);
}

TEST(Replication, TooFewGoodReplicasStopWrites) {
  Config config = standalone();
  config.min_replicas_to_write = 1;
  config.min_replicas_max_lag_s = 3;
  Shard shard(config);
  const resp::Value refused = resp::error("NOREPLICAS Not enough good replicas to write.");
  EXPECT_EQ(shard.pump.call(shard.primary, {"SET", "k", "v"}), refused);
  shard.sync();
  EXPECT_EQ(shard.pump.call(shard.primary, {"SET", "k", "v"}), resp::ok());
  shard.pump.cut(shard.primary, shard.replica);
  shard.pump.advance(2'000);
  EXPECT_EQ(shard.pump.call(shard.primary, {"SET", "k", "v"}), resp::ok());
  shard.pump.advance(4'000);
  EXPECT_EQ(shard.pump.call(shard.primary, {"SET", "k", "v"}), refused);
}

TEST(Replication, AReplicaWithoutALinkServesNoReplicas) {
  Shard shard;
  shard.sync();
  shard.pump.crash(shard.primary);
  const Pump::BoxId grandchild = shard.pump.add(standalone());
  shard.follow(grandchild, shard.replica);
  shard.pump.advance(kSyncDelay);
  EXPECT_FALSE(primary_link_up(shard.pump.server(grandchild)));
  EXPECT_EQ(shard.pump.call(shard.replica, {"PSYNC", "?", "-1"}),
            resp::error("NOMASTERLINK Can't SYNC while not connected with my master"));
}

TEST(Replication, AReplicaPassesTheStreamOn) {
  Shard shard;
  shard.sync();
  const Pump::BoxId grandchild = shard.pump.add(standalone());
  shard.follow(grandchild, shard.replica);
  shard.pump.advance(kSyncDelay);
  shard.pump.call(shard.primary, {"SET", "k", "v"});
  EXPECT_EQ(shard.get(grandchild, "k"), "v");
  EXPECT_EQ(shard.offset(grandchild), shard.offset(shard.primary));
  EXPECT_EQ(shard.state(grandchild).chain, shard.state(shard.primary).chain);
}

TEST(Replication, WhileASnapshotIsLoadedTheNodeSaysSo) {
  Shard shard;
  for (int i = 0; i < 30; ++i) {
    shard.pump.call(shard.primary, {"SET", "k" + std::to_string(i), std::string(1 << 20, 'x')});
  }
  shard.pump.call(shard.replica, {"SET", "old", "1"});
  shard.follow(shard.replica, shard.primary);
  while (!is_loading(shard.pump.server(shard.replica))) shard.pump.advance(10);
  EXPECT_EQ(shard.pump.call(shard.replica, {"GET", "k0"}),
            resp::error("LOADING Redis is loading the dataset in memory"));
  EXPECT_EQ(shard.offset(shard.replica), 0);
  shard.pump.call(shard.primary, {"SET", "during", "1"});
  shard.pump.advance(1'000);
  EXPECT_FALSE(is_loading(shard.pump.server(shard.replica)));
  EXPECT_EQ(shard.get(shard.replica, "during"), "1");
  EXPECT_TRUE(shard.equal_data());
}

TEST(Replication, SeveralEffectsOfOneCommandTravelAsATransaction) {
  Shard shard;
  shard.sync();
  shard.pump.call(shard.primary, {"SET", "warm", "up"});
  shard.pump.call(shard.primary, {"SET", "k", "v", "PX", "5"});
  const std::int64_t before = shard.offset(shard.primary);
  while (shard.pump.wall_ms() % 100 > 80) shard.pump.advance(1);
  shard.pump.advance(6);
  shard.pump.call(shard.primary, {"INCR", "k"});
  // MULTI 15, DEL k 20, INCR k 21, EXEC 14; or, had the cron been faster, DEL and INCR alone.
  EXPECT_EQ(shard.offset(shard.primary) - before, 15 + 20 + 21 + 14);
  EXPECT_EQ(shard.get(shard.replica, "k"), "1");
  EXPECT_TRUE(shard.equal_data());
}

// What replicas are sent is not what the client said, and offsets count its bytes.
TEST(Replication, TimesTravelAbsoluteAndConditionsWithThem) {
  Shard shard;
  shard.sync();
  shard.pump.call(shard.primary, {"SET", "k", "v"});  // SELECT has gone
  const auto travels_as = [&](resp::Command said, const resp::Command& sent) {
    const std::int64_t before = shard.offset(shard.primary);
    shard.pump.call(shard.primary, std::move(said));
    const auto size = static_cast<std::int64_t>(resp::encoded_size(sent));
    return shard.offset(shard.primary) - before == size && shard.equal_data();
  };
  const std::string soon = std::to_string(shard.pump.wall_ms() + 100'000);
  EXPECT_TRUE(travels_as({"SET", "k", "v", "XX", "EX", "100"}, {"SET", "k", "v", "PXAT", soon}));
  EXPECT_TRUE(travels_as({"SET", "k", "v", "XX", "PXAT", soon}, {"SET", "k", "v", "PXAT", soon}));
  EXPECT_TRUE(travels_as({"SET", "k", "v", "XX", "GET"}, {"SET", "k", "v", "XX"}));
  EXPECT_TRUE(travels_as({"EXPIRE", "k", "100", "NX"}, {"PEXPIREAT", "k", soon, "NX"}));
  EXPECT_TRUE(travels_as({"PEXPIREAT", "k", soon, "XX"}, {"PEXPIREAT", "k", soon, "XX"}));
  EXPECT_TRUE(travels_as({"EXPIRE", "k", "-1"}, {"DEL", "k"}));
}

// ---- What the trace is told ----

TEST(Chain, IsEqualAtEqualOffsets) {
  Shard shard;
  shard.sync();
  for (int i = 0; i < 20; ++i) shard.pump.call(shard.primary, {"INCR", "n"});
  const auto told = shard.pump.notes<event::StreamAt>(shard.primary);
  const auto heard = shard.pump.notes<event::StreamAt>(shard.replica);
  ASSERT_EQ(told.size(), 20u);
  ASSERT_EQ(heard.size(), 20u);
  for (std::size_t i = 0; i < told.size(); ++i) {
    EXPECT_EQ(told[i].offset, heard[i].offset);
    EXPECT_EQ(told[i].chain, heard[i].chain);
    EXPECT_EQ(told[i].replid, heard[i].replid);
    EXPECT_EQ(heard[i].role, Role::kReplica);
  }
}

TEST(Mutations, ASkippedCommandBreaksTheChainAndTheData) {
  Shard shard(standalone(), Mutation::kReplicaSkipsCommand);
  shard.sync();
  for (int i = 0; i < 20; ++i) shard.pump.call(shard.primary, {"INCR", "n"});
  EXPECT_EQ(shard.offset(shard.replica), shard.offset(shard.primary));
  EXPECT_NE(shard.state(shard.replica).chain, shard.state(shard.primary).chain);
  EXPECT_FALSE(shard.equal_data());
}

// ---- Pure parts ----

RequestRef request(resp::Command command) {
  return RequestRef(new resp::RequestPayload(std::move(command)));
}
StreamRef chunk(std::initializer_list<resp::Command> commands) {
  std::vector<RequestRef> requests;
  for (const resp::Command& command : commands) requests.push_back(request(command));
  return StreamRef(new StreamPayload(std::move(requests)));
}

TEST(Psync, AcceptsTheSecondIdOnlyUpToItsOffset) {
  ReplicationState state;
  const std::string mine(40, 'a'), before(40, 'b');
  state.replid = NodeName::from(mine);
  EXPECT_FALSE(shares_history(state, before, 1));
  state.replid2 = NodeName::from(before);
  state.second_offset = 101;
  EXPECT_TRUE(shares_history(state, mine, 5000));
  EXPECT_TRUE(shares_history(state, std::string(40, 'A'), 1));  // in any case
  EXPECT_TRUE(shares_history(state, before, 101));
  EXPECT_FALSE(shares_history(state, before, 102));
  EXPECT_FALSE(shares_history(state, std::string(40, 'c'), 1));
  EXPECT_FALSE(shares_history(state, "", 1));
}

TEST(Backlog, OffersWhatItHoldsAndNothingElse) {
  Backlog backlog;
  backlog.create(101, 40);
  bool possible = false;
  EXPECT_EQ(backlog.from(101, possible), nullptr);
  EXPECT_TRUE(possible);
  backlog.append(chunk({{"PING"}, {"PING"}}));  // 101 and 115
  EXPECT_EQ(backlog.from(101, possible)->size(), 28u);
  EXPECT_EQ(backlog.from(115, possible)->size(), 14u);
  EXPECT_EQ(backlog.from(129, possible), nullptr);
  EXPECT_TRUE(possible);
  backlog.from(130, possible);
  EXPECT_FALSE(possible);
  backlog.from(100, possible);
  EXPECT_FALSE(possible);
  backlog.from(108, possible);  // inside a command
  EXPECT_FALSE(possible);
  backlog.append(chunk({{"PING"}, {"PING"}}));  // 56 bytes in all, 40 are kept
  EXPECT_EQ(backlog.length(), 40);
  backlog.from(115, possible);
  EXPECT_FALSE(possible);
  EXPECT_EQ(backlog.from(129, possible)->size(), 28u);
}

TEST(Backlog, CopiesShareAndThenPart) {
  Backlog original;
  original.create(1, 1 << 20);
  for (int i = 0; i < 1000; ++i) original.append(chunk({{"INCR", std::to_string(i)}}));
  const Backlog copy = original;
  original.append(chunk({{"PING"}}));
  EXPECT_EQ(original.end_offset(), copy.end_offset() + 14);
  bool possible = false;
  EXPECT_EQ(copy.from(1, possible)->commands().size(), 1000u);
  EXPECT_EQ(original.from(1, possible)->commands().size(), 1001u);
}

TEST(ReplicationPayloads, SurviveTheWire) {
  const StreamRef stream = chunk({{"SET", "a b", std::string("x\r\n\0y", 5)}, {"PING"}});
  const PayloadRef again = stream->through_wire();
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(again->hash(), stream->hash());
  EXPECT_EQ(again->size(), stream->bytes().size());

  Snapshot snapshot;
  snapshot.replid = NodeName::from(std::string(40, 'e'));
  snapshot.offset = 4242;
  snapshot.chain = 99;
  snapshot.keyspace.put(SlotId{12182}, "foo", std::string("END 7\r\n"), 123456);
  ListRef list(new List);
  list->push_back("one");
  list->push_back("");
  snapshot.keyspace.put(SlotId{5061}, "bar", std::move(list), kNoExpiry);
  const SnapshotPayload payload(snapshot);
  const PayloadRef decoded = payload.through_wire();
  ASSERT_NE(decoded, nullptr);
  EXPECT_EQ(decoded->hash(), payload.hash());
  EXPECT_EQ(decoded->label(), "repl:RDB");

  Snapshot damaged;
  std::string bytes = encode_snapshot(snapshot);
  EXPECT_TRUE(decode_snapshot(bytes, damaged));
  bytes[bytes.find("one")] = 'O';
  EXPECT_FALSE(decode_snapshot(bytes, damaged));
  EXPECT_FALSE(decode_snapshot("", damaged));
  EXPECT_FALSE(decode_snapshot(bytes.substr(0, 100), damaged));
}

}  // namespace
}  // namespace sim
