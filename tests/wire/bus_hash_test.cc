// Every field is on the wire and in the hash. A codec or a hash that drops one fails here by name.
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>

#include "sim/wire/bus.h"
#include "tests/wire/bus_testing.h"

namespace sim::bus {
namespace {

struct Change {
  std::string field;
  std::function<void(Message&, Names&)> apply;
};

template <class Part>
Part& body(Message& message) {
  return std::get<Part>(message.body);
}

// Changes the part of an address that `edit` changes.
AddressRef edited(AddressRef ref, Names& names, const std::function<void(Address&)>& edit) {
  Address address = names.address(ref);
  edit(address);
  return names.intern(address);
}

const std::vector<std::pair<std::string, std::function<void(Address&)>>> kAddressEdits = {
    {"ip", [](Address& a) { a.ip += "9"; }},
    {"port", [](Address& a) { ++a.port; }},
    {"cport", [](Address& a) { ++a.cport; }},
    {"pport", [](Address& a) { ++a.pport; }},
};

std::vector<Change> header_changes() {
  std::vector<Change> changes = {
      {"current_epoch", [](Message& m, Names&) { ++m.header.current_epoch; }},
      {"config_epoch", [](Message& m, Names&) { ++m.header.config_epoch; }},
      {"offset", [](Message& m, Names&) { m.header.offset += std::uint64_t{1} << 63; }},
      {"sender", [](Message& m, Names& n) { m.header.sender = name_of(n, 'z'); }},
      {"slots",
       [](Message& m, Names&) {
         m.header.slots = slots_of({0, 1, 5461, 16383});
       }},
      {"no slots", [](Message& m, Names&) { m.header.slots = no_slots(); }},
      {"replica_of", [](Message& m, Names& n) { m.header.replica_of = name_of(n, 'z'); }},
      {"flags", [](Message& m, Names&) { m.header.flags ^= 0x8000; }},
      {"state", [](Message& m, Names&) { m.header.state ^= 1; }},
      {"mflags paused", [](Message& m, Names&) { m.header.mflags[0] ^= mflag::kPaused; }},
      {"mflags[1]", [](Message& m, Names&) { m.header.mflags[1] ^= 1; }},
      {"mflags[2]", [](Message& m, Names&) { m.header.mflags[2] ^= 1; }},
  };
  for (const auto& entry : kAddressEdits) {
    const auto edit = entry.second;
    changes.push_back({"header " + entry.first, [edit](Message& m, Names& n) {
                         m.header.address = edited(m.header.address, n, edit);
                       }});
  }
  return changes;
}

template <class Edit>
void edit_profile(Message& message, Names& names, Edit edit) {
  ProfileRef& ref = body<Heartbeat>(message).gossip[0].profile;
  Profile profile = names.profile(ref);
  edit(profile);
  ref = names.intern(profile);
}

std::vector<Change> heartbeat_changes() {
  std::vector<Change> changes = {
      {"gossip node",
       [](Message& m, Names& n) {
         edit_profile(m, n, [&n](Profile& profile) { profile.node = name_of(n, 'z'); });
       }},
      {"ping_sent", [](Message& m, Names&) { ++body<Heartbeat>(m).gossip[0].ping_sent_s; }},
      {"pong_received", [](Message& m, Names&) { ++body<Heartbeat>(m).gossip[0].pong_received_s; }},
      {"gossip flags",
       [](Message& m, Names& n) {
         edit_profile(m, n, [](Profile& profile) { profile.flags ^= flag::kPfail; });
       }},
      {"one more gossip entry",
       [](Message& m, Names&) {
         body<Heartbeat>(m).gossip.push_back(body<Heartbeat>(m).gossip[0]);
         ++m.header.count;
       }},
      {"no gossip",
       [](Message& m, Names&) {
         body<Heartbeat>(m).gossip.clear();
         m.header.count = 0;
       }},
      {"extension type", [](Message& m, Names&) { ++body<Heartbeat>(m).extensions[0].type; }},
      {"extension text",
       [](Message& m, Names&) { body<Heartbeat>(m).extensions[0].payload[1] = 'x'; }},
      {"no extension",
       [](Message& m, Names&) {
         body<Heartbeat>(m).extensions.clear();
         m.header.extensions = 0;
       }},
      {"no extension, no flag",
       [](Message& m, Names&) {
         body<Heartbeat>(m).extensions.clear();
         m.header.mflags[0] = 0;
       }},
  };
  for (const auto& entry : kAddressEdits) {
    const auto edit = entry.second;
    changes.push_back({"gossip " + entry.first, [edit](Message& m, Names& n) {
                         edit_profile(m, n, [&](Profile& profile) {
                           profile.address = edited(profile.address, n, edit);
                         });
                       }});
  }
  return changes;
}

std::vector<Change> changes_of(const Message& message) {
  std::vector<Change> changes = header_changes();
  const auto add = [&](const std::vector<Change>& more) {
    changes.insert(changes.end(), more.begin(), more.end());
  };
  // Elsewhere nothing hangs on the counts, so they are fields like others.
  if (!std::holds_alternative<Heartbeat>(message.body)) {
    add({{"count", [](Message& m, Names&) { ++m.header.count; }},
         {"extensions", [](Message& m, Names&) { ++m.header.extensions; }}});
  }
  switch (message.header.type) {
    case Type::kPing:
    case Type::kPong:
    case Type::kMeet:
      add(heartbeat_changes());
      break;
    case Type::kFail:
      add({{"failed node", [](Message& m, Names& n) { body<Fail>(m).node = name_of(n, 'z'); }}});
      break;
    case Type::kPublish:
    case Type::kPublishShard:
      add({{"channel", [](Message& m, Names&) { body<Publish>(m).channel[0] = 'x'; }},
           {"message", [](Message& m, Names&) { body<Publish>(m).message += "x"; }},
           {"where channel ends and message begins", [](Message& m, Names&) {
              auto& publish = body<Publish>(m);
              publish.message.insert(0, 1, publish.channel.back());
              publish.channel.pop_back();
            }}});
      break;
    case Type::kUpdate:
      add({{"update epoch", [](Message& m, Names&) { ++body<Update>(m).config_epoch; }},
           {"update node", [](Message& m, Names& n) { body<Update>(m).node = name_of(n, 'z'); }},
           {"update slots", [](Message& m, Names&) { body<Update>(m).slots = slots_of({1}); }}});
      break;
    case Type::kModule:
      add({{"module id", [](Message& m, Names&) { ++body<Module>(m).id; }},
           {"module type", [](Message& m, Names&) { ++body<Module>(m).type; }},
           {"module payload", [](Message& m, Names&) { body<Module>(m).payload += "x"; }}});
      break;
    case Type::kAuthRequest:
    case Type::kAuthAck:
    case Type::kMfStart:
      break;
    default:
      add({{"unknown type", [](Message& m, Names&) { m.header.type = static_cast<Type>(100); }},
           {"unknown data", [](Message& m, Names&) { body<Unknown>(m).data += "x"; }}});
  }
  return changes;
}

TEST(EveryField, ChangesTheHashAndTheBytesAndComesBack) {
  Names names;
  for (const auto& [name, original] : one_of_every_type(names)) {
    std::set<std::uint64_t> hashes = {hash(original, names)};
    std::set<std::string> packets = {encode(original, names)};
    const std::vector<Change> changes = changes_of(original);
    for (const Change& change : changes) {
      SCOPED_TRACE(name + ": " + change.field);
      Message changed = original;
      change.apply(changed, names);
      ASSERT_TRUE(well_formed(changed));
      EXPECT_FALSE(same(changed, original));
      EXPECT_TRUE(hashes.insert(hash(changed, names)).second);
      EXPECT_TRUE(packets.insert(encode(changed, names)).second);
      const auto decoded = decode(encode(changed, names), names);
      ASSERT_TRUE(std::holds_alternative<Message>(decoded)) << std::get<Ignored>(decoded).why;
      EXPECT_TRUE(same(std::get<Message>(decoded), changed));
      EXPECT_EQ(hash(std::get<Message>(decoded), names), hash(changed, names));
    }
  }
}

TEST(EveryType, HasItsOwnHash) {
  Names names;
  std::set<std::uint64_t> hashes;
  for (const auto& [name, message] : one_of_every_type(names)) hashes.insert(hash(message, names));
  EXPECT_EQ(hashes.size(), kTypeCount + 1);
  // Same body, same fields, other type.
  Message ping = golden_ping(names);
  Message pong = ping;
  pong.header.type = Type::kPong;
  EXPECT_NE(hash(ping, names), hash(pong, names));
}

TEST(MessageHash, DoesNotDependOnTheOrderOfInterning) {
  Names here, there;
  there.intern(NodeName::from(std::string(40, 'q')));
  name_of(there, 'f');
  EXPECT_EQ(hash(golden_ping(here), here), hash(golden_ping(there), there));
  // Part of every digest: it never changes without a new digest version.
  EXPECT_EQ(hash(golden_ping(here), here), 17234187762272675899u);
}

TEST(MessageHash, KnowsTheOrderOfLongGossip) {
  Names names;
  Message message = golden_ping(names);
  auto& gossip = std::get<Heartbeat>(message.body).gossip;
  while (gossip.size() < 400) {
    gossip.push_back(gossip[0]);
    gossip.back().ping_sent_s = static_cast<std::uint32_t>(gossip.size());
  }
  message.header.count = 400;
  std::set<std::uint64_t> hashes = {hash(message, names)};
  for (std::size_t i = 1; i < gossip.size(); ++i) {
    std::swap(gossip[i - 1], gossip[i]);
    EXPECT_TRUE(hashes.insert(hash(message, names)).second);
    std::swap(gossip[i - 1], gossip[i]);
  }
}

TEST(BusPayload, KnowsItsSizeBytesLabelAndHash) {
  const auto names = std::make_shared<Names>();
  for (const auto& [name, message] : one_of_every_type(*names)) {
    const PayloadRef payload(new BusPayload(Message(message), names));
    EXPECT_EQ(payload->kind(), PayloadKind::kBus);
    EXPECT_EQ(payload->bytes(), encode(message, *names));
    EXPECT_EQ(payload->size(), payload->bytes().size());
    EXPECT_EQ(payload->label(), label(message.header.type));
    EXPECT_EQ(payload->hash(), hash(message, *names));
  }
}

TEST(BusPayload, ComesThroughTheWireTheSame) {
  const auto names = std::make_shared<Names>();
  for (const auto& [name, message] : one_of_every_type(*names)) {
    const PayloadRef payload(new BusPayload(Message(message), names));
    const PayloadRef through = payload->through_wire();
    ASSERT_NE(through, nullptr) << name;
    EXPECT_EQ(through->hash(), payload->hash());
    EXPECT_TRUE(same(static_cast<const BusPayload&>(*through).message(), message));
  }
}

TEST(BusPayloadDeathTest, RefusesCountsThatAreNotThoseOfTheLists) {
  const auto names = std::make_shared<Names>();
  Message message = golden_ping(*names);
  message.header.count = 2;
  EXPECT_DEATH(BusPayload(Message(message), names), "well_formed");
  message = golden_ping(*names);
  message.header.mflags[0] = 0;
  EXPECT_DEATH(BusPayload(Message(message), names), "well_formed");
  message = golden_ping(*names);
  message.body = Nothing{};
  EXPECT_DEATH(BusPayload(Message(message), names), "well_formed");
}

TEST(MessageNames, AreThoseOfClusterInfoAndOfFaults) {
  EXPECT_EQ(stats_name(Type::kAuthRequest), "auth-req");
  EXPECT_EQ(stats_name(static_cast<Type>(11)), "unknown");
  EXPECT_EQ(label(Type::kAuthRequest), "bus:FAILOVER_AUTH_REQUEST");
  EXPECT_EQ(label(static_cast<Type>(0xffff)), "bus:UNKNOWN");
}

}  // namespace
}  // namespace sim::bus
