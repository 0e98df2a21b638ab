// Steps that name each other, and what they remember.
#include <algorithm>
#include <map>

#include "sim/scenario/reader.h"

namespace sim::reader {
namespace {

using StepsById = std::map<std::string_view, std::size_t>;  // the first of each id

void check_names(const std::vector<Step>& steps, const std::vector<std::string>& pointers,
                 const StepsById& by_id, Problems& problems) {
  std::vector<std::string_view> names;
  for (const auto& [id, index] : by_id) names.push_back(id);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    if (by_id.at(step.id) != i) {
      problems.add({step.place, pointers[i], "a second step has the id " + quote(step.id), ""});
    }
    const bool follows = step.trigger.kind == Trigger::Kind::kAfter;
    for (const std::string& other : {follows ? step.trigger.after : std::string(), step.ends}) {
      if (!other.empty() && by_id.count(other) == 0) {
        problems.add({step.place, pointers[i], "there is no step " + quote(other),
                      problems.guess(other, names)});
      }
    }
    const auto ended = by_id.find(step.ends);
    if (ended != by_id.end() && steps[ended->second].lifetime.kind == Lifetime::Kind::kMomentary) {
      problems.add(
          {step.place, pointers[i], "step " + quote(step.ends) + " is not one that lasts", ""});
    }
  }
}

// Follows every chain of "after" once: a step that leads back into the chain it was reached by, or
// into one that does, waits for itself.
void check_chains(const std::vector<Step>& steps, const std::vector<std::string>& pointers,
                  const StepsById& by_id, Problems& problems) {
  enum class Chain : std::uint8_t { kUnknown, kEnds, kOpen, kLoops };
  std::vector<Chain> known(steps.size(), Chain::kUnknown);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    std::vector<std::size_t> chain;
    std::size_t at = i;
    Chain verdict = Chain::kEnds;
    while (known[at] == Chain::kUnknown) {
      known[at] = Chain::kOpen;
      chain.push_back(at);
      const Trigger& trigger = steps[at].trigger;
      const auto next = by_id.find(trigger.after);
      if (trigger.kind != Trigger::Kind::kAfter || next == by_id.end()) break;
      at = next->second;
      if (known[at] == Chain::kOpen || known[at] == Chain::kLoops) verdict = Chain::kLoops;
    }
    for (const std::size_t link : chain) {
      known[link] = verdict;
      if (verdict != Chain::kLoops) continue;
      problems.add({steps[link].place, pointers[link], "this step waits for itself", ""});
    }
  }
}

// What a reply is compared with must have been remembered by an earlier step.
void check_remembered(const std::vector<Step>& steps, const std::vector<std::string>& pointers,
                      Problems& problems) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const CommandStep& command = steps[i].command;
    const std::string name = command.expect.is ? command.expect.is->name : "";
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) {
      problems.add({steps[i].place, pointers[i], "no earlier step remembers " + quote(name),
                    problems.guess(name, names)});
    }
    if (!command.remember.empty()) names.push_back(command.remember);
  }
}

// Steps that name each other: no step twice, none missing, none waiting for itself.
void check_order(const std::vector<Step>& steps, const std::vector<std::string>& pointers,
                 Problems& problems) {
  StepsById by_id;
  for (std::size_t i = 0; i < steps.size(); ++i) by_id.emplace(steps[i].id, i);
  if (!steps.empty() && steps.front().trigger.kind == Trigger::Kind::kThen)
    problems.add({steps.front().place, pointers.front(), "there is no step before this one", ""});
  check_names(steps, pointers, by_id, problems);
  check_chains(steps, pointers, by_id, problems);
}

}  // namespace

void check_timeline(const std::vector<Step>& steps, const std::vector<std::string>& pointers,
                    Problems& problems) {
  check_order(steps, pointers, problems);
  check_remembered(steps, pointers, problems);
}

}  // namespace sim::reader
