// From what was pasted to shards, names, hosts and zones.
#include "sim/import/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/import/import_testing.h"

namespace sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string node(const std::string& id, const std::string& address, const std::string& flags,
                 const std::string& of = "-", const std::string& slots = "") {
  return id + ' ' + address + ' ' + flags + ' ' + of + " 0 0 1 connected" +
         (slots.empty() ? "" : " ") + slots + '\n';
}

struct Made {
  Layout layout;
  std::string problems;
};
Made lay_out_text(const std::string& text, LayoutOptions options = {}) {
  Problems problems("n.txt", "");
  Made made{lay_out(read_soundly(text), options, problems), ""};
  made.problems = problems.text();
  return made;
}

// "one(two three) four()": the primaries with their replicas.
std::string shape(const Layout& layout) {
  std::string text;
  for (const auto& shard : layout.shards) {
    text += (text.empty() ? "" : " ") + shard.front().name + '(';
    for (std::size_t i = 1; i < shard.size(); ++i) text += (i == 1 ? "" : " ") + shard[i].name;
    text += ')';
  }
  return text;
}

const std::string kThree =
    node(kA, "10.0.0.1:7001@1", "master", "-", "8192-16383") +
    node(kB, "10.0.0.1:7002@1", "slave", kC) +
    node(kC, "10.0.0.2:7001@1,cache-2.example.net", "master", "-", "0-8191") +
    node(kD, "10.0.0.10:7001@1", "slave", kC);

TEST(Layouts, HaveShardsByTheirFirstSlotsAndReplicasByName) {
  const Layout layout = lay_out_text(kThree).layout;
  EXPECT_EQ(shape(layout), "cache-2(10-0-0-1-7002 10-0-0-10) 10-0-0-1-7001()");
  EXPECT_EQ(layout.nodes(), 4u);
  EXPECT_THAT(layout.remarks, IsEmpty());
  EXPECT_THAT(layout.zones, ElementsAre("a"));
}

TEST(Layouts, DoNotDependOnWhoWasAsked) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < kThree.size();) {
    const std::size_t end = kThree.find('\n', at) + 1;
    lines.push_back(kThree.substr(at, end - at));
    at = end;
  }
  std::sort(lines.begin(), lines.end());
  const std::string wanted = shape(lay_out_text(kThree).layout);
  do {
    std::string text;
    for (const std::string& line : lines) text += line;
    EXPECT_EQ(shape(lay_out_text(text).layout), wanted) << text;
  } while (std::next_permutation(lines.begin(), lines.end()));
}

TEST(Layouts, PutWhoSharesAnAddressOnOneHost) {
  const Layout layout = lay_out_text(kThree).layout;
  EXPECT_EQ(layout.shards[0][0].host, "");
  EXPECT_EQ(layout.shards[0][1].host, "10-0-0-1");
  EXPECT_EQ(layout.shards[1][0].host, "10-0-0-1");
}

TEST(Layouts, GiveNamesThatAScenarioAccepts) {
  const std::vector<std::string> names = {
      "cache-9",                        // of cache-9.example.net
      "all-0",                          // "all" is a selector
      "same-1",      "same-2",          // one hostname, two ports
      "human",                          // the name that people gave it
      "2001-db8--7", "node-eeeeeeee"};  // what it has is too long
  std::vector<PastedNode> nodes(7);
  nodes[0].hostname = "cache-9.example.net";
  nodes[1].hostname = "all.example.net";
  nodes[2].hostname = nodes[3].hostname = "same";
  nodes[2].port = 1;
  nodes[3].port = 2;
  nodes[4].hostname = "machine";
  nodes[4].nodename = "human";
  nodes[5].ip = "2001:db8::7";
  nodes[6].hostname = std::string(40, 'x');
  std::vector<const PastedNode*> all;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    nodes[i].id = std::string(40, static_cast<char>('a' + i));
    all.push_back(&nodes[i]);
  }
  nodes[6].id = kE;
  EXPECT_EQ(names_for(all), names);
}

TEST(Layouts, SortAsAPersonDoes) {
  EXPECT_TRUE(sorts_before("cache-9", "cache-10"));
  EXPECT_FALSE(sorts_before("cache-10", "cache-9"));
  EXPECT_TRUE(sorts_before("a-2-b", "a-2-c"));
  EXPECT_TRUE(sorts_before("a", "a-1"));
  EXPECT_FALSE(sorts_before("a", "a"));
}

