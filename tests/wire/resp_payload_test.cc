#include <gtest/gtest.h>

#include <set>
#include <string>

#include "sim/wire/resp.h"

namespace sim::resp {
namespace {

std::string encoded(const Value& value) {
  std::string out;
  append_encoded(value, out);
  EXPECT_EQ(out.size(), encoded_size(value));
  return out;
}

TEST(RespEncoding, IsAsOnTheWire) {
  EXPECT_EQ(encoded(ok()), "+OK\r\n");
  EXPECT_EQ(encoded(error("ERR no")), "-ERR no\r\n");
  EXPECT_EQ(encoded(integer(-9)), ":-9\r\n");
  EXPECT_EQ(encoded(bulk("")), "$0\r\n\r\n");
  EXPECT_EQ(encoded({Null{}}), "$-1\r\n");
  EXPECT_EQ(encoded({Array{{integer(1), {Array{{bulk("a")}}}}}}), "*2\r\n:1\r\n*1\r\n$1\r\na\r\n");
}

TEST(RespEncoding, CannotBeBrokenByTextInAnError) {
  EXPECT_EQ(encoded(error("ERR unknown command 'a\r\n+OK'")), "-ERR unknown command 'a  +OK'\r\n");
}

TEST(RespHash, TellsKindsContentsAndShapesApart) {
  std::set<std::uint64_t> hashes;
  const std::vector<Value> values = {ok(),
                                     error("OK"),
                                     bulk("OK"),
                                     bulk(""),
                                     {Null{}},
                                     integer(0),
                                     integer(1),
                                     {Array{}},
                                     {Array{{bulk("a"), bulk("b")}}},
                                     {Array{{bulk("b"), bulk("a")}}},
                                     {Array{{bulk("ab")}}},
                                     {Array{{{Array{{bulk("a"), bulk("b")}}}}}},
                                     {Array{{{Array{{bulk("a")}}}, bulk("b")}}}};
  for (const Value& value : values)
    EXPECT_TRUE(hashes.insert(hash(value)).second) << describe(value);
  for (const Command& command :
       {Command{"GET", "a"}, Command{"GET", "b"}, Command{"GETa"}, Command{"GET", "a", ""},
        Command{"", "GET", "a"}, Command{"a", "GET"}}) {
    EXPECT_TRUE(hashes.insert(hash(command)).second);
  }
}

TEST(RequestPayload, KnowsItsBytesAndLabel) {
  const RequestPayload payload({"set", "k", "v"}, 7);
  EXPECT_EQ(payload.bytes(), "*3\r\n$3\r\nset\r\n$1\r\nk\r\n$1\r\nv\r\n");
  EXPECT_EQ(payload.size(), payload.bytes().size());
  EXPECT_EQ(payload.label(), "cmd:SET");
}

TEST(RequestPayload, ComesThroughTheWireWithItsOperation) {
  const RequestPayload payload({"SET", std::string("k\0\r\n", 4), ""}, 7);
  const PayloadRef through = payload.through_wire();
  ASSERT_NE(through, nullptr);
  EXPECT_EQ(through->hash(), payload.hash());
  EXPECT_EQ(static_cast<const RequestPayload&>(*through).operation(), 7u);
}

TEST(RequestPayload, HashesNothingOfItsOperation) {
  EXPECT_EQ(RequestPayload({"GET", "k"}, 1).hash(), RequestPayload({"GET", "k"}, 2).hash());
}

TEST(ReplyPayload, IsLabelledByItsErrorWord) {
  EXPECT_EQ(ReplyPayload(bulk("MOVED 1 a:1")).label(), "reply");
  EXPECT_EQ(ReplyPayload(error("MOVED 1 a:1")).label(), "reply:MOVED");
  EXPECT_EQ(ReplyPayload(error("MOVEDX")).label(), "reply:error");
  EXPECT_EQ(ReplyPayload(error("ERR syntax error")).label(), "reply:error");
}

TEST(ReplyPayload, ComesThroughTheWireEvenWithLineEndsInAnError) {
  for (const Value& value : {error("ERR a\r\nb"), Value{Simple{"a\nb"}},
                             Value{Array{{error("E\n"), {Null{}}, integer(3)}}}}) {
    const ReplyPayload payload(value);
    const PayloadRef through = payload.through_wire();
    ASSERT_NE(through, nullptr);
    EXPECT_EQ(through->hash(), payload.hash());
    EXPECT_EQ(through->size(), payload.size());
  }
}

}  // namespace
}  // namespace sim::resp
