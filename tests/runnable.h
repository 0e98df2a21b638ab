// Whether a scenario can be run here and now by a test. Why not, if it cannot: for GTEST_SKIP.
#pragma once

#include <algorithm>
#include <optional>

#include "sim/app/process_host.h"
#include "sim/app/program_lookup.h"
#include "sim/scenario/scenario.h"

namespace sim {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
#else
inline constexpr bool kSanitized = false;
#endif

// Sanitizers make a run twenty times slower: those tagged "long" are left to the build
// that users have. What they run, shorter scenarios run too.
inline std::optional<const char*> not_runnable(const Scenario& scenario) {
  if (has_processes(scenario) && find_program("redis-server").empty()) {
    return "no redis-server is installed";
  }
  const auto& tags = scenario.tags;
  if (kSanitized && std::find(tags.begin(), tags.end(), "long") != tags.end()) {
    return "it takes too long under sanitizers";
  }
  return std::nullopt;
}

}  // namespace sim
