#include "sim/app/scenario_uses.h"

#include <algorithm>
#include <string>

#include "sim/faults/fault.h"
#include "sim/scenario/options.h"

namespace sim {
namespace {

template <class Names>
bool is_among(const Names& names, std::string_view word) {
  return std::find(names.begin(), names.end(), word) != names.end();
}

bool is_fault(const Step& step, std::string_view fault) {
  return step.what == Step::What::kFault && step.fault == fault;
}

// Does an option of a step with this fault fit?
template <class Fits>
bool any_option(const Scenario& scenario, std::string_view fault, Fits fits) {
  const std::vector<Step>& steps = scenario.timeline;
  return std::any_of(steps.begin(), steps.end(), [&](const Step& step) {
    if (!is_fault(step, fault)) return false;
    const auto& options = step.options.object->members;
    return std::any_of(options.begin(), options.end(), fits);
  });
}

}  // namespace

bool uses_fault(const Scenario& scenario, std::initializer_list<std::string_view> names) {
  const auto& steps = scenario.timeline;
  const bool in_a_step = std::any_of(steps.begin(), steps.end(), [&](const Step& step) {
    return step.what == Step::What::kFault && is_among(names, step.fault);
  });
  return in_a_step || std::any_of(names.begin(), names.end(), [&](std::string_view name) {
           return nemesis_uses(scenario, name);
         });
}

bool nemesis_uses(const Scenario& scenario, std::string_view fault) {
  return scenario.nemesis && is_among(scenario.nemesis->kinds, fault);
}

bool uses_word(const Scenario& scenario, std::string_view fault,
               std::initializer_list<std::string_view> words) {
  return any_option(scenario, fault,
                    [&](const JsonMember& option) { return is_among(words, option.value->text); });
}

Duration messages_late(const Scenario& scenario) {
  Duration longest = nemesis_uses(scenario, "message") ? kNemesisDelaysMessages : Duration{};
  for (const Step& step : scenario.timeline) {
    if (!is_fault(step, "message")) continue;
    const JsonMember* by = step.options.object->find("by");
    if (by == nullptr) continue;
    longest = std::max(longest, parse_duration(by->value->text).value_or(Duration{}));
  }
  return longest;
}

bool hands_on(const Scenario& scenario, std::string_view machine) {
  return any_option(scenario, "restart", [&](const JsonMember& option) {
    return option.key == "address_of" && option.value->text == machine;
  });
}

bool edits_slots(const Scenario& scenario) {
  const auto& steps = scenario.timeline;
  return std::any_of(steps.begin(), steps.end(), [](const Step& step) {
    if (step.what != Step::What::kCommand || step.command.words.size() < 2) return false;
    std::string word = step.command.words[1];
    std::transform(word.begin(), word.end(), word.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return word.find("SLOTS") != std::string::npos || word.find("EPOCH") != std::string::npos ||
           word == "REPLICATE" || word == "SETSLOT";
  });
}

}  // namespace sim
