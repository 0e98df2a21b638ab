// The load rules, one by one, and what is printed. (Protocol §3.2; each verdict was compared with
// that of a redis-server 7.0.15 started on the same file. Where that one crashes, ours is Corrupt.)
#include "sim/wire/nodes_conf.h"

#include <gtest/gtest.h>

#include <string>

#include "sim/wire/bus.h"

namespace sim::nodes_conf {
namespace {

const std::string kA(40, 'a');
const std::string kB(40, 'b');
const std::string kC(40, 'c');

std::string myself(const std::string& more = "") {
  return kA + " 10.0.0.1:6379@16379 myself,master - 0 0 1 connected" + more + "\n";
}
std::string other(const std::string& more = "") {
  return kB + " 10.0.0.2:6379@16379 master - 0 0 2 connected" + more + "\n";
}

File loaded(const std::string& text) {
  auto result = parse(text);
  const auto* corrupt = std::get_if<Corrupt>(&result);
  EXPECT_EQ(corrupt, nullptr) << (corrupt == nullptr ? "" : corrupt->why);
  return corrupt == nullptr ? std::get<File>(result) : File{};
}
Line first(const std::string& text) {
  return loaded(text).lines.at(0);
}

// "2: why", or "" for what loads.
std::string fate(const std::string& text) {
  const auto result = parse(text);
  const auto* corrupt = std::get_if<Corrupt>(&result);
  if (corrupt == nullptr) return "";
  constexpr std::string_view kMessage = "Unrecoverable error: corrupted cluster config file. ";
  EXPECT_TRUE(corrupt->why.starts_with(kMessage));
  return std::to_string(corrupt->line) + ": " + corrupt->why.substr(kMessage.size());
}

TEST(NodesConfPrint, IsAsRedisWritesIt) {
  File file;
  Line line;
  line.id = NodeName::from(kA);
  line.address = {"10.0.0.1", 6379, 16379, 0};
  line.hostname = "h1";
  line.flags = bus::flag::kMyself | bus::flag::kMaster;
  line.pong_received_ms = 1700000000123;
  line.config_epoch = 3;
  line.connected = true;
  for (const std::size_t slot : {0u, 1u, 2u, 7u, 93u}) line.slots.set(slot);
  line.open_slots = {{SlotId{93}, false, NodeName::from(kB)},
                     {SlotId{77}, true, NodeName::from(kB)}};
  file.lines = {line};
  file.current_epoch = 5;
  file.last_vote_epoch = 4;
  EXPECT_EQ(print(file), kA +
                             " 10.0.0.1:6379@16379,h1 myself,master - 0 1700000000123 3 connected "
                             "0-2 7 93 [93->-" +
                             kB + "] [77-<-" + kB +
                             "]\n"
                             "vars currentEpoch 5 lastVoteEpoch 4\n");
}

TEST(NodesConfPrint, OfAReplicaAndOfANodeWithoutAddress) {
  Line line;
  line.id = NodeName::from(kB);
  line.address = {"10.0.0.2", 6380, 16380, 0};
  line.flags = bus::flag::kSlave | bus::flag::kPfail;
  line.replica_of = NodeName::from(kA);
  EXPECT_EQ(print(line), kB + " 10.0.0.2:6380@16380 slave,fail? " + kA + " 0 0 0 disconnected");
  line = {};
  line.id = NodeName::from(kC);
  line.flags = bus::flag::kNoAddr;
  EXPECT_EQ(print(line), kC + " :0@0 noaddr - 0 0 0 disconnected");
}

TEST(NodesConfFlags, ArePrintedInRedisOrder) {
  EXPECT_EQ(flag_names(0), "noflags");
  EXPECT_EQ(flag_names(bus::flag::kMeet | bus::flag::kMigrateTo), "noflags");
  EXPECT_EQ(flag_names(0xffff), "myself,master,slave,fail?,fail,handshake,noaddr,nofailover");
  EXPECT_EQ(flags_of(flag_names(0xffff)), 0x27f);
}

TEST(NodesConfLoad, NothingFromAnEmptyFile) {
  EXPECT_EQ(loaded(""), File{});
}

TEST(NodesConfLoad, SkipsBlankLinesAndPadding) {
  EXPECT_EQ(loaded("\n\n" + myself() + "\n\n\n\n"), loaded(myself()));
}

TEST(NodesConfLoad, SeesNothingOfALineFromANulOn) {
  using namespace std::string_literals;
  EXPECT_EQ(loaded("\0\0\n"s + myself() + "\0rubbish\n\0\0\0"s), loaded(myself()));
  EXPECT_EQ(loaded(other(" 1\0 rubbish"s) + myself()), loaded(other(" 1") + myself()));
}

TEST(NodesConfLoad, CountsCorruptLinesFromOne) {
  EXPECT_EQ(fate("\n" + myself() + "rubbish\n"), "3: (fewer than 8 fields)");
}

TEST(NodesConfLoad, TakesVarsFromAnyLine) {
  const std::string vars = "vars currentEpoch 7 lastVoteEpoch 6\n";
  EXPECT_EQ(loaded(vars + myself()), loaded(myself() + vars));
  EXPECT_EQ(loaded(vars + myself()).current_epoch, 7u);
  EXPECT_EQ(loaded(vars + myself()).last_vote_epoch, 6u);
}

TEST(NodesConfLoad, IgnoresUnknownVarsAndTheirCase) {
  EXPECT_EQ(loaded("VARS weather 3 CURRENTEPOCH 7\n" + myself()).current_epoch, 7u);
}

TEST(NodesConfLoad, RefusesAVarWithoutAValue) {
  EXPECT_EQ(fate(myself() + "vars currentEpoch\n"), "2: (a variable without a value)");
  EXPECT_EQ(fate("vars\n" + myself()), "");
}

TEST(NodesConfLoad, SplitsLikeAQuotedCommandLine) {
  EXPECT_EQ(loaded("\"" + kA + "\" 10.0.0.1:6379@16379  'myself,master' - 0 0 1 connected\n"),
            loaded(myself()));
  EXPECT_EQ(fate(myself(" \"5")), "1: (unbalanced quotes)");
  EXPECT_EQ(fate("  \n" + myself()), "1: (white space only)");
}

TEST(NodesConfLoad, NeedsEightFields) {
  EXPECT_EQ(fate(kA + " 10.0.0.1:6379@16379 myself,master - 0 0 1\n"), "1: (fewer than 8 fields)");
}

TEST(NodesConfLoad, WantsFortyLowercaseLettersOrDigitsForAnId) {
  const std::string rest = " 10.0.0.1:1@2 myself,master - 0 0 1 connected\n";
  EXPECT_EQ(fate(std::string(40, 'z') + rest), "");
  for (const std::string& id : {std::string(39, 'a'), std::string(41, 'a'), std::string(40, 'A'),
                                std::string(39, 'a') + "-"}) {
    EXPECT_EQ(fate(id + rest), "1: (bad node id)");
  }
}

TEST(NodesConfLoad, GuessesAMissingBusPort) {
  const std::string rest = " myself,master - 0 0 1 connected\n";
  EXPECT_EQ(first(kA + " 10.0.0.1:6379" + rest).address, (Address{"10.0.0.1", 6379, 16379, 0}));
  EXPECT_EQ(first(kA + " 10.0.0.1:6379@7" + rest).address, (Address{"10.0.0.1", 6379, 7, 0}));
  EXPECT_EQ(first(kA + " fe80::1:6379@7" + rest).address, (Address{"fe80::1", 6379, 7, 0}));
  EXPECT_EQ(first(kA + " :0@0" + rest).address, Address{});
  EXPECT_EQ(fate(kA + " 10.0.0.1" + rest), "1: (address without a port)");
  EXPECT_EQ(fate(kA + " " + std::string(47, '1') + ":1@2" + rest), "1: (address too long)");
  EXPECT_EQ(fate(kA + " \"1 2:1@2\"" + rest), "1: (white space in an address)");
}

TEST(NodesConfLoad, ReadsAHostnameAfterTheAddress) {
  const std::string rest = " myself,master - 0 0 1 connected\n";
  EXPECT_EQ(first(kA + " 10.0.0.1:6379@16379,node-1.example" + rest).hostname, "node-1.example");
  EXPECT_EQ(first(kA + " 10.0.0.1:6379@16379," + rest).hostname, "");
  EXPECT_EQ(first(kA + " 10.0.0.1:6379,h" + rest).address.cport, 16379);
}

TEST(NodesConfLoad, RefusesAnUnknownFlag) {
  for (const char* flags : {"myself,primary", "myself,", "", "MYSELF"}) {
    EXPECT_EQ(fate(kA + " 1:1@2 \"" + flags + "\" - 0 0 1 connected\n"),
              "1: (Unknown flag in redis cluster config file)");
  }
  EXPECT_EQ(fate(kA + " 1:1@2 myself,noflags - 0 0 1 connected\n"), "");
}

TEST(NodesConfLoad, NeedsExactlyOneMyself) {
  EXPECT_EQ(fate(other()), "1: (no line is myself)");
  EXPECT_EQ(fate("\n\n"), "2: (no line is myself)");
  EXPECT_EQ(fate(myself() + kB + " 1:1@2 myself,master - 0 0 1 connected\n"),
            "2: (myself a second time)");
  EXPECT_EQ(fate(myself() + myself()), "2: (myself a second time)");
}

TEST(NodesConfLoad, GivesAReplicaNoEpochOfItsOwn) {
  const std::string replica = kB + " 10.0.0.2:1@2 slave " + kA + " 0 0 9 connected\n";
  const File file = loaded(myself() + replica);
  EXPECT_EQ(file.lines[1].replica_of, NodeName::from(kA));
  EXPECT_EQ(file.lines[1].config_epoch, 0u);
  EXPECT_EQ(file.current_epoch, 1u);
  // One that does not know its master keeps what the line says.
  EXPECT_EQ(loaded(myself() + kB + " 1:1@2 slave - 0 0 9 connected\n").lines[1].config_epoch, 9u);
}

TEST(NodesConfLoad, RaisesTheCurrentEpochToTheConfigEpochs) {
  EXPECT_EQ(loaded(myself() + other() + "vars currentEpoch 1 lastVoteEpoch 0\n").current_epoch, 2u);
  EXPECT_EQ(loaded(myself() + other() + "vars currentEpoch 3 lastVoteEpoch 0\n").current_epoch, 3u);
}

TEST(NodesConfLoad, RefusesABadMaster) {
  EXPECT_EQ(fate(kA + " 1:1@2 myself,slave short 0 0 1 connected\n"), "1: (bad id of the master)");
}

TEST(NodesConfLoad, MakesNodesOfIdsThatAreOnlyMentioned) {
  const File file =
      loaded(kA + " 1:1@2 myself,slave " + kB + " 0 0 1 connected [5-<-" + kC + "]\n");
  ASSERT_EQ(file.lines.size(), 3u);
  EXPECT_EQ(print(file.lines[1]), kB + " :0@0 noflags - 0 0 0 disconnected");
  EXPECT_EQ(file.lines[2].id, NodeName::from(kC));
}

TEST(NodesConfLoad, SeesPingTimesThroughThirtyTwoBits) {
  const auto ping = [](const std::string& text) {
    return first(kA + " 1:1@2 myself,master - " + text + " 0 1 connected\n").ping_sent_ms;
  };
  EXPECT_EQ(ping("1700000000123"), 1700000000123);
  EXPECT_EQ(ping("4294967296"), 0);
  EXPECT_EQ(ping("junk"), 0);
}

TEST(NodesConfLoad, ReadsSlotsAndRanges) {
  EXPECT_EQ(format_slots(first(myself(" 0-2 7 16383")).slots), "0-2 7 16383");
  EXPECT_EQ(format_slots(first(myself(" 5-3")).slots), "");
  // Numbers are read as far as they go; nothing reads as zero.
  EXPECT_EQ(format_slots(first(myself(" -1 7x")).slots), "0-1 7");
}

TEST(NodesConfLoad, RefusesSlotsOutOfRange) {
  for (const char* slots : {" 16384", " 0-16384", " 5--7", " 99999-100000", " [16384->-x]"}) {
    EXPECT_NE(fate(myself(slots)).find("out of range"), std::string::npos) << slots;
  }
}

TEST(NodesConfLoad, LeavesASlotListedTwiceWithTheFirstLine) {
  const File file = loaded(myself(" 0-100") + other(" 7 50-150 160"));
  EXPECT_EQ(format_slots(file.lines[0].slots), "0-100");
  EXPECT_EQ(format_slots(file.lines[1].slots), "101-150 160");
}

TEST(NodesConfLoad, ReadsOpenSlots) {
  const Line line = first(myself(" 93 [93->-" + kB + "] [77-<-" + kC + "]"));
  const std::vector<OpenSlot> expected = {{SlotId{93}, false, NodeName::from(kB)},
                                          {SlotId{77}, true, NodeName::from(kC)}};
  EXPECT_EQ(line.open_slots, expected);
  EXPECT_EQ(format_slots(line.slots), "93");
}

TEST(NodesConfLoad, RefusesOddOpenSlots) {
  EXPECT_EQ(fate(myself(" [93")), "1: (open slot without a direction)");
  EXPECT_EQ(fate(myself(" [93-")), "1: (open slot without a node)");
  EXPECT_EQ(fate(myself(" [93->-" + kB)), "1: (open slot without a node)");
  EXPECT_EQ(fate(myself(" [93->-xyz]")), "1: (bad node id in an open slot)");
}

TEST(NodesConfLoad, PutsSeveralLinesOfOneNodeTogether) {
  const File file = loaded(myself(" 1") + other(" 2") + other(" 3"));
  ASSERT_EQ(file.lines.size(), 2u);
  EXPECT_EQ(format_slots(file.lines[1].slots), "2-3");
}

TEST(NodesConfLoad, NeverCrashesOnATornFile) {
  const std::string whole = myself(" 0-5460 [93->-" + kB + "]") + other(" 5461-10922 \"10923\"") +
                            kC + " :0@0,host slave,fail " + kB + " 12 13 14 disconnected\n" +
                            "vars currentEpoch 7 lastVoteEpoch 6\n";
  ASSERT_EQ(fate(whole), "");
  int corrupt = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    corrupt += fate(whole.substr(0, size)).empty() ? 0 : 1;
    // Torn in the middle of overwriting: the old bytes follow.
    fate(whole.substr(0, size) + whole.substr(std::min(whole.size(), size + 7)));
    fate(whole.substr(0, size) + std::string(whole.size() - size, '\0'));
  }
  EXPECT_GT(corrupt, 100);
}

}  // namespace
}  // namespace sim::nodes_conf
