// MIGRATE, DUMP and RESTORE in the words of redis 7.0.15 (errors and payloads were compared with a
// real server), and what waits while a MIGRATE does. (Protocol §9.4.)
#include "sim/core/migrate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/core/pump.h"

namespace sim {
namespace {

using namespace std::string_literals;

Config standalone() {
  Config config;
  config.cluster_enabled = false;
  return config;
}
resp::Value null() {
  return {resp::Null{}};
}

// ---- DUMP and RESTORE ----

class Dumps : public ::testing::Test {
 protected:
  Dumps() : box(pump.add(standalone())) {}
  resp::Value call(resp::Command command) { return pump.call(box, std::move(command)); }
  std::string dump(const std::string& key) {
    const resp::Value payload = call({"DUMP", key});
    return std::get<resp::Bulk>(payload.data).text;
  }

  Pump pump;
  Pump::BoxId box;
};

TEST_F(Dumps, AreThoseOfARealServerWhereItCompressesNothing) {
  call({"SET", "s", "hello"});
  EXPECT_EQ(dump("s"), "\x00\x05hello\x0a\x00\x63\x72\xdf\x76\x65\x34\x20\x0a"s);
  call({"SET", "n", "12345"});
  EXPECT_EQ(dump("n"), "\x00\xc1\x39\x30\x0a\x00\x9d\x94\xea\x27\x93\xfc\x08\xb9"s);
  EXPECT_EQ(call({"DUMP", "none"}), null());
}

TEST_F(Dumps, OfARealServerAreRestored) {
  EXPECT_EQ(call({"RESTORE", "z", "0",
                  "\x00\xc3\x0a\x40\x50\x02\x61\x62\x61\xe0\x42\x01\x01\x61\x62\x0a\x00\x94\x9d\x5f"
                  "\x0e\xb1\xde\xa4\x45"s}),
            resp::ok());
  std::string abab;
  for (int i = 0; i < 40; ++i) abab += "ab";
  EXPECT_EQ(call({"GET", "z"}), resp::bulk(abab));
  EXPECT_EQ(call({"RESTORE", "l", "0",
                  "\x12\x01\x02\xc3\x19\x31\x11\x31\x00\x00\x00\x04\x00\x81\x61\x02\x01\x01\xf2\x90"
                  "\xee\xfe\x04\x9e\x78\xe0\x14\x00\x01\x1f\xff\x0a\x00\x34\x23\x3c\xe6\x47\xf2\xac"
                  "\xa9"s}),
            resp::ok());
  EXPECT_EQ(pump.say(box, "LRANGE l 0 -1"),
            "1) \"a\" 2) \"1\" 3) \"-70000\" 4) \"" + std::string(30, 'x') + "\"");
  const std::string hash =
      "\x10\x0c\x0c\x00\x00\x00\x02\x00\x81\x61\x02\x01\x01\xff\x0a\x00\x84\xa6\x93\xe8\xaa\x17\xe4\xdb"s;
  EXPECT_EQ(call({"RESTORE", "h", "0", hash}), resp::error("ERR Bad data format"));  // we have none
}

TEST_F(Dumps, AreReadBack) {
  pump.say(box, "RPUSH l a 1 -70000 b");
  const std::string payload = dump("l");
  call({"DEL", "l"});
  EXPECT_EQ(call({"RESTORE", "l", "0", payload}), resp::ok());
  EXPECT_EQ(pump.say(box, "LRANGE l 0 -1"), "1) \"a\" 2) \"1\" 3) \"-70000\" 4) \"b\"");
}

TEST_F(Dumps, RestoreRefusesInRedisOrder) {
  call({"SET", "s", "v"});
  const std::string payload = dump("s");
  std::string damaged = payload;
  damaged[2] = 'w';
  std::string newer = payload;
  newer[newer.size() - 10] = 11;
  const resp::Value wrong = resp::error("ERR DUMP payload version or checksum are wrong");
  const resp::Value busy = resp::error("BUSYKEY Target key name already exists.");
  const resp::Value syntax = resp::error("ERR syntax error");
  EXPECT_EQ(call({"RESTORE", "s", "x", "y", "NONSENSE"}), syntax);
  EXPECT_EQ(call({"RESTORE", "s", "x", "y"}), busy);
  EXPECT_EQ(call({"RESTORE", "a", "x", "y"}),
            resp::error("ERR value is not an integer or out of range"));
  EXPECT_EQ(call({"RESTORE", "a", "-1", "y"}), resp::error("ERR Invalid TTL value, must be >= 0"));
  EXPECT_EQ(call({"RESTORE", "a", "0", "y"}), wrong);
  EXPECT_EQ(call({"RESTORE", "a", "0", damaged}), wrong);
  EXPECT_EQ(call({"RESTORE", "a", "0", newer}), wrong);
  EXPECT_EQ(call({"RESTORE", "a", "0", payload, "IDLETIME"}), syntax);
  EXPECT_EQ(call({"RESTORE", "a", "0", payload, "FREQ", "1", "IDLETIME", "1"}), syntax);
  EXPECT_EQ(call({"RESTORE", "a", "0", payload, "IDLETIME", "-1"}),
            resp::error("ERR Invalid IDLETIME value, must be >= 0"));
  EXPECT_EQ(call({"RESTORE", "a", "0", payload, "FREQ", "256"}),
            resp::error("ERR Invalid FREQ value, must be >= 0 and <= 255"));
  EXPECT_EQ(call({"RESTORE", "a", "0", payload, "FREQ", "255", "REPLACE"}), resp::ok());
}

TEST_F(Dumps, RestoreTakesATimeToLive) {
  call({"SET", "s", "v"});
  const std::string payload = dump("s");
  EXPECT_EQ(call({"RESTORE", "a", "5000", payload}), resp::ok());
  EXPECT_EQ(call({"PTTL", "a"}), resp::integer(5000));
  const std::string absolute = std::to_string(pump.wall_ms() + 7000);
  EXPECT_EQ(call({"RESTORE", "a", absolute, payload, "ABSTTL", "REPLACE"}), resp::ok());
  EXPECT_EQ(call({"PTTL", "a"}), resp::integer(7000));
  EXPECT_EQ(call({"RESTORE", "a", "1", payload, "ABSTTL", "REPLACE"}), resp::ok());
  EXPECT_EQ(call({"EXISTS", "a"}), resp::integer(0));  // its time was over long ago
}

TEST_F(Dumps, ReplicasGetTheTimeInAbsoluteTerms) {
  const Pump::BoxId replica = pump.add(standalone());
  pump.call(replica, {"REPLICAOF", format_ipv4(pump.endpoint(box).ipv4), "6379"});
  pump.advance(5000);
  call({"SET", "s", "v"});
  call({"RESTORE", "a", "5000", dump("s")});
  pump.advance(1000);
  EXPECT_EQ(pump.server(replica).keyspace.data_hash(), pump.server(box).keyspace.data_hash());
  EXPECT_EQ(pump.server(replica).keyspace.size(), 2u);
}

// ---- MIGRATE ----

class Migrate : public ::testing::Test {
 protected:
  Migrate() : source(pump.add(standalone())), target(pump.add(standalone())) {}
  std::string host() const { return format_ipv4(pump.endpoint(target).ipv4); }
  // The reply, late as it is.
  resp::Value migrate(std::vector<std::string> rest) {
    resp::Command command{"MIGRATE", host(), "6379"};
    command.insert(command.end(), rest.begin(), rest.end());
    const resp::Value at_once = pump.call(source, std::move(command));
    return at_once == null() ? pump.late_reply(source) : at_once;
  }
  std::string at(Pump::BoxId box, const std::string& words) { return pump.say(box, words); }
  std::size_t dials() {
    const auto& sent = pump.sent(source);
    return static_cast<std::size_t>(std::count(sent.begin(), sent.end(), "cmd:SELECT"));
  }

