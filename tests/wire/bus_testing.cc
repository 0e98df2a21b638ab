#include "tests/wire/bus_testing.h"

namespace sim::bus {
namespace {

Header golden_header(Type type, Names& names) {
  Header header;
  header.type = type;
  header.current_epoch = 9;
  header.config_epoch = 7;
  header.offset = 1234;
  header.sender = names.intern(NodeName::from("0123456789abcdef0123456789abcdef01234567"));
  header.slots = slots_of({0, 1, 5460, 16383});
  header.address = names.intern({"", 6379, 16379, 0});
  header.flags = flag::kMyself | flag::kMaster;
  return header;
}

bool same(const Header& a, const Header& b) {
  return a.type == b.type && a.current_epoch == b.current_epoch &&
         a.config_epoch == b.config_epoch && a.offset == b.offset && a.sender == b.sender &&
         a.slots->slots() == b.slots->slots() && a.replica_of == b.replica_of &&
         a.address == b.address && a.flags == b.flags && a.state == b.state &&
         a.mflags == b.mflags && a.count == b.count && a.extensions == b.extensions;
}
bool same(const Heartbeat& a, const Heartbeat& b) {
  return a.gossip == b.gossip && a.extensions == b.extensions;
}
bool same(const Fail& a, const Fail& b) {
  return a.node == b.node;
}
bool same(const Publish& a, const Publish& b) {
  return a.channel == b.channel && a.message == b.message;
}
bool same(const Nothing&, const Nothing&) {
  return true;
}
bool same(const Update& a, const Update& b) {
  return a.config_epoch == b.config_epoch && a.node == b.node &&
         a.slots->slots() == b.slots->slots();
}
bool same(const Module& a, const Module& b) {
  return a.id == b.id && a.type == b.type && a.payload == b.payload;
}
bool same(const Unknown& a, const Unknown& b) {
  return a.data == b.data;
}

}  // namespace

NameRef name_of(Names& names, char filler) {
  return names.intern(NodeName::from(std::string(40, filler)));
}

SlotsRef slots_of(std::initializer_list<std::uint16_t> slots) {
  SlotSet set;
  for (const std::uint16_t slot : slots) set.set(slot);
  return share_slots(set);
}

Message golden_ping(Names& names) {
  Message message{golden_header(Type::kPing, names), Heartbeat{}};
  message.header.mflags[0] = mflag::kExtData;
  message.header.count = 1;
  message.header.extensions = 1;
  auto& beat = std::get<Heartbeat>(message.body);
  const Profile profile{name_of(names, 'f'), names.intern(Address{"10.0.0.2", 6380, 16380, 0}),
                        flag::kSlave};
  beat.gossip.push_back({names.intern(profile), 0, 1'700'000'000});
  beat.extensions.push_back(hostname_extension("h1"));
  return message;
}

Message golden_fail(Names& names) {
  return {golden_header(Type::kFail, names), Fail{name_of(names, 'f')}};
}

Message golden_update(Names& names) {
  Message message{golden_header(Type::kUpdate, names),
                  Update{8, name_of(names, 'f'), slots_of({0, 1, 5460, 16383})}};
  message.header.flags = flag::kMyself | flag::kSlave;
  message.header.state = 1;
  message.header.slots = no_slots();
  message.header.replica_of = name_of(names, 'f');
  return message;
}

std::vector<std::pair<std::string, Message>> one_of_every_type(Names& names) {
  Header base = golden_header(Type::kPing, names);
  base.replica_of = name_of(names, 'e');
  base.address = names.intern({"10.1.2.3", 6379, 16379, 6378});
  base.state = 1;
  const auto with = [&](Type type, Body body) {
    Message message{base, std::move(body)};
    message.header.type = type;
    return message;
  };
  const auto heartbeat = [&](Type type) {
    Message message = golden_ping(names);
    const auto body = message.body;
    const auto counts = message.header;
    message = with(type, body);
    message.header.mflags = counts.mflags;
    message.header.count = counts.count;
    message.header.extensions = counts.extensions;
    return message;
  };
  return {
      {"ping", heartbeat(Type::kPing)},
      {"pong", heartbeat(Type::kPong)},
      {"meet", heartbeat(Type::kMeet)},
      {"fail", with(Type::kFail, Fail{name_of(names, 'd')})},
      {"publish", with(Type::kPublish, Publish{"news", "hello"})},
      {"auth-req", with(Type::kAuthRequest, Nothing{})},
      {"auth-ack", with(Type::kAuthAck, Nothing{})},
      {"update", with(Type::kUpdate, Update{8, name_of(names, 'd'), slots_of({0, 16383})})},
      {"mfstart", with(Type::kMfStart, Nothing{})},
      {"module", with(Type::kModule, Module{0x0102030405060708, 9, "payload"})},
      {"publishshard", with(Type::kPublishShard, Publish{"shard news", ""})},
      {"unknown", with(static_cast<Type>(99), Unknown{"who knows"})},
  };
}

bool same(const Message& a, const Message& b) {
  if (!same(a.header, b.header) || a.body.index() != b.body.index()) return false;
  return std::visit(
      [&](const auto& body) { return same(body, std::get<std::decay_t<decltype(body)>>(b.body)); },
      a.body);
}

}  // namespace sim::bus
