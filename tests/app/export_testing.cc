#include "tests/app/export_testing.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "sim/app/exports/export.h"
#include "sim/app/run_once.h"
#include "sim/app/vocabulary.h"
#include "sim/base/types.h"
#include "tests/read_file.h"

namespace sim::exported {
namespace {

namespace fs = std::filesystem;

std::uint32_t little(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = size; i-- > 0;)
    value = value << 8 | static_cast<std::uint8_t>(bytes.at(at + i));
  return value;
}
std::uint32_t big(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i)
    value = value << 8 | static_cast<std::uint8_t>(bytes.at(at + i));
  return value;
}

// The Internet checksum over what carries its own is zero.
std::uint32_t checksum(const std::string& bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    sum += static_cast<std::uint32_t>(static_cast<std::uint8_t>(bytes[i]) << 8);
    if (i + 1 < bytes.size()) sum += static_cast<std::uint8_t>(bytes[i + 1]);
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return 0xffff - sum;
}

std::string end_point(const std::string& packet, std::size_t address, std::size_t port) {
  return format_endpoint(
      {big(packet, address, 4), static_cast<std::uint16_t>(big(packet, port, 2))});
}

Segment segment_of(const std::string& frame) {
  constexpr std::size_t kIp = 14, kTcp = kIp + 20;
  Segment segment;
  EXPECT_EQ(big(frame, 12, 2), 0x0800u);
  const std::string packet = frame.substr(kIp);
  EXPECT_EQ(big(packet, 0, 1), 0x45u);
  EXPECT_EQ(big(packet, 2, 2), packet.size());
  EXPECT_EQ(checksum(packet.substr(0, 20)), 0u);
  const std::string tcp = frame.substr(kTcp);
  std::string pseudo = packet.substr(12, 8) + std::string("\0\6", 2);
  pseudo += static_cast<char>(tcp.size() >> 8);
  pseudo += static_cast<char>(tcp.size() & 0xff);
  EXPECT_EQ(checksum(pseudo + tcp), 0u);
  segment.from = end_point(frame, kIp + 12, kTcp);
  segment.to = end_point(frame, kIp + 16, kTcp + 2);
  segment.sequence = big(tcp, 4, 4);
  segment.acknowledgement = big(tcp, 8, 4);
  const std::uint32_t flags = big(tcp, 13, 1);
  segment.fin = (flags & 1) != 0;
  segment.syn = (flags & 2) != 0;
  segment.rst = (flags & 4) != 0;
  segment.ack = (flags & 16) != 0;
  segment.payload = tcp.substr((big(tcp, 12, 1) >> 4) * 4);
  return segment;
}

}  // namespace

void ExportedRun::SetUp() {
  std::string pattern = (fs::temp_directory_path() / "slotsim exports XXXXXX").string();
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  scratch_ = pattern;
}
void ExportedRun::TearDown() {
  fs::remove_all(scratch_);
}

std::string ExportedRun::exported(const std::string& kind, const std::string& scenario) {
  const Loaded loaded = load_scenario("test.json", scenario, vocabulary());
  EXPECT_EQ(loaded.problems.text(), "");
  RunSettings settings;
  settings.exports = parse_exports({kind + "=" + (scratch_ / kind).string()});
  result_ = run_once(loaded.variants.front(), settings);
  return read(scratch_ / kind);
}

std::string quiet(const std::string& more) {
  return R"({"version": 1, "name": "quiet", "duration": "5s",
             "cluster": {"shards": 3, "replicas": 0, "config": {"cluster-node-timeout": 2000}},
             "workload": [{"type": "register", "clients": 1, "keys": 20, "rate": 20}])" +
         (more.empty() ? "" : ", " + more) + "}";
}

std::vector<Block> blocks_of(const std::string& file) {
  std::vector<Block> blocks;
  for (std::size_t at = 0; at < file.size();) {
    const std::size_t length = little(file, at + 4, 4);
    if (length < 12 || length % 4 != 0 || at + length > file.size() ||
        little(file, at + length - 4, 4) != length) {
      ADD_FAILURE() << "a block of length " << length << " at " << at;
      return blocks;
    }
    blocks.push_back({little(file, at, 4), file.substr(at + 8, length - 12)});
    at += length;
  }
  return blocks;
}

std::vector<Segment> segments_of(const std::string& file) {
  std::vector<Segment> segments;
  for (const Block& block : blocks_of(file)) {
    if (block.type != 6) continue;
    const std::size_t captured = little(block.body, 12, 4);
    EXPECT_EQ(captured, little(block.body, 16, 4));
    Segment segment = segment_of(block.body.substr(20, captured));
    segment.at_ns = std::uint64_t{little(block.body, 4, 4)} << 32 | little(block.body, 8, 4);
    const std::size_t options = 20 + (captured + 3) / 4 * 4;
    if (options < block.body.size()) {
      EXPECT_EQ(little(block.body, options, 2), 1u);
      segment.comment = block.body.substr(options + 4, little(block.body, options + 2, 2));
    }
    segments.push_back(std::move(segment));
  }
  return segments;
}

std::string journal_of(const std::string& file) {
  std::string text;
  for (const Block& block : blocks_of(file)) {
    if (block.type == 9) text += block.body.c_str();
  }
  return text;
}

}  // namespace sim::exported
