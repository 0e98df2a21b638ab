// What a receiver ignores, in the order in which 7.0.15 looks. (Protocol §2.5.)
#include <gtest/gtest.h>

#include <string>

#include "sim/base/bytes.h"
#include "sim/wire/bus.h"
#include "tests/wire/bus_testing.h"

namespace sim::bus {
namespace {

template <class Int>
void put(std::string& packet, std::size_t at, Int value) {
  std::string bytes;
  append_big_endian(bytes, value);
  packet.replace(at, bytes.size(), bytes);
}
void put_total(std::string& packet) {
  put(packet, 4, static_cast<std::uint32_t>(packet.size()));
}

class Validation : public testing::Test {
 protected:
  std::string why(const std::string& packet) {
    const auto decoded = decode(packet, names_);
    const auto* ignored = std::get_if<Ignored>(&decoded);
    return ignored == nullptr ? "accepted" : ignored->why;
  }
  Message accepted(const std::string& packet) {
    auto decoded = decode(packet, names_);
    EXPECT_TRUE(std::holds_alternative<Message>(decoded)) << why(packet);
    return std::get<Message>(decoded);
  }
  std::string of_type(const std::string& wanted) {
    for (const auto& [name, message] : one_of_every_type(names_)) {
      if (name == wanted) return encode(message, names_);
    }
    return {};
  }
  // A ping without gossip or extensions, to hang things on.
  std::string bare_ping() {
    Message message = golden_ping(names_);
    message.body = Heartbeat{};
    message.header.count = message.header.extensions = 0;
    return encode(message, names_);
  }
  // With EXT_DATA set, `count` announced, and these bytes after the header.
  std::string ping_with_extensions(std::uint16_t count, const std::string& bytes) {
    std::string packet = bare_ping() + bytes;
    put(packet, 2214, count);
    put_total(packet);
    return packet;
  }
  static std::string extension(std::uint32_t length, std::uint16_t type,
                               const std::string& payload) {
    std::string bytes;
    append_big_endian(bytes, length);
    append_big_endian(bytes, type);
    append_big_endian(bytes, std::uint16_t{0});
    return bytes + payload;
  }

