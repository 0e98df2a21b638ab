// A node as the primary of a real server, which speaks in raw bytes. (Protocol §10.1, §10.3.)
#include <gtest/gtest.h>

#include <string>

#include "sim/core/replication.h"
#include "tests/core/pump.h"

namespace sim {
namespace {

Config standalone(bool diskless) {
  Config config;
  config.cluster_enabled = false;
  config.repl_diskless_sync = diskless;
  config.repl_diskless_sync_delay_s = 0;
  return config;
}
const std::string kHandshake = words({"PING"}) + words({"REPLCONF", "listening-port", "7000"}) +
                               words({"REPLCONF", "capa", "eof", "capa", "psync2"}) +
                               words({"PSYNC", "?", "-1"});

// A primary whose replica is the test, on the connection the test has.
struct Stage {
  Pump pump;
  Pump::BoxId primary;
  explicit Stage(bool diskless = true) : primary(pump.add(standalone(diskless))) {
    pump.send_bytes(primary, kHandshake);
  }
  const std::map<ConnId, AttachedReplica>& replicas() const {
    return pump.server(primary).replication.replicas;
  }
};

TEST(RealReplica, IsOnlineWithItsFirstAck) {
  Stage stage;
  ASSERT_EQ(stage.replicas().size(), 1u);
  EXPECT_EQ(stage.replicas().begin()->second.state, AttachedReplica::State::kAwaitsAck);
  EXPECT_EQ(stage.replicas().begin()->second.listens.port, 7000);
  stage.pump.send_bytes(stage.primary, words({"REPLCONF", "ACK", "0"}));
  EXPECT_EQ(stage.replicas().begin()->second.state, AttachedReplica::State::kOnline);
}

TEST(RealReplica, OfADiskBasedSynchronisationIsOnlineAtOnce) {
  const Stage stage(false);
  EXPECT_EQ(stage.replicas().begin()->second.state, AttachedReplica::State::kOnline);
}

TEST(RealReplica, SaysByEmptyLinesThatItIsStillLoading) {
  Stage stage;
  const std::int64_t before = stage.replicas().begin()->second.ack_at_s;
  stage.pump.advance(3'000);
  stage.pump.send_bytes(stage.primary, "\n");
  EXPECT_GE(stage.replicas().begin()->second.ack_at_s, before + 2);
}

TEST(RealReplica, MayCloseItsOwnConnectionByACommand) {
  Stage stage;
  stage.pump.send_bytes(stage.primary, words({"REPLICAOF", "10.0.0.9", "6379"}) +
                                           words({"REPLICAOF", "NO", "ONE"}) + words({"PING"}));
  EXPECT_TRUE(stage.replicas().empty());
  EXPECT_TRUE(stage.pump.server(stage.primary).sessions.by_conn.empty());
}

TEST(RealReplica, IsSentAnRdbFileInTheFramingItExpects) {
  Snapshot snapshot;
  snapshot.replid = NodeName::from(std::string(40, 'e'));
  snapshot.keyspace.put(SlotId{12182}, "foo", std::string("bar"), kNoExpiry);
  const std::string marked = SnapshotPayload(snapshot).bytes();
  const std::string rdb = marked.substr(47, marked.size() - 87);
  EXPECT_EQ(marked, "$EOF:" + marked.substr(5, 40) + "\r\n" + rdb + marked.substr(5, 40));
  EXPECT_EQ(rdb.substr(0, 9), "REDIS0010");
  EXPECT_EQ(rdb.find(marked.substr(5, 40)), std::string::npos);
  EXPECT_EQ(SnapshotPayload(snapshot, SnapshotPayload::Framing::kLength).bytes(),
            "$" + std::to_string(rdb.size()) + "\r\n" + rdb);
}

}  // namespace
}  // namespace sim
