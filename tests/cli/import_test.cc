// slotsim import and slotsim demo as their users meet them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/cli/scratch_testing.h"
#include "tests/read_file.h"

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using sim::read;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const fs::path kTestdata = fs::path(SLOTSIM_SOURCE_DIR) / "tests" / "testdata";

class Import : public sim::ScratchTest {
 protected:
  void SetUp() override {
    ScratchTest::SetUp();
    fs::copy(kTestdata / "nodes-60.txt", scratch_ / "nodes-60.txt");
    fs::copy(kTestdata / "zones.csv", scratch_ / "zones.csv");
  }

  // The exit code.
  int slotsim(const std::string& arguments) { return ScratchTest::slotsim(arguments).code; }
  std::string out() const { return file(".out"); }
  std::string err() const { return file(".err"); }
};

TEST_F(Import, WritesAScenarioThatRunsAtOnce) {
  ASSERT_EQ(slotsim("import nodes-60.txt --zones zones.csv -o my.json"), 0) << err();
  EXPECT_EQ(out(), "");
  EXPECT_EQ(err(), "slotsim import: 60 nodes in 20 shards and 3 zones; now: slotsim run my.json\n");
  const Json my = Json::parse(file("my.json"));
  EXPECT_EQ(my["cluster"]["zones"], Json::parse(R"(["eu-west-1a", "eu-west-1b", "eu-west-1c"])"));
  EXPECT_EQ(my["cluster"]["replicas"][5], 3);
  EXPECT_EQ(my["cluster"]["slots"][3], "2458-2657 13926-14745");
  EXPECT_EQ(my["cluster"]["nodes"]["m1"]["name"], "cache-a-01-6379");
  EXPECT_EQ(my["cluster"]["nodes"]["m1"]["host"], "10-20-1-11");
  EXPECT_EQ(my["cluster"]["nodes"]["m1"]["rack"], "eu-west-1a-r1");
  EXPECT_EQ(my["timeline"][0]["zone"], "eu-west-1a") << "it has most primaries";
  EXPECT_EQ(slotsim("validate my.json"), 0) << err();
  ASSERT_EQ(slotsim("run my.json"), 0) << out() << err();
  EXPECT_THAT(out(), AllOf(HasSubstr("20 primaries + 40 replicas in 3 zones"),
                           HasSubstr("cache-a-01-6379: loses power"), HasSubstr("\nPASS\n")));
}

TEST_F(Import, TheSameClusterGivesTheSameBytes) {
  ASSERT_EQ(slotsim("import nodes-60.txt --zones zones.csv"), 0) << err();
  const std::string first = out();
  // As another node would have listed it.
  ASSERT_EQ(
      std::system(("cd '" + scratch_.string() + "' && sort nodes-60.txt > other.txt").c_str()), 0);
  ASSERT_EQ(slotsim("import other.txt --zones zones.csv --name nodes-60"), 0) << err();
  std::string second = out();
  second.replace(second.find("other.txt"), 9, "nodes-60.txt");
  EXPECT_EQ(second, first);
}

TEST_F(Import, NobodyIsRecognisedIfThatIsAskedFor) {
  ASSERT_EQ(slotsim("import nodes-60.txt --zones zones.csv --anonymise -o my.json"), 0) << err();
  const std::string my = file("my.json");
  for (const char* word : {"10.20", "10-20", "cache", "prod", "eu-west", "nodes-60", "x-"})
    EXPECT_THAT(my, Not(HasSubstr(word)));
  std::istringstream lines(file("nodes-60.txt"));
  for (std::string line; std::getline(lines, line);) {
    const std::string id = line.substr(0, line.find(' '));
    if (id.size() == 40) {
      EXPECT_THAT(my, Not(HasSubstr(id.substr(0, 8))));
    }
  }
  const Json anonymous = Json::parse(my);
  EXPECT_EQ(anonymous["cluster"]["nodes"]["m1"],
            Json::parse(R"({"zone": "zone-1", "rack": "rack-1", "host": "host-1"})"));
  EXPECT_EQ(slotsim("validate my.json"), 0) << err();
}

TEST_F(Import, WhatCannotBeReadIsToldWhereItIsAndNothingIsWritten) {
  const std::string whole = file("nodes-60.txt");
  write("cut.txt", whole.substr(0, whole.rfind(" connected")) + "\nrubbish\n");
  EXPECT_EQ(slotsim("import cut.txt -o my.json"), 2);
  EXPECT_THAT(err(),
              AllOf(StartsWith("cut.txt:61:"), HasSubstr("the line ends behind 7 of 8 fields"),
                    HasSubstr("cut.txt:62:1: error: expected a node id")));
  EXPECT_FALSE(fs::exists(scratch_ / "my.json"));
  write("short.csv", "10.20.1.11,a\n10.20.1.12,a\n");
  EXPECT_EQ(slotsim("import nodes-60.txt --zones short.csv -o my.json"), 2);
  EXPECT_THAT(err(), AllOf(HasSubstr("stands nowhere: short.csv does not tell its zone"),
                           HasSubstr("nodes-60.txt: and 36 more")));
  EXPECT_FALSE(fs::exists(scratch_ / "my.json"));
}