  Names names_;
};

TEST_F(Validation, AcceptsEveryTypeAsEncoded) {
  for (const auto& [name, message] : one_of_every_type(names_)) {
    EXPECT_EQ(why(encode(message, names_)), "accepted") << name;
  }
}

TEST_F(Validation, IgnoresWhatIsShorterThanItClaims) {
  std::string packet = of_type("ping");
  put(packet, 4, static_cast<std::uint32_t>(packet.size() + 1));
  EXPECT_EQ(why(packet), "claims 2377 bytes of 2376");
  EXPECT_EQ(why(packet.substr(0, 2255)), "shorter than a header");
  EXPECT_EQ(why(""), "shorter than a header");
}

TEST_F(Validation, IgnoresAnotherVersionBeforeItLooksAtLengths) {
  std::string packet = of_type("ping") + "x";
  put_total(packet);
  put(packet, 8, std::uint16_t{2});
  EXPECT_EQ(why(packet), "version 2, expected 1");
}

TEST_F(Validation, IgnoresALengthThatIsNotItsTypes) {
  for (const auto& [name, message] : one_of_every_type(names_)) {
    if (name == "unknown") continue;
    std::string longer = encode(message, names_) + std::string(8, '\0');
    put_total(longer);
    EXPECT_NE(why(longer), "accepted") << name;
    std::string shorter = encode(message, names_);
    if (shorter.size() == kHeaderSize) continue;
    shorter.resize(shorter.size() - 1);
    put_total(shorter);
    EXPECT_NE(why(shorter), "accepted") << name;
  }
}

TEST_F(Validation, IgnoresAGossipCountThatDoesNotFit) {
  std::string packet = bare_ping();
  put(packet, 14, std::uint16_t{1});
  EXPECT_NE(why(packet), "accepted");
  put(packet, 14, std::uint16_t{65535});
  EXPECT_NE(why(packet), "accepted");
}

TEST_F(Validation, TellsTheTypeOfWhatItIgnoresSoThatItCanBeCounted) {
  std::string packet = of_type("fail");
  put(packet, 8, std::uint16_t{2});
  const auto decoded = decode(packet, names_);
  ASSERT_TRUE(std::holds_alternative<Ignored>(decoded));
  EXPECT_EQ(std::get<Ignored>(decoded).type, Type::kFail);
}

TEST_F(Validation, AcceptsAnUnknownTypeAtAnyLength) {
  std::string packet = of_type("unknown") + std::string(500, 'z');
  put_total(packet);
  EXPECT_EQ(std::get<Unknown>(accepted(packet).body).data.size(), 509u);
}

TEST_F(Validation, IgnoresPublishAndModuleLengthsThatWrapRound) {
  // 2^32 - 1 + 10 is 9 in 32 bits: just what the packet holds.
  std::string packet = of_type("publish");
  put(packet, 2256, std::uint32_t{0xffffffff});
  put(packet, 2260, std::uint32_t{10});
  EXPECT_NE(why(packet), "accepted");
  packet = of_type("module");
  put(packet, 2264, std::uint32_t{0xffffffff});
  EXPECT_NE(why(packet), "accepted");
}

TEST_F(Validation, DoesNotCountExtensionsWithoutTheirFlag) {
  std::string packet = bare_ping();
  put(packet, 2214, std::uint16_t{7});
  packet[2253] = 0;
  const Message message = accepted(packet);
  EXPECT_EQ(message.header.extensions, 7);
  EXPECT_TRUE(std::get<Heartbeat>(message.body).extensions.empty());
}

TEST_F(Validation, IgnoresBytesAfterTheGossipWithoutTheFlag) {
  std::string packet = ping_with_extensions(1, extension(16, 0, "12345678"));
  packet[2253] = 0;
  EXPECT_EQ(why(packet), "length 2272, expected 2256");
}

TEST_F(Validation, AcceptsTheFlagWithoutExtensions) {
  EXPECT_EQ(accepted(ping_with_extensions(0, "")).header.mflags[0], mflag::kExtData);
}

TEST_F(Validation, ReadsUnknownExtensionsToo) {
  const Message message =
      accepted(ping_with_extensions(2, extension(48, 3, std::string(40, 's')) +
                                           extension(16, 0, std::string("h1\0\0\0\0\0\0", 8))));
  const auto& extensions = std::get<Heartbeat>(message.body).extensions;
  ASSERT_EQ(extensions.size(), 2u);
  EXPECT_EQ(extensions[0], (Extension{3, std::string(40, 's')}));
  EXPECT_EQ(hostname_of(extensions[1]), "h1");
}

TEST_F(Validation, IgnoresAnExtensionThatIsNotPadded) {
  EXPECT_EQ(why(ping_with_extensions(1, extension(15, 0, "1234567"))),
            "an extension is not padded to 8 bytes");
}

TEST_F(Validation, IgnoresAnExtensionLongerThanTheRest) {
  EXPECT_EQ(why(ping_with_extensions(1, extension(24, 0, "12345678"))),
            "an extension exceeds the packet");
}

TEST_F(Validation, IgnoresExtensionsBeyondOrShortOfTheEnd) {
  const std::string one = extension(16, 0, "12345678");
  EXPECT_EQ(why(ping_with_extensions(2, one)), "an extension begins beyond the packet");
  EXPECT_EQ(why(ping_with_extensions(1, one + one)), "length 2288, expected 2272");
}

TEST_F(Validation, IgnoresExtensionsOfNoLength) {
  EXPECT_NE(why(ping_with_extensions(1, extension(0, 0, ""))), "accepted");
  EXPECT_NE(why(ping_with_extensions(2, extension(65536, 0, "12345678"))), "accepted");
}

TEST_F(Validation, ReadsAnExtensionsLengthIntoSixteenBits) {
  const Message message =
      accepted(ping_with_extensions(1, extension(65536 + 16, 0, std::string("h1\0\0\0\0\0\0", 8))));
  EXPECT_EQ(hostname_of(std::get<Heartbeat>(message.body).extensions[0]), "h1");
}

TEST_F(Validation, StepsByAllThirtyTwoBitsOfAnExtensionsLength) {
  const std::string one = extension(16, 0, "12345678");
  EXPECT_EQ(why(ping_with_extensions(2, extension(65536 + 16, 0, "12345678") + one)),
            "an extension begins beyond the packet");
}

TEST_F(Validation, InternsNothingOfAPacketItIgnores) {
  std::string packet = of_type("ping");
  put(packet, 8, std::uint16_t{2});
  Names fresh;
  decode(packet, fresh);
  packet = of_type("ping") + "x";
  put_total(packet);
  decode(packet, fresh);
  EXPECT_EQ(fresh.name_count(), 1u);
}

TEST(Hostname, IsPaddedWithAtLeastOneNul) {
  EXPECT_EQ(hostname_extension("h1").payload.size(), 8u);
  EXPECT_EQ(hostname_extension("1234567").payload.size(), 8u);
  EXPECT_EQ(hostname_extension("12345678").payload.size(), 16u);
  EXPECT_EQ(hostname_of(hostname_extension("12345678")), "12345678");
}

class Framing : public testing::Test {
 protected:
  std::string packet(char filler) {
    Message message = golden_fail(names_);
    message.body = Fail{name_of(names_, filler)};
    return encode(message, names_);
  }
  Names names_;
  Framer framer_;
  std::string cut_;
};

TEST_F(Framing, CutsPacketsHoweverTheBytesArrive) {
  const std::string stream = packet('a') + packet('b') + packet('c');
  for (const std::size_t stroke :
       {std::size_t{1}, std::size_t{7}, std::size_t{2300}, stream.size()}) {
    Framer framer;
    std::string joined;
    int count = 0;
    for (std::size_t at = 0; at < stream.size(); at += stroke) {
      framer.feed(std::string_view(stream).substr(at, stroke));
      while (framer.next(cut_)) {
        joined += cut_;
        ++count;
      }
    }
    EXPECT_EQ(count, 3);
    EXPECT_EQ(joined, stream);
    EXPECT_FALSE(framer.broken());
  }
}

TEST_F(Framing, JudgesAStreamByItsFirstEightBytes) {
  framer_.feed("HTTP/1.");
  EXPECT_FALSE(framer_.next(cut_));
  EXPECT_FALSE(framer_.broken());
  framer_.feed("1");
  EXPECT_FALSE(framer_.next(cut_));
  EXPECT_TRUE(framer_.broken());
}

TEST_F(Framing, BreaksOnALengthBelowAHeader) {
  std::string bad = packet('a');
  put(bad, 4, std::uint32_t{2255});
  framer_.feed(bad);
  EXPECT_FALSE(framer_.next(cut_));
  EXPECT_TRUE(framer_.broken());
  framer_.feed(packet('b'));
  EXPECT_FALSE(framer_.next(cut_));
}

}  // namespace
}  // namespace sim::bus