TEST(Layouts, SayWhoIsLeftOutAndWhy) {
  const Made made = lay_out_text(kThree + node(kE, "10.0.0.5:1@1", "master,fail") +
                                 node(std::string(40, 'f'), "10.0.0.6:1@1", "handshake") +
                                 node(std::string(40, '0'), ":0@0", "master,noaddr") +
                                 node(std::string(40, '1'), "10.0.0.7:1@1", "slave"));
  EXPECT_EQ(made.layout.nodes(), 4u);
  EXPECT_THAT(made.layout.remarks,
              ElementsAre(std::string(40, '0') +
                              " is left out: it has failed, has no slots, and nobody follows it",
                          "10.0.0.7:1 is left out: it is a replica, and nobody knows of whom",
                          "10.0.0.5:1 is left out: it has failed, has no slots, and nobody follows "
                          "it",
                          "10.0.0.6:1 is left out: it is in a handshake, and no member yet"));
}

TEST(Layouts, KeepWhoHasFailedWhereItsPlaceIsKnown) {
  const Layout layout =
      lay_out_text(node(kA, "10.0.0.1:1@1,,shard-id=" + kE, "master", "-", "0-16383") +
                   node(kB, "10.0.0.2:1@1,,shard-id=" + kE, "master,fail") +
                   node(kC, "10.0.0.3:1@1", "slave,fail", kA) +
                   node(kD, "10.0.0.4:1@1", "slave,fail?", kC))
          .layout;
  EXPECT_EQ(shape(layout), "10-0-0-1(10-0-0-2 10-0-0-3 10-0-0-4)");
  EXPECT_TRUE(layout.shards[0][1].node.failed);
  EXPECT_TRUE(layout.shards[0][2].node.failed);
  EXPECT_THAT(
      layout.remarks,
      ElementsAre("10.0.0.2:1 has failed and lost its slots to 10.0.0.1:1: it is taken for a "
                  "replica of it",
                  "10.0.0.4:1 follows a replica: it is taken for a replica of 10.0.0.1:1",
                  "10.0.0.4:1 is only suspected (fail?): it is taken as running"));
}

TEST(Layouts, TellOfSlotsThatNobodyHasAndOfThoseOnTheMove) {
  const Layout layout =
      lay_out_text(node(kA, "10.0.0.1:1@1", "myself,master", "-",
                        "0-99 [5->-" + kB + "] [300-<-" + kB + "] [7->-" + kC + "]") +
                   node(kB, "10.0.0.2:1@1", "master", "-", "200-16383") +
                   node(kC, "10.0.0.3:1@1", "slave", kA))
          .layout;
  EXPECT_EQ(format_slots(layout.unowned), "100-199");
  ASSERT_EQ(layout.moving.size(), 2u);
  EXPECT_EQ(layout.moving[0].slot.value, 5);
  EXPECT_EQ(layout.moving[0].to, 1u);
  EXPECT_EQ(layout.moving[1].slot.value, 300);
  EXPECT_EQ(layout.moving[1].from, 1u);
  EXPECT_THAT(layout.remarks, ElementsAre(HasSubstr("slots 100-199 belong to nobody"),
                                          HasSubstr("slot 7 is open at 10.0.0.1:1, but not")));
}

// ---- Where they stand ----

LayoutOptions by(ZoneTable& table) {
  LayoutOptions options;
  options.stands_by = "z.csv";
  options.stands = [&table](const PastedNode& one) { return table.find(one); };
  return options;
}
ZoneTable table_of(const std::string& text) {
  Problems problems("z.csv", "");
  ZoneTable table(text, problems);
  EXPECT_EQ(problems.text(), "");
  return table;
}

TEST(Zones, AreReadFromATable) {
  ZoneTable table = table_of(
      "# by hand\r\nAddress,zone,rack\r\n\r\n10.0.0.1,east,r1\r\n\"cache-2\",west,r1\n"
      "10.0.0.10:7001, west ,\n10.9.9.9,north\n");
  const Made made = lay_out_text(kThree, by(table));
  EXPECT_EQ(made.problems, "");
  const Layout& layout = made.layout;
  EXPECT_THAT(layout.zones, ElementsAre("east", "west"));
  EXPECT_EQ(layout.shards[0][0].zone, "west");
  EXPECT_EQ(layout.shards[0][0].rack, "west-r1") << "another one than the r1 of the east";
  EXPECT_EQ(layout.shards[0][1].rack, "east-r1");
  EXPECT_EQ(layout.shards[0][2].zone, "west");
  EXPECT_EQ(layout.shards[0][2].rack, "");
  EXPECT_THAT(table.unused(), ElementsAre("line 7 (10.9.9.9)"));
}

