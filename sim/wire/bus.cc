#include "sim/wire/bus.h"

#include <algorithm>

#include "sim/base/hash.h"

namespace sim::bus {
namespace {

struct TypeNames {
  std::string_view stats, label;
};
constexpr std::array<TypeNames, kTypeCount + 1> kTypeNames = {{
    {"ping", "bus:PING"},
    {"pong", "bus:PONG"},
    {"meet", "bus:MEET"},
    {"fail", "bus:FAIL"},
    {"publish", "bus:PUBLISH"},
    {"auth-req", "bus:FAILOVER_AUTH_REQUEST"},
    {"auth-ack", "bus:FAILOVER_AUTH_ACK"},
    {"update", "bus:UPDATE"},
    {"mfstart", "bus:MFSTART"},
    {"module", "bus:MODULE"},
    {"publishshard", "bus:PUBLISHSHARD"},
    {"unknown", "bus:UNKNOWN"},
}};
const TypeNames& type_names(Type type) {
  return kTypeNames[std::min(static_cast<std::size_t>(type), kTypeCount)];
}

// Mixes a message word by word: one multiplication each, because a 1,000-node cluster hashes some
// six million entries a virtual second. Each step is a bijection of the state, so two messages that
// differ in one word never hash equal.
class Folder {
 public:
  void add(std::uint64_t word) {
    hash_ = (hash_ ^ word) * kGoldenGamma;
    hash_ ^= hash_ >> 32;
  }
  void add_text(std::string_view text) {
    add(text.size());
    add(hash_text(text));
  }
  std::uint64_t finish() const { return mix64(hash_); }

 private:
  std::uint64_t hash_ = 0;
};

void add_header(Folder& folder, const Header& header, const Names& names) {
  folder.add(std::uint64_t{static_cast<std::uint16_t>(header.type)} << 48 |
             std::uint64_t{header.flags} << 32 | std::uint64_t{header.count} << 16 |
             header.extensions);
  folder.add(std::uint64_t{header.state} << 24 | std::uint64_t{header.mflags[0]} << 16 |
             std::uint64_t{header.mflags[1]} << 8 | header.mflags[2]);
  folder.add(header.current_epoch);
  folder.add(header.config_epoch);
  folder.add(header.offset);
  folder.add(names.hash(header.sender));
  folder.add(names.hash(header.replica_of));
  folder.add(names.hash(header.address));
  folder.add(header.slots->hash());
}

void add_body(Folder& folder, const Heartbeat& beat, const Names& names) {
  for (const Gossip& entry : beat.gossip) {
    folder.add(names.hash(entry.profile));
    folder.add(std::uint64_t{entry.ping_sent_s} << 32 | entry.pong_received_s);
  }
  for (const Extension& extension : beat.extensions) {
    folder.add(extension.type);
    folder.add_text(extension.payload);
  }
}
void add_body(Folder& folder, const Fail& fail, const Names& names) {
  folder.add(names.hash(fail.node));
}
void add_body(Folder& folder, const Publish& publish, const Names&) {
  folder.add_text(publish.channel);
  folder.add_text(publish.message);
}
void add_body(Folder&, const Nothing&, const Names&) {}
void add_body(Folder& folder, const Update& update, const Names& names) {
  folder.add(update.config_epoch);
  folder.add(names.hash(update.node));
  folder.add(update.slots->hash());
}
void add_body(Folder& folder, const Module& module, const Names&) {
  folder.add(module.id);
  folder.add(module.type);
  folder.add_text(module.payload);
}
void add_body(Folder& folder, const Unknown& unknown, const Names&) {
  folder.add_text(unknown.data);
}

}  // namespace

std::string_view stats_name(Type type) {
  return type_names(type).stats;
}
std::string_view label(Type type) {
  return type_names(type).label;
}

std::string_view hostname_of(const Extension& extension) {
  const std::string_view payload = extension.payload;
  return payload.substr(0, payload.find('\0'));
}

Extension hostname_extension(std::string_view hostname) {
  Extension extension;
  extension.payload = hostname;
  extension.payload.resize((hostname.size() / 8 + 1) * 8);  // at least one NUL
  return extension;
}

std::uint64_t hash(const Message& message, const Names& names) {
  Folder folder;
  add_header(folder, message.header, names);
  std::visit([&](const auto& body) { add_body(folder, body, names); }, message.body);
  return folder.finish();
}

}  // namespace sim::bus
