// decode(encode(x)) == x, for any x that can be said at all.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "sim/wire/bus.h"
#include "sim/wire/nodes_conf.h"
#include "sim/wire/resp.h"
#include "tests/wire/bus_testing.h"

namespace sim {
namespace {

template <class Int>
Int any() {
  return *rc::gen::arbitrary<Int>();
}
// Half-open.
template <class Int>
Int between(Int low, Int high) {
  return *rc::gen::inRange<Int>(low, high);
}
std::string any_text() {
  return *rc::gen::arbitrary<std::string>();
}

std::string text_of(std::string_view alphabet, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += alphabet[between<std::size_t>(0, alphabet.size())];
  return text;
}
constexpr std::string_view kAlphanumeric = "0123456789abcdefghijklmnopqrstuvwxyz";

// Mostly a handful of names, so that they meet; sometimes none.
NodeName any_name() {
  const auto filler = between<std::size_t>(0, 8);
  return filler == 0 ? NodeName{} : NodeName::from(std::string(40, kAlphanumeric[filler]));
}
Address any_address(bool with_pport) {
  const std::size_t size = between<std::size_t>(0, 47);
  return {text_of("0123456789.:abcdef", size), any<std::uint16_t>(), any<std::uint16_t>(),
          with_pport ? any<std::uint16_t>() : std::uint16_t{0}};
}
SlotSet any_slots() {
  SlotSet slots;
  for (int ranges = between(0, 5); ranges > 0; --ranges) {
    const auto first = between<std::size_t>(0, kSlotCount);
    const auto last = std::min<std::size_t>(kSlotCount, first + between<std::size_t>(1, 3000));
    for (std::size_t slot = first; slot < last; ++slot) slots.set(slot);
  }
  return slots;
}

bus::Gossip any_gossip(Names& names) {
  const Profile profile{names.intern(any_name()), names.intern(any_address(true)),
                        any<std::uint16_t>()};
  return {names.intern(profile), any<std::uint32_t>(), any<std::uint32_t>()};
}
bus::Extension any_extension() {
  if (any<bool>())
    return bus::hostname_extension(text_of(kAlphanumeric, between<std::size_t>(0, 60)));
  return {any<std::uint16_t>(), text_of(kAlphanumeric, 8 * between<std::size_t>(0, 10))};
}
bus::Body any_body(bus::Header& header, Names& names) {
  using bus::Type;
  switch (header.type) {
    case Type::kPing:
    case Type::kPong:
    case Type::kMeet: {
      bus::Heartbeat beat;
      for (int i = between(0, 6); i > 0; --i) beat.gossip.push_back(any_gossip(names));
      if ((header.mflags[0] & bus::mflag::kExtData) != 0) {
        for (int i = between(0, 4); i > 0; --i) beat.extensions.push_back(any_extension());
        header.extensions = static_cast<std::uint16_t>(beat.extensions.size());
      }
      header.count = static_cast<std::uint16_t>(beat.gossip.size());
      return beat;
    }
    case Type::kFail:
      return bus::Fail{names.intern(any_name())};
    case Type::kPublish:
    case Type::kPublishShard:
      return bus::Publish{any_text(), any_text()};
    case Type::kAuthRequest:
    case Type::kAuthAck:
    case Type::kMfStart:
      return bus::Nothing{};
    case Type::kUpdate:
      return bus::Update{any<std::uint64_t>(), names.intern(any_name()), share_slots(any_slots())};
    case Type::kModule:
      return bus::Module{any<std::uint64_t>(), any<std::uint8_t>(), any_text()};
  }
  return bus::Unknown{any_text()};
}
bus::Message any_message(Names& names) {
  bus::Message message;
  bus::Header& header = message.header;
  header.type = static_cast<bus::Type>(between(0, 13));
  header.current_epoch = any<std::uint64_t>();
  header.config_epoch = any<std::uint64_t>();
  header.offset = any<std::uint64_t>();
  header.sender = names.intern(any_name());
  header.slots = share_slots(any_slots());
  header.replica_of = names.intern(any_name());
  header.address = names.intern(any_address(true));
  header.flags = any<std::uint16_t>();
  header.state = any<std::uint8_t>();
  for (std::uint8_t& flags : header.mflags) flags = any<std::uint8_t>();
  header.count = any<std::uint16_t>();
  header.extensions = any<std::uint16_t>();
  message.body = any_body(header, names);
  return message;
}

RC_GTEST_PROP(BusMessage, ComesBackFromTheWireAsItWas, ()) {
  Names names;
  const bus::Message message = any_message(names);
  RC_ASSERT(bus::well_formed(message));
  const std::string packet = bus::encode(message, names);
  RC_ASSERT(packet.size() == bus::encoded_size(message));
  const auto decoded = bus::decode(packet, names);
  RC_ASSERT(std::holds_alternative<bus::Message>(decoded));
  RC_ASSERT(bus::same(std::get<bus::Message>(decoded), message));
  RC_ASSERT(bus::hash(std::get<bus::Message>(decoded), names) == bus::hash(message, names));
}

RC_GTEST_PROP(BusMessage, HashesTheSameUnderAnotherTableOfNames, ()) {
  Names names, others;
  others.intern(NodeName::from(std::string(40, 'q')));
  const bus::Message message = any_message(names);
  const auto decoded = bus::decode(bus::encode(message, names), others);
  RC_ASSERT(std::holds_alternative<bus::Message>(decoded));
  RC_ASSERT(bus::hash(std::get<bus::Message>(decoded), others) == bus::hash(message, names));
}

RC_GTEST_PROP(BusPacket, LaysSlotsOutLowestBitFirst, ()) {
  Names names;
  bus::Message message = bus::golden_fail(names);
  const SlotSet slots = any_slots();
  message.header.slots = share_slots(slots);
  const std::string packet = bus::encode(message, names);
  for (std::size_t slot = 0; slot < kSlotCount; ++slot) {
    const auto byte = static_cast<unsigned char>(packet[80 + slot / 8]);
    RC_ASSERT((((byte >> (slot % 8)) & 1) != 0) == slots.test(slot));
  }
}

// One byte of a good packet changed: never a crash, and what is still accepted says the same when
// sent on.
RC_GTEST_PROP(BusPacket, IsIgnoredOrUnderstoodWhenDamaged, ()) {
  Names names;
  std::string packet = bus::encode(any_message(names), names);
  packet[between<std::size_t>(0, packet.size())] = any<char>();
  packet.resize(packet.size() - between<std::size_t>(0, 3));
  const auto decoded = bus::decode(packet, names);
  if (const auto* message = std::get_if<bus::Message>(&decoded)) {
    const auto again = bus::decode(bus::encode(*message, names), names);
    RC_ASSERT(std::holds_alternative<bus::Message>(again));
    RC_ASSERT(bus::same(std::get<bus::Message>(again), *message));
  }
}

// What a node might hold: slots owned once, one myself, epochs below the current one, ids that all
// exist.
nodes_conf::File any_file() {
  nodes_conf::File file;
  SlotSet taken;
  const int count = between(1, 8);
  for (int i = 0; i < count; ++i) {
    nodes_conf::Line line;
    line.id = NodeName::from(std::string(40, kAlphanumeric[static_cast<std::size_t>(i)]));
    line.address = any_address(false);
    line.hostname = text_of(kAlphanumeric, between<std::size_t>(0, 9));
    line.flags = *nodes_conf::flags_of(nodes_conf::flag_names(any<std::uint16_t>()));
    line.flags = static_cast<std::uint16_t>(i == 0 ? line.flags | bus::flag::kMyself
                                                   : line.flags & ~bus::flag::kMyself);
    if (i > 0 && any<bool>()) line.replica_of = file.lines[0].id;
    line.ping_sent_ms = between<std::int64_t>(0, 2'000'000'000);
    line.pong_received_ms = between<std::int64_t>(0, 2'000'000'000);
    const bool replica = (line.flags & bus::flag::kSlave) != 0 && !line.replica_of.is_none();
    line.config_epoch = replica ? 0 : any<std::uint64_t>();
    line.connected = any<bool>();
    line.slots = any_slots() & ~taken;
    taken |= line.slots;
    file.current_epoch = std::max(file.current_epoch, line.config_epoch);
    file.lines.push_back(line);
  }
  for (int i = between(0, 4); i > 0; --i) {
    const SlotId slot{between<std::uint16_t>(0, kSlotCount)};
    file.lines[0].open_slots.push_back({slot, any<bool>(), file.lines.back().id});
  }
  file.last_vote_epoch = any<std::uint64_t>();
  return file;
}

RC_GTEST_PROP(NodesConf, ComesBackFromTheDiskAsItWas, ()) {
  const nodes_conf::File file = any_file();
  const auto parsed = nodes_conf::parse(nodes_conf::print(file));
  RC_ASSERT(std::holds_alternative<nodes_conf::File>(parsed));
  RC_ASSERT(std::get<nodes_conf::File>(parsed) == file);
}

RC_GTEST_PROP(NodesConf, LoadsOrIsCorruptWhenTorn, ()) {
  std::string text = nodes_conf::print(any_file());
  text.replace(between<std::size_t>(0, text.size()), between<std::size_t>(0, 50), any_text());
  const auto parsed = nodes_conf::parse(text);
  if (const auto* file = std::get_if<nodes_conf::File>(&parsed)) {
    const auto again = nodes_conf::parse(nodes_conf::print(*file));
    RC_ASSERT(std::holds_alternative<nodes_conf::File>(again));
    RC_ASSERT(std::get<nodes_conf::File>(again) == *file);
  }
}

resp::Value any_value(int depth) {
  switch (between(0, depth > 0 ? 6 : 5)) {
    case 0:
      return {resp::Simple{text_of(kAlphanumeric, between<std::size_t>(0, 9))}};
    case 1:
      return resp::error(text_of(kAlphanumeric, between<std::size_t>(0, 9)));
    case 2:
      return resp::integer(any<std::int64_t>());
    case 3:
      return resp::bulk(any_text());
    case 4:
      return {resp::Null{}};
    default:
      break;
  }
  resp::Array array;
  for (int i = between(0, 4); i > 0; --i) array.items.push_back(any_value(depth - 1));
  return {array};
}

// Cuts a stream into random strokes.
template <class Reader, class Item>
std::vector<Item> read_all(const std::string& stream) {
  Reader reader;
  std::vector<Item> items;
  for (std::size_t at = 0; at < stream.size();) {
    const auto stroke = between<std::size_t>(1, 20);
    reader.feed(std::string_view(stream).substr(at, stroke));
    at += stroke;
    Item item;
    while (reader.next(item)) items.push_back(item);
  }
  RC_ASSERT(reader.broken().empty());
  RC_ASSERT(reader.idle());
  return items;
}

RC_GTEST_PROP(RespValues, ComeBackFromTheWireHoweverItIsCut, ()) {
  std::vector<resp::Value> values;
  std::string stream;
  std::size_t size = 0;
  for (int i = between(1, 4); i > 0; --i) {
    values.push_back(any_value(3));
    resp::append_encoded(values.back(), stream);
    size += resp::encoded_size(values.back());
  }
  RC_ASSERT(stream.size() == size);
  RC_ASSERT((read_all<resp::ValueReader, resp::Value>(stream) == values));
}

RC_GTEST_PROP(RespCommands, ComeBackFromTheWireHoweverItIsCut, ()) {
  std::vector<resp::Command> commands;
  std::string stream;
  std::size_t size = 0;
  for (int i = between(1, 4); i > 0; --i) {
    commands.push_back(*rc::gen::nonEmpty(rc::gen::arbitrary<resp::Command>()));
    resp::append_encoded(commands.back(), stream);
    size += resp::encoded_size(commands.back());
  }
  RC_ASSERT(stream.size() == size);
  RC_ASSERT((read_all<resp::CommandReader, resp::Command>(stream) == commands));
}

}  // namespace
}  // namespace sim
