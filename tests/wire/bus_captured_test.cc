// Packets of a cluster of six redis-server 7.0.15, from its first MEET through manual, forced and
// real failovers: what we read of them must be all there was.
//
// The file is a stream of packets as they crossed the bus, one of each shape (type, gossip, flags,
// extensions); two of the servers announced a hostname.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "sim/wire/bus.h"
#include "tests/wire/testdata_testing.h"

namespace sim::bus {
namespace {

std::vector<std::string> packets() {
  Framer framer;
  framer.feed(captured("bus-7.0.15.bin"));
  std::vector<std::string> packets;
  for (std::string packet; framer.next(packet);) packets.push_back(packet);
  EXPECT_FALSE(framer.broken());
  return packets;
}

TEST(CapturedPackets, EncodeAgainToTheSameBytes) {
  Names names;
  for (const std::string& packet : packets()) {
    const auto decoded = decode(packet, names);
    const auto* const ignored = std::get_if<Ignored>(&decoded);
    ASSERT_EQ(ignored, nullptr) << ignored->why;
    const auto& message = std::get<Message>(decoded);
    EXPECT_TRUE(well_formed(message));
    EXPECT_EQ(encoded_size(message), packet.size());
    EXPECT_TRUE(encode(message, names) == packet) << label(message.header.type);
  }
}

TEST(CapturedPackets, AreOfEveryTypeThatServersSendByThemselves) {
  Names names;
  std::map<Type, int> seen;
  bool hostname = false, paused = false, forced = false, failing = false, suspected = false;
  for (const std::string& packet : packets()) {
    const auto decoded = decode(packet, names);
    const auto& message = std::get<Message>(decoded);
    ++seen[message.header.type];
    paused |= (message.header.mflags[0] & mflag::kPaused) != 0;
    forced |= (message.header.mflags[0] & mflag::kForceAck) != 0;
    const auto* const beat = std::get_if<Heartbeat>(&message.body);
    if (beat == nullptr) continue;
    for (const Extension& extension : beat->extensions) {
      hostname |= hostname_of(extension).ends_with(".example.com");
    }
    for (const Gossip& entry : beat->gossip) {
      failing |= (names.profile(entry.profile).flags & flag::kFail) != 0;
      suspected |= (names.profile(entry.profile).flags & flag::kPfail) != 0;
    }
  }
  EXPECT_EQ(seen.size(), kTypeCount - 1);  // all but MODULE
  EXPECT_EQ(seen.count(Type::kModule), 0u);
  EXPECT_TRUE(hostname && paused && forced && failing && suspected);
}

}  // namespace
}  // namespace sim::bus
