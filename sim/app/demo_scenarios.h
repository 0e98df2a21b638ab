// What `slotsim demo` shows: scenarios of the repository, carried in the program.
#pragma once

#include <span>
#include <string_view>

namespace sim {

struct DemoScenario {
  std::string_view file;  // where it is in the repository
  std::string_view text;
  std::string_view mutation;  // what is broken on purpose; "" for nothing
  std::string_view story;     // one line: what happens
  std::string_view look;      // one line: what to look at in its report
};

// The first passes, the second is caught.
std::span<const DemoScenario> demo_scenarios();

}  // namespace sim
