// A scenario in a test, run once as it is written.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "sim/app/run_once.h"
#include "sim/app/vocabulary.h"

namespace sim {

inline RunResult run_text(const std::string& text) {
  const Loaded loaded = load_scenario("test.json", text, vocabulary());
  EXPECT_EQ(loaded.problems.text(), "");
  return loaded.variants.empty() ? RunResult{} : run_once(loaded.variants.front(), RunSettings{});
}

}  // namespace sim
