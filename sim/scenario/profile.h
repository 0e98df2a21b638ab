// Whose behaviour the servers have: what differs between them and matters to a verdict, as data.
#pragma once

#include <span>
#include <string_view>

namespace sim {

struct ServerProfile {
  std::string_view name;     // "redis-7.0"
  std::string_view program;  // what a process runs that names none
  // Rules in which our own node, a 7.0.15, follows it; names of the table of sim/core/deviation.h.
  std::span<const std::string_view> deviations = {};
};
std::span<const ServerProfile> profiles();
// Null: there is none of that name.
const ServerProfile* find_profile(std::string_view name);

}  // namespace sim
