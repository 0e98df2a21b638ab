// Files captured from real servers, as tests find them.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace sim {

// A file of tests/wire/testdata. Empty, and a failure, if it cannot be read.
inline std::string captured(const std::string& name) {
  std::ifstream file(SLOTSIM_SOURCE_DIR "/tests/wire/testdata/" + name, std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(file), {});
  EXPECT_FALSE(bytes.empty()) << name;
  return bytes;
}

}  // namespace sim
