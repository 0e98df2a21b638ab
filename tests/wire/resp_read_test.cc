// Reading requests as redis 7.0.15 does (each case was tried on one), and replies as clients do.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sim/wire/resp.h"

namespace sim::resp {
namespace {

struct Outcome {
  std::vector<Command> commands;
  std::string broken;
  bool operator==(const Outcome&) const = default;
};

Outcome read_commands(std::string_view bytes, std::size_t stroke) {
  CommandReader reader;
  Outcome outcome;
  for (std::size_t at = 0; at < bytes.size(); at += stroke) {
    reader.feed(bytes.substr(at, stroke));
    Command command;
    while (reader.next(command)) outcome.commands.push_back(command);
  }
  outcome.broken = reader.broken();
  return outcome;
}
// The same, whole and byte by byte.
Outcome read_commands(std::string_view bytes) {
  const Outcome whole = read_commands(bytes, bytes.size());
  EXPECT_EQ(read_commands(bytes, 1), whole);
  EXPECT_EQ(read_commands(bytes, 3), whole);
  return whole;
}
std::string error_of(std::string_view bytes) {
  return read_commands(bytes).broken;
}

const std::vector<Command> kPing = {{"PING"}};

TEST(CommandReader, ReadsWhatAClientPipelines) {
  EXPECT_EQ(
      read_commands("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na\r\nb\r\n*1\r\n$4\r\nPING\r\n").commands,
      (std::vector<Command>{{"SET", "k", "a\r\nb"}, {"PING"}}));
  EXPECT_EQ(read_commands("*1\r\n$0\r\n\r\n").commands, (std::vector<Command>{{""}}));
}

TEST(CommandReader, WaitsForTheRest) {
  CommandReader reader;
  Command command;
  reader.feed("*1\r\n$4\r\nPI");
  EXPECT_FALSE(reader.next(command));
  EXPECT_FALSE(reader.idle());
  reader.feed("NG\r\n");
  EXPECT_TRUE(reader.next(command));
  EXPECT_TRUE(reader.idle());
  EXPECT_EQ(reader.broken(), "");
}

TEST(CommandReader, PassesOverEmptyCommands) {
  for (const char* empty : {"*0\r\n", "*-5\r\n", "\r\n", "\n", "   \r\n"}) {
    EXPECT_EQ(read_commands(std::string(empty) + "*1\r\n$4\r\nPING\r\n").commands, kPing) << empty;
  }
}

TEST(CommandReader, TakesTheTwoBytesAfterALengthOrAnArgumentUnseen) {
  EXPECT_EQ(read_commands("*1\rx$4\r\nPINGxx*1\r\n$4\r\nPING\r\n").commands,
            (std::vector<Command>{{"PING"}, {"PING"}}));
}

TEST(CommandReader, UnderstandsInlineCommands) {
  EXPECT_EQ(read_commands("PING\n").commands, kPing);
  EXPECT_EQ(read_commands("\vPING\t\r\n").commands, kPing);
  EXPECT_EQ(read_commands("ECHO foo\"bar\"\r\nECHO 'a\\'b'\r\n").commands,
            (std::vector<Command>{{"ECHO", "foobar"}, {"ECHO", "a'b"}}));
  EXPECT_EQ(error_of("SET \"a\r\n"), "Protocol error: unbalanced quotes in request");
}

TEST(CommandReader, RefusesBadCounts) {
  for (const char* count :
       {"*abc", "*+1", "*01", "*", "*-0", "*1 ", "*2147483648", "*99999999999999999999"}) {
    EXPECT_EQ(error_of(std::string(count) + "\r\n"), "Protocol error: invalid multibulk length")
        << count;
  }
  EXPECT_EQ(error_of("*2147483647\r\n"), "");
}

TEST(CommandReader, RefusesBadLengths) {
  for (const char* length : {"$-1", "$4x", "$", "$536870913"}) {
    EXPECT_EQ(error_of("*1\r\n" + std::string(length) + "\r\n"),
              "Protocol error: invalid bulk length")
        << length;
  }
  EXPECT_EQ(error_of("*1\r\n$536870912\r\n"), "");
}

TEST(CommandReader, RefusesArgumentsThatAreNotBulk) {
  EXPECT_EQ(error_of("*1\r\n:4\r\n"), "Protocol error: expected '$', got ':'");
  EXPECT_EQ(error_of("*1\r\n\r\n"), "Protocol error: expected '$', got ' '");
}

TEST(CommandReader, RefusesLinesThatDoNotEnd) {
  const std::string many(64 * 1024, '1');
  EXPECT_EQ(read_commands(many, many.size()).broken, "");
  EXPECT_EQ(read_commands(many + "1", 4096).broken, "Protocol error: too big inline request");
  EXPECT_EQ(read_commands("*" + many, 4096).broken, "Protocol error: too big mbulk count string");
  EXPECT_EQ(read_commands("*1\r\n$" + many, 4096).broken,
            "Protocol error: too big bulk count string");
  EXPECT_EQ(read_commands("ECHO " + many + "\r\n", many.size() + 7).commands,
            (std::vector<Command>{{"ECHO", many}}));
}

TEST(CommandReader, ReadsNothingAfterAnError) {
  CommandReader reader;
  Command command;
  reader.feed("*x\r\n");
  EXPECT_FALSE(reader.next(command));
  reader.feed("PING\r\n");
  EXPECT_FALSE(reader.next(command));
}

TEST(CommandReader, KeepsWhatItReadBeforeTheError) {
  EXPECT_EQ(read_commands("PING\r\n*x\r\n"),
            (Outcome{kPing, "Protocol error: invalid multibulk length"}));
}

std::string read_values(std::string_view bytes, std::size_t stroke) {
  ValueReader reader;
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += stroke) {
    reader.feed(bytes.substr(at, stroke));
    Value value;
    while (reader.next(value)) text += describe(value) + "\n";
  }
  return text + reader.broken();
}
std::string read_values(std::string_view bytes) {
  const std::string whole = read_values(bytes, bytes.size());
  EXPECT_EQ(read_values(bytes, 1), whole);
  return whole;
}

TEST(ValueReader, ReadsEveryKindOfReply) {
  EXPECT_EQ(read_values(
                "+OK\r\n-MOVED 1 10.0.0.1:6379\r\n:-42\r\n$5\r\na\r\n\"b\r\n$-1\r\n*-1\r\n*0\r\n"),
            "OK\n(error) MOVED 1 10.0.0.1:6379\n(integer) -42\n\"a\\r\\n\\\"b\"\n(nil)\n(nil)\n"
            "(empty array)\n");
}

TEST(ValueReader, ReadsNestedArrays) {
  EXPECT_EQ(read_values("*3\r\n:1\r\n*2\r\n$1\r\na\r\n*0\r\n*1\r\n*1\r\n+x\r\n"),
            "1) (integer) 1 2) [1) \"a\" 2) (empty array)] 3) [1) [1) x]]\n");
}

TEST(ValueReader, RefusesWhatIsNotAReply) {
  EXPECT_EQ(read_values("hello\r\n"), "Protocol error, got \"h\" as reply type byte");
  EXPECT_EQ(read_values(":1x\r\n"), "Protocol error, bad integer value");
  EXPECT_EQ(read_values("+OK\n"), "Protocol error, a line without CR");
  EXPECT_EQ(read_values("$-2\r\n"), "Protocol error, bulk string length out of range");
  EXPECT_EQ(read_values("$1\r\nabc"), "Protocol error, a bulk string without CRLF");
  EXPECT_EQ(read_values("*2147483648\r\n"), "Protocol error, multi-bulk length out of range");
}

TEST(ValueReader, RefusesNestingWithoutEnd) {
  std::string deep;
  for (std::size_t i = 0; i < kDepthMax; ++i) deep += "*1\r\n";
  EXPECT_EQ(read_values(deep), "");
  EXPECT_EQ(read_values(deep + "*1\r\n"), "Protocol error, arrays nested too deep");
}

// A reader that searches from the start at each byte would need minutes for these.
TEST(Readers, NeedTimeInProportionToTheBytes) {
  const std::string big(4'000'000, 'x');
  EXPECT_EQ(read_values("$4000000\r\n" + big + "\r\n", 16).size(), big.size() + 3);
  std::string many = "*200000\r\n";
  for (int i = 0; i < 200000; ++i) many += ":1\r\n";
  EXPECT_GT(read_values(many, 1).size(), 200000u);
  std::string pings;
  for (int i = 0; i < 500000; ++i) pings += "PING\r\n";
  EXPECT_EQ(read_commands(pings, pings.size()).commands.size(), 500000u);
}

}  // namespace
}  // namespace sim::resp
