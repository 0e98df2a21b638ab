// Clients of a cluster, with what they have beyond single commands: transactions, subscriptions,
// waiting. (Protocol §9.1, §9.2, §10.4.)
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/core/cluster_stage.h"
#include "tests/core/pump.h"

namespace sim {
namespace {

constexpr const char* kMine = "bar";   // slot 5061, of the first primary
constexpr const char* kOther = "foo";  // slot 12182, of the second

std::string wire(const resp::Command& words) {
  std::string bytes;
  resp::append_encoded(words, bytes);
  return bytes;
}

// Two primaries with half of the slots each, and a replica of the first.
struct Cluster {
  Pump pump;
  Pump::BoxId first, second, replica;

  Cluster() {
    Config config;
    config.cluster_node_timeout_ms = 2000;
    config.repl_diskless_sync_delay_s = 0;
    config.enable_debug_command = "yes";
    first = pump.add(config);
    second = pump.add(config);
    replica = pump.add(config);
    pump.say(first, "CLUSTER ADDSLOTSRANGE 0 8191");
    pump.say(second, "CLUSTER ADDSLOTSRANGE 8192 16383");
    pump.say(first, "CLUSTER MEET 10.0.0.2 6379");
    pump.say(first, "CLUSTER MEET 10.0.0.3 6379");
    pump.advance(4000);
    pump.say(replica, "CLUSTER REPLICATE " + id_of(first));
    pump.advance(4000);
  }
  std::string id_of(Pump::BoxId box) {
    return std::get<resp::Bulk>(pump.call(box, {"CLUSTER", "MYID"}).data).text;
  }
  // On a connection of its own.
  ConnId say(Pump::BoxId box, const resp::Command& command) {
    const ConnId conn = pump.connect(box);
    pump.send(box, conn, command);
    return conn;
  }
  void take_over() {
    pump.say(replica, "CLUSTER FAILOVER TAKEOVER");
    pump.advance(3000);
  }
};

TEST(ClusterClients, AMessageReachesSubscribersAtEveryNode) {
  Cluster cluster;
  const ConnId at_second = cluster.say(cluster.second, {"SUBSCRIBE", "news"});
  const ConnId at_replica = cluster.say(cluster.replica, {"PSUBSCRIBE", "n*"});
  cluster.pump.heard(cluster.second, at_second);
  cluster.pump.heard(cluster.replica, at_replica);
  EXPECT_EQ(cluster.pump.say(cluster.first, "PUBLISH news hello"), "(integer) 0");
  EXPECT_EQ(cluster.pump.heard(cluster.second, at_second), wire({"message", "news", "hello"}));
  EXPECT_EQ(cluster.pump.heard(cluster.replica, at_replica),
            wire({"pmessage", "n*", "news", "hello"}));
}

TEST(ClusterClients, AShardMessageStaysInTheShard) {
  Cluster cluster;
  const ConnId at_replica = cluster.say(cluster.replica, {"SSUBSCRIBE", kMine});
  const ConnId at_second = cluster.say(cluster.second, {"SSUBSCRIBE", kMine});
  EXPECT_NE(cluster.pump.heard(cluster.replica, at_replica).find("ssubscribe"), std::string::npos);
  EXPECT_EQ(cluster.pump.heard(cluster.second, at_second), "-MOVED 5061 10.0.0.1:6379\r\n");
  cluster.pump.sent(cluster.first).clear();
  cluster.pump.say(cluster.first, std::string("SPUBLISH ") + kMine + " hello");
  EXPECT_EQ(cluster.pump.heard(cluster.replica, at_replica), wire({"smessage", kMine, "hello"}));
  const std::vector<std::string>& sent = cluster.pump.sent(cluster.first);
  EXPECT_EQ(std::count(sent.begin(), sent.end(), "bus:PUBLISHSHARD"), 1);
}

TEST(ClusterClients, WhoLosesTheSlotEndsShardSubscriptions) {
  Cluster cluster;
  const ConnId at_first = cluster.say(cluster.first, {"SSUBSCRIBE", kMine});
  const ConnId at_replica = cluster.say(cluster.replica, {"SSUBSCRIBE", kMine});
  cluster.pump.heard(cluster.first, at_first);
  cluster.pump.heard(cluster.replica, at_replica);
  cluster.take_over();
  EXPECT_EQ(cluster.pump.heard(cluster.first, at_first),
            "*3\r\n$12\r\nsunsubscribe\r\n$3\r\nbar\r\n:0\r\n");
  EXPECT_EQ(cluster.pump.heard(cluster.replica, at_replica), "");  // its primary now
}

TEST(ClusterClients, WaitCountsReplicasThatHaveIt) {
  Cluster cluster;
  const ConnId client = cluster.say(cluster.first, {"SET", kMine, "1"});
  cluster.pump.send(cluster.first, client, {"WAIT", "1", "0"});
  EXPECT_EQ(cluster.pump.heard(cluster.first, client), "+OK\r\n:1\r\n");
  cluster.pump.cut(cluster.first, cluster.replica);
  cluster.pump.send(cluster.first, client, {"SET", kMine, "2"});
  cluster.pump.send(cluster.first, client, {"WAIT", "1", "500"});
  cluster.pump.advance(400);
  EXPECT_EQ(cluster.pump.heard(cluster.first, client), "+OK\r\n");
  cluster.pump.advance(300);
  EXPECT_EQ(cluster.pump.heard(cluster.first, client), ":0\r\n");
}

TEST(ClusterClients, AReplicaHasNobodyToWaitFor) {
  Cluster cluster;
  EXPECT_EQ(cluster.pump.call(cluster.replica, {"WAIT", "0", "0"}),
            resp::error("ERR WAIT cannot be used with replica instances. Please also note that "
                        "since Redis 4.0 if a replica is configured to be writable (which is not "
                        "the default) writes to replicas are just local and are not propagated."));
}

TEST(ClusterClients, WhoWaitsAtAPrimaryIsToldThatItIsNoneAnyMore) {
  Cluster cluster;
  const ConnId waits = cluster.say(cluster.first, {"BLPOP", kMine, "0"});
  const ConnId acks = cluster.say(cluster.first, {"WAIT", "5", "0"});
  cluster.take_over();
  const std::string told =
      "-UNBLOCKED force unblock from blocking operation, instance state changed (master -> "
      "replica?)\r\n<EOF>";
  EXPECT_EQ(cluster.pump.heard(cluster.first, waits), told);
  EXPECT_EQ(cluster.pump.heard(cluster.first, acks), told);
}

TEST(ClusterClients, WhoWaitsForASlotThatIsHandedOverIsRedirected) {
  Cluster cluster;
  const ConnId waits = cluster.say(cluster.first, {"BLPOP", kMine, "0"});
  const std::string second = cluster.id_of(cluster.second);
  cluster.pump.call(cluster.first, {"CLUSTER", "SETSLOT", "5061", "NODE", second});
  cluster.pump.advance(1100);
  EXPECT_EQ(cluster.pump.heard(cluster.first, waits), "-MOVED 5061 10.0.0.2:6379\r\n");
}

TEST(ClusterClients, ExecGoesWhereTheKeysWent) {
  Cluster cluster;
  const ConnId client = cluster.say(cluster.first, {"MULTI"});
  cluster.pump.send(cluster.first, client, {"SET", kMine, "1"});
  cluster.pump.heard(cluster.first, client);
  cluster.take_over();
  cluster.pump.send(cluster.first, client, {"EXEC"});
  EXPECT_EQ(cluster.pump.heard(cluster.first, client), "-MOVED 5061 10.0.0.3:6379\r\n");
  cluster.pump.send(cluster.first, client, {"EXEC"});
  EXPECT_EQ(cluster.pump.heard(cluster.first, client), "-ERR EXEC without MULTI\r\n");
}

TEST(ClusterClients, AReplicaRunsTransactionsThatOnlyRead) {
  Cluster cluster;
  cluster.pump.call(cluster.first, {"SET", kMine, "1"});
  const ConnId client = cluster.say(cluster.replica, {"READONLY"});
  for (const resp::Command& command :
       std::vector<resp::Command>{{"MULTI"}, {"GET", kMine}, {"PING"}, {"EXEC"}}) {
    cluster.pump.send(cluster.replica, client, command);
  }
  EXPECT_EQ(cluster.pump.heard(cluster.replica, client),
            "+OK\r\n+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n$1\r\n1\r\n+PONG\r\n");
  cluster.pump.send(cluster.replica, client, {"MULTI"});
  cluster.pump.send(cluster.replica, client, {"SET", kMine, "2"});
  cluster.pump.send(cluster.replica, client, {"EXEC"});
  EXPECT_EQ(cluster.pump.heard(cluster.replica, client),
            "+OK\r\n-MOVED 5061 10.0.0.1:6379\r\n-EXECABORT Transaction discarded because of "
            "previous errors.\r\n");
}

TEST(ClusterClients, TransactionsAreCheckedAgainstOpenSlotsAsAWhole) {
  Cluster cluster;
  const std::string second = cluster.id_of(cluster.second);
  cluster.pump.call(cluster.first, {"SET", kMine, "1"});
  cluster.pump.call(cluster.first, {"CLUSTER", "SETSLOT", "5061", "MIGRATING", second});
  const ConnId client = cluster.say(cluster.first, {"MULTI"});
  cluster.pump.send(cluster.first, client, {"GET", kMine});
  cluster.pump.send(cluster.first, client, {"GET", "{bar}2"});
  cluster.pump.send(cluster.first, client, {"EXEC"});
  EXPECT_EQ(cluster.pump.heard(cluster.first, client),
            "+OK\r\n+QUEUED\r\n-ASK 5061 10.0.0.2:6379\r\n-EXECABORT Transaction discarded because "
            "of previous errors.\r\n");
}

TEST(ClusterClients, ANodeThatSleepsIsSilentUntilItWakes) {
  Cluster cluster;
  const ConnId sleeper = cluster.say(cluster.second, {"DEBUG", "SLEEP", "1.5"});
  const ConnId client = cluster.say(cluster.second, {"SET", kOther, "1"});
  cluster.pump.sent(cluster.second).clear();
  cluster.pump.advance(1400);
  EXPECT_TRUE(cluster.pump.sent(cluster.second).empty());
  EXPECT_EQ(cluster.pump.heard(cluster.second, sleeper), "");
  EXPECT_EQ(cluster.pump.heard(cluster.second, client), "");
  cluster.pump.advance(200);
  EXPECT_EQ(cluster.pump.heard(cluster.second, sleeper), "+OK\r\n");
  EXPECT_EQ(cluster.pump.heard(cluster.second, client), "+OK\r\n");
  EXPECT_FALSE(cluster.pump.sent(cluster.second).empty());
}

TEST(ClusterClients, WhatTheyWaitForIsPartOfACopiedWorld) {
  stage::ClusterSpec spec;
  spec.primaries = 2;
  spec.replicas = 1;
  spec.config.cluster_node_timeout_ms = 2000;
  spec.config.enable_debug_command = "yes";
  spec.through_wire = true;
  stage::ClusterStage stage(spec);
  ASSERT_TRUE(stage.run_until_healthy());
  const MachineId m1 = stage.id("m1"), m2 = stage.id("m2");
  stage.levers().console(m1, {"BLPOP", kMine, "0"});
  stage.levers().console(m1, {"WAIT", "9", "700"});
  stage.levers().console(m1, {"SUBSCRIBE", "news"});
  stage.levers().console(m2, {"DEBUG", "SLEEP", "0.8"});
  stage.run_for(200ms);
  stage.levers().console(m2, {"PUBLISH", "news", "hello"});
  stage::ClusterStage copy = stage;
  for (stage::ClusterStage* each : {&stage, &copy}) {
    each->run_for(1s);
    EXPECT_EQ(each->tell("m1", std::string("RPUSH ") + kMine + " a b"), "(integer) 2");
    EXPECT_EQ(each->tell("m1", std::string("LRANGE ") + kMine + " 0 -1"), "1) \"b\"");
    each->run_for(2s);
  }
  EXPECT_EQ(stage.world().digest(), copy.world().digest());
}

// A server alone, which is given what has piled up while it stood still.
struct Woken {
  const Endpoint here{parse_ipv4("10.0.0.1"), 6379}, there{parse_ipv4("10.0.0.2"), 4000};
  const Clocks now{kWallStart, MonotonicTime{}};
  ClusterNode node{[] {
    NodeSetup setup;
    setup.names = std::make_shared<Names>();
    setup.config.cluster_enabled = false;
    return setup;
  }()};
  ChoiceStream stream{1, "test"};

