// The operations of a run as a history of Jepsen's: an EDN map a line, as jepsen.store writes
// history.edn and as Elle and Knossos read it.
//
//   {:process 0, :type :invoke, :f :read, :value ["k1" nil], :time 12345678, :index 0}
//
// Processes are numbers; one whose operation nobody knows the end of does nothing more, and another
// takes its place, as Jepsen does it. A value is a pair of key and value (jepsen.independent), that
// of a list a transaction of one step (elle.list-append). Faults are what the process :nemesis
// does.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "sim/app/exports/export.h"
#include "sim/app/history_events.h"
#include "sim/base/numbers.h"

namespace sim {
namespace {

// (EDN: github.com/edn-format/edn, "Strings".)
std::string edn_text(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto code = static_cast<std::uint8_t>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (code < 0x20 || code == 0x7f) {
      out += "\\u00";
      out += kHex[code >> 4];
      out += kHex[code & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

// A number where the text is one, for those who add them up; Redis knows only texts.
std::string edn_value(std::string_view text) {
  const auto number = whole_number<std::int64_t>(text);
  return number && std::to_string(*number) == text ? std::string(text) : edn_text(text);
}
std::string edn_value_or_nil(std::string_view text) {
  return text.empty() ? "nil" : edn_value(text);
}

// The function and the value of an operation: ":f :read, :value [\"k\" 5]".
std::string meaning_of(const HistoryEvent& event) {
  const event::OpInvoked& invoked = event.invoked;
  const bool answered = event.type == "ok";
  const std::string key = edn_text(invoked.key);
  if (invoked.kind == event::OpKind::kAppend)
    return ":f :txn, :value [[:append " + key + ' ' + edn_value(invoked.value) + "]]";
  if (invoked.kind == event::OpKind::kReadList) {
    std::string list = "nil";
    if (answered) {
      list = "[";
      for (const std::string& item : event.completed->list)
        list += (list.size() > 1 ? " " : "") + edn_value(item);
      list += ']';
    }
    return ":f :txn, :value [[:r " + key + ' ' + list + "]]";
  }
  std::string value = edn_value_or_nil(invoked.value);
  if (answered && invoked.kind == event::OpKind::kRead)
    value = event.completed->absent ? "nil" : edn_value(event.completed->value);
  const bool adds = invoked.kind == event::OpKind::kIncrement;
  std::string text = ":f :";
  text += adds ? "add" : event.function;
  text += ", :value [" + key + ' ' + value + ']';
  if (adds && answered) text += ", :result " + edn_value(event.completed->value);
  return text;
}

class Edn final : public Exporter {
 public:
  Edn(ExportFile file, const Plan& plan)
      : file_(std::move(file)),
        events_(plan, [this](const HistoryEvent& event) { write(event); }) {}

  void see(const Record& record) override {
    events_.see(record);
    if (const auto* began = std::get_if<event::FaultBegan>(&record.event)) {
      if (!lasts(*began)) return write_nemesis(record.at, began->kind, began->text);
      texts_[began->id] = began->text;
      write_nemesis(record.at, "start", began->text);
    } else if (const auto* ended = std::get_if<event::FaultEnded>(&record.event)) {
      const auto node = texts_.extract(ended->id);
      if (!node.empty()) write_nemesis(record.at, "stop", node.mapped());
    }
  }

  void end(const RunResult&) override { file_.close(); }

 private:
  void write(const HistoryEvent& event) {
    const auto [place, is_new] = numbers_.try_emplace(event.process, next_process_);
    if (is_new) ++next_process_;
    std::string rest = meaning_of(event);
    const bool has_error = event.completed != nullptr && event.type != "ok";
    if (has_error && !event.completed->value.empty())
      rest += ", :error " + edn_text(event.completed->value);
    if (!event.invoked.workload.empty()) rest += ", :workload " + edn_text(event.invoked.workload);
    write_line(event.at, std::to_string(place->second), event.type, rest);
    if (event.type == "info") numbers_.erase(place);
  }

  void write_nemesis(SimTime at, std::string_view function, const std::string& text) {
    write_line(at, ":nemesis", "info",
               ":f :" + std::string(function) + ", :value " + edn_text(text));
  }

  void write_line(SimTime at, const std::string& process, std::string_view type,
                  const std::string& rest) {
    std::string line = "{:process " + process + ", :type :";
    line += type;
    line += ", " + rest + ", :time " + std::to_string(to_ns(at)) + ", :index " +
            std::to_string(index_++) + "}\n";
    file_.write(line);
  }

  ExportFile file_;
  HistoryEvents events_;
  std::map<std::string, std::uint64_t, std::less<>> numbers_;  // of those that go on, by name
  std::uint64_t next_process_ = 0, index_ = 0;
  std::map<std::uint32_t, std::string> texts_;  // of faults in force, by number
};

}  // namespace

std::unique_ptr<Exporter> make_edn(ExportFile file, const Plan& plan) {
  return std::make_unique<Edn>(std::move(file), plan);
}

}  // namespace sim
