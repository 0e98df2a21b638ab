// Are the checks worth anything? Mutations of the core are let loose on small scenarios, run after
// run, until a check that was declared beforehand catches them.
//
// A mutation is killed by an invariant that declares it (InvariantKind::kills) and fails where it
// holds with the same scenario and seed without the mutation. A run that crashes kills nothing, nor
// does an invariant that never declared it. Those left to `slotsim diff` (kKilledByDiff) must make
// a difference over seeds that other seeds of the unbroken core do not make.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim/app/cli.h"
#include "sim/app/result.h"
#include "sim/core/mutation.h"
#include "sim/invariants/invariant.h"
#include "sim/scenario/scenario.h"

namespace sim {

// What an invariant declares to kill; and who declares to kill this one, in order of the registry.
std::vector<std::string_view> declared_kills(const InvariantKind& invariant);
std::vector<std::string_view> declared_killers(std::string_view mutation);

using MutatedRun = std::function<RunResult(const Scenario&, std::uint64_t seed, Mutation)>;
RunResult run_mutated(const Scenario& scenario, std::uint64_t seed, Mutation mutation);

// What one run of a broken core came to, held against the same run of the unbroken one.
struct Caught {
  std::set<std::string, std::less<>> killers;     // declared it, and failed only with it
  std::set<std::string, std::less<>> bystanders;  // failed only with it, but declared nothing
  std::int64_t cpu_ns = 0;                        // of both runs
};
Caught catch_mutation(const MutationInfo& mutation, const Scenario& scenario, std::uint64_t seed,
                      const MutatedRun& run = run_mutated);

struct Hunted {
  const MutationInfo* mutation = nullptr;
  std::string wanted;  // only this invariant counts; "" for whoever declares the mutation
  bool killed = false;
  std::vector<std::string> by;
  std::string scenario;  // the one that it was killed in; its own if it was not
  std::uint64_t seed = 0;
  std::uint64_t runs = 0;  // of the broken core, that which killed it included
  std::int64_t cpu_ns = 0;
  std::uint64_t crashes = 0;  // of these runs
  std::string crash;          // the first in words: scenario, seed, and what it said
  std::set<std::string, std::less<>> bystanders;
};

class Hunt {
 public:
  // `scenarios` is the standard set: a mutation's own, by its file's name, is tried with all of
  // `seeds` first; then come the others, seed by seed, for as many runs again.
  Hunt(const std::vector<Scenario>& scenarios, SeedRange seeds, unsigned jobs,
       MutatedRun run = run_mutated);

  // Each run is a child of its own. What comes out does not depend on the number of jobs. Empty if
  // somebody interrupted.
  std::vector<Hunted> hunt(std::vector<Hunted> hunted) const;
  // Of one that is left to diff. Precondition: its own scenario is among them.
  Hunted tell_apart(const MutationInfo& mutation) const;
  // Is the scenario that shows this mutation among them?
  bool shows(const MutationInfo& mutation) const { return !own(mutation).empty(); }

 private:
  struct Turn {
    std::size_t hunted = 0;
    const Scenario* scenario = nullptr;
    std::uint64_t seed = 0;
  };
  std::vector<const Scenario*> own(const MutationInfo& mutation) const;
  // The runs that a mutation gets, in their order.
  std::vector<Turn> turns(const MutationInfo& mutation, std::size_t hunted) const;
  void go_round(std::vector<Turn> turns, std::vector<Hunted>& hunted) const;

  const std::vector<Scenario>& scenarios_;
  SeedRange seeds_;
  unsigned jobs_;
  MutatedRun run_;
};

}  // namespace sim
