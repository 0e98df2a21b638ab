// The receiver's checks, in 7.0.15's order (protocol §2.5), and what is read once they have
// passed.
#include <cstring>
#include <optional>
#include <type_traits>

#include "sim/base/bytes.h"
#include "sim/wire/bus.h"

namespace sim::bus {
namespace {

constexpr std::size_t kNameSize = sizeof(NodeName::text);

std::uint16_t read16(std::string_view packet, std::size_t at) {
  return read_big_endian<std::uint16_t>(packet, at);
}
std::uint32_t read32(std::string_view packet, std::size_t at) {
  return read_big_endian<std::uint32_t>(packet, at);
}
std::uint64_t read64(std::string_view packet, std::size_t at) {
  return read_big_endian<std::uint64_t>(packet, at);
}
NameRef read_name(std::string_view packet, std::size_t at, Names& names) {
  NodeName name;
  std::memcpy(name.text.data(), packet.data() + at, kNameSize);
  return names.intern(name);
}
std::string read_ip(std::string_view packet, std::size_t at) {
  const std::string_view field = packet.substr(at, kIpSize);
  return std::string(field.substr(0, field.find('\0')));
}
SlotsRef read_slots(std::string_view packet, std::size_t at, Names& names) {
  static_assert(std::is_trivially_copyable_v<SlotSet>);
  SlotSet slots;  // laid out as on the wire; see the encoder
  std::memcpy(static_cast<void*>(&slots), packet.data() + at, sizeof(SlotSet));
  return names.share(slots);
}

Header read_header(std::string_view packet, Names& names) {
  Header header;
  header.type = static_cast<Type>(read16(packet, 12));
  header.count = read16(packet, 14);
  header.current_epoch = read64(packet, 16);
  header.config_epoch = read64(packet, 24);
  header.offset = read64(packet, 32);
  header.sender = read_name(packet, 40, names);
  header.slots = read_slots(packet, 80, names);
  header.replica_of = read_name(packet, 2128, names);
  header.extensions = read16(packet, 2214);
  header.address = names.intern(Address{.ip = read_ip(packet, 2168),
                                        .port = read16(packet, 10),
                                        .cport = read16(packet, 2248),
                                        .pport = read16(packet, 2246)});
  header.flags = read16(packet, 2250);
  header.state = static_cast<std::uint8_t>(packet[2252]);
  for (std::size_t i = 0; i < header.mflags.size(); ++i) {
    header.mflags[i] = static_cast<std::uint8_t>(packet[2253 + i]);
  }
  return header;
}

Gossip read_gossip(std::string_view packet, std::size_t at, Names& names) {
  Profile profile;
  profile.node = read_name(packet, at, names);
  profile.address = names.intern(Address{.ip = read_ip(packet, at + 48),
                                         .port = read16(packet, at + 94),
                                         .cport = read16(packet, at + 96),
                                         .pport = read16(packet, at + 100)});
  profile.flags = read16(packet, at + 98);
  return {names.intern(profile), read32(packet, at + 40), read32(packet, at + 44)};
}

std::optional<std::string> wrong_length(std::string_view packet, std::uint64_t expected) {
  if (packet.size() == expected) return std::nullopt;
  return "length " + std::to_string(packet.size()) + ", expected " + std::to_string(expected);
}

// 7.0.15 reads an extension's length into 16 bits to check and count it, but steps by all 32. A
// length beyond 65535 is therefore taken for its low half if the extension is the packet's last,
// and leads out of the packet otherwise; there the real server goes on reading, and we ignore the
// packet.
std::optional<std::string> read_extensions(std::string_view packet, std::uint64_t at,
                                           std::uint16_t count,
                                           std::vector<Extension>& extensions) {
  std::uint64_t expected = at;
  for (std::uint16_t i = 0; i < count; ++i) {
    if (at + kExtensionHeader > packet.size()) return "an extension begins beyond the packet";
    const std::uint32_t step = read32(packet, at);
    const auto length = static_cast<std::uint16_t>(step);
    if (length % 8 != 0) return "an extension is not padded to 8 bytes";
    if (length > packet.size() - expected) return "an extension exceeds the packet";
    if (length == 0) return "an extension of no length";
    extensions.push_back(
        {read16(packet, at + 4),
         std::string(packet.substr(at + kExtensionHeader, length - kExtensionHeader))});
    expected += length;
    at += step;
  }
  return wrong_length(packet, expected);
}

using Read = std::variant<Body, Ignored>;

Read read_heartbeat(std::string_view packet, Names& names) {
  const std::size_t count = read16(packet, 14);
  const std::size_t end = kHeaderSize + count * kGossipSize;
  // An extension count without the flag is left alone: 7.0.15 does not add it either.
  const bool extended = (static_cast<std::uint8_t>(packet[2253]) & mflag::kExtData) != 0;
  if (packet.size() < end || !extended) {
    if (const auto why = wrong_length(packet, end)) return Ignored{*why};
  }
  Heartbeat beat;
  if (extended) {
    if (const auto why = read_extensions(packet, end, read16(packet, 2214), beat.extensions)) {
      return Ignored{*why};
    }
  }
  beat.gossip.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    beat.gossip.push_back(read_gossip(packet, kHeaderSize + i * kGossipSize, names));
  }
  return Body{std::move(beat)};
}

// Lengths are added in 64 bits; the real server's 32-bit sum can wrap round to a match, and then
// reads out of bounds.
Read read_publish(std::string_view packet) {
  if (packet.size() < kHeaderSize + 8) return Ignored{"no room for the lengths"};
  const std::uint64_t channel = read32(packet, kHeaderSize);
  const std::uint64_t message = read32(packet, kHeaderSize + 4);
  if (const auto why = wrong_length(packet, kHeaderSize + 8 + channel + message)) {
    return Ignored{*why};
  }
  return Body{Publish{std::string(packet.substr(kHeaderSize + 8, channel)),
                      std::string(packet.substr(kHeaderSize + 8 + channel))}};
}

Read read_module(std::string_view packet) {
  if (packet.size() < kHeaderSize + 13) return Ignored{"no room for the module header"};
  const std::uint64_t length = read32(packet, kHeaderSize + 8);
  if (const auto why = wrong_length(packet, kHeaderSize + 13 + length)) return Ignored{*why};
  return Body{Module{read64(packet, kHeaderSize),
                     static_cast<std::uint8_t>(packet[kHeaderSize + 12]),
                     std::string(packet.substr(kHeaderSize + 13))}};
}

// Nothing is interned before all lengths fit: a stream of rubbish must not fill the table of names.
Read read_body(std::string_view packet, Names& names) {
  switch (static_cast<Type>(read16(packet, 12))) {
    case Type::kPing:
    case Type::kPong:
    case Type::kMeet:
      return read_heartbeat(packet, names);
    case Type::kFail:
      if (const auto why = wrong_length(packet, kHeaderSize + kNameSize)) return Ignored{*why};
      return Body{Fail{read_name(packet, kHeaderSize, names)}};
    case Type::kPublish:
    case Type::kPublishShard:
      return read_publish(packet);
    case Type::kAuthRequest:
    case Type::kAuthAck:
    case Type::kMfStart:
      if (const auto why = wrong_length(packet, kHeaderSize)) return Ignored{*why};
      return Body{Nothing{}};
    case Type::kUpdate:
      if (const auto why = wrong_length(packet, kUpdateSize)) return Ignored{*why};
      return Body{Update{read64(packet, kHeaderSize), read_name(packet, kHeaderSize + 8, names),
                         read_slots(packet, kHeaderSize + 48, names)}};
    case Type::kModule:
      return read_module(packet);
  }
  return Body{Unknown{std::string(packet.substr(kHeaderSize))}};
}

}  // namespace

