#include "sim/app/hunt.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "sim/app/comparison.h"
#include "sim/app/run_once.h"
#include "sim/base/check.h"
#include "sim/hosts/process_pool.h"

namespace sim {
namespace {

using Json = nlohmann::ordered_json;

// So many runs of each side tell a delay of one tick from none (tests/mutations_test.cc).
constexpr std::uint64_t kSeedsOfDiff = 150;
// Seeds that nobody else here uses, for the unbroken core held against itself.
constexpr std::uint64_t kOtherSeeds = 10'000;
// Of one mutation in one round: luck is tried a few runs at a time, so that little is run in vain.
constexpr std::size_t kRoundMost = 32;

std::string stem_of(const Scenario& scenario) {
  return std::filesystem::path(scenario.file).stem();
}

Judgement judgement_of(const RunResult& result, std::string_view invariant) {
  for (const InvariantResult& judged : result.invariants) {
    if (judged.name == invariant) return judged.judgement;
  }
  return Judgement::kNotChecked;
}

std::string to_text(const Caught& caught) {
  return Json{
      {"killers", caught.killers}, {"bystanders", caught.bystanders}, {"cpu_ns", caught.cpu_ns}}
      .dump();
}
Caught caught_from(const std::string& text) {
  const Json json = Json::parse(text);
  return {json["killers"], json["bystanders"], json["cpu_ns"]};
}

void add_crash(const Scenario& scenario, std::uint64_t seed, const ChildResult& child,
               Hunted& hunted) {
  if (hunted.crashes++ > 0) return;
  hunted.crash = stem_of(scenario) + " with seed " + std::to_string(seed) + ", exit code " +
                 std::to_string(child.exit_code) + ": " + child.complaint;
  while (hunted.crash.ends_with('\n')) hunted.crash.pop_back();
}

}  // namespace

std::vector<std::string_view> declared_kills(const InvariantKind& invariant) {
  std::vector<std::string_view> names;
  for (std::string_view list = invariant.kills; !list.empty();) {
    const std::size_t comma = std::min(list.find(", "), list.size());
    names.push_back(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 2, list.size()));
  }
  return names;
}

std::vector<std::string_view> declared_killers(std::string_view mutation) {
  std::vector<std::string_view> names;
  for (const InvariantKind& kind : invariants()) {
    const auto kills = declared_kills(kind);
    if (std::find(kills.begin(), kills.end(), mutation) != kills.end()) names.push_back(kind.name);
  }
  return names;
}

RunResult run_mutated(const Scenario& scenario, std::uint64_t seed, Mutation mutation) {
  RunSettings settings;
  settings.plan.seed = seed;
  settings.plan.mutation = mutation;
  return run_once(scenario, settings);
}

Caught catch_mutation(const MutationInfo& mutation, const Scenario& scenario, std::uint64_t seed,
                      const MutatedRun& run) {
  const RunResult broken = run(scenario, seed, mutation.mutation);
  Caught caught{{}, {}, broken.cpu_ns};
  const bool any = std::any_of(
      broken.invariants.begin(), broken.invariants.end(),
      [](const InvariantResult& judged) { return judged.judgement == Judgement::kFail; });
  if (!any) return caught;
  const RunResult whole = run(scenario, seed, Mutation::kNone);
  caught.cpu_ns += whole.cpu_ns;
  const auto declared = declared_killers(mutation.name);
  for (const InvariantResult& judged : broken.invariants) {
    if (judged.judgement != Judgement::kFail) continue;
    if (judgement_of(whole, judged.name) != Judgement::kPass) continue;
    const bool said_so = std::find(declared.begin(), declared.end(), judged.name) != declared.end();
    (said_so ? caught.killers : caught.bystanders).insert(judged.name);
  }
  return caught;
}

Hunt::Hunt(const std::vector<Scenario>& scenarios, SeedRange seeds, unsigned jobs, MutatedRun run)
    : scenarios_(scenarios), seeds_(seeds), jobs_(jobs), run_(std::move(run)) {}

std::vector<const Scenario*> Hunt::own(const MutationInfo& mutation) const {
  std::vector<const Scenario*> own;
  for (const Scenario& scenario : scenarios_) {
    if (stem_of(scenario) == mutation.shown_by) own.push_back(&scenario);
  }
  return own;
}