  explicit Woken(const std::vector<ConnId>& known) {
    std::vector<Input> start{Booted{0, std::make_shared<DiskImage>(), here, {}}};
    for (const ConnId conn : known) start.emplace_back(Accepted{conn, here, there});
    answers(start);
  }
  // Who is answered with what, in order.
  std::vector<std::pair<ConnId, std::string>> answers(const std::vector<Input>& inputs) {
    Effects effects;
    Choices choices(stream);
    node.step(now, inputs, choices, effects);
    std::vector<std::pair<ConnId, std::string>> said;
    for (const Effect& effect : effects) {
      if (const auto* send = std::get_if<Send>(&effect))
        said.emplace_back(send->conn, send->payload->bytes());
    }
    return said;
  }
};

Received append(ConnId conn) {
  return Received{conn, PayloadRef(new resp::RequestPayload({"APPEND", "key", "x"}))};
}

// A server that wakes up finds connections to accept that have something to say already: it reads
// them when its loop comes round again, after all others.
TEST(ClusterClients, AreReadWhenTheLoopComesRoundAgainAfterTheyWereAccepted) {
  const ConnId known = ConnId::accepted(0, 1), fresh = ConnId::accepted(0, 2);
  Woken server({known});
  const auto answers =
      server.answers({Accepted{fresh, server.here, server.there}, append(fresh), append(known)});
  EXPECT_EQ(answers, (decltype(answers){{known, ":1\r\n"}, {fresh, ":2\r\n"}}));
}

// Each to its end, where the first of it came: not in the order in which all of it came.
TEST(ClusterClients, AreReadOneConnectionAfterTheOther) {
  const ConnId one = ConnId::accepted(0, 1), other = ConnId::accepted(0, 2);
  Woken server({other, one});
  const auto answers = server.answers({append(one), append(other), append(one)});
  EXPECT_EQ(answers, (decltype(answers){{one, ":1\r\n"}, {one, ":2\r\n"}, {other, ":3\r\n"}}));
}

}  // namespace
}  // namespace sim
