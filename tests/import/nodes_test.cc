// CLUSTER NODES and nodes.conf, as people paste them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/import/import_testing.h"

namespace sim {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// A line of CLUSTER NODES, from the address on.
std::string line(const std::string& id, const std::string& rest) {
  return id + ' ' + rest + '\n';
}
std::string primary(const std::string& id, const std::string& address, const std::string& slots) {
  return line(
      id, address + " master - 0 1764180000000 1 connected" + (slots.empty() ? "" : " ") + slots);
}
std::string replica(const std::string& id, const std::string& address, const std::string& of) {
  return line(id, address + " slave " + of + " 0 1764180000000 1 connected");
}

const std::string kSmall = primary(kA, "10.0.0.1:6379@16379", "0-8191 8193") +
                           primary(kB, "10.0.0.2:6379@16379", "8192 8194-16383") +
                           replica(kC, "10.0.0.3:6379@16379", kA);
const std::string kSmallRead =
    "aaaa 10.0.0.1:6379 primary 0-8191 8193\n"
    "bbbb 10.0.0.2:6379 primary 8192 8194-16383\n"
    "cccc 10.0.0.3:6379 replica of aaaa\n";

TEST(PastedNodes, AreReadLineByLine) {
  EXPECT_EQ(read_as_text(kSmall), kSmallRead);
}

TEST(PastedNodes, AreReadWithAllThatWasCopiedWithThem) {
  std::string windows;
  for (const char c : kSmall) windows += c == '\n' ? std::string("\r\n") : std::string(1, c);
  for (const std::string& pasted :
       {"\n\n127.0.0.1:7000> CLUSTER NODES\n" + kSmall + "127.0.0.1:7000>\n\n",
        "$ redis-cli -p 7000 cluster nodes\n" + kSmall,
        "me@box:~$ cat /var/lib/redis/nodes.conf\n" + kSmall +
            "vars currentEpoch 6 lastVoteEpoch 0\n",
        "```\n" + kSmall + "```\n", windows, "\xef\xbb\xbf" + kSmall,
        "Warning: Using a password with '-a' may not be safe.\n" + kSmall,
        kSmall.substr(0, kSmall.size() - 1)}) {
    EXPECT_EQ(read_as_text(pasted), kSmallRead) << pasted;
  }
}

TEST(PastedNodes, HaveAddressesOfAllVersions) {
  EXPECT_EQ(read_as_text(primary(kA, "10.0.0.1:6379", "0") +  // 3.2
                         primary(kB, "10.0.0.2:6379@16379", "1") +
                         primary(kC, "10.0.0.3:6379@16379,cache-3.example.net", "2") +  // 7.0
                         primary(kD, "2001:db8::4:6379@16379,,tls-port=0,shard-id=" + kA, "3") +
                         primary(kE, ":6379@16379,h5,nodename=five,shard-id=" + kB, "4")),
            "aaaa 10.0.0.1:6379 primary 0\n"
            "bbbb 10.0.0.2:6379 primary 1\n"
            "cccc 10.0.0.3:6379 cache-3.example.net primary 2\n"
            "dddd 2001:db8::4:6379 primary 3\n"
            "eeee :6379 h5 primary 4\n");
  const PastedCluster valkey = read_soundly(primary(
      kA, "10.0.0.1:0@16379,,availability-zone=b,tls-port=6380,nodename=one,shard-id=" + kE, "0"));
  EXPECT_EQ(valkey.nodes[0].zone, "b");
  EXPECT_EQ(valkey.nodes[0].port, 6380);
  EXPECT_EQ(valkey.nodes[0].nodename, "one");
  EXPECT_EQ(valkey.nodes[0].shard_id, kE);
}

TEST(PastedNodes, HaveFlags) {
  EXPECT_EQ(read_as_text(line(kA, "10.0.0.1:1@2 myself,master - 0 0 1 connected 0-9") +
                         line(kB, "10.0.0.2:1@2 master,fail - 1 2 3 disconnected") +
                         line(kC, ":0@0 slave,noaddr,nofailover " + kA + " 0 0 1 disconnected") +
                         line(kD, "10.0.0.4:1@2 handshake - 0 0 0 connected") +
                         line(kE, "10.0.0.5:1@2 replica,fail? " + kA + " 0 0 1 connected") +
                         line(std::string(40, 'f'), ":0@0 noflags - 0 0 0 disconnected")),
            "aaaa 10.0.0.1:1 primary 0-9\n"
            "bbbb 10.0.0.2:1 primary failed\n"
            "cccc :0 replica of aaaa failed nofailover\n"
            "dddd 10.0.0.4:1 unknown handshake\n"
            "eeee 10.0.0.5:1 replica of aaaa suspected\n"
            "ffff :0 unknown\n");
}

TEST(PastedNodes, HaveOpenSlots) {
  EXPECT_EQ(read_as_text(primary(kA, "h:1@2", "0-99 [93->-" + kB + "] [200-<-" + kB + "]") +
                         primary(kB, "i:1@2", "100-200")),
            "aaaa h:1 primary 0-99 93 to bbbb 200 from bbbb\n"
            "bbbb i:1 primary 100-200\n");
}

TEST(PastedNodes, EveryMistakeIsToldWhereItIs) {
  EXPECT_EQ(
      read_as_text(line("abc", "10.0.0.1:6379@16379 master - 0 0 1 connected") +
                   line(kA, "10.0.0.1 master - 0 0 1 connected") +
                   line(kB, "10.0.0.1:6379@16379 mastr,fail - 0 0 1 connected 0-99") +
                   line(kC, "10.0.0.1:6379@16379 slave xyz 0 0 1 up") +
                   line(kD, "10.0.0.1:6379@16379 master - 0 0 1 connected 5461-16384 [93->-x") +
                   line(kE, "10.0.0.1:6379@16379 master - 0 1x 1 connected")),
      "n.txt:1:1: error: expected a node id of 40 digits and letters, got \"abc\"\n"
      "n.txt:2:42: error: expected as address ip:port@bus-port, got \"10.0.0.1\"\n"
      "n.txt:3:62: error: there is no flag \"mastr\"; did you mean \"master\"?\n"
      "n.txt:4:68: error: expected as id of its primary or \"-\" 40 digits and letters, got "
      "\"xyz\"\n"
      "n.txt:4:78: error: expected as state of the link connected or disconnected, got "
      "\"up\"\n"
      "n.txt:5:87: error: expected slots such as 0-5460 or 77, got \"5461-16384\"\n"
      "n.txt:5:98: error: expected an open slot such as [93->-ID] or [93-<-ID], got "
      "\"[93->-x\"\n"
      "n.txt:6:73: error: expected as pong received at a number, got \"1x\"\n");
}

TEST(PastedNodes, WhereverALineIsCutOffItIsTold) {
  // Up to its link state; whether slots are missing behind it nobody can know.
  const std::string last = primary(kB, "10.0.0.2:6379@16379", "8192-16383");
  const std::size_t whole = last.find(" 8192");
  for (std::size_t length = 1; length < whole; ++length) {
    const std::string told =
        read_as_text(primary(kA, "10.0.0.1:6379@16379", "0-8191") + last.substr(0, length));
    EXPECT_THAT(told, StartsWith("n.txt:2:")) << last.substr(0, length);
  }
  EXPECT_THAT(read_as_text(kSmall + "vars currentEpoch 6 lastVoteEpoch"),
              HasSubstr("n.txt:4:34: error: \"lastVoteEpoch\" has no value"));
}

TEST(PastedNodes, ThatContradictEachOtherAreRefused) {
  EXPECT_EQ(
      read_as_text(kSmall + replica(kC, "10.0.0.9:6379@16379", kA)),
      "n.txt:4:1: error: node \"" + kC + "\" is in line 3 already; paste what one node answered\n");
  EXPECT_EQ(read_as_text(kSmall + primary(kD, "10.0.0.9:6379@16379", "5-7")),
            "n.txt:4:1: error: slot 5 belongs to the node in line 1 too\n");
  EXPECT_EQ(
      read_as_text(kSmall + replica(kD, "10.0.0.9:6379@16379", kE)),
      "n.txt:4:1: error: its primary \"" + kE + "\" is not in the text; is a line missing?\n");
}

TEST(PastedNodes, WhatIsSomethingElseIsSaidToBe) {
  EXPECT_THAT(read_as_text("  \n\n"), StartsWith("n.txt: error: there is no node in it"));
  EXPECT_THAT(read_as_text("ERR This instance has cluster support disabled\n"),
              StartsWith("n.txt:1:1: error: the server answered with an error"));
  EXPECT_THAT(read_as_text("\"" + kA + " 10.0.0.1:6379@16379 master\\n\"\n"),
              StartsWith("n.txt:1:1: error: this is a reply in quotation marks"));
  EXPECT_THAT(read_as_text("1) 1) (integer) 0\n   2) (integer) 5460\n"),
              StartsWith("n.txt:1:1: error: this looks like CLUSTER SLOTS"));
}

}  // namespace
}  // namespace sim
