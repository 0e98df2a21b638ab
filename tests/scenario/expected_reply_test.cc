// What a scripted command must be answered with.
#include "sim/scenario/expected_reply.h"

#include <gtest/gtest.h>

#include "tests/scenario/vocabulary_testing.h"

namespace sim {
namespace {

const std::string kInfo = R"("cluster_state:ok\r\ncluster_size:3\r\ncluster_my_epoch:12\r\n")";
const std::string kNodes = R"("aaa 10.0.0.1 master - 0-5\nbbb 10.0.0.2 slave,nofailover aaa\n")";

ReplyExpectation expecting(const std::string& json) {
  return loaded(R"(, "timeline": [{"at": "1s", "do": "command", "node": "m1", "command": "PING",
                   "remember": "old"}, {"at": "2s", "do": "command", "node": "m1",
                   "command": "PING", "expect": )" +
                json + "}]")
      .timeline.at(1)
      .command.expect;
}

TEST(ExpectedReply, MayBeATextWithoutItsQuotes) {
  EXPECT_TRUE(expecting(R"("bar")").met_by("bar"));
  EXPECT_TRUE(expecting(R"("bar")").met_by("\"bar\""));
  EXPECT_TRUE(expecting(R"("\"bar\"")").met_by("\"bar\""));
  EXPECT_TRUE(expecting(R"("(integer) 3")").met_by("(integer) 3"));
  EXPECT_FALSE(expecting(R"("bar")").met_by("\"bart\""));
}

TEST(ExpectedReply, IsLookedForInOneFieldOfAnInfo) {
  EXPECT_TRUE(expecting(R"({"field": "cluster_state", "reply": "ok"})").met_by(kInfo));
  EXPECT_TRUE(expecting(R"({"field": "cluster_size", "reply": "3"})").met_by(kInfo));
  EXPECT_FALSE(expecting(R"({"field": "state", "reply": "ok"})").met_by(kInfo)) << "a line's end";
  EXPECT_FALSE(expecting(R"({"field": "cluster_state", "lacks": "fail"})").met_by("-ERR no"))
      << "what is not there is not without it either";
}

TEST(ExpectedReply, IsLookedForBetweenTwoTexts) {
  EXPECT_TRUE(expecting(R"({"between": ["bbb", "\\n"], "contains": "nofailover"})").met_by(kNodes));
  EXPECT_FALSE(
      expecting(R"({"between": ["aaa", "\\n"], "contains": "nofailover"})").met_by(kNodes));
}

TEST(ExpectedReply, ContainsPartsOneBehindTheOther) {
  EXPECT_TRUE(expecting(R"({"contains": ["0-5", "nofailover"]})").met_by(kNodes));
  EXPECT_FALSE(expecting(R"({"contains": ["nofailover", "0-5"]})").met_by(kNodes));
  EXPECT_FALSE(expecting(R"({"contains": ["0-5", "0-5"]})").met_by(kNodes));
  EXPECT_FALSE(expecting(R"({"lacks": ["handshake", "slave"]})").met_by(kNodes));
  EXPECT_TRUE(expecting(R"({"lacks": ["handshake"]})").met_by(kNodes));
}

TEST(ExpectedReply, IsComparedAsANumber) {
  EXPECT_TRUE(expecting(R"({"is": ">=3"})").met_by("(integer) 3"));
  EXPECT_FALSE(expecting(R"({"is": "> 3"})").met_by("(integer) 3"));
  EXPECT_TRUE(expecting(R"({"field": "cluster_my_epoch", "is": "> 9"})").met_by(kInfo));
  EXPECT_FALSE(expecting(R"({"is": "> 9"})").met_by("OK"));
}

TEST(ExpectedReply, IsComparedWithWhatIsRemembered) {
  const ReplyExpectation more = expecting(R"({"field": "cluster_my_epoch", "is": "> old"})");
  EXPECT_TRUE(more.met_by(kInfo, {{"old", "9"}}));
  EXPECT_FALSE(more.met_by(kInfo, {{"old", "12"}}));
  EXPECT_FALSE(more.met_by(kInfo)) << "nothing is remembered";
  EXPECT_TRUE(expecting(R"({"is": "== old"})").met_by("\"bar\"", {{"old", "bar"}}));
  EXPECT_TRUE(expecting(R"({"is": "!= old"})").met_by("\"bar\"", {{"old", "foo"}}));
}

TEST(ExpectedReply, IsComparedAmongAllWhoAreAsked) {
  const ReplyExpectation same = expecting(R"({"field": "cluster_state", "all": "same"})"),
                         distinct = expecting(R"({"all": "distinct"})");
  const std::vector<std::string> alike{kInfo, R"("x:1\r\ncluster_state:ok\r\n")"};
  EXPECT_TRUE(same.met_together(alike));
  EXPECT_TRUE(distinct.met_together(alike));
  const std::vector<std::string> twice{"1", "2", "1"};
  EXPECT_FALSE(distinct.met_together(twice));
  EXPECT_FALSE(same.met_together(twice)) << "no such field";
}

TEST(ExpectedReply, SaysInWordsWhatIsExpected) {
  EXPECT_EQ(expecting(R"({"field": "cluster_my_epoch", "is": "> old", "all": "same"})").text(),
            "a cluster_my_epoch that is > old and a cluster_my_epoch that is the same of all");
  EXPECT_EQ(
      expecting(R"({"between": ["a", "b"], "contains": ["c", "d"], "lacks": ["e", "f"]})").text(),
      "a part between \"a\" and \"b\" containing \"c\" before \"d\" and a part between \"a\" "
      "and \"b\" without \"e\" or \"f\"");
  EXPECT_EQ(expecting(R"("OK")").text(), "the reply \"OK\"");
}

}  // namespace
}  // namespace sim
