// What a user reads: testdata/NAME.json must be refused with the words of testdata/NAME.txt.
// REWRITE=1 writes them anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/scenario/vocabulary_testing.h"

namespace sim {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(SLOTSIM_SOURCE_DIR) / "tests/scenario/testdata";

std::string content(const fs::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class Errors : public testing::TestWithParam<std::string> {};

TEST_P(Errors, AreToldAsExpected) {
  const fs::path json = kFolder / (GetParam() + ".json"),
                 expected = kFolder / (GetParam() + ".txt");
  const Loaded result = load_scenario(GetParam() + ".json", content(json), small_vocabulary());
  EXPECT_TRUE(result.variants.empty());
  if (std::getenv("REWRITE") != nullptr) std::ofstream(expected) << result.problems.text();
  EXPECT_EQ(result.problems.text(), content(expected));
}

std::vector<std::string> all() {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Files, Errors, testing::ValuesIn(all()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace sim
