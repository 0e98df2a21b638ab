// Scenarios of real programs, made up by a test and run as a user runs them.
#pragma once

#include <string>

#include "tests/cli/scratch_testing.h"

namespace processes {

using sim::Outcome;

// Skips, with the reason, where no redis-server is installed or the kernel allows no sandbox.
class ProcessRun : public sim::ScratchTest {
 protected:
  void SetUp() override;

  Outcome run(const std::string& scenario, const std::string& options = "");
  // Runs the scenario of these steps, which expect what `fault` does; with it they are satisfied,
  // and without it they are not: what they saw was its doing.
  void only_with(const std::string& cluster, const std::string& steps, const std::string& fault,
                 const std::string& more = "");
};

// A scenario of real servers. `cluster` and `more` are members of JSON objects, `steps` a list's.
std::string scenario(const std::string& cluster, const std::string& steps,
                     const std::string& more = "");

// "cluster" of one server outside any cluster, and of three primaries with or without replicas.
inline const std::string kAlone = R"("shards": 0, "standalone": 1)";
inline const std::string kThree =
    R"("shards": 3, "replicas": 0, "config": {"cluster-node-timeout": 2000})";
inline const std::string kSix =
    R"("shards": 3, "replicas": 1, "config": {"cluster-node-timeout": 2000})";

}  // namespace processes