TEST_F(Import, MistakesOfTheCommandLineAreToldInOneLine) {
  for (const auto& [arguments, told] :
       {std::pair{"import missing.txt", "cannot read missing.txt: No such file or directory"},
        {"import nodes-60.txt --zones missing.csv", "there is no file 'missing.csv'"},
        {"import nodes-60.txt --zones 'cache-([a-c'", "regular expression"},
        {"import nodes-60.txt --node-timeout 5", "--node-timeout expects a time"},
        {"import nodes-60.txt --node-timeout 900h", "--node-timeout"},
        {"import nodes-60.txt -o no/such/folder/my.json", "no/such/folder/my.json"}}) {
    EXPECT_EQ(slotsim(arguments), 2) << arguments;
    EXPECT_THAT(err(), AllOf(StartsWith("slotsim: "), HasSubstr(told))) << arguments;
    EXPECT_EQ(out(), "") << arguments;
  }
}

TEST_F(Import, WhoHasFailedStaysDownAndWhatIsOpenIsOpen) {
  const std::string a(40, 'a'), b(40, 'b'), c(40, 'c'), d(40, 'd'), e(40, 'e'), f(40, 'f');
  const std::string tail = " 0 0 1 connected";
  write("n.txt", a + " 10.0.0.1:6379@16379 myself,master -" + tail + " 0-5460 [93->-" + b + "]\n" +
                     b + " 10.0.0.2:6379@16379 master -" + tail + " 5461-10922\n" +  //
                     c + " 10.0.0.3:6379@16379 master -" + tail + " 10923-16000\n" + d +
                     " 10.0.0.4:6379@16379 slave,fail " + a + tail + "\n" + e +
                     " 10.0.0.5:6379@16379 slave,nofailover " + b + tail + "\n" + f +
                     " 10.0.0.6:6379@16379 handshake -" + tail + "\n");
  ASSERT_EQ(slotsim("import n.txt --node-timeout 2s -o my.json"), 0) << err();
  EXPECT_THAT(err(), AllOf(HasSubstr("10.0.0.6:6379 is left out: it is in a handshake"),
                           HasSubstr("slots 16001-16383 belong to nobody")));
  const Json my = Json::parse(file("my.json"));
  EXPECT_EQ(my["timeline"][0]["node"], Json::parse(R"(["10-0-0-4"])"));
  EXPECT_EQ(my["timeline"][1]["command"], "CLUSTER SETSLOT 93 IMPORTING id-of:10-0-0-1");
  EXPECT_EQ(my["timeline"][2]["command"], "CLUSTER SETSLOT 93 MIGRATING id-of:10-0-0-2");
  EXPECT_EQ(my["cluster"]["nodes"]["m5"]["config"]["cluster-replica-no-failover"], "yes");
  EXPECT_EQ(my["cluster"]["config"]["cluster-require-full-coverage"], "no");
  EXPECT_EQ(slotsim("run my.json"), 0) << out() << err();
}

TEST_F(Import, ReadsAPipeAndFindsZonesInNames) {
  ASSERT_EQ(slotsim("import - --zones '^cache-([a-c])-' -o my.json < nodes-60.txt"), 0) << err();
  EXPECT_EQ(Json::parse(file("my.json"))["cluster"]["zones"], Json::parse(R"(["a", "b", "c"])"));
  EXPECT_EQ(slotsim("import - --zones '^cache-([ab])-' < nodes-60.txt"), 2);
  EXPECT_THAT(err(), StartsWith("(standard input):"));
}

TEST_F(Import, TheDemoNeedsNoFile) {
  ASSERT_EQ(slotsim("demo"), 0) << out() << err();
  EXPECT_THAT(out(),
              AllOf(HasSubstr("1. failover: "), HasSubstr("\n  PASS\n"), HasSubstr("2. minority: "),
                    HasSubstr("\n  FAIL slot_ownership_agrees, one_writable_primary"),
                    HasSubstr("report  slotsim-demo/failover.html"),
                    HasSubstr("again   sim/run scenarios/broken/minority.json --seed 1 "
                              "--mutate no-demotion")));
  EXPECT_THAT(file("slotsim-demo/failover.html"), HasSubstr("<title>failover: PASS</title>"));
  EXPECT_THAT(file("slotsim-demo/minority.html"), HasSubstr("<title>minority: FAIL"));
  write("taken", "");
  EXPECT_EQ(slotsim("demo --out taken/demo"), 2);
  EXPECT_THAT(err(), StartsWith("slotsim: cannot create taken/demo: "));
}

}  // namespace
