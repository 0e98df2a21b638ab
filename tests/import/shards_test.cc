// CLUSTER SHARDS, in every way redis-cli shows it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/import/import_testing.h"

namespace sim {
namespace {

using ::testing::HasSubstr;

// A shard whose node has all fields.
const std::string kResp2 =
    "1) 1) \"slots\"\n"
    "   2) 1) (integer) 0\n"
    "      2) (integer) 99\n"
    "      3) (integer) 200\n"
    "      4) (integer) 16383\n"
    "   3) \"nodes\"\n"
    "   4) 1)  1) \"id\"\n"
    "          2) \"" +
    kA +
    "\"\n"
    "          3) \"port\"\n"
    "          4) (integer) 6379\n"
    "          5) \"ip\"\n"
    "          6) \"10.0.0.1\"\n"
    "          7) \"endpoint\"\n"
    "          8) \"10.0.0.1\"\n"
    "          9) \"hostname\"\n"
    "         10) \"cache-1\"\n"
    "         11) \"role\"\n"
    "         12) \"master\"\n"
    "         13) \"replication-offset\"\n"
    "         14) (integer) 72156\n"
    "         15) \"health\"\n"
    "         16) \"online\"\n"
    "      2)  1) \"id\"\n"
    "          2) \"" +
    kB +
    "\"\n"
    "          3) \"tls-port\"\n"
    "          4) (integer) 6380\n"
    "          5) \"ip\"\n"
    "          6) \"2001:db8::2\"\n"
    "          7) \"endpoint\"\n"
    "          8) \"2001:db8::2\"\n"
    "          9) \"role\"\n"
    "         10) \"replica\"\n"
    "         11) \"replication-offset\"\n"
    "         12) (integer) 72156\n"
    "         13) \"health\"\n"
    "         14) \"loading\"\n"
    "2) 1) \"slots\"\n"
    "   2) (empty array)\n"
    "   3) \"nodes\"\n"
    "   4) 1)  1) \"id\"\n"
    "          2) \"" +
    kC +
    "\"\n"
    "          3) \"port\"\n"
    "          4) (integer) 6379\n"
    "          5) \"ip\"\n"
    "          6) \"10.0.0.3\"\n"
    "          7) \"role\"\n"
    "          8) \"master\"\n"
    "          9) \"health\"\n"
    "         10) \"fail\"\n";
const std::string kRead =
    "aaaa 10.0.0.1:6379 cache-1 primary 0-99 200-16383\n"
    "bbbb 2001:db8::2:6380 replica of aaaa\n"
    "cccc 10.0.0.3:6379 primary failed\n";

TEST(PastedShards, AreReadAsATerminalShowsThem) {
  EXPECT_EQ(read_as_text(kResp2), kRead);
  EXPECT_EQ(read_as_text("127.0.0.1:6379> cluster shards\n" + kResp2 + "127.0.0.1:6379>"), kRead);
}

TEST(PastedShards, AreReadWithoutTheirIndentation) {
  std::string flat;
  bool begins = true;
  for (const char c : kResp2) {
    if (!begins || c != ' ') flat += c;
    begins = c == '\n' || (begins && c == ' ');
  }
  EXPECT_EQ(read_as_text(flat), kRead);
}

TEST(PastedShards, AreReadAsMaps) {
  EXPECT_EQ(read_as_text("1) 1# \"slots\" => 1) (integer) 0\n"
                         "      2) (integer) 16383\n"
                         "   2# \"nodes\" => 1) 1# \"id\" => \"" +
                         kA +
                         "\"\n"
                         "         2# \"port\" => (integer) 6379\n"
                         "         3# \"ip\" => \"10.0.0.1\"\n"
                         "         4# \"endpoint\" => \"\"\n"
                         "         5# \"role\" => \"master\"\n"
                         "         6# \"replication-offset\" => (integer) 0\n"
                         "         7# \"health\" => \"online\"\n"),
            "aaaa 10.0.0.1:6379 primary 0-16383\n");
}

TEST(PastedShards, AreReadAsAPipeGetsThem) {
  EXPECT_EQ(
      read_as_text("slots\n0\n16383\nnodes\nid\n" + kA +
                   "\nport\n6379\nip\n10.0.0.1\nendpoint\n10.0.0.1\nhostname\n\nrole\nmaster\n"
                   "replication-offset\n0\nhealth\nonline\n"),
      "aaaa 10.0.0.1:6379 primary 0-16383\n");
}

TEST(PastedShards, AreReadAsJson) {
  const std::string node =
      R"("id":")" + kA + R"(","port":6379,"ip":"10.0.0.1","role":"master","health":"online")";
  EXPECT_EQ(read_as_text(R"([{"slots":[0,16383],"nodes":[{)" + node + "}]}]\n"),
            "aaaa 10.0.0.1:6379 primary 0-16383\n");
  EXPECT_EQ(
      read_as_text("$ redis-cli --json cluster shards\n\n [{\"slots\":[0,16384],\"nodes\":[]}]"),
      "n.txt:3:13: error: expected the first and the last slot of a range, got \"0\" and "
      "\"16384\"\n");
  EXPECT_THAT(read_as_text(R"([{"slots":[0,16383],"nodes":[{)" + node), HasSubstr("n.txt:1:"));
}

TEST(PastedShards, TellTheirIdsInNewerVersions) {
  std::string newer = kResp2;
  const std::size_t second = newer.find("2) 1) \"slots\"");
  const std::string id = "   5) \"id\"\n   6) \"" + kD + "\"\n";
  newer.insert(second, id);
  EXPECT_THAT(read_as_text(newer), HasSubstr("this node is told of by its id alone"))
      << "of one shard only: that is a node whose end is missing";
  EXPECT_EQ(read_as_text(newer + id), kRead);
}

TEST(PastedShards, OfTwoPrimariesTheDeadOneIsAReplica) {
  std::string failed_over = kResp2;
  failed_over.replace(failed_over.find("\"online\""), 8, "\"fail\"");
  failed_over.replace(failed_over.find("\"replica\""), 9, "\"master\"");
  EXPECT_EQ(read_as_text(failed_over),
            "aaaa 10.0.0.1:6379 cache-1 replica of bbbb failed\n"
            "bbbb 2001:db8::2:6380 primary 0-99 200-16383\n"
            "cccc 10.0.0.3:6379 primary failed\n");
  std::string torn = kResp2;
  torn.replace(torn.find("\"replica\""), 9, "\"master\"");
  EXPECT_EQ(read_as_text(torn),
            "n.txt:1:7: error: this shard has more than one primary; CLUSTER NODES tells more\n");
}

TEST(PastedShards, WhereverTheyAreCutOffItIsTold) {
  // In the second shard: the first one alone would be a cluster of its own.
  const std::size_t second = kResp2.find("2) 1) \"slots\"");
  for (std::size_t length = second + 1; length + 1 < kResp2.size(); ++length) {
    EXPECT_THAT(read_as_text(kResp2.substr(0, length)), HasSubstr("error: "))
        << kResp2.substr(0, length);
  }
}

TEST(PastedShards, ALineThatIsMissingIsFound) {
  const std::size_t port = kResp2.find("          3) \"port\"");
  const std::string torn = kResp2.substr(0, port) + kResp2.substr(kResp2.find('\n', port) + 1);
  EXPECT_EQ(read_as_text(torn),
            "n.txt:9:14: error: expected the name of a field of a node, such as \"ip\", got "
            "\"6379\"\n");
}

}  // namespace
}  // namespace sim
