// The cluster bus: messages of Redis Cluster 7.0.15, typed and as bytes. (Protocol §2.)
//
// `bus::Message` is cut to wire precision when it is built (gossip times are whole seconds), so
// that the typed form and the bytes say the same. `encode` and `decode` are pure; `Framer` is the
// receiver's first look (§2.2), `decode` its second (§2.5).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/base/slot_set.h"
#include "sim/base/types.h"
#include "sim/node/payload.h"
#include "sim/wire/names.h"

namespace sim::bus {

inline constexpr std::size_t kHeaderSize = 2256;
inline constexpr std::size_t kGossipSize = 104;
inline constexpr std::size_t kUpdateSize = 4352;
inline constexpr std::size_t kIpSize = 46;          // an address as text, padded with zeros
inline constexpr std::size_t kExtensionHeader = 8;  // its length, its type, two bytes unused

enum class Type : std::uint16_t {
  kPing = 0,
  kPong = 1,
  kMeet = 2,
  kFail = 3,
  kPublish = 4,
  kAuthRequest = 5,
  kAuthAck = 6,
  kUpdate = 7,
  kMfStart = 8,
  kModule = 9,
  kPublishShard = 10,
};
inline constexpr std::size_t kTypeCount = 11;
// "ping", "auth-req": the name CLUSTER INFO counts it under; "unknown" beyond the table.
std::string_view stats_name(Type type);
// "bus:PING", "bus:FAILOVER_AUTH_REQUEST": the label of its payload.
std::string_view label(Type type);

// Node flags (§2.6): header, gossip entries and nodes.conf.
namespace flag {
inline constexpr std::uint16_t kMaster = 1;
inline constexpr std::uint16_t kSlave = 2;
inline constexpr std::uint16_t kPfail = 4;
inline constexpr std::uint16_t kFail = 8;
inline constexpr std::uint16_t kMyself = 16;
inline constexpr std::uint16_t kHandshake = 32;
inline constexpr std::uint16_t kNoAddr = 64;
inline constexpr std::uint16_t kMeet = 128;
inline constexpr std::uint16_t kMigrateTo = 256;
inline constexpr std::uint16_t kNoFailover = 512;
}  // namespace flag

// mflags[0]
namespace mflag {
inline constexpr std::uint8_t kPaused = 1;
inline constexpr std::uint8_t kForceAck = 2;
inline constexpr std::uint8_t kExtData = 4;
}  // namespace mflag

struct Header {
  Type type = Type::kPing;
  std::uint64_t current_epoch = 0;
  std::uint64_t config_epoch = 0;
  std::uint64_t offset = 0;
  NameRef sender;
  SlotsRef slots = no_slots();
  NameRef replica_of;
  // Announced ip ("" unless cluster-announce-ip), port, bus port, plaintext port.
  AddressRef address;
  std::uint16_t flags = 0;
  std::uint8_t state = 0;  // 0 ok, 1 fail
  std::array<std::uint8_t, 3> mflags{};
  std::uint16_t count = 0;       // gossip entries; on messages we build, the size of the list
  std::uint16_t extensions = 0;  // ping extensions
};

struct Gossip {
  ProfileRef profile;
  std::uint32_t ping_sent_s = 0;
  std::uint32_t pong_received_s = 0;
  bool operator==(const Gossip&) const = default;
};

struct Extension {
  std::uint16_t type = 0;  // 0: hostname
  std::string
      payload;  // as on the wire, padded to a multiple of 8; at least one NUL for a hostname
  bool operator==(const Extension&) const = default;
};
// The hostname extension's text, up to its NUL; and how to build one.
std::string_view hostname_of(const Extension& extension);
Extension hostname_extension(std::string_view hostname);

struct Heartbeat {  // PING, PONG, MEET
  std::vector<Gossip> gossip;
  std::vector<Extension> extensions;
};
struct Fail {
  NameRef node;
};
struct Publish {  // PUBLISH, PUBLISHSHARD
  std::string channel, message;
};
struct Nothing {};  // FAILOVER_AUTH_REQUEST, FAILOVER_AUTH_ACK, MFSTART
struct Update {
  std::uint64_t config_epoch = 0;
  NameRef node;
  SlotsRef slots = no_slots();
};
struct Module {
  std::uint64_t id = 0;
  std::uint8_t type = 0;
  std::string payload;
};
struct Unknown {  // a type we do not know: accepted by length, then ignored
  std::string data;
};
using Body = std::variant<Heartbeat, Fail, Publish, Nothing, Update, Module, Unknown>;

struct Message {
  Header header;
  Body body;
};

// The packet is malformed in a way that makes the receiver ignore it but keep the link (§2.5).
struct Ignored {
  std::string why;
  Type type{};  // what it claimed to be: counted in the statistics all the same
};

// The body belongs to the type, the counts are those of the lists, extensions are padded and
// flagged. Required of every message that is encoded or sent; every decoded message is so.
bool well_formed(const Message& message);

std::size_t encoded_size(const Message& message);
std::string encode(const Message& message, const Names& names);
// `packet` is one whole packet as framed by its totlen. Names and addresses it mentions are
// interned.
std::variant<Message, Ignored> decode(std::string_view packet, Names& names);
// Hash of every field; equal for a message and its re-decoded self.
std::uint64_t hash(const Message& message, const Names& names);

// The reader's framing of §2.2: cuts a byte stream into packets.
class Framer {
 public:
  // Appends bytes as they arrived.
  void feed(std::string_view bytes) { buffer_ += bytes; }
  // The next whole packet, if there is one. After `broken()` the link must be closed.
  bool next(std::string& packet);
  bool broken() const { return broken_; }

 private:
  std::string buffer_;
  std::size_t at_ = 0;  // what lies before has been handed out
  bool broken_ = false;
};

// A bus message in flight.
class BusPayload final : public Payload {
 public:
  BusPayload(Message&& message, NamesRef names);
  // Built where it stays: `fill(Message&)` gets an empty heartbeat.
  template <class Fill>
  BusPayload(NamesRef names, Fill fill) : names_(std::move(names)) {
    fill(message_);
    seal();
  }
  PayloadKind kind() const override { return PayloadKind::kBus; }
  std::size_t size() const override { return size_; }
  std::string bytes() const override;
  std::string_view label() const override { return bus::label(message_.header.type); }
  std::uint64_t hash() const override;
  PayloadRef through_wire() const override;
  const Message& message() const { return message_; }
  const NamesRef& names() const { return names_; }

 private:
  void seal();

  Message message_{};
  NamesRef names_;
  std::size_t size_ = 0;
};

}  // namespace sim::bus
