// A short run in a test, exported; and a reader of captures that believes nothing.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "sim/app/result.h"

namespace sim::exported {

// Runs in a folder of its own, which goes with it.
class ExportedRun : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;
  // The text of the file that this kind of export is of the scenario.
  std::string exported(const std::string& kind, const std::string& scenario);

  std::filesystem::path scratch_;
  RunResult result_;  // of the last run
};

// Three servers and a client, for some seconds; `more` are members of the scenario.
std::string quiet(const std::string& more = "");

struct Block {
  std::uint32_t type = 0;
  std::string body;
};
// Of a whole pcapng file; what is wrong with it fails the test.
std::vector<Block> blocks_of(const std::string& file);

struct Segment {
  std::uint64_t at_ns = 0;
  std::string comment;
  std::string from, to;  // "10.0.0.1:16379"
  std::uint32_t sequence = 0, acknowledgement = 0;
  bool fin = false, syn = false, rst = false, ack = false;
  std::string payload;
};
// All packets of it, with their lengths and checksums verified.
std::vector<Segment> segments_of(const std::string& file);
// The entries of journals between them, as text.
std::string journal_of(const std::string& file);

}  // namespace sim::exported
