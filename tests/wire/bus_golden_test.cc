#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "sim/base/hash.h"
#include "sim/wire/bus.h"
#include "tests/wire/bus_testing.h"

namespace sim::bus {
namespace {

// Bytes written as in the notes: "52 43 6d 62".
std::string bytes_of(std::string_view hex) {
  std::string bytes;
  for (std::size_t at = 0; at < hex.size(); at += 3) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(at, 2)), nullptr, 16));
  }
  return bytes;
}

TEST(GoldenPackets, PingLiesAsInTheNotes) {
  Names names;
  const std::string packet = encode(golden_ping(names), names);
  ASSERT_EQ(packet.size(), 2376u);
  const std::pair<std::size_t, const char*> kRanges[] = {
      {0, "52 43 6d 62 00 00 09 48 00 01 18 eb 00 00 00 01"},
      {16, "00 00 00 00 00 00 00 09 00 00 00 00 00 00 00 07 00 00 00 00 00 00 04 d2"},
      {80, "03 00 00 00"},
      {762, "10"},
      {2127, "80"},
      {2214, "00 01"},
      {2246, "00 00 3f fb 00 11 00 04 00 00"},
      {2296, "00 00 00 00 65 53 f1 00"},
      {2304, "31 30 2e 30 2e 30 2e 32"},
      {2350, "18 ec 3f fc 00 02 00 00 00 00"},
      {2360, "00 00 00 10 00 00 00 00 68 31 00 00 00 00 00 00"},
  };
  for (const auto& [at, hex] : kRanges) {
    const std::string expected = bytes_of(hex);
    EXPECT_EQ(packet.substr(at, expected.size()), expected) << "at " << at;
  }
  EXPECT_EQ(packet.substr(40, 40), "0123456789abcdef0123456789abcdef01234567");
}

// Each packet was checked once against the SHA-256 named here, which was made from bytes laid out
// by hand.
TEST(GoldenPackets, AreWhatTheyWereToTheByte) {
  Names names;
  // f0f25ba98c10ccd6a3773562b7fc6057052a8fef1cba978775e27b39886eb998
  EXPECT_EQ(hash_text(encode(golden_ping(names), names)), 14782076614126246124u);
  // adbe2d641fc0746747de4fb0e6a1823d6b5c90539f6c927312a154a7450ce90c
  EXPECT_EQ(hash_text(encode(golden_fail(names), names)), 14869056468941374706u);
  // 645453cb9c3ef7df1915532d46aeb273bad05b2b1cf9d3589f96899c00b0eca9
  EXPECT_EQ(hash_text(encode(golden_update(names), names)), 8316953459704287785u);
}

TEST(GoldenPackets, DecodeToTheirMessages) {
  Names names;
  for (const Message& message : {golden_ping(names), golden_fail(names), golden_update(names)}) {
    const auto decoded = decode(encode(message, names), names);
    ASSERT_TRUE(std::holds_alternative<Message>(decoded));
    EXPECT_TRUE(same(std::get<Message>(decoded), message));
  }
}

// The fuzzer starts from a packet of every type. REWRITE=1 writes them anew.
TEST(GoldenPackets, AreTheSeedsOfTheFuzzer) {
  Names names;
  auto messages = one_of_every_type(names);
  messages.emplace_back("golden-ping", golden_ping(names));
  messages.emplace_back("golden-fail", golden_fail(names));
  messages.emplace_back("golden-update", golden_update(names));
  const std::filesystem::path folder = SLOTSIM_SOURCE_DIR "/tests/fuzz/corpus/bus";
  for (const auto& [name, message] : messages) {
    const std::string packet = encode(message, names);
    if (std::getenv("REWRITE") != nullptr) {
      std::filesystem::create_directories(folder);
      std::ofstream(folder / name, std::ios::binary) << packet;
    }
    std::ifstream file(folder / name, std::ios::binary);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), packet) << name;
  }
}

}  // namespace
}  // namespace sim::bus
