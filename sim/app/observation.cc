#include "sim/app/observation.h"

#include <array>
#include <utility>

namespace sim {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(Station::kCount)> kStationNames = {
    "loss", "pfail", "fail", "election-started", "promoted"};

// Errors begin with their kind, in capitals: "MOVED 3999 10.0.0.2:6379".
std::string kind_of_error(const std::string& reply) {
  return reply.substr(0, reply.find(' '));
}

// "bus:PING" is counted as our node counts what it sends: "bus_sent_ping".
std::string counter_of(std::string_view label) {
  std::string name = "bus_sent_";
  for (const char c : label.substr(std::string_view("bus:").size()))
    name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return name;
}

bool is_cause(std::string_view milestone) {
  return milestone == "crash" || milestone == "pause" || milestone == "cut" || milestone == "fault";
}

}  // namespace

std::string_view station_name(Station station) {
  return kStationNames[static_cast<std::size_t>(station)];
}

std::span<const std::string_view> compared_metrics() {
  static constexpr std::array<std::string_view, 7> kNames = {
      "state_ok_again", "acked_writes",   "lost_writes",     "lost_async",
      "lost_minority",  "lost_by_defect", "lost_unexplained"};
  return kNames;
}

void Observer::see(const Record& record, const Milestones& milestones, const Directory& directory) {
  for (const Milestone& milestone : milestones.latest()) see_milestone(milestone, directory);
  if (std::holds_alternative<event::NodeStarted>(record.event)) {
    counted_[record.machine] = {record.at, record.at, {}, {}};
  } else if (const auto* view = std::get_if<event::ViewSnapshot>(&record.event)) {
    const auto found = counted_.find(record.machine);
    if (found == counted_.end()) return;
    found->second.until = record.at;
    found->second.messages = view->counters;
  } else if (const auto* delivered = std::get_if<event::Delivered>(&record.event)) {
    const auto sender = counted_.find(delivered->from);
    if (sender != counted_.end() && delivered->label.starts_with("bus:"))
      ++sender->second.arrived[counter_of(delivered->label)];
  } else if (std::holds_alternative<event::WriteApplied>(record.event)) {
    sees_effects_ = true;
  } else {
    see_client(record);
  }
}

void Observer::see_milestone(const Milestone& milestone, const Directory& directory) {
  if (is_cause(milestone.name)) {
    last_cause_ = milestone.at;
    return;
  }
  if (milestone.shard < 0) return;
  const auto of_shard = [&]() -> Observation::Failover& {
    Observation::Failover& failover = failovers_[milestone.shard];
    failover.shard = milestone.shard;
    return failover;
  };
  const bool of_primary = directory.last_primary_of(milestone.shard) == milestone.machine;
  if (milestone.name == "pfail" && milestone.notable && of_primary) {
    Observation::Failover& failover = of_shard();
    if (failover.at.contains(Station::kFail)) return;
    // A suspicion that came to nothing gives way to the next.
    failover.at[Station::kLoss] = last_cause_;
    failover.at[Station::kPfail] = milestone.at;
  } else if (milestone.name == "fail" && milestone.notable && of_primary) {
    of_shard().at.insert({Station::kFail, milestone.at});
  } else if (milestone.name == "election-started") {
    // Nobody need have been suspected: an operator may have asked for it.
    of_shard().at.insert({Station::kLoss, last_cause_});
    of_shard().at.insert({Station::kElection, milestone.at});
  } else if (milestone.name == "promoted") {
    of_shard().at.insert({Station::kLoss, last_cause_});
    of_shard().at.insert({Station::kPromoted, milestone.at});
  }
}

void Observer::see_client(const Record& record) {
  if (const auto* phase = std::get_if<event::PhaseBegan>(&record.event)) {
    auditing_ = phase->phase == event::Phase::kAudit;
  } else if (auditing_) {
    return;
  } else if (std::holds_alternative<event::OpInvoked>(record.event)) {
    has_clients_ = true;
  } else if (const auto* redirected = std::get_if<event::Redirected>(&record.event)) {
    // "RETRY" is the client's own remark.
    const std::string kind = kind_of_error(redirected->reply);
    if (kind != "RETRY") ++error_replies_[kind];
  } else if (const auto* done = std::get_if<event::OpCompleted>(&record.event)) {
    const bool error_reply = done->outcome != event::OpOutcome::kOk && !done->node.empty();
    if (error_reply) ++error_replies_[kind_of_error(done->value)];
  }
}

Observation Observer::finish(const Milestones& milestones, const Directory& directory) const {
  Observation seen;
  seen.converged = milestones.reached("converged");
  for (std::uint32_t i = 0; i < directory.shard_count(); ++i) {
    const int shard = static_cast<int>(i);
    const auto primary = directory.primary_of(shard);
    if (!primary) {
      seen.primaries.emplace_back("nobody");
    } else if (directory.planned_shard(*primary) != shard) {
      seen.primaries.emplace_back(directory.name(*primary));
    } else {
      const bool as_planned = directory.cast()[primary->value].planned_primary;
      seen.primaries.emplace_back(as_planned ? "as planned" : "a replica of it");
    }
  }
  for (const auto& [shard, failover] : failovers_) seen.failovers.push_back(failover);
  for (const auto& [machine, counted] : counted_) {
    const std::int64_t milliseconds = (counted.until - counted.from) / 1ms;
    const auto& messages = counted.arrived.empty() ? counted.messages : counted.arrived;
    if (messages.empty() || milliseconds <= 0) continue;
    seen.traffic.push_back({std::string(directory.name(machine)), milliseconds, messages});
  }
  seen.has_clients = has_clients_;
  seen.error_replies = error_replies_;
  seen.sees_effects = sees_effects_;
  return seen;
}

}  // namespace sim