  Pump pump;
  Pump::BoxId source, target;
};

const resp::Value kReading = resp::error("IOERR error or timeout reading to target instance");
const resp::Value kWriting = resp::error("IOERR error or timeout writing to target instance");
const resp::Value kConnecting = resp::error("IOERR error or timeout connecting to the client");

TEST_F(Migrate, HandsAKeyOver) {
  at(source, "SET k v PX 5000");
  EXPECT_EQ(migrate({"k", "0", "1000"}), resp::ok());
  EXPECT_EQ(at(source, "EXISTS k"), "(integer) 0");
  EXPECT_EQ(at(target, "GET k"), "\"v\"");
  EXPECT_EQ(at(target, "PTTL k"), "(integer) 5000");
  const auto told = pump.notes<event::KeysMigrated>(source);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].keys, 1u);
}

TEST_F(Migrate, SaysSoWhenThereIsNothingToDo) {
  const resp::Value nokey{resp::Simple{"NOKEY"}};
  EXPECT_EQ(migrate({"k", "0", "1000"}), nokey);
  EXPECT_EQ(migrate({"", "0", "1000"}), nokey);
  EXPECT_EQ(migrate({"", "0", "1000", "KEYS", "a", "b"}), nokey);
  EXPECT_EQ(migrate({"", "0", "1000", "KEYS"}), nokey);
  EXPECT_TRUE(pump.sent(source).empty());
}

