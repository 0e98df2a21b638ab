#include "sim/history/builder.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "sim/base/check.h"
#include "sim/base/numbers.h"

namespace sim::history {
namespace {

using Kind = Form::Kind;

struct NamedAction {
  std::string_view name;
  Action action;
};
// The first name of an action is ours; the others are those of other recorders.
constexpr std::array kActions = {
    NamedAction{"read", Action::kRead},
    NamedAction{"r", Action::kRead},
    NamedAction{"get", Action::kRead},
    NamedAction{"write", Action::kWrite},
    NamedAction{"w", Action::kWrite},
    NamedAction{"put", Action::kWrite},
    NamedAction{"set", Action::kWrite},
    NamedAction{"cas", Action::kCas},
    NamedAction{"append", Action::kAppend},
    NamedAction{"rpush", Action::kAppend},
    NamedAction{"increment", Action::kIncrement},
    NamedAction{"incr", Action::kIncrement},
    NamedAction{"add", Action::kIncrement},
    NamedAction{"delete", Action::kDelete},
    NamedAction{"del", Action::kDelete},
    NamedAction{"txn", Action::kTransaction},
};

bool has(Model model, Action action) {
  switch (action) {
    case Action::kRead:
      return true;
    case Action::kWrite:
    case Action::kDelete:
      return model != Model::kListAppend && model != Model::kCounter;
    case Action::kCas:
    case Action::kCasMismatch:
      return model == Model::kCasRegister || model == Model::kKv;
    case Action::kAppend:
      return model == Model::kKv || model == Model::kListAppend;
    case Action::kIncrement:
      return model == Model::kCounter;
    case Action::kTransaction:
      return model == Model::kListAppend;
  }
  return false;
}

}  // namespace

std::optional<Action> action_of(std::string_view name, Model model) {
  for (const NamedAction& known : kActions) {
    if (known.name == name && has(model, known.action)) return known.action;
  }
  return std::nullopt;
}

std::string actions_of(Model model) {
  std::vector<std::string_view> names;
  Action last = Action::kCasMismatch;
  for (const NamedAction& known : kActions) {
    if (known.action == last || !has(model, known.action)) continue;
    last = known.action;
    names.push_back(known.name);
  }
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += i == 0 ? "" : i + 1 == names.size() ? " and " : ", ";
    text += names[i];
  }
  return text;
}

void Builder::fail(const Event& event, const Form* form, std::string what) const {
  throw HistoryError{event.line, form == nullptr ? event.column : form->column, std::move(what)};
}

void Builder::add(const Event& event, const FormReader& forms) {
  ++events_;
  const std::uint32_t process = history_.processes.id(event.process);
  if (process == processes_.size()) processes_.emplace_back();
  Current& current = processes_[process];
  const std::string who = "process " + std::string(event.process);
  if (event.type == Event::Type::kInvoke) {
    if (current.busy) {
      fail(event, nullptr,
           who + " begins an operation, though the one it began in line " +
               std::to_string(history_.operations[current.operation].began) + " has not ended");
    }
    invoke(event, forms, process);
    current = {true, static_cast<std::uint32_t>(history_.operations.size() - 1)};
    return;
  }
  if (!current.busy) fail(event, nullptr, who + " ends an operation that it never began");
  complete(event, forms, current);
  current.busy = false;
}

Builder::Arguments Builder::arguments_of(const Event& event, const FormReader& forms,
                                         Action action) const {
  Arguments arguments{event.key, event.value};
  if (event.key != nullptr || event.value == nullptr || event.value->kind != Kind::kList ||
      history_.model == Model::kListAppend)
    return arguments;
  const Form* first = forms.first_of(*event.value);
  const Form* second = first == nullptr ? nullptr : forms.next_of(*first);
  if (second == nullptr || forms.next_of(*second) != nullptr) return arguments;
  const bool pair_is_value = action == Action::kCas && second->kind != Kind::kList;
  return pair_is_value ? arguments : Arguments{first, second};
}

std::uint32_t Builder::key_of(const Event& event, const Form* key) {
  if (key != nullptr && key->kind != Kind::kNil && !key->scalar())
    fail(event, key, "expected a key that is a text or a number");
  const bool named = key != nullptr && key->scalar();
  const std::uint32_t id = history_.keys.id(named ? key->text : "");
  if (history_.model == Model::kListAppend && id >= history_.lists.size())
    history_.lists.resize(id + 1);
  return id;
}

