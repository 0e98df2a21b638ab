#include "sim/history/read_history.h"

#include <algorithm>
#include <array>
#include <utility>

#include "sim/history/builder.h"

namespace sim::history {
namespace {

using Kind = Form::Kind;

struct NamedModel {
  std::string_view name;
  Model model;
};
constexpr std::array kModels = {
    NamedModel{"register", Model::kRegister},
    NamedModel{"cas-register", Model::kCasRegister},
    NamedModel{"kv", Model::kKv},
    NamedModel{"list-append", Model::kListAppend},
    NamedModel{"counter", Model::kCounter},
    NamedModel{"cache", Model::kCache},
};

struct NamedFormat {
  std::string_view name;
  Format format;
};
constexpr std::array kFormats = {
    NamedFormat{"jsonl", Format::kJsonl},
    NamedFormat{"edn", Format::kEdn},
    NamedFormat{"jepsen-log", Format::kJepsenLog},
};

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  return begin == std::string_view::npos ? "" : text.substr(begin);
}

std::optional<Event::Type> type_of(std::string_view name) {
  if (name == "invoke") return Event::Type::kInvoke;
  if (name == "ok") return Event::Type::kOk;
  if (name == "fail") return Event::Type::kFail;
  if (name == "info") return Event::Type::kInfo;
  return std::nullopt;
}

class Reading {
 public:
  Reading(Source source, const ReadOptions& options)
      : lines_(std::move(source)),
        options_(options),
        builder_(options.model),
        json_(FormReader::Syntax::kJson),
        edn_(FormReader::Syntax::kEdn) {}