std::vector<Hunt::Turn> Hunt::turns(const MutationInfo& mutation, std::size_t hunted) const {
  std::vector<const Scenario*> mine = own(mutation), others;
  for (const Scenario& scenario : scenarios_) {
    if (stem_of(scenario) != mutation.shown_by) others.push_back(&scenario);
  }
  std::vector<Turn> turns;
  for (const auto* some : {&mine, &others}) {
    const std::size_t most = turns.size() + seeds_.count();
    for (std::uint64_t i = 0; i < seeds_.count(); ++i) {
      for (const Scenario* scenario : *some) {
        if (turns.size() < most) turns.push_back({hunted, scenario, seeds_.first + i});
      }
    }
  }
  return turns;
}

std::vector<Hunted> Hunt::hunt(std::vector<Hunted> hunted) const {
  std::vector<std::vector<Turn>> left(hunted.size());
  for (std::size_t i = 0; i < hunted.size(); ++i) {
    hunted[i].scenario = hunted[i].mutation->shown_by;
    left[i] = turns(*hunted[i].mutation, i);
  }
  for (std::size_t most = 1; !interrupted(); most = std::min(2 * most, kRoundMost)) {
    std::vector<Turn> round;
    for (std::size_t i = 0; i < hunted.size(); ++i) {
      if (hunted[i].killed) continue;
      const auto end =
          left[i].begin() + static_cast<std::ptrdiff_t>(std::min(most, left[i].size()));
      round.insert(round.end(), left[i].begin(), end);
      left[i].erase(left[i].begin(), end);
    }
    if (round.empty()) return hunted;
    go_round(std::move(round), hunted);
  }
  return {};
}

void Hunt::go_round(std::vector<Turn> turns, std::vector<Hunted>& hunted) const {
  const auto work = [&](std::size_t index) {
    const Turn& turn = turns[index];
    return to_text(catch_mutation(*hunted[turn.hunted].mutation, *turn.scenario, turn.seed, run_));
  };
  const auto done = [&](const ChildResult& child) {
    const Turn& turn = turns[child.task];
    Hunted& one = hunted[turn.hunted];
    if (one.killed) return;  // by an earlier turn of this round: as if this one had not been
    ++one.runs;
    if (!child.finished) return add_crash(*turn.scenario, turn.seed, child, one);
    Caught caught = caught_from(child.result);
    one.cpu_ns += caught.cpu_ns;
    one.bystanders.merge(caught.bystanders);
    one.killed = one.wanted.empty() ? !caught.killers.empty() : caught.killers.contains(one.wanted);
    if (!one.killed) return;
    one.by.assign(caught.killers.begin(), caught.killers.end());
    one.scenario = stem_of(*turn.scenario);
    one.seed = turn.seed;
  };
  run_in_children(turns.size(), jobs_, work, done, interrupted);
}

Hunted Hunt::tell_apart(const MutationInfo& mutation) const {
  const std::vector<const Scenario*> mine = own(mutation);
  CHECK(!mine.empty());
  const Scenario& scenario = *mine.front();
  Hunted hunted;
  hunted.mutation = &mutation;
  hunted.scenario = stem_of(scenario);
  hunted.seed = seeds_.first;
  SideRuns whole{"sim", true, {}}, broken = whole, whole_again = whole;
  struct Side {
    SideRuns* runs;
    std::uint64_t first_seed;
    Mutation mutation;
  };
  const std::vector<Side> sides = {{&whole, seeds_.first, Mutation::kNone},
                                   {&broken, seeds_.first, mutation.mutation},
                                   {&whole_again, seeds_.first + kOtherSeeds, Mutation::kNone}};
  const auto side_of = [&](std::size_t task) { return sides[task / kSeedsOfDiff]; };
  const auto seed_of = [&](std::size_t task) {
    return side_of(task).first_seed + task % kSeedsOfDiff;
  };
  const auto work = [&](std::size_t task) {
    return to_json(run_(scenario, seed_of(task), side_of(task).mutation));
  };
  const auto done = [&](const ChildResult& child) {
    if (!child.finished) return add_crash(scenario, seed_of(child.task), child, hunted);
    RunResult result = result_from_json(child.result);
    hunted.cpu_ns += result.cpu_ns;
    hunted.runs += side_of(child.task).mutation == mutation.mutation ? 1 : 0;
    side_of(child.task).runs->runs.push_back(std::move(result.seen));
  };
  run_in_children(sides.size() * kSeedsOfDiff, jobs_, work, done, interrupted);
  if (interrupted()) return hunted;
  // Nothing measured is no difference: all runs may have crashed.
  const Comparison difference = compare(whole, broken, {});
  hunted.killed = difference.count(ComparedRow::Verdict::kDifferent) > 0 &&
                  compare(whole, whole_again, {}).equivalent();
  if (hunted.killed) hunted.by.emplace_back(kKilledByDiff);
  return hunted;
}

}  // namespace sim
