// Checking histories that are made up as they are read: clients of a store that does one thing at a
// time.
#include <algorithm>
#include <cstring>
#include <vector>

#include "sim/app/bench.h"
#include "sim/base/choices.h"
#include "sim/history/check.h"
#include "sim/history/read_history.h"
#include "sim/hosts/clock.h"

namespace sim {
namespace {

using history::Model;

class Store {
 public:
  // `stale`: the last read returns what was there before, which must be found.
  Store(HistoryKind kind, std::uint64_t operations, bool stale)
      : kind_(kind), left_(operations), stale_(stale), stream_(1, "bench/history") {
    values_.resize(kind == HistoryKind::kListAppend ? kWindow : kKeys);
    processes_.resize(kProcesses);
  }

  std::size_t fill(char* into, std::size_t room) {
    const std::int64_t begin = process_cpu_ns();
    while (text_.size() < room && !over_) step();
    const std::size_t size = std::min(room, text_.size());
    std::memcpy(into, text_.data(), size);
    text_.erase(0, size);
    cpu_ns_ += process_cpu_ns() - begin;
    return size;
  }
  std::int64_t cpu_ns() const { return cpu_ns_; }

 private:
  static constexpr std::size_t kProcesses = 10, kKeys = 1000, kWindow = 8;
  static constexpr std::uint32_t kListLength = 50;

  struct Process {
    enum class Stage : std::uint8_t { kIdle, kBegun, kDone } stage = Stage::kIdle;
    bool read = false;
    bool unknown = false;  // it came too late to be answered
    std::size_t key = 0;
    std::uint64_t key_number = 0;
    std::string value;
  };

  std::uint64_t draw(std::uint64_t n) { return Choices(stream_).choose(Site::kOperation, n); }

  void step() {
    if (left_ == 0 && busy_ == 0) {
      if (stale_) end_with_stale_read();
      over_ = true;
      return;
    }
    const std::size_t number = draw(kProcesses);
    Process& process = processes_[number];
    switch (process.stage) {
      case Process::Stage::kIdle:
        if (left_ > 0) begin(process, number);
        break;
      case Process::Stage::kBegun:
        apply(process);
        process.stage = Process::Stage::kDone;
        break;
      case Process::Stage::kDone:
        --busy_;
        process.stage = Process::Stage::kIdle;
        say(number, process, "ok", process.value);
        break;
    }
  }

  void begin(Process& process, std::size_t number) {
    --left_;
    ++busy_;
    process.stage = Process::Stage::kBegun;
    process.read = draw(2) == 0;
    process.key = draw(values_.size());
    process.key_number = process.key;
    if (kind_ == HistoryKind::kListAppend) {
      Value& list = values_[process.key];
      if (!process.read && ++list.appends > kListLength) list = {list.generation + 1, 1, {}};
      process.key_number += list.generation * kWindow;
    }
    process.value = process.read ? "" : next_value();
    say(number, process, "invoke", process.value);
  }

  std::string next_value() {
    return std::to_string(kind_ == HistoryKind::kRepeated ? draw(5) : ++last_value_);
  }

  void apply(Process& process) {
    Value& value = values_[process.key];
    const bool list = kind_ == HistoryKind::kListAppend;
    // A list that was left behind is gone.
    const bool current = !list || process.key_number == process.key + value.generation * kWindow;
    process.unknown = !current;
    if (!current) return;
    if (process.read) {
      process.value = list ? '[' + value.text + ']' : value.text.empty() ? "null" : value.text;
    } else if (list) {
      value.text += (value.text.empty() ? "" : ",") + process.value;
    } else {
      value.text = process.value;
    }
  }

  void say(std::size_t number, const Process& process, std::string_view type,
           const std::string& value) {
    text_ += "{\"process\":" + std::to_string(number) + ",\"type\":\"";
    text_ += process.unknown && type == "ok" ? "info" : type;
    text_ += "\",\"f\":\"";
    text_ += process.read ? "read" : kind_ == HistoryKind::kListAppend ? "append" : "write";
    text_ += "\",\"key\":\"key:" + std::to_string(process.key_number) + '"';
    if (!value.empty()) text_ += ",\"value\":" + value;
    text_ += "}\n";
  }

  void end_with_stale_read() {
    Process process;
    process.key_number = 1'000'000'000;
    const bool list = kind_ == HistoryKind::kListAppend;
    for (const char* value : {"1", "2"}) {
      say(0, process, "invoke", value);
      say(0, process, "ok", value);
    }
    process.read = true;
    say(0, process, "invoke", "");
    say(0, process, "ok", list ? "[1]" : "1");
  }

  struct Value {
    std::uint64_t generation = 0;
    std::uint32_t appends = 0;
    std::string text;
  };

  HistoryKind kind_;
  std::uint64_t left_, last_value_ = 0;
  bool stale_, over_ = false;
  ChoiceStream stream_;
  std::vector<Value> values_;  // by key; of lists those of the window
  std::vector<Process> processes_;
  std::size_t busy_ = 0;
  std::string text_;
  std::int64_t cpu_ns_ = 0;
};

struct Outcome {
  history::Report report;
  std::uint64_t operations = 0;
  std::int64_t read_ns = 0, check_ns = 0;
};

Outcome check_made_up(HistoryKind kind, std::uint64_t operations, bool stale) {
  Store store(kind, operations, stale);
  history::ReadOptions options;
  options.model = kind == HistoryKind::kListAppend ? Model::kListAppend : Model::kRegister;
  const std::int64_t begin = process_cpu_ns();
  history::History made = history::read_history(
      [&](char* into, std::size_t room) { return store.fill(into, room); }, options);
  const std::int64_t middle = process_cpu_ns();
  Outcome outcome;
  outcome.report = history::check(made, {});
  outcome.operations = made.invoked;
  outcome.read_ns = middle - begin - store.cpu_ns();
  outcome.check_ns = process_cpu_ns() - middle;
  return outcome;
}

}  // namespace

Measurement measure_history(HistoryKind kind, std::uint64_t operations) {
  Measurement measured;
  if (check_made_up(kind, 2'000, true).report.verdict != history::Verdict::kFail)
    measured.wrong = "a stale read was not found";
  const Outcome outcome = check_made_up(kind, operations, false);
  if (outcome.report.verdict != history::Verdict::kPass)
    measured.wrong = "a history that is in order did not pass";
  if (outcome.operations != operations) measured.wrong = "operations are missing";
  measured.cpu_ns = outcome.read_ns + outcome.check_ns;
  measured.events = operations;
  measured.more["operations"] = static_cast<double>(operations);
  measured.more["read_cpu_s"] = static_cast<double>(outcome.read_ns) / 1e9;
  measured.more["check_cpu_s"] = static_cast<double>(outcome.check_ns) / 1e9;
  return measured;
}

}  // namespace sim