TEST_F(Migrate, ReadsItsOptionsAsRedisDoes) {
  const resp::Value syntax = resp::error("ERR syntax error");
  const resp::Value number = resp::error("ERR value is not an integer or out of range");
  EXPECT_EQ(migrate({"k", "0", "10", "FOO"}), syntax);
  EXPECT_EQ(migrate({"k", "0", "10", "AUTH"}), syntax);
  EXPECT_EQ(migrate({"k", "0", "10", "AUTH2", "a"}), syntax);
  EXPECT_EQ(migrate({"k", "0", "x"}), number);
  EXPECT_EQ(migrate({"k", "x", "10"}), number);
  EXPECT_EQ(
      migrate({"k", "0", "10", "KEYS", "a"}),
      resp::error(
          "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string"));
  EXPECT_EQ(
      pump.call(source, {"COMMAND", "GETKEYS", "MIGRATE", "h", "1", "x", "0", "1", "KEYS", "a"}),
      resp::error("ERR Invalid arguments specified for command"));
  EXPECT_EQ(at(source, "COMMAND GETKEYS MIGRATE h 1 k 0 1 COPY"), "1) \"k\"");
}

TEST_F(Migrate, LeavesHereWhatTheTargetDidNotTake) {
  at(source, "MSET a 1 b 2 c 3");
  at(target, "SET b other");
  EXPECT_EQ(migrate({"", "0", "1000", "KEYS", "a", "b", "none", "c"}),
            resp::error("ERR Target instance replied with error: BUSYKEY Target key name already "
                        "exists."));
  EXPECT_EQ(at(source, "MGET a b c"), "1) (nil) 2) \"2\" 3) (nil)");
  EXPECT_EQ(at(target, "MGET a b c"), "1) \"1\" 2) \"other\" 3) \"3\"");
  EXPECT_EQ(migrate({"b", "0", "1000", "REPLACE"}), resp::ok());
  EXPECT_EQ(at(target, "GET b"), "\"2\"");
}

TEST_F(Migrate, CopiesOnRequest) {
  at(source, "SET k v");
  EXPECT_EQ(migrate({"k", "0", "1000", "COPY"}), resp::ok());
  EXPECT_EQ(at(source, "GET k"), "\"v\"");
  EXPECT_EQ(at(target, "GET k"), "\"v\"");
}

TEST_F(Migrate, TakesARefusedPreambleForARefusalOfEverything) {
  at(source, "SET k v");
  EXPECT_EQ(migrate({"k", "99", "1000"}),
            resp::error("ERR Target instance replied with error: ERR DB index is out of range"));
  EXPECT_EQ(at(source, "GET k"), "\"v\"");
}

TEST_F(Migrate, ReplicasHearOfItAsADel) {
  const Pump::BoxId replica = pump.add(standalone());
  pump.call(replica, {"REPLICAOF", format_ipv4(pump.endpoint(source).ipv4), "6379"});
  pump.advance(5000);
  at(source, "MSET a 1 b 2 c 3");
  at(target, "SET b other");
  migrate({"", "0", "1000", "KEYS", "a", "b"});
  pump.advance(100);
  EXPECT_EQ(at(replica, "MGET a b c"), "1) (nil) 2) \"2\" 3) \"3\"");
}

TEST_F(Migrate, KeepsItsConnectionForTenSeconds) {
  at(source, "MSET a 1 b 2 c 3");
  migrate({"a", "0", "1000"});
  EXPECT_EQ(dials(), 1u);
  pump.advance(9000);
  migrate({"b", "0", "1000"});
  EXPECT_EQ(dials(), 1u);  // SELECT went out once
  pump.advance(10000);
  EXPECT_EQ(pump.server(source).migrate.sockets.size(), 1u);
  pump.advance(2000);
  EXPECT_EQ(pump.server(source).migrate.sockets.size(), 0u);
  migrate({"c", "0", "1000"});
  EXPECT_EQ(dials(), 2u);
}

