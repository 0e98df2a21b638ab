#include "sim/wire/names.h"

#include <algorithm>

#include "sim/base/hash.h"

namespace sim {
namespace {
constexpr std::size_t kIpMax = 46;  // the bus' field
}  // namespace

std::uint64_t content_hash(const NodeName& name) {
  return hash_bytes(name.text.data(), name.text.size());
}
std::uint64_t content_hash(const Address& address) {
  const std::uint64_t ports =
      (std::uint64_t{address.port} << 32) | (std::uint64_t{address.cport} << 16) | address.pport;
  return hash_text(address.ip, ports);
}
std::uint64_t content_hash(const Profile& profile) {
  return mix64((std::uint64_t{profile.node.index} << 32 | profile.address.index) +
               kGoldenGamma * profile.flags);
}

NameRef Names::intern(const NodeName& name) {
  return {names_.intern(name)};
}

AddressRef Names::intern(const Address& address) {
  // As much of the text as the wire carries, so that the typed form says the same as the bytes.
  Address cut = address;
  cut.ip.resize(std::min({cut.ip.size(), cut.ip.find('\0'), kIpMax}));
  const std::uint32_t number = parse_ipv4(cut.ip);
  const bool usual = number != 0 && format_ipv4(number) == cut.ip;
  const AddressRef ref{addresses_.intern(std::move(cut))};
  if (ref.index == ipv4s_.size()) ipv4s_.push_back(usual ? number : 0);
  return ref;
}

ProfileRef Names::intern(const Profile& profile) {
  const ProfileRef ref{profiles_.intern(profile)};
  if (ref.index == profile_hashes_.size()) {
    // The product keeps the hashes of name and address from meeting in a plain sum.
    profile_hashes_.push_back(hash(profile.node) +
                              kGoldenGamma *
                                  (hash(profile.address) ^ (std::uint64_t{profile.flags} << 48)));
  }
  return ref;
}

}  // namespace sim