  History run() {
    std::string_view line;
    bool any = false;
    while (lines_.next(line)) {
      if (lines_.number() == 1 && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
      if (trimmed(line).empty()) continue;
      if (!std::exchange(any, true)) format_ = options_.format ? *options_.format : guess(line);
      read_line(line);
    }
    if (!unfinished_.empty()) {
      throw HistoryError{unfinished_line_, 1,
                         "the file ends inside this operation: its recorder was stopped while it "
                         "wrote. What is before it can be checked without it"};
    }
    if (!any) throw HistoryError{0, 0, "the file is empty: there is nothing to check"};
    if (builder_.events() == 0) {
      throw HistoryError{0, 0,
                         options_.workload.empty()
                             ? "there is no operation in it"
                             : "there is no operation of a workload \"" + options_.workload + '"'};
    }
    History history = builder_.finish(lines_.number());
    history.file = options_.file;
    return history;
  }

 private:
  Format guess(std::string_view line) const {
    const std::string_view text = trimmed(line);
    if (text[0] == '{') {
      const std::string_view inside = trimmed(text.substr(1));
      return inside.starts_with(':') ? Format::kEdn : Format::kJsonl;
    }
    if (text[0] == '[' || text[0] == '(' || text[0] == '#' || text[0] == ';') return Format::kEdn;
    if (text.find("jepsen") != std::string_view::npos ||
        text.find(":invoke") != std::string_view::npos)
      return Format::kJepsenLog;
    throw HistoryError{lines_.number(), 1,
                       "this is no history: a line is a JSON object, an EDN map or a line of "
                       "Jepsen's log (say which: --format)"};
  }

  void read_line(std::string_view line) {
    switch (format_) {
      case Format::kJsonl:
        return read_json(line);
      case Format::kEdn:
        return read_edn(line);
      case Format::kJepsenLog:
        return read_log(line);
    }
  }

  void read_json(std::string_view line) {
    try {
      read_map(json_.read(line, lines_.number()), json_, lines_.number());
    } catch (HistoryError& error) {
      if (json_.cut_short() && lines_.unterminated()) {
        error.what =
            "the file ends inside this operation: its recorder was stopped while it wrote. What is "
            "before it can be checked without it";
      }
      throw;
    }
  }

  // A map may go over several lines; brackets around all of them and commas between are no matter.
  void read_edn(std::string_view line) {
    std::string joined;
    std::uint32_t number = lines_.number();
    if (!unfinished_.empty()) {
      joined = std::exchange(unfinished_, {});
      joined += '\n';
      joined += line;
      line = joined;
      number = unfinished_line_;
    }
    std::size_t begin = line.find_first_not_of(" \t,[]()");
    if (begin == std::string_view::npos || line[begin] == ';') return;
    std::string_view text = line.substr(begin);
    while (text.ends_with(' ') || text.ends_with(',') || text.ends_with(']') || text.ends_with(')'))
      text.remove_suffix(1);
    try {
      const Form& form = edn_.read(text, number);
      read_map(form, edn_, number);
    } catch (HistoryError& error) {
      if (edn_.cut_short()) {
        if (line.size() > LineReader::kLineMax) throw;
        unfinished_ = line;
        unfinished_line_ = number;
        return;
      }
      error.column += static_cast<std::uint32_t>(begin);
      throw;
    }
  }

  void read_map(const Form& map, const FormReader& forms, std::uint32_t line) {
    const auto fail = [&](const Form& form, std::string what) {
      throw HistoryError{line, form.column, std::move(what)};
    };
    if (map.kind != Kind::kMap)
      fail(map, "expected an operation, a map with \"process\", \"type\", \"f\"");
    if (const Form* header = forms.find(map, "slotsim_history")) {
      if (header->text != "1") fail(*header, "a history of version 1 is all that is known");
      return;
    }
    const auto need = [&](std::string_view name) -> const Form& {
      const Form* form = forms.find(map, name);
      if (form == nullptr || !form->scalar())
        fail(map, "an operation needs a \"" + std::string(name) + '"');
      return *form;
    };
    const Form& process = need("process");
    if (process.text == "nemesis") return;
    if (!options_.workload.empty()) {
      const Form* workload = forms.find(map, "workload");
      if (workload == nullptr || workload->text != options_.workload) return;
    }
    const Form& type = need("type");
    const Form& function = need("f");
    Event event;
    const auto known = type_of(type.text);
    if (!known) {
      fail(type,
           "\"" + std::string(type.text) + "\" is no type: expected invoke, ok, fail or info");
    }
    event.type = *known;
    event.process = process.text;
    event.function = function.text;
    event.key = forms.find(map, "key");
    event.value = forms.find(map, "value");
    event.result = forms.find(map, "result");
    const Form* error = forms.find(map, "error");
    event.error = error != nullptr && error->kind != Kind::kNil;
    event.line = line;
    event.column = map.column;
    event.function_column = function.column;
    builder_.add(event, forms);
  }

  // INFO  jepsen.util - 0 :invoke :write 3
  void read_log(std::string_view line) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string_view::npos) return;
    const std::string_view rest = trimmed(line.substr(dash + 3));
    const std::size_t number = rest.find_first_not_of("0123456789");
    if (number == 0 || number == std::string_view::npos) return;
    const std::string_view after = trimmed(rest.substr(number));
    const std::string_view type = after.substr(0, after.find_first_of(" \t"));
    if (!type.starts_with(':') || !type_of(type.substr(1))) return;
    const auto shift = static_cast<std::uint32_t>(rest.data() - line.data());
    try {
      bracketed_ = '[';
      bracketed_ += rest;
      bracketed_ += ']';
      const Form& all = edn_.read(bracketed_, lines_.number());
      const Form* process = edn_.first_of(all);
      const Form* function = edn_.next_of(*edn_.next_of(*process));
      if (function == nullptr || !function->scalar())
        throw HistoryError{lines_.number(), 2, "expected the name of an operation after the type"};
      Event event;
      event.type = *type_of(type.substr(1));
      event.process = process->text;
      event.function = function->text;
      event.value = edn_.next_of(*function);
      event.error = event.value != nullptr && event.value->text == "timed-out";
      event.line = lines_.number();
      event.column = process->column;
      event.function_column = function->column;
      builder_.add(event, edn_);
    } catch (HistoryError& error) {
      error.column += shift - 1;
      throw;
    }
  }

  LineReader lines_;
  const ReadOptions& options_;
  Builder builder_;
  FormReader json_, edn_;
  Format format_{};
  std::string bracketed_;   // what a line of a log says, as an EDN list
  std::string unfinished_;  // an EDN map that goes on in the next line
  std::uint32_t unfinished_line_ = 0;
};

}  // namespace

History read_history(Source source, const ReadOptions& options) {
  return Reading(std::move(source), options).run();
}

std::optional<Model> model_of(std::string_view name) {
  for (const NamedModel& known : kModels) {
    if (known.name == name) return known.model;
  }
  return std::nullopt;
}

std::string_view model_name(Model model) {
  return std::find_if(kModels.begin(), kModels.end(),
                      [&](const NamedModel& known) { return known.model == model; })
      ->name;
}

std::vector<std::string_view> model_names() {
  std::vector<std::string_view> names;
  for (const NamedModel& known : kModels) names.push_back(known.name);
  return names;
}

std::optional<Format> format_of(std::string_view name) {
  for (const NamedFormat& known : kFormats) {
    if (known.name == name) return known.format;
  }
  return std::nullopt;
}

std::vector<std::string_view> format_names() {
  std::vector<std::string_view> names;
  for (const NamedFormat& known : kFormats) names.push_back(known.name);
  return names;
}

}  // namespace sim::history
