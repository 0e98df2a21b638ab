// Commands of clients, in the words of redis 7.0.15 (each line below was compared with a real
// server).
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/core/pump.h"

namespace sim {
namespace {

Config standalone() {
  Config config;
  config.cluster_enabled = false;
  return config;
}

std::string wire(const resp::Value& value) {
  std::string bytes;
  resp::append_encoded(value, bytes);
  return bytes;
}

TEST(Commands, RefuseWhatTheyDoNotKnowInRedisWords) {
  Pump pump;
  const Pump::BoxId box = pump.add(standalone());
  EXPECT_EQ(wire(pump.call(box, {"foo"})),
            "-ERR unknown command 'foo', with args beginning with: \r\n");
  EXPECT_EQ(wire(pump.call(box, {"foo", "bar", "b\r\nz"})),
            "-ERR unknown command 'foo', with args beginning with: 'bar' 'b  z' \r\n");
  const std::string long_word(150, 'x');
  const std::string cut = long_word.substr(0, 128);
  EXPECT_EQ(wire(pump.call(box, {"foo", long_word, "more"})),
            "-ERR unknown command 'foo', with args beginning with: '" + cut + "' \r\n");
  EXPECT_EQ(wire(pump.call(box, {"CLIENT", long_word})),
            "-ERR unknown subcommand '" + cut + "'. Try CLIENT HELP.\r\n");
  EXPECT_EQ(wire(pump.call(box, {"GeT"})), "-ERR wrong number of arguments for 'get' command\r\n");
  EXPECT_EQ(wire(pump.call(box, {"CLIENT", "SETINFO", "a", "b"})),
            "-ERR unknown subcommand 'SETINFO'. Try CLIENT HELP.\r\n");
  EXPECT_EQ(wire(pump.call(box, {"CONFIG", "GET"})),
            "-ERR wrong number of arguments for 'config|get' command\r\n");
  EXPECT_EQ(wire(pump.call(box, {"HELLO", "3"})), "-NOPROTO unsupported protocol version\r\n");
  EXPECT_EQ(wire(pump.call(box, {"READONLY"})),
            "-ERR This instance has cluster support disabled\r\n");
}

TEST(Commands, SetTakesItsOptions) {
  Pump pump;
  const Pump::BoxId box = pump.add(standalone());
  const auto reply = [&](resp::Command command) {
    return wire(pump.call(box, std::move(command)));
  };
  EXPECT_EQ(reply({"SET", "a", "1", "XX"}), "$-1\r\n");
  EXPECT_EQ(reply({"SET", "a", "1", "NX"}), "+OK\r\n");
  EXPECT_EQ(reply({"SET", "a", "2", "NX", "GET"}), "$1\r\n1\r\n");
  EXPECT_EQ(reply({"SET", "a", "2", "EX", "100"}), "+OK\r\n");
  EXPECT_EQ(reply({"SET", "a", "3", "KEEPTTL"}), "+OK\r\n");
  EXPECT_EQ(reply({"TTL", "a"}), ":100\r\n");
  EXPECT_EQ(reply({"SET", "a", "4"}), "+OK\r\n");
  EXPECT_EQ(reply({"TTL", "a"}), ":-1\r\n");
  EXPECT_EQ(reply({"SET", "a", "1", "EX", "0"}), "-ERR invalid expire time in 'set' command\r\n");
  EXPECT_EQ(reply({"SET", "a", "1", "NX", "XX"}), "-ERR syntax error\r\n");
  EXPECT_EQ(reply({"RPUSH", "a", "x"}),
            "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n");
}

TEST(Commands, CountersStopAtTheEdge) {
  Pump pump;
  const Pump::BoxId box = pump.add(standalone());
  pump.say(box, "SET n 9223372036854775806");
  EXPECT_EQ(pump.call(box, {"INCR", "n"}), resp::integer(9223372036854775807));
  EXPECT_EQ(pump.call(box, {"INCR", "n"}),
            resp::error("ERR increment or decrement would overflow"));
  EXPECT_EQ(pump.call(box, {"DECRBY", "n", "-9223372036854775808"}),
            resp::error("ERR decrement would overflow"));
  for (const char* text : {"abc", " 1", "01", "-0", "", "+1"}) {
    pump.call(box, {"SET", "t", text});
    EXPECT_EQ(pump.call(box, {"INCR", "t"}),
              resp::error("ERR value is not an integer or out of range"))
        << text;
  }
}

TEST(Commands, ListsHaveTwoEnds) {
  Pump pump;
  const Pump::BoxId box = pump.add(standalone());
  pump.say(box, "RPUSH l b c");
  EXPECT_EQ(pump.call(box, {"LPUSH", "l", "a", "z"}), resp::integer(4));
  EXPECT_EQ(wire(pump.call(box, {"LRANGE", "l", "-3", "100"})),
            "*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n");
  EXPECT_EQ(pump.call(box, {"RPOP", "l"}), resp::bulk("c"));
  EXPECT_EQ(wire(pump.call(box, {"LPOP", "l", "5"})), "*3\r\n$1\r\nz\r\n$1\r\na\r\n$1\r\nb\r\n");
  EXPECT_EQ(pump.call(box, {"EXISTS", "l"}), resp::integer(0));
  EXPECT_EQ(pump.call(box, {"LPOP", "l", "-1"}),
            resp::error("ERR value is out of range, must be positive"));
}

TEST(Commands, PopsOfACountFromNothingGiveANullArray) {
  Pump pump;
  const Pump::BoxId box = pump.add(standalone());
  EXPECT_EQ(wire(pump.call(box, {"LPOP", "nothing"})), "$-1\r\n");
  EXPECT_EQ(wire(pump.call(box, {"LPOP", "nothing", "1"})), "*-1\r\n");
  EXPECT_EQ(wire(pump.call(box, {"RPOP", "nothing", "0"})), "*-1\r\n");
  pump.say(box, "RPUSH l a");
  EXPECT_EQ(wire(pump.call(box, {"LPOP", "l", "0"})), "*0\r\n");
}

TEST(Commands, SelectTellsAWrongNumberFromADatabaseThereIsNot) {
  Pump pump;
  const Pump::BoxId box = pump.add(Config{});
  EXPECT_EQ(pump.call(box, {"SELECT", "0"}), resp::ok());
  EXPECT_EQ(pump.call(box, {"SELECT", "1"}),
            resp::error("ERR SELECT is not allowed in cluster mode"));
  EXPECT_EQ(pump.call(box, {"SELECT", "x"}),
            resp::error("ERR value is not an integer or out of range"));
  EXPECT_EQ(pump.call(box, {"SELECT", "99999999999"}),
            resp::error("ERR value is out of range, value must between -2147483648 and "
                        "2147483647"));
}

TEST(Commands, ExpireTakesItsConditions) {
  Pump pump;
  const Pump::BoxId box = pump.add(standalone());
  pump.say(box, "SET k v");
  const auto number = [&](resp::Command command) {
    return std::get<std::int64_t>(pump.call(box, std::move(command)).data);
  };
  EXPECT_EQ(number({"EXPIRE", "k", "100", "GT"}), 0);  // no expiry is an infinite one
  EXPECT_EQ(number({"EXPIRE", "k", "100", "LT"}), 1);
  EXPECT_EQ(number({"EXPIRE", "k", "50", "NX"}), 0);
  EXPECT_EQ(number({"EXPIRE", "k", "200", "GT"}), 1);
  EXPECT_EQ(number({"PTTL", "k"}), 200000);
  EXPECT_EQ(number({"PERSIST", "k"}), 1);
  EXPECT_EQ(number({"EXPIRE", "k", "-1"}), 1);  // at once
  EXPECT_EQ(number({"TTL", "k"}), -2);
  EXPECT_EQ(pump.call(box, {"EXPIRE", "k", "soon", "SOMETIME"}),
            resp::error("ERR Unsupported option SOMETIME"));  // the options are read first
  EXPECT_EQ(pump.call(box, {"EXPIRE", "k", "1", "NX", "XX"}),
            resp::error("ERR NX and XX, GT or LT options at the same time are not compatible"));
}

TEST(Expiry, KeysVanishForReadersAtTheirTime) {
  Pump pump;
  const Pump::BoxId box = pump.add(standalone());
  pump.call(box, {"SET", "k", "v", "PX", "20"});
  pump.advance(20);
  EXPECT_EQ(pump.call(box, {"GET", "k"}), resp::bulk("v"));  // gone only when now > its time
  pump.advance(1);
  EXPECT_EQ(pump.call(box, {"GET", "k"}).data, resp::Value{resp::Null{}}.data);
  EXPECT_EQ(pump.server(box).keyspace.size(), 0u);
}

TEST(Expiry, UnreadKeysAreCollectedByTheCron) {
  Pump pump;
  const Pump::BoxId box = pump.add(standalone());
  for (int i = 0; i < 300; ++i) {
    pump.call(box, {"SET", "k" + std::to_string(i), "v", "PX", i % 2 == 0 ? "50" : "500000"});
  }
  pump.advance(10'000);
  EXPECT_LT(pump.server(box).keyspace.size(), 180u);
  EXPECT_GE(pump.server(box).keyspace.size(), 150u);
}

TEST(Commands, ScanMeetsEveryKeyOnce) {
  Pump pump;
  const Pump::BoxId box = pump.add(standalone());
  for (int i = 0; i < 100; ++i) pump.call(box, {"SET", "k" + std::to_string(i), "v"});
  std::size_t met = 0;
  std::string cursor = "0";
  do {
    const resp::Value page = pump.call(box, {"SCAN", cursor, "MATCH", "k*"});
    const auto& items = std::get<resp::Array>(page.data).items;
    cursor = std::get<resp::Bulk>(items[0].data).text;
    met += std::get<resp::Array>(items[1].data).items.size();
  } while (cursor != "0");
  EXPECT_EQ(met, 100u);
}

TEST(Session, UnderstandsRawBytesInPieces) {
  Pump pump;
  const Pump::BoxId box = pump.add(standalone());
  pump.send_bytes(box, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1");
  EXPECT_EQ(pump.late_reply(box).data, resp::Value{resp::Null{}}.data);
  pump.send_bytes(box, "\r\nv\r\nPING\r\n");
  EXPECT_EQ(pump.late_reply(box), resp::ok());
  EXPECT_EQ(pump.late_reply(box), (resp::Value{resp::Simple{"PONG"}}));
}

TEST(Session, ClosesAfterAProtocolErrorAndAfterQuit) {
  Pump pump;
  const Pump::BoxId box = pump.add(standalone());
  pump.send_bytes(box, "*1\r\n:1\r\n");
  EXPECT_EQ(pump.late_reply(box), resp::error("ERR Protocol error: expected '$', got ':'"));
  EXPECT_TRUE(pump.server(box).sessions.by_conn.empty());
  const Pump::BoxId other = pump.add(standalone());
  EXPECT_EQ(pump.call(other, {"QUIT"}), resp::ok());
  EXPECT_TRUE(pump.server(other).sessions.by_conn.empty());
}

TEST(Notes, AWriteTellsItsSlotAndOperation) {
  Pump pump;
  const Pump::BoxId box = pump.add(standalone());
  pump.call(box, {"SET", "foo", "1"}, 41);
  pump.call(box, {"GET", "foo"}, 42);
  pump.call(box, {"DEL", "nope"}, 43);
  const auto writes = pump.notes<event::WriteApplied>(box);
  ASSERT_EQ(writes.size(), 1u);
  EXPECT_EQ(writes[0].operation, 41u);
  EXPECT_EQ(writes[0].slot, SlotId{12182});
}

TEST(Mutations, AckBeforeApplyLosesAWriteNowAndThen) {
  Pump pump;
  const Pump::BoxId box = pump.add(standalone(), {}, Mutation::kAckBeforeApply);
  for (int i = 0; i < 64; ++i) {
    EXPECT_EQ(pump.call(box, {"SET", "k" + std::to_string(i), "v"}), resp::ok());
  }
  EXPECT_EQ(pump.server(box).keyspace.size(), 60u);
}

}  // namespace
}  // namespace sim
