// Directives: names, bounds and refusals as redis 7.0.15 has them (each was compared with a real
// server).
#include "sim/core/config.h"

#include <gtest/gtest.h>

#include "tests/core/cluster_stage.h"
#include "tests/core/pump.h"

namespace sim {
namespace {

std::string refusal(const char* name, const char* value) {
  Config config;
  return set_directive(config, name, value, true).value_or("");
}

TEST(Config, DefaultsAreThoseOfRedis) {
  const Config config;
  for (const auto& [name, value] :
       std::vector<std::pair<const char*, const char*>>{{"cluster-node-timeout", "15000"},
                                                        {"cluster-replica-validity-factor", "10"},
                                                        {"cluster-preferred-endpoint-type", "ip"},
                                                        {"cluster-require-full-coverage", "yes"},
                                                        {"repl-timeout", "60"},
                                                        {"repl-backlog-size", "1048576"},
                                                        {"repl-diskless-sync-delay", "5"},
                                                        {"min-replicas-max-lag", "10"},
                                                        {"appendfsync", "everysec"},
                                                        {"hz", "10"}}) {
    EXPECT_EQ(get_directive(config, name), value) << name;
  }
}

TEST(Config, AliasesNameTheSameDirective) {
  Config config;
  EXPECT_EQ(set_directive(config, "cluster-slave-validity-factor", "3", true), std::nullopt);
  EXPECT_EQ(config.cluster_replica_validity_factor, 3);
  EXPECT_EQ(get_directive(config, "cluster-slave-validity-factor"), "3");
  EXPECT_EQ(get_directive(config, "Cluster-Replica-Validity-Factor"), "3");
}

TEST(Config, RefusesInTheWordsOfARealServer) {
  EXPECT_EQ(refusal("cluster-replica-no-failover", "x"), "argument must be 'yes' or 'no'");
  EXPECT_EQ(refusal("repl-timeout", "x"), "argument couldn't be parsed into an integer");
  EXPECT_EQ(refusal("repl-timeout", "99999999999999999999"),
            "argument couldn't be parsed into an integer");
  EXPECT_EQ(refusal("repl-timeout", "0"), "argument must be between 1 and 2147483647 inclusive");
  EXPECT_EQ(refusal("cluster-node-timeout", "-1"),
            "argument must be between 0 and 9223372036854775807 inclusive");
  EXPECT_EQ(refusal("cluster-announce-port", "70000"),
            "argument must be between 0 and 65535 inclusive");
  EXPECT_EQ(refusal("appendfsync", "x"),
            "argument(s) must be one of the following: everysec, always, no");
  EXPECT_EQ(refusal("repl-backlog-size", "lots"), "argument must be a memory value");
  EXPECT_EQ(refusal("cluster-announce-hostname", "a_b"),
            "Hostnames may only contain alphanumeric characters, hyphens or dots");
  EXPECT_EQ(refusal("cluster-enabled", "no"), "can't set immutable config");
  EXPECT_EQ(refusal("save", "60"), "Invalid save parameters");
  EXPECT_EQ(refusal("bogus", "1"), "Bad directive or wrong number of arguments");
}

TEST(Config, ReadsMemoryUnitsAndBoundsQuietlyWhatRedisBoundsQuietly) {
  Config config;
  set_directive(config, "cluster-link-sendbuf-limit", "2mb", true);
  EXPECT_EQ(config.cluster_link_sendbuf_limit, 2u * 1024 * 1024);
  set_directive(config, "repl-backlog-size", "1k", true);
  EXPECT_EQ(config.repl_backlog_size, 16u * 1024);
  set_directive(config, "hz", "600", true);
  EXPECT_EQ(config.hz, 500);
}

TEST(Config, ConfigSetIsAllOrNothing) {
  Pump pump;
  Config config;
  config.cluster_enabled = false;
  const Pump::BoxId box = pump.add(config);
  EXPECT_EQ(pump.call(box, {"CONFIG", "SET", "repl-timeout", "7", "hz", "x"}),
            resp::error("ERR CONFIG SET failed (possibly related to argument 'hz') - argument "
                        "couldn't be parsed into an integer"));
  EXPECT_EQ(pump.server(box).config.repl_timeout_s, 60);
  EXPECT_EQ(pump.call(box, {"CONFIG", "SET", "hz", "20", "HZ", "30"}),
            resp::error("ERR CONFIG SET failed (possibly related to argument 'HZ') - duplicate "
                        "parameter"));
  EXPECT_EQ(pump.call(box, {"CONFIG", "SET", "bogus", "1"}),
            resp::error("ERR Unknown option or number of arguments for CONFIG SET - 'bogus'"));
  EXPECT_EQ(pump.call(box, {"CONFIG", "SET", "repl-timeout", "7"}), resp::ok());
  const resp::Value got = pump.call(box, {"CONFIG", "GET", "repl-time*", "min-replicas-to*"});
  EXPECT_EQ(got, (resp::Value{resp::Array{{resp::bulk("min-replicas-to-write"), resp::bulk("0"),
                                           resp::bulk("repl-timeout"), resp::bulk("7")}}}));
}

TEST(Config, ConfigGetAnswersInTheLettersItWasAskedIn) {
  Pump pump;
  const Pump::BoxId box = pump.add(Config{});
  EXPECT_EQ(pump.call(box, {"CONFIG", "GET", "Repl-Timeout"}),
            (resp::Value{resp::Array{{resp::bulk("Repl-Timeout"), resp::bulk("60")}}}));
  EXPECT_EQ(pump.call(box, {"CONFIG", "GET", "Repl-Timeou?"}),
            (resp::Value{resp::Array{{resp::bulk("repl-timeout"), resp::bulk("60")}}}));
}

// ---- CONFIG SET reaches the cluster ----

stage::ClusterStage calm_cluster(std::int64_t timeout_ms) {
  stage::ClusterSpec spec;
  spec.config.cluster_node_timeout_ms = timeout_ms;
  stage::ClusterStage stage(spec);
  EXPECT_TRUE(stage.run_until_healthy());
  stage.run_for(8s);
  return stage;
}

TEST(Config, NoFailoverSetAtRunTimeIsTakenToHeart) {
  stage::ClusterStage stage = calm_cluster(2000);
  EXPECT_EQ(stage.tell("m4", "CONFIG SET cluster-replica-no-failover yes"), "OK");
  EXPECT_NE(stage.tell("m4", "CLUSTER NODES").find("myself,slave,nofailover"), std::string::npos);
  stage.run_for(3s);  // every pair exchanges a heartbeat
  EXPECT_NE(stage.tell("m2", "CLUSTER NODES").find(" slave,nofailover "), std::string::npos);
  stage.levers().crash(stage.id("m1"), true);
  stage.run_for(10s);
  EXPECT_TRUE(stage.told<event::Promoted>().empty());
  EXPECT_EQ(stage.tell("m4", "CONFIG SET cluster-replica-no-failover no"), "OK");
  stage.run_for(3s);
  EXPECT_EQ(stage.told<event::Promoted>("m4").size(), 1u);
}

// By the new measure a peer is overdue for a heartbeat after a second, and suspected two later.
TEST(Config, AShorterNodeTimeoutSetAtRunTimeHoldsAtOnce) {
  stage::ClusterStage stage = calm_cluster(60'000);
  stage.levers().crash(stage.id("m1"), true);
  const std::vector<std::string> watchers = stage.others({"m1"});
  for (const std::string& who : watchers) {
    EXPECT_EQ(stage.tell(who, "CONFIG SET cluster-node-timeout 2000"), "OK");
  }
  stage.run_for(1000ms + 2000ms + 250ms);
  for (const std::string& who : watchers) {
    EXPECT_FALSE(stage.told<event::SuspicionChanged>(who).empty()) << who;
  }
}

TEST(Config, AnAnnouncedAddressIsForgottenWithItsDirective) {
  stage::ClusterStage stage = calm_cluster(2000);
  EXPECT_EQ(stage.tell("m1", "CONFIG SET cluster-announce-ip 10.7.7.7"), "OK");
  EXPECT_EQ(stage.tell("m1", "CONFIG SET cluster-announce-port 7777"), "OK");
  EXPECT_NE(stage.tell("m1", "CLUSTER NODES").find("10.7.7.7:7777@16379 myself"),
            std::string::npos);
  EXPECT_EQ(stage.tell("m1", "CONFIG SET cluster-announce-port 0"), "OK");
  stage.levers().console(stage.id("m1"), {"CONFIG", "SET", "cluster-announce-ip", ""});
  stage.run_for(10ms);
  EXPECT_EQ(stage.tell("m1", "CLUSTER NODES").find("10.7.7.7"), std::string::npos);
  stage.run_for(3s);  // a PING tells it its address
  EXPECT_NE(stage.tell("m1", "CLUSTER NODES").find("10.0.0.1:6379@16379 myself"),
            std::string::npos);
}

}  // namespace
}  // namespace sim
