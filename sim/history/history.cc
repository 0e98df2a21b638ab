#include "sim/history/history.h"

namespace sim::history {
namespace {

std::string shown(std::string text) {
  constexpr std::size_t kShown = 48;
  if (text.size() <= kShown) return text;
  return text.substr(0, kShown / 2) + "..." + text.substr(text.size() - kShown / 2) + " (" +
         std::to_string(text.size()) + " bytes)";
}

// The end of a list is what matters of it.
std::string shown_list(const History& history, std::uint32_t key, std::uint32_t length) {
  constexpr std::uint32_t kShown = 8;
  const std::vector<ValueId>& elements = history.lists[key].elements;
  std::string text = length > kShown ? "[... " : "[";
  for (std::uint32_t i = length > kShown ? length - kShown : 0; i < length; ++i) {
    if (text.size() > 1 && text.back() != ' ') text += ' ';
    text += shown(history.values.text(elements[i]));
  }
  return text + ']';
}

std::string signed_number(ValueId value) {
  return std::to_string(static_cast<std::int32_t>(value));
}

std::string describe_step(const History& history, const Step& step) {
  const std::string key(history.keys.text(step.key));
  if (step.action == Action::kAppend)
    return "append " + key + ' ' + history.values.text(step.value);
  const bool known = !step.strange && step.value <= history.lists[step.key].elements.size();
  return "read " + key + (known ? ' ' + shown_list(history, step.key, step.value) : "");
}

}  // namespace

std::string describe_action(const History& history, const Operation& operation) {
  const auto value = [&](ValueId id) { return shown(history.values.text(id)); };
  const bool lists = history.model == Model::kListAppend;
  switch (operation.action) {
    case Action::kRead:
      if (history.model == Model::kCounter) return "read " + signed_number(operation.value);
      if (!lists) return "read " + value(operation.value);
      if (operation.strange) return "read a list of " + std::to_string(operation.value);
      return "read " + shown_list(history, operation.key, operation.value);
    case Action::kWrite:
      return "write " + value(operation.value);
    case Action::kCas:
      return "cas " + value(operation.value) + " -> " + value(operation.argument);
    case Action::kCasMismatch:
      return "cas " + value(operation.value) + " -> " + value(operation.argument) + ", not equal";
    case Action::kAppend:
      return "append " + value(operation.value);
    case Action::kIncrement: {
      std::string text = "increment by " + signed_number(operation.value);
      if (operation.argument != kAbsent) text += " to " + signed_number(operation.argument);
      return text;
    }
    case Action::kDelete:
      return "delete";
    case Action::kTransaction: {
      std::string text;
      for (std::uint32_t i = 0; i < operation.argument; ++i) {
        text += (i == 0 ? "" : ", ") + describe_step(history, history.steps[operation.value + i]);
      }
      return text.empty() ? "a transaction of nothing" : text;
    }
  }
  return {};
}

std::string describe(const History& history, const Operation& operation) {
  std::string text = "process " + std::string(history.processes.text(operation.process)) + ", ";
  text += operation.open() ? "line " + std::to_string(operation.began) + ", outcome unknown"
                           : "lines " + std::to_string(operation.began) + " to " +
                                 std::to_string(operation.ended);
  return text + ": " + describe_action(history, operation);
}

std::string of_key(const History& history, std::uint32_t key) {
  const std::string_view name = history.keys.text(key);
  return name.empty() ? "" : " of key \"" + std::string(name) + '"';
}

}  // namespace sim::history
