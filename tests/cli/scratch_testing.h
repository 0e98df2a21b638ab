// A folder of a test's own, in which it runs slotsim as its users do.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace sim {

struct Outcome {
  int code = 0;
  std::string out, err;
  std::string all() const { return out + err; }
};

// Of a text with or without a newline at its end.
std::string last_line(std::string text);

// A scenario of that name in whose cluster nothing goes wrong, with more keys: R"("seed": 3)".
std::string quiet(const std::string& name, const std::string& more = "");

class ScratchTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // In the folder. Words of a shell.
  Outcome shell(const std::string& command);
  Outcome slotsim(const std::string& arguments);
  // Into the folder, and into a folder in it that is not there yet; and out of it ("" if there is
  // no such file).
  void write(const std::string& name, const std::string& text);
  std::string file(const std::string& name) const;

  std::filesystem::path scratch_;  // with spaces in its name
};

}  // namespace sim
