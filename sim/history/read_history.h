// Reading a history: our own JSON lines, Jepsen's EDN (of which Porcupine's text of key-value
// stores is a case), and the lines of Jepsen's log. The formats are told in docs/histories.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/history/form.h"
#include "sim/history/history.h"
#include "sim/history/line_reader.h"

namespace sim::history {

enum class Format : std::uint8_t { kJsonl, kEdn, kJepsenLog };

struct ReadOptions {
  Model model{};
  std::optional<Format> format;  // nullopt: by the look of the first line
  std::string workload;          // only operations of this one ("workload": ...); "" for all
  std::string file;              // named in messages
};

// Reads line by line; what is kept of an operation are 28 bytes, and each different text once.
// Throws HistoryError.
History read_history(Source source, const ReadOptions& options);

std::optional<Model> model_of(std::string_view name);
std::string_view model_name(Model model);
std::vector<std::string_view> model_names();
std::optional<Format> format_of(std::string_view name);
std::vector<std::string_view> format_names();

}  // namespace sim::history