std::variant<Message, Ignored> decode(std::string_view packet, Names& names) {
  // The framer lets no packet through that is shorter than a header, so 7.0.15's own lower bound of
  // 16 never bites.
  if (packet.size() < kHeaderSize) return Ignored{"shorter than a header"};
  const Type type = static_cast<Type>(read16(packet, 12));
  const std::uint32_t total = read32(packet, 4);
  if (total < kHeaderSize || total > packet.size()) {
    return Ignored{"claims " + std::to_string(total) + " bytes of " + std::to_string(packet.size()),
                   type};
  }
  packet = packet.substr(0, total);
  if (const auto version = read16(packet, 8); version != 1) {
    return Ignored{"version " + std::to_string(version) + ", expected 1", type};
  }
  Read body = read_body(packet, names);
  if (auto* ignored = std::get_if<Ignored>(&body)) return Ignored{std::move(ignored->why), type};
  return Message{read_header(packet, names), std::move(std::get<Body>(body))};
}

bool Framer::next(std::string& packet) {
  if (broken_ || buffer_.size() - at_ < 8) return false;
  const std::string_view rest = std::string_view(buffer_).substr(at_);
  const std::size_t total = read32(rest, 4);
  broken_ = rest.substr(0, 4) != "RCmb" || total < kHeaderSize;
  if (broken_ || rest.size() < total) return false;
  packet.assign(rest.substr(0, total));
  at_ += total;
  // Given back in strokes, so that many small packets in one read cost one move.
  if (2 * at_ >= buffer_.size()) {
    buffer_.erase(0, at_);
    at_ = 0;
  }
  return true;
}

}  // namespace sim::bus
