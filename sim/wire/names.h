// Interned node names and addresses.
//
// A 1,000-node cluster mentions its members some ten million times a virtual second; 40-byte names
// and textual addresses are kept once and passed around as 32-bit references. The table is shared
// by all cluster nodes of a run (and by the copies of a copied world): it is append-only and a pure
// cache, so sharing it carries no meaning. References are only ever compared for equality; order
// comparisons look at the names themselves, and hashes use the names' own hashes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/types.h"
#include "sim/wire/interned.h"
#include "sim/wire/slots_pool.h"

namespace sim {

struct NameRef {
  std::uint32_t index = 0;  // 0: none, the all-zero name
  bool operator==(const NameRef&) const = default;
  bool is_none() const { return index == 0; }
};
struct AddressRef {
  std::uint32_t index = 0;  // 0: the empty address, ":0@0"
  bool operator==(const AddressRef&) const = default;
};

// A node's address as the bus carries it: text, because a peer may say anything; at most 46 bytes.
struct Address {
  std::string ip;
  std::uint16_t port = 0, cport = 0, pport = 0;
  bool operator==(const Address&) const = default;
};

// What gossip says of a node apart from times: who and where it is, and how it fares. A gossip
// entry names one by 32 bits, so that a heartbeat in a cluster of a thousand is a kilobyte, not
// two.
struct Profile {
  NameRef node;
  AddressRef address;
  std::uint16_t flags = 0;  // bus::flag bits
  bool operator==(const Profile&) const = default;
};
struct ProfileRef {
  std::uint32_t index = 0;  // 0: nobody's
  bool operator==(const ProfileRef&) const = default;
  bool is_none() const { return index == 0; }
};

// Hash of the text: the same in every run.
std::uint64_t content_hash(const NodeName& name);
std::uint64_t content_hash(const Address& address);
// Of the references: good in this run only, as a place in a table.
std::uint64_t content_hash(const Profile& profile);

class Names {
 public:
  Names() = default;
  Names(const Names&) = delete;
  Names& operator=(const Names&) = delete;

  NameRef intern(const NodeName& name);
  // Cut to what the wire carries: up to a NUL, at most 46 bytes.
  AddressRef intern(const Address& address);
  ProfileRef intern(const Profile& profile);

  // The references these give back stay valid.
  const NodeName& name(NameRef ref) const { return names_.value(ref.index); }
  const Address& address(AddressRef ref) const { return addresses_.value(ref.index); }
  Profile profile(ProfileRef ref) const { return profiles_.value(ref.index); }
  // content_hash of what is behind the reference, without looking there.
  std::uint64_t hash(NameRef ref) const { return names_.hash(ref.index); }
  std::uint64_t hash(AddressRef ref) const { return addresses_.hash(ref.index); }
  // Of name, address and flags: the same in every run.
  std::uint64_t hash(ProfileRef ref) const { return profile_hashes_[ref.index]; }
  // The address' ip as a number, 0 if it is not an IPv4 address in its usual form.
  std::uint32_t ipv4(AddressRef ref) const { return ipv4s_[ref.index]; }
  // How many names there are: an upper bound for NameRef::index, for tables indexed by it.
  std::uint32_t name_count() const { return names_.size(); }
  // One shared object for equal slot sets.
  SlotsRef share(const SlotSet& slots) { return slots_.share(slots); }

 private:
  Interned<NodeName> names_{NodeName{}};
  Interned<Address> addresses_{Address{}};
  std::vector<std::uint32_t> ipv4s_{0};  // by AddressRef::index
  Interned<Profile, std::vector<Profile>> profiles_{Profile{}};
  std::vector<std::uint64_t> profile_hashes_{0};  // by ProfileRef::index
  SlotsPool slots_;
};
using NamesRef = std::shared_ptr<Names>;

}  // namespace sim