ValueId Builder::value_of(const Event& event, const Form* form) {
  if (form == nullptr || form->kind == Kind::kNil) return kAbsent;
  if (!form->scalar()) fail(event, form, "expected a value that is a text or a number");
  if (history_.values.bytes() > std::uint64_t{3} << 30)
    fail(event, form, "more than 3 GiB of different values cannot be held");
  if (form->text.empty() && history_.model == Model::kKv) return kAbsent;
  return history_.values.id(form->text);
}

ValueId Builder::number_of(const Event& event, const Form* form, std::int32_t fallback) const {
  if (form == nullptr || form->kind == Kind::kNil) return static_cast<ValueId>(fallback);
  const auto number = whole_number<std::int32_t>(form->text);
  if (!form->scalar() || !number)
    fail(event, form, "expected a whole number of at most 32 bits, for this is a counter");
  return static_cast<ValueId>(*number);
}

void Builder::invoke(const Event& event, const FormReader& forms, std::uint32_t process) {
  const auto action = action_of(event.function, history_.model);
  if (!action) {
    throw HistoryError{event.line, event.function_column,
                       "\"" + std::string(event.function) +
                           "\" is not an operation of this model, which has " +
                           actions_of(history_.model)};
  }
  if (history_.operations.size() >= kNever - 1) fail(event, nullptr, "too many operations");
  ++history_.invoked;
  Operation operation;
  operation.began = event.line;
  operation.process = process;
  operation.action = *action;
  if (*action == Action::kTransaction) {
    begin_transaction(event, forms, operation);
    history_.operations.push_back(operation);
    return;
  }
  const Arguments arguments = arguments_of(event, forms, *action);
  operation.key = key_of(event, arguments.key);
  if (*action == Action::kIncrement) {
    operation.value = number_of(event, arguments.value, 1);
  } else if (*action == Action::kCas) {
    const Form* from = arguments.value == nullptr || arguments.value->kind != Kind::kList
                           ? nullptr
                           : forms.first_of(*arguments.value);
    const Form* to = from == nullptr ? nullptr : forms.next_of(*from);
    if (to == nullptr) fail(event, arguments.value, "a cas needs a value [expected new]");
    operation.value = value_of(event, from);
    operation.argument = value_of(event, to);
  } else if (*action == Action::kWrite || *action == Action::kAppend) {
    operation.value = value_of(event, arguments.value);
    if (operation.value == kAbsent && history_.model != Model::kKv)
      fail(event, arguments.value, "a write needs a value");
  }
  history_.operations.push_back(operation);
}

void Builder::begin_transaction(const Event& event, const FormReader& forms, Operation& operation) {
  if (event.value == nullptr || event.value->kind != Kind::kList)
    fail(event, event.value,
         "a transaction needs a list of steps such as [\"append\", key, value]");
  operation.value = static_cast<ValueId>(history_.steps.size());
  operation.argument = 0;
  for (const Form* part = forms.first_of(*event.value); part != nullptr;
       part = forms.next_of(*part), ++operation.argument) {
    const Form* name = part->kind == Kind::kList ? forms.first_of(*part) : nullptr;
    const Form* key = name == nullptr ? nullptr : forms.next_of(*name);
    const auto action = key == nullptr ? std::nullopt : action_of(name->text, Model::kListAppend);
    if (!action || *action == Action::kTransaction)
      fail(event, part, "expected a step such as [\"append\", key, value] or [\"r\", key, null]");
    Step step;
    step.action = *action;
    step.key = key_of(event, key);
    if (*action == Action::kAppend) {
      step.value = value_of(event, forms.next_of(*key));
      if (step.value == kAbsent) fail(event, part, "an append needs a value");
    }
    history_.steps.push_back(step);
  }
}