TEST(Zones, TheRowThatNamesANodeMostExactlyCounts) {
  ZoneTable table = table_of("10.0.0.1,a\n10.0.0.1:7002,b\n" + kA + ",c\n");
  PastedNode node;
  node.ip = "10.0.0.1";
  node.port = 7001;
  EXPECT_EQ(table.find(node)->zone, "a");
  node.port = 7002;
  EXPECT_EQ(table.find(node)->zone, "b");
  node.id = kA;
  EXPECT_EQ(table.find(node)->zone, "c");
  node = {};
  EXPECT_FALSE(table.find(node));
}

TEST(Zones, ATablesMistakesAreToldAllAtOnce) {
  Problems problems("z.csv", "");
  ZoneTable table("10.0.0.1\n10.0.0.2,a\n10.0.0.3,a,r1,x\n,a\n10.0.0.2,b\n10.0.0.2,a\n", problems);
  EXPECT_EQ(problems.text(),
            "z.csv:1:1: error: expected address-or-name,zone or address-or-name,zone,rack, got "
            "\"10.0.0.1\"\n"
            "z.csv:3:1: error: expected address-or-name,zone or address-or-name,zone,rack, got "
            "\"10.0.0.3,a,r1,x\"\n"
            "z.csv:4:1: error: expected address-or-name,zone or address-or-name,zone,rack, got "
            "\",a\"\n"
            "z.csv:5:1: error: \"10.0.0.2\" stands elsewhere in line 2\n");
}

TEST(Zones, WhoStandsNowhereOrInTwoPlacesIsToldWhereItIs) {
  ZoneTable table = table_of("10.0.0.1:7001,a\n10.0.0.1:7002,b\ncache-2,no zone\n");
  EXPECT_EQ(lay_out_text(kThree, by(table)).problems,
            "n.txt:1:1: error: 10.0.0.1:7001 and 10.0.0.1:7002 are on one host, and would stand in "
            "two places: zone \"a\" and zone \"b\"\n"
            "n.txt:3:1: error: zone \"no zone\" of cache-2.example.net is no name: up to 32 "
            "letters, digits, '-' and '_'\n"
            "n.txt:4:1: error: 10.0.0.10:7001 stands nowhere: z.csv does not tell its zone\n");
}

TEST(Zones, AreFoundByAPattern) {
  const auto parsed = ZonePattern::parse("^(?:10\\.0\\.([0-9])|cache-([0-9]))");
  PastedNode node;
  node.ip = "10.0.7.1";
  EXPECT_EQ(std::get<ZonePattern>(parsed).find(node)->zone, "7");
  node.ip = "11.0.7.1";
  EXPECT_FALSE(std::get<ZonePattern>(parsed).find(node));
  const auto both = ZonePattern::parse("([a-z])-rack([0-9]+)");
  node.hostname = "cache.b-rack12";
  EXPECT_EQ(std::get<ZonePattern>(both).find(node)->zone, "b");
  EXPECT_EQ(std::get<ZonePattern>(both).find(node)->rack, "12");
  EXPECT_THAT(std::get<std::string>(ZonePattern::parse("[a-z]+")), HasSubstr("no group"));
  EXPECT_TRUE(std::holds_alternative<std::string>(ZonePattern::parse("(a")));
}

TEST(Zones, HaveNumbersWhereNobodyShallBeRecognised) {
  ZoneTable table = table_of("10.0.0.1,paris,r9\ncache-2,rome\n10.0.0.10,paris,r9\n");
  LayoutOptions options = by(table);
  options.anonymise = true;
  const Layout layout = lay_out_text(kThree, options).layout;
  EXPECT_THAT(layout.zones, ElementsAre("zone-1", "zone-2"));
  EXPECT_EQ(layout.shards[0][0].zone, "zone-2");
  EXPECT_EQ(layout.shards[0][1].zone, "zone-1");
  EXPECT_EQ(layout.shards[0][1].rack, "rack-1");
  EXPECT_EQ(layout.shards[0][1].host, "host-1");
  EXPECT_EQ(layout.shards[1][0].host, "host-1");
  EXPECT_EQ(shape(layout), "( ) ()");
}

}  // namespace
}  // namespace sim
