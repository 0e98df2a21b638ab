// How often each kind of fault really did something over a campaign's seeds: a fault that never
// bites, like a check that never fails, is a rumour.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "sim/app/result.h"
#include "sim/scenario/scenario.h"

namespace sim {

class Bites {
 public:
  Bites() = default;
  // Kinds that the scenario's nemesis may use are listed even if they never come.
  explicit Bites(const Scenario& scenario);

  void see(const RunResult& result);

  // A line for each kind; empty if there was no fault.
  std::string table() const;
  // {"seeds": 100, "faults": {"crash": {"began": 45, "bit": 44}}}: numbers of seeds.
  std::string json() const;

 private:
  struct Seeds {
    std::uint64_t began = 0, bit = 0;
  };
  std::uint64_t seeds_ = 0;
  std::map<std::string, Seeds> kinds_;
};

}  // namespace sim