void Builder::complete(const Event& event, const FormReader& forms, Current& current) {
  Operation& operation = history_.operations[current.operation];
  if (const auto action = action_of(event.function, history_.model);
      !action || *action != operation.action) {
    throw HistoryError{event.line, event.function_column,
                       "process " + std::string(event.process) +
                           " ends another operation than it began in line " +
                           std::to_string(operation.began)};
  }
  switch (event.type) {
    case Event::Type::kOk:
      ++history_.answered;
      operation.ended = event.line;
      return complete_ok(event, forms, operation);
    case Event::Type::kFail: {
      ++history_.refused;
      operation.ended = event.line;
      // Told that the value is another one, and so told something of the value.
      const bool compared = operation.action == Action::kCas && !event.error &&
                            (event.value == nullptr || event.value->kind == Kind::kList);
      if (compared) {
        operation.action = Action::kCasMismatch;
      } else {
        operation.failed = true;
      }
      return;
    }
    default:
      ++history_.unknown;
  }
}

void Builder::complete_ok(const Event& event, const FormReader& forms, Operation& operation) {
  if (operation.action == Action::kTransaction)
    return complete_transaction(event, forms, operation);
  if (operation.action == Action::kIncrement) {
    if (event.result != nullptr && event.result->kind != Kind::kNil)
      operation.argument = number_of(event, event.result, 0);
    return;
  }
  if (operation.action != Action::kRead) return;
  const Form* value = arguments_of(event, forms, Action::kRead).value;
  if (history_.model == Model::kCounter) {
    operation.value = number_of(event, value, 0);
  } else if (history_.model == Model::kListAppend) {
    operation.value = list_of(event, value, forms, operation.key, operation.strange);
  } else {
    operation.value = value_of(event, value);
  }
}

void Builder::complete_transaction(const Event& event, const FormReader& forms,
                                   Operation& operation) {
  const Form* part = event.value == nullptr ? nullptr : forms.first_of(*event.value);
  for (std::uint32_t i = 0; i < operation.argument; ++i) {
    Step& step = history_.steps[operation.value + i];
    if (part == nullptr)
      fail(event, event.value, "the transaction has fewer steps than it began with");
    const Form* name = forms.first_of(*part);
    const Form* key = name == nullptr ? nullptr : forms.next_of(*name);
    if (key == nullptr || action_of(name->text, Model::kListAppend) != step.action ||
        history_.keys.id(key->text) != step.key)
      fail(event, part, "another step than the one the transaction began with");
    if (step.action == Action::kRead)
      step.value = list_of(event, forms.next_of(*key), forms, step.key, step.strange);
    part = forms.next_of(*part);
  }
  if (part != nullptr) fail(event, part, "the transaction has more steps than it began with");
}

ValueId Builder::list_of(const Event& event, const Form* form, const FormReader& forms,
                         std::uint32_t key, bool& strange) {
  elements_.clear();
  if (form != nullptr && form->kind != Kind::kNil) {
    if (form->kind != Kind::kList) fail(event, form, "expected the list that was read");
    for (const Form* part = forms.first_of(*form); part != nullptr; part = forms.next_of(*part))
      elements_.push_back(value_of(event, part));
  }
  std::vector<ValueId>& known = history_.lists[key].elements;
  const std::size_t common = std::min(known.size(), elements_.size());
  if (std::equal(elements_.begin(), elements_.begin() + static_cast<std::ptrdiff_t>(common),
                 known.begin())) {
    known.insert(known.end(), elements_.begin() + static_cast<std::ptrdiff_t>(common),
                 elements_.end());
  } else {
    strange = true;
    ++history_.strange_read_count;
    if (history_.strange_reads.size() < kStrangeReadsKept) {
      const std::uint32_t operation = processes_[history_.processes.id(event.process)].operation;
      history_.strange_reads.push_back({history_.operations[operation].began, key, elements_});
    }
  }
  return static_cast<ValueId>(elements_.size());
}

History Builder::finish(std::uint32_t lines) {
  history_.lines = lines;
  for (const Current& current : processes_) history_.never_ended += current.busy ? 1 : 0;
  history_.unknown += history_.never_ended;
  std::vector<Operation>& all = history_.operations;
  // An answer that nobody got says nothing; neither does a read that was refused.
  const auto says_nothing = [](const Operation& one) {
    return one.action == Action::kRead && (one.open() || one.failed);
  };
  all.erase(std::remove_if(all.begin(), all.end(), says_nothing), all.end());
  return std::move(history_);
}

}  // namespace sim::history
