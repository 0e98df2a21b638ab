// The small words everyone shares: which box, which hash slot, which connection.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sim {

inline constexpr std::uint32_t kSlotCount = 16384;

// A hash slot, 0..16383.
struct SlotId {
  std::uint16_t value = 0;
  auto operator<=>(const SlotId&) const = default;
};

// A box in the world: dense, assigned by the plan, never reused. It stays the same when the program
// in it restarts or takes another node id. Everything that must survive a change of the cluster's
// shape is keyed by the machine's *name*.
struct MachineId {
  std::uint32_t value = 0;
  auto operator<=>(const MachineId&) const = default;
};

// One end of a connection, as its node knows it. Ids are minted without talking: odd ones by the
// node that dials, even ones by the driver that accepts for it. They carry the incarnation, so that
// an id from before a restart is never mistaken for one from after it.
struct ConnId {
  std::uint64_t value = 0;
  auto operator<=>(const ConnId&) const = default;

  static constexpr ConnId dialled(std::uint32_t incarnation, std::uint32_t serial) {
    return {(std::uint64_t{incarnation} << 33) | (std::uint64_t{serial} << 1) | 1};
  }
  static constexpr ConnId accepted(std::uint32_t incarnation, std::uint32_t serial) {
    return {(std::uint64_t{incarnation} << 33) | (std::uint64_t{serial} << 1)};
  }
  constexpr bool is_dialled() const { return (value & 1) != 0; }
  constexpr std::uint32_t serial() const { return static_cast<std::uint32_t>(value >> 1); }
  constexpr std::uint32_t incarnation() const { return static_cast<std::uint32_t>(value >> 33); }
  constexpr bool is_none() const { return value == 0; }
};
inline constexpr ConnId kNoConn{};  // accepted ids start at serial 1, so zero names nothing

// Where a program listens. IPv4 only; the simulated world has no other.
struct Endpoint {
  std::uint32_t ipv4 = 0;
  std::uint16_t port = 0;
  auto operator<=>(const Endpoint&) const = default;
};

// The name Redis gives a node, and a replication id: 40 characters, normally lowercase hex,
// compared bytewise. All zero bytes means "none", as on the wire. Not to be confused with the
// machine's name: CLUSTER RESET HARD changes this one.
struct NodeName {
  std::array<char, 40> text{};
  auto operator<=>(const NodeName&) const = default;

  bool is_none() const { return text[0] == '\0'; }
  std::string_view view() const {
    return is_none() ? std::string_view{} : std::string_view{text.data(), text.size()};
  }
  // Precondition: `view` has 40 characters, or none at all.
  static NodeName from(std::string_view view) {
    NodeName name;
    for (std::size_t i = 0; i < view.size() && i < name.text.size(); ++i) name.text[i] = view[i];
    return name;
  }
};

// Dotted quad of an IPv4 address, and back. `parse_ipv4` answers 0 for anything that is not one.
std::string format_ipv4(std::uint32_t ipv4);
std::uint32_t parse_ipv4(std::string_view text);
std::string format_endpoint(Endpoint endpoint);
// "10.0.0.1:6379"; nullopt: it is no such address.
std::optional<Endpoint> parse_endpoint(std::string_view text);

}  // namespace sim
