#include <algorithm>
#include <bit>
#include <cstring>

#include "sim/base/bytes.h"
#include "sim/base/check.h"
#include "sim/wire/bus.h"

namespace sim::bus {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

void append_zeros(std::string& out, std::size_t count) {
  out.append(count, '\0');
}

void append_name(std::string& out, const NodeName& name) {
  out.append(name.text.data(), name.text.size());
}
void append_ip(std::string& out, const std::string& ip) {
  out += ip;
  append_zeros(out, kIpSize - ip.size());
}
// Slot s is bit s % 8, counted from the lowest, of byte s / 8: on a little-endian machine that is
// how a bitset of machine words lies in memory. The tests hold this against a slot-by-slot twin.
void append_slots(std::string& out, const SlotSet& slots) {
  static_assert(std::endian::native == std::endian::little);
  static_assert(sizeof(SlotSet) == kSlotCount / 8);
  const std::size_t at = out.size();
  out.resize(at + sizeof(SlotSet));
  std::memcpy(out.data() + at, &slots, sizeof(SlotSet));
}

void append_header(std::string& out, const Header& header, std::size_t total, const Names& names) {
  const Address& address = names.address(header.address);
  out += "RCmb";
  append_big_endian(out, static_cast<std::uint32_t>(total));
  append_big_endian(out, std::uint16_t{1});  // version
  append_big_endian(out, address.port);
  append_big_endian(out, static_cast<std::uint16_t>(header.type));
  append_big_endian(out, header.count);
  append_big_endian(out, header.current_epoch);
  append_big_endian(out, header.config_epoch);
  append_big_endian(out, header.offset);
  append_name(out, names.name(header.sender));
  append_slots(out, header.slots->slots());
  append_name(out, names.name(header.replica_of));
  append_ip(out, address.ip);
  append_big_endian(out, header.extensions);
  append_zeros(out, 30);
  append_big_endian(out, address.pport);
  append_big_endian(out, address.cport);
  append_big_endian(out, header.flags);
  out += static_cast<char>(header.state);
  for (const std::uint8_t flags : header.mflags) out += static_cast<char>(flags);
  CHECK(out.size() == kHeaderSize);
}

void append_gossip(std::string& out, const Gossip& entry, const Names& names) {
  const Profile profile = names.profile(entry.profile);
  const Address& address = names.address(profile.address);
  append_name(out, names.name(profile.node));
  append_big_endian(out, entry.ping_sent_s);
  append_big_endian(out, entry.pong_received_s);
  append_ip(out, address.ip);
  append_big_endian(out, address.port);
  append_big_endian(out, address.cport);
  append_big_endian(out, profile.flags);
  append_big_endian(out, address.pport);
  append_zeros(out, 2);
}

void append_extension(std::string& out, const Extension& extension) {
  append_big_endian(out, static_cast<std::uint32_t>(kExtensionHeader + extension.payload.size()));
  append_big_endian(out, extension.type);
  append_zeros(out, 2);
  out += extension.payload;
}

void append_body(std::string& out, const Body& body, const Names& names) {
  const auto append = Overloaded{
      [&](const Heartbeat& beat) {
        for (const Gossip& entry : beat.gossip) append_gossip(out, entry, names);
        for (const Extension& extension : beat.extensions) append_extension(out, extension);
      },
      [&](const Fail& fail) { append_name(out, names.name(fail.node)); },
      [&](const Publish& publish) {
        append_big_endian(out, static_cast<std::uint32_t>(publish.channel.size()));
        append_big_endian(out, static_cast<std::uint32_t>(publish.message.size()));
        out += publish.channel;
        out += publish.message;
      },
      [](const Nothing&) {},
      [&](const Update& update) {
        append_big_endian(out, update.config_epoch);
        append_name(out, names.name(update.node));
        append_slots(out, update.slots->slots());
      },
      [&](const Module& module) {
        append_big_endian(out, module.id);
        append_big_endian(out, static_cast<std::uint32_t>(module.payload.size()));
        out += static_cast<char>(module.type);
        out += module.payload;
      },
      [&](const Unknown& unknown) { out += unknown.data; },
  };
  std::visit(append, body);
}

bool well_formed(const Header& header, const Heartbeat& beat) {
  const bool extended = (header.mflags[0] & mflag::kExtData) != 0;
  return header.count == beat.gossip.size() &&
         (extended ? header.extensions == beat.extensions.size() : beat.extensions.empty()) &&
         std::all_of(beat.extensions.begin(), beat.extensions.end(),
                     [](const Extension& extension) {
                       // The receiver reads the length into 16 bits.
                       const std::size_t size = kExtensionHeader + extension.payload.size();
                       return size % 8 == 0 && size <= 0xffff;
                     });
}

}  // namespace

bool well_formed(const Message& message) {
  const Header& header = message.header;
  switch (header.type) {
    case Type::kPing:
    case Type::kPong:
    case Type::kMeet: {
      const auto* beat = std::get_if<Heartbeat>(&message.body);
      return beat != nullptr && well_formed(header, *beat);
    }
    case Type::kFail:
      return std::holds_alternative<Fail>(message.body);
    case Type::kPublish:
    case Type::kPublishShard:
      return std::holds_alternative<Publish>(message.body);
    case Type::kAuthRequest:
    case Type::kAuthAck:
    case Type::kMfStart:
      return std::holds_alternative<Nothing>(message.body);
    case Type::kUpdate:
      return std::holds_alternative<Update>(message.body);
    case Type::kModule:
      return std::holds_alternative<Module>(message.body);
  }
  return std::holds_alternative<Unknown>(message.body);
}

std::size_t encoded_size(const Message& message) {
  const auto size = Overloaded{
      [](const Heartbeat& beat) {
        std::size_t total = beat.gossip.size() * kGossipSize;
        for (const Extension& extension : beat.extensions) {
          total += kExtensionHeader + extension.payload.size();
        }
        return total;
      },
      [](const Fail&) { return sizeof(NodeName::text); },
      [](const Publish& publish) { return 8 + publish.channel.size() + publish.message.size(); },
      [](const Nothing&) { return std::size_t{0}; },
      [](const Update&) { return kUpdateSize - kHeaderSize; },
      [](const Module& module) { return 13 + module.payload.size(); },
      [](const Unknown& unknown) { return unknown.data.size(); },
  };
  return kHeaderSize + std::visit(size, message.body);
}

std::string encode(const Message& message, const Names& names) {
  CHECK(well_formed(message));
  const std::size_t total = encoded_size(message);
  std::string out;
  out.reserve(total);
  append_header(out, message.header, total, names);
  append_body(out, message.body, names);
  CHECK(out.size() == total);
  return out;
}

}  // namespace sim::bus
