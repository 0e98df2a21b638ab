// From events, invocations and completions, to operations.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/history/form.h"
#include "sim/history/history.h"

namespace sim::history {

// One line of a history, whatever its format was. Forms live as long as the reader's last read().
struct Event {
  enum class Type : std::uint8_t { kInvoke, kOk, kFail, kInfo };
  Type type{};
  std::string_view process;
  std::string_view function;
  const Form* key = nullptr;
  const Form* value = nullptr;
  const Form* result = nullptr;  // of an increment: the new value
  bool error = false;            // it says why it failed
  std::uint32_t line = 0, column = 0, function_column = 0;
};

class Builder {
 public:
  explicit Builder(Model model) { history_.model = model; }
  // Throws HistoryError where events do not go together.
  void add(const Event& event, const FormReader& forms);
  // `lines`: of the file. Operations without an end are of unknown outcome.
  History finish(std::uint32_t lines);
  std::uint64_t events() const { return events_; }

 private:
  // What a process is doing.
  struct Current {
    bool busy = false;
    std::uint32_t operation = 0;
  };

  void invoke(const Event& event, const FormReader& forms, std::uint32_t process);
  void complete(const Event& event, const FormReader& forms, Current& current);
  void complete_ok(const Event& event, const FormReader& forms, Operation& operation);
  void begin_transaction(const Event& event, const FormReader& forms, Operation& operation);
  void complete_transaction(const Event& event, const FormReader& forms, Operation& operation);
  // Key and value as they stand, or as Jepsen's independent keys have them: [key value].
  struct Arguments {
    const Form* key = nullptr;
    const Form* value = nullptr;
  };
  Arguments arguments_of(const Event& event, const FormReader& forms, Action action) const;
  std::uint32_t key_of(const Event& event, const Form* key);
  ValueId value_of(const Event& event, const Form* form);
  ValueId number_of(const Event& event, const Form* form, std::int32_t fallback) const;
  // The length of the list; remembers the list if it is longer than what is known of its key.
  ValueId list_of(const Event& event, const Form* form, const FormReader& forms, std::uint32_t key,
                  bool& strange);
  [[noreturn]] void fail(const Event& event, const Form* form, std::string what) const;

  History history_;
  std::vector<Current> processes_;
  std::vector<ValueId> elements_;  // of the list read just now
  std::uint64_t events_ = 0;
};

// The names by which histories call an action; nullopt: none of them, or not one of the model.
std::optional<Action> action_of(std::string_view name, Model model);
// "read, write and delete": for messages.
std::string actions_of(Model model);

}  // namespace sim::history
