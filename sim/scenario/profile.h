// Whose behaviour the servers have: what differs between them and matters to a verdict, as data.
#pragma once

#include <span>
#include <string_view>

namespace sim {

struct ServerProfile {
  std::string_view name;             // "redis-7.0"
  std::string_view program;          // what a process runs that names none
  bool simulated = false;            // our own node behaves so
  std::span<const int> mended = {};  // rows of protocol §14 that are defects of 7.0.15 but not its
};
std::span<const ServerProfile> profiles();
// Null: there is none of that name.
const ServerProfile* find_profile(std::string_view name);

}  // namespace sim
