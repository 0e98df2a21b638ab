// Directives that a server in a process may not have, and why.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sim {

struct RefusedDirective {
  std::string_view name;
  std::string_view harmless;  // the one value that it may have; empty: none
  std::string_view why;
};
std::span<const RefusedDirective> refused_directives();

// Why not, as a sentence; nullopt: it may, also if nobody here knows the name.
std::optional<std::string> refuse_for_process(std::string_view name, std::string_view value);

}  // namespace sim
