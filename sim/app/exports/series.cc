// A run as a table with a row for each second since t = 0: what clients met, what the cluster was
// like, and what was done to it. Counts are of the second, states as it ended.
#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/app/exports/csv_row.h"
#include "sim/app/exports/export.h"
#include "sim/trace/directory.h"
#include "sim/trace/event_fields.h"

namespace sim {
namespace {

constexpr Duration kRow = 1s;

// What is counted anew in each row.
struct Counts {
  std::uint64_t ok = 0, failed = 0, unknown = 0, redirects = 0, messages = 0, bytes = 0;
  std::vector<std::int64_t> took_us;  // of those that were answered
  std::vector<std::string> faults;    // that are in force no more
};

// The smallest that so many of a hundred do not exceed, in milliseconds; none: empty.
std::string percentile_ms(const std::vector<std::int64_t>& sorted_us, std::size_t percent) {
  if (sorted_us.empty()) return "";
  return decimal(sorted_us[(sorted_us.size() - 1) * percent / 100], 3);
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "";
  return decimal(static_cast<std::int64_t>(part * 10'000 / whole), 2);
}

class Series final : public Exporter {
 public:
  Series(ExportFile file, const Plan& plan) : file_(std::move(file)), who_(plan.facts.cast) {
    file_.write(
        csv_row({"second", "phase", "ops_ok", "ops_failed", "ops_unknown", "availability_percent",
                 "latency_p50_ms", "latency_p99_ms", "redirects", "slots_covered", "primaries_up",
                 "nodes_up", "nodes_ok", "current_epoch", "bus_messages", "bus_bytes", "faults"}));
  }

  void see(const Record& record) override {
    rows_until(record.at);
    who_.see(record);
    if (const auto* phase = std::get_if<event::PhaseBegan>(&record.event)) phase_ = phase->phase;
    if (const auto* fault = std::get_if<event::FaultBegan>(&record.event)) {
      if (lasts(*fault)) {
        faults_[fault->id] = fault->text;
      } else {
        counts_.faults.push_back(fault->text);
      }
    } else if (const auto* ended = std::get_if<event::FaultEnded>(&record.event)) {
      const auto node = faults_.extract(ended->id);
      if (!node.empty()) counts_.faults.push_back(node.mapped());
    }
    if (const auto* claim = std::get_if<event::Claim>(&record.event))
      epoch_ = std::max(epoch_, claim->current_epoch);
    if (const auto* epoch = std::get_if<event::EpochChanged>(&record.event))
      epoch_ = std::max(epoch_, epoch->current_to);
    if (phase_ != event::Phase::kAudit) see_operations(record);
  }

  void see(const Sighting& sighting) override {
    if (sighting.at < SimTime{} || sighting.arrived) return;
    rows_until(sighting.at);
    ++counts_.messages;
    counts_.bytes += sighting.payload->size();
  }

  void end(const RunResult& result) override {
    rows_until(result.end);
    if (sim_time(row_) < result.end) row();
    file_.close();
  }

 private:
  void see_operations(const Record& record) {
    if (const auto* invoked = std::get_if<event::OpInvoked>(&record.event)) {
      invoked_[invoked->operation] = record.at;
    } else if (std::holds_alternative<event::Redirected>(record.event)) {
      ++counts_.redirects;
    } else if (const auto* done = std::get_if<event::OpCompleted>(&record.event)) {
      const auto began = invoked_.extract(done->operation);
      if (done->outcome == event::OpOutcome::kFailed) ++counts_.failed;
      if (done->outcome == event::OpOutcome::kUnknown) ++counts_.unknown;
      if (done->outcome != event::OpOutcome::kOk) return;
      ++counts_.ok;
      if (!began.empty()) counts_.took_us.push_back((record.at - began.mapped()) / 1us);
    }
  }

  // All rows that end by then.
  void rows_until(SimTime at) {
    while (sim_time(row_ + kRow) <= at) row();
  }

  void row() {
    std::sort(counts_.took_us.begin(), counts_.took_us.end());
    SlotSet covered;
    std::size_t primaries = 0, healthy = 0;
    for (const MachineId machine : who_.primaries()) {
      if (!who_.is_serving(machine)) continue;
      ++primaries;
      covered |= who_.claim(machine)->slots->slots();
    }
    const std::vector<MachineId> up = who_.up();
    for (const MachineId machine : up) healthy += who_.is_healthy(machine) ? 1 : 0;
    const std::uint64_t ops = counts_.ok + counts_.failed + counts_.unknown;
    file_.write(csv_row(
        {std::to_string(row_ / kRow), std::string(enum_name(phase_)), std::to_string(counts_.ok),
         std::to_string(counts_.failed), std::to_string(counts_.unknown), percent(counts_.ok, ops),
         percentile_ms(counts_.took_us, 50), percentile_ms(counts_.took_us, 99),
         std::to_string(counts_.redirects), std::to_string(covered.count()),
         std::to_string(primaries), std::to_string(up.size()), std::to_string(healthy),
         std::to_string(epoch_), std::to_string(counts_.messages), std::to_string(counts_.bytes),
         faults_in_force()}));
    counts_ = Counts{};
    row_ += kRow;
  }

  // At any moment of the row.
  std::string faults_in_force() const {
    std::string text;
    for (const std::string& fault : counts_.faults) text += (text.empty() ? "" : "; ") + fault;
    for (const auto& [id, fault] : faults_) text += (text.empty() ? "" : "; ") + fault;
    return text;
  }

  ExportFile file_;
  Directory who_;
  event::Phase phase_ = event::Phase::kForming;
  Duration row_{};  // where it begins
  Counts counts_;
  std::map<std::uint32_t, std::string> faults_;  // in force, by number
  std::map<std::uint64_t, SimTime> invoked_;     // by number of the operation
  std::uint64_t epoch_ = 0;
};

}  // namespace

std::unique_ptr<Exporter> make_series(ExportFile file, const Plan& plan) {
  return std::make_unique<Series>(std::move(file), plan);
}

}  // namespace sim
