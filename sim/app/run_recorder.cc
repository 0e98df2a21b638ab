#include "sim/app/run_recorder.h"

#include <algorithm>
#include <utility>

#include "sim/core/cluster_node.h"
#include "sim/core/print.h"
#include "sim/trace/log_lines.h"

namespace sim {
namespace {

template <class... Kinds>
bool is_any(const Event& event) {
  return (std::holds_alternative<Kinds>(event) || ...);
}

// What there is too much of to be read one by one, and what another part of the report tells.
bool is_left_to_others(const Event& event) {
  if (const auto* line = std::get_if<event::LogLine>(&event)) return !is_worth_telling(*line);
  return is_any<event::StreamAt, event::WriteApplied, event::ConfigSaved, event::ViewSnapshot,
                event::OpInvoked, event::OpCompleted, event::Redirected, event::CacheRead,
                event::Measured, event::Delivered, event::Connection>(event);
}

bool changes_a_mind(const Event& event) {
  return is_any<event::NodeStarted, event::Claim, event::HealthChanged, event::SlotsRebound,
                event::SlotOpened, event::SlotClosed, event::SuspicionChanged, event::PeerLearned,
                event::PeerForgotten, event::EpochChanged, event::Promoted, event::Following>(
      event);
}

// Often enough to see gossip at work, and rarely enough for the whole to stay small.
Duration between_looks(const Plan& plan) {
  constexpr Duration kOften = 1s;
  constexpr std::int64_t kRows = 40'000;
  const auto nodes = static_cast<std::int64_t>(plan.nodes.size());
  return std::max(kOften, plan.scenario.duration / kRows * nodes * nodes);
}

}  // namespace

RunRecorder::RunRecorder(const Plan& plan)
    : events_(texts_),
      views_(texts_),
      clients_(plan.scenario.duration),
      every_(between_looks(plan)) {
  for (const PlannedNode& node : plan.nodes) {
    if (node.in_a_cluster() || node.part == PlannedServer::Part::kSpare)
      servers_.push_back(node.machine);
  }
}

void RunRecorder::see(const Record& record) {
  clients_.see(record);
  if (changes_a_mind(record.event)) changed_.insert(record.machine);
  if (is_left_to_others(record.event)) return;
  if (events_.size() < kEventsKept) {
    events_.add(record);
  } else {
    ++events_left_out_;
  }
}

void RunRecorder::see(const std::vector<Sighting>& sightings) {
  for (const Sighting& sighting : sightings) messages_.see(sighting);
}

void RunRecorder::look_at(Run& run, MachineId machine) {
  if (views_.rows() >= kRowsKept) {
    views_cut_ = true;
  } else if (const auto view = run.world().look(machine)) {
    const auto* node = dynamic_cast<const ClusterNode*>(run.world().node(machine));
    const bool tells = node != nullptr && node->server().config.cluster_enabled;
    views_.add(run.now(), machine, *view, tells ? print_nodes(node->server()) : "");
  }
}

void RunRecorder::look(Run& run) {
  zero_ = run.world().now() - run.now();
  if (!run.formed()) return;
  if (run.now() >= next_look_ || run.over()) {
    changed_.clear();
    for (const MachineId machine : servers_) look_at(run, machine);
    while (next_look_ <= run.now()) next_look_ += every_;
  }
  for (const MachineId machine : std::exchange(changed_, {})) {
    if (std::binary_search(servers_.begin(), servers_.end(), machine)) look_at(run, machine);
  }
}

nlohmann::ordered_json RunRecorder::json(const std::vector<Milestone>& milestones) {
  std::vector<SimTime> moments;
  for (const Milestone& milestone : milestones) moments.push_back(milestone.at);
  std::sort(moments.begin(), moments.end());
  nlohmann::ordered_json json;
  json["kinds"] = events_.kinds();
  json["events"] = events_.rows();
  json["events_left_out"] = events_left_out_;
  json["messages"] = messages_.json(texts_, moments, zero_);
  json["views"] = views_.json();
  json["views_cut"] = views_cut_;
  json["clients"] = clients_.json();
  json["milestones"] = nlohmann::ordered_json::array();
  const auto place = [](MachineId machine) {
    return machine == kNoMachine ? std::int64_t{-1} : std::int64_t{machine.value};
  };
  for (const Milestone& milestone : milestones) {
    json["milestones"].push_back({report_us(milestone.at), texts_.number(milestone.name),
                                  place(milestone.machine), place(milestone.by), milestone.shard,
                                  milestone.notable ? 1 : 0, texts_.number(milestone.text)});
  }
  json["strings"] = texts_.json();
  return json;
}

}  // namespace sim