TEST_F(Migrate, TriesAgainWhenAKeptConnectionTurnsOutToBeGone) {
  at(source, "MSET a 1 b 2");
  migrate({"a", "0", "1000"});
  pump.reset(source, target);
  EXPECT_EQ(migrate({"b", "0", "1000"}), resp::ok());
  EXPECT_EQ(dials(), 2u);
  EXPECT_EQ(at(target, "MGET a b"), "1) \"1\" 2) \"2\"");
}

TEST_F(Migrate, NobodyListens) {
  at(source, "SET k v");
  pump.crash(target);
  EXPECT_EQ(migrate({"k", "0", "1000"}), kWriting);  // sic: a refusal shows when it is written to
  EXPECT_EQ(pump.call(source, {"MIGRATE", "nowhere", "6379", "k", "0", "1000"}), kConnecting);
  EXPECT_EQ(at(source, "GET k"), "\"v\"");
}

TEST_F(Migrate, NobodyAnswersTheDial) {
  at(source, "SET k v");
  pump.cut(source, target);
  EXPECT_EQ(migrate({"k", "0", "300"}), null());
  pump.advance(299);
  EXPECT_EQ(pump.late_reply(source), null());
  pump.advance(1);
  EXPECT_EQ(pump.late_reply(source), kConnecting);
}

TEST_F(Migrate, ATimeoutIsNotTriedAgainAndMayLeaveTheKeyOnBothSides) {
  at(source, "MSET a 1 b 2");
  migrate({"a", "0", "300"});
  pump.cut(source, target);
  EXPECT_EQ(migrate({"b", "0", "0"}), null());  // a second, if not a positive number is given
  pump.advance(999);
  EXPECT_EQ(pump.late_reply(source), null());
  pump.advance(1);
  EXPECT_EQ(pump.late_reply(source), kReading);
  EXPECT_EQ(pump.server(source).migrate.sockets.size(), 0u);
  EXPECT_EQ(at(source, "GET b"), "\"2\"");
}

TEST_F(Migrate, EverythingElseWaits) {
  at(source, "MSET a 1 b 2");
  migrate({"a", "0", "1000"});
  const std::uint64_t crons = pump.server(source).cron_runs;
  pump.cut(source, target);
  EXPECT_EQ(migrate({"b", "0", "2000"}), null());
  EXPECT_EQ(pump.call(source, {"SET", "c", "3"}), null());
  pump.send_bytes(source, "GET c\r\nGET b\r\n");
  pump.advance(1999);
  EXPECT_EQ(pump.server(source).cron_runs, crons);  // not even time passes
  EXPECT_EQ(pump.late_reply(source), null());
  pump.advance(1);
  EXPECT_EQ(pump.late_reply(source), kReading);
  EXPECT_EQ(pump.late_reply(source), resp::ok());
  EXPECT_EQ(pump.late_reply(source), resp::bulk("3"));
  EXPECT_EQ(pump.late_reply(source), resp::bulk("2"));
  EXPECT_EQ(pump.server(source).cron_runs, crons + 1);  // what was missed is not made up for
}

TEST_F(Migrate, WhatFollowsInTheSameStretchOfBytesWaitsToo) {
  at(source, "MSET a 1 b 2");
  pump.send_bytes(source, "MIGRATE " + host() + " 6379 a 0 1000\r\nEXISTS a\r\nMIGRATE " + host() +
                              " 6379 b 0 1000\r\nEXISTS b\r\n");
  EXPECT_EQ(pump.late_reply(source), resp::ok());
  EXPECT_EQ(pump.late_reply(source), resp::integer(0));
  EXPECT_EQ(pump.late_reply(source), resp::ok());
  EXPECT_EQ(pump.late_reply(source), resp::integer(0));
}

TEST_F(Migrate, KeepsSixtyFourConnectionsAtMost) {
  for (int i = 0; i < 70; ++i) {
    const Pump::BoxId other = pump.add(standalone());
    at(source, "SET k v");
    pump.call(source, {"MIGRATE", format_ipv4(pump.endpoint(other).ipv4), "6379", "k", "0", "100"});
    EXPECT_EQ(pump.late_reply(source), resp::ok());
  }
  EXPECT_EQ(pump.server(source).migrate.sockets.size(), 64u);
}

}  // namespace
}  // namespace sim
