// slotsim run --export pcap: what is in the capture, read by a reader of our own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "sim/app/exports/pcapng.h"
#include "tests/app/export_testing.h"

namespace sim::exported {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Way = std::pair<std::string, std::string>;

class PcapExport : public ExportedRun {};

std::uint32_t length_of(const Segment& segment) {
  return static_cast<std::uint32_t>(segment.payload.size()) + (segment.syn ? 1 : 0) +
         (segment.fin ? 1 : 0);
}

TEST_F(PcapExport, AQuietRunIsConversationsWithoutAGap) {
  const std::string file = exported("pcap", quiet());
  const std::vector<Block> blocks = blocks_of(file);
  ASSERT_GE(blocks.size(), 2u);
  EXPECT_EQ(blocks[0].type, 0x0a0d0d0au);
  EXPECT_EQ(blocks[1].type, 1u);
  std::map<Way, std::uint32_t> next;  // sequence number, by who speaks to whom
  std::size_t syns = 0, answers = 0, refusals = 0, data = 0, alone = 0;
  std::uint64_t last = 0;
  for (const Segment& segment : segments_of(file)) {
    EXPECT_GE(segment.at_ns, std::exchange(last, segment.at_ns));
    const Way way{segment.from, segment.to}, back{segment.to, segment.from};
    if (segment.rst) {  // by who has not booted yet
      EXPECT_THAT(segment.comment, StartsWith("refusal "));
      EXPECT_EQ(segment.acknowledgement, next[back]);
      ++refusals;
      continue;
    }
    if (segment.syn) {
      EXPECT_FALSE(next.contains(way)) << segment.comment;
    } else {
      ASSERT_TRUE(next.contains(way)) << segment.comment;
      EXPECT_EQ(segment.sequence, next[way]) << segment.comment;
    }
    EXPECT_EQ(segment.ack, next.contains(back));
    // Of what was sent, and never of more.
    if (segment.ack) {
      EXPECT_LT(next[back] - segment.acknowledgement, 1u << 20);
    }
    next[way] = segment.sequence + length_of(segment);
    syns += segment.syn && !segment.ack ? 1 : 0;
    answers += segment.syn && segment.ack ? 1 : 0;
    alone += length_of(segment) == 0 ? 1 : 0;
    if (segment.payload.empty()) continue;
    ++data;
    ASSERT_THAT(segment.payload, StartsWith("RCmb"));
    std::uint32_t total = 0;
    for (std::size_t i = 4; i < 8; ++i)
      total = total << 8 | static_cast<std::uint8_t>(segment.payload[i]);
    EXPECT_EQ(total, segment.payload.size());
  }
  EXPECT_EQ(answers, 6u);  // each of three dials the two others
  EXPECT_EQ(syns, answers + refusals);
  EXPECT_GT(data, 50u);
  EXPECT_GT(alone,
            answers);  // the third of each handshake, and PONGs that nothing follows for 40 ms
}

TEST_F(PcapExport, WhatIsLostIsSentAgainWithTheSameNumbers) {
  const std::string file = exported("pcap", quiet(R"("timeline": [
      {"at": "1s", "do": "partition", "groups": [["m1"]], "for": "700ms"}])"));
  std::map<std::pair<Way, std::uint32_t>, std::string> first;
  std::size_t lost = 0, again = 0;
  for (const Segment& segment : segments_of(file)) {
    if (segment.payload.empty()) continue;
    const bool is_lost = segment.comment.ends_with(", lost");
    const auto [place, is_new] =
        first.emplace(std::pair{Way{segment.from, segment.to}, segment.sequence}, segment.payload);
    lost += is_lost ? 1 : 0;
    again += is_new ? 0 : 1;
    EXPECT_EQ(place->second, segment.payload);
  }
  EXPECT_GT(lost, 3u);
  EXPECT_GE(again, lost);
}

// Without power there is nobody to take what is on its way: it sets out again, as it was.
TEST_F(PcapExport, WhatGetsNowhereIsSentAgainWithTheSameNumbers) {
  const std::string file = exported("pcap", quiet(R"("timeline": [
      {"at": "1s", "do": "crash", "node": "m1", "power": true, "for": "heal"}])"));
  std::map<std::pair<Way, std::uint32_t>, Segment> first;
  std::size_t again = 0;
  for (const Segment& segment : segments_of(file)) {
    if (segment.payload.empty()) continue;
    const auto [place, is_new] =
        first.emplace(std::pair{Way{segment.from, segment.to}, segment.sequence}, segment);
    if (is_new) continue;
    EXPECT_EQ(place->second.payload, segment.payload);
    again += place->second.comment.ends_with(", lost") ? 0 : 1;
  }
  EXPECT_GT(again, 1u);
}

TEST_F(PcapExport, ConnectionsEndAsTheyDo) {
  const std::string file = exported("pcap", quiet(R"("timeline": [
      {"at": "1s", "do": "pause", "node": "m1", "for": "1800ms"},
      {"at": "4s", "do": "crash", "node": "m2", "for": "500ms"}])"));
  std::set<Way> ended;
  std::size_t answered = 0, resets = 0, refusals = 0;
  for (const Segment& segment : segments_of(file)) {
    if (segment.fin) {
      answered += ended.contains({segment.to, segment.from}) ? 1 : 0;
      EXPECT_TRUE(ended.emplace(segment.from, segment.to).second) << segment.comment;
    }
    resets += segment.comment.starts_with("RST ") ? 1 : 0;
    refusals += segment.comment.starts_with("refusal ") && segment.rst ? 1 : 0;
  }
  EXPECT_GT(ended.size(), 0u);
  EXPECT_EQ(answered * 2, ended.size());  // each FIN has its answer
  EXPECT_GT(resets, 0u);
  EXPECT_GT(refusals, 0u);
}

TEST_F(PcapExport, TheJournalTellsWhatHappenedInBetween) {
  const std::string journal = journal_of(exported("pcap", quiet(R"("timeline": [
      {"at": "1s", "do": "crash", "node": "m1", "for": "heal"}])")));
  EXPECT_THAT(journal, HasSubstr("MESSAGE=fault 1: "));
  EXPECT_THAT(journal, HasSubstr("_HOSTNAME=m2\n"));
  EXPECT_THAT(journal, HasSubstr("__REALTIME_TIMESTAMP=17000000"));
}

TEST_F(PcapExport, AllTakesClientsInAndTheSameRunIsTheSameFile) {
  const std::string bus = exported("pcap", quiet());
  const std::uint64_t digest = result_.digest;
  EXPECT_EQ(bus, exported("pcap", quiet()));
  const std::string all = exported("pcap-all", quiet());
  EXPECT_EQ(result_.digest, digest);
  const auto asks = [](const Segment& segment) {
    return segment.payload.find("\r\n$3\r\nSET\r\n") != std::string::npos;
  };
  const std::vector<Segment> segments = segments_of(all), of_bus = segments_of(bus);
  EXPECT_GT(std::ranges::count_if(segments, asks), 5);
  EXPECT_EQ(std::ranges::count_if(of_bus, asks), 0);
}

TEST(EthernetFrame, HasBothChecksumsOfAPayloadOfAnyLength) {
  for (const std::string payload : {"", "a", "ab", "RCmb\xff"}) {
    std::string file = pcapng::file_header("");
    pcapng::TcpSegment segment;
    segment.from = {0x0a000001, 40000};
    segment.to = {0x0a000002, 16379};
    segment.sequence = 0xfffffff0;
    segment.acknowledgement = 7;
    segment.flags = pcapng::tcp_flag::kAck;
    segment.payload = payload;
    file += pcapng::packet(kWallStart, pcapng::ethernet_frame(segment), "why");
    const std::vector<Segment> read = segments_of(file);
    ASSERT_EQ(read.size(), 1u);
    EXPECT_EQ(read[0].from, "10.0.0.1:40000");
    EXPECT_EQ(read[0].sequence, 0xfffffff0u);
    EXPECT_EQ(read[0].payload, payload);
    EXPECT_EQ(read[0].comment, "why");
    EXPECT_EQ(read[0].at_ns, 1'700'000'000'000'000'000u);
  }
}

}  // namespace
}  // namespace sim::exported
