// Forming: from boot to the moment everybody is ok, which is t = 0.
#include <algorithm>

#include "sim/app/run.h"
#include "sim/base/check.h"

namespace sim {
namespace {
constexpr Duration kFormingPoll = 50ms;
constexpr SimTime kFormingLimit{120s};
}  // namespace

bool Run::is_formed() const {
  for (const PlannedNode& node : plan_->nodes) {
    if (!directory_.is_up(node.machine)) return false;
    if (!node.is_member()) continue;
    if (!directory_.is_healthy(node.machine)) return false;
    if (node.primary >= 0 && replication_up_[node.machine.value] == 0) return false;
  }
  return true;
}

// The first of them, and how far it has come.
std::string Run::who_is_not_ready() const {
  for (const PlannedNode& node : plan_->nodes) {
    const std::string name = plan_->world.machines[node.machine.value].info.name;
    if (!directory_.is_up(node.machine))
      return name + " is not up (its program has ended, or never said that it is ready)";
    if (!node.is_member()) continue;
    if (!directory_.is_healthy(node.machine)) return name + " has not said that all is ok";
    if (node.primary >= 0 && replication_up_[node.machine.value] == 0)
      return name + " has no data of its primary yet";
  }
  return "all of them were ready just now";
}

void Run::forming_poll() {
  if (world_.now() == SimTime{}) world_.note(event::PhaseBegan{event::Phase::kForming});
  if (is_formed()) return begin_faults();
  if (world_.now() > kFormingLimit)
    return cut_short("the cluster did not form within 120 s: " + who_is_not_ready());
  if (plan_->scenario.cluster.form == ClusterOptions::Form::kMeet) meet_step();
  schedule(world_.now() + kFormingPoll, {Action::Kind::kFormingPoll});
}

// What redis-cli --cluster create does: slots and epochs to the primaries, everybody meets the
// first, then the replicas are told whom to follow once everybody knows everybody.
void Run::meet_step() {
  const auto name_text = [](std::uint64_t number) { return std::to_string(number); };
  Levers& levers = world_.levers();
  const std::vector<PlannedNode>& nodes = plan_->nodes;
  const auto members = static_cast<std::size_t>(std::count_if(
      nodes.begin(), nodes.end(), [](const PlannedNode& n) { return n.is_member(); }));
  if (meet_stage_ == 0 && world_.now() >= SimTime{200ms}) {
    std::uint64_t epoch = 0;
    for (std::size_t i = 0; i < members; ++i) {
      const PlannedNode& node = nodes[i];
      if (node.primary < 0) {
        std::vector<std::string> command{"CLUSTER", "ADDSLOTSRANGE"};
        for (const SlotRange& range : node.slots) {
          command.push_back(name_text(range.first.value));
          command.push_back(name_text(range.last.value));
        }
        levers.console(node.machine, std::move(command));
        levers.console(node.machine, {"CLUSTER", "SET-CONFIG-EPOCH", name_text(++epoch)});
      }
      if (i > 0) {
        levers.console(node.machine, {"CLUSTER", "MEET", format_ipv4(nodes[0].endpoint.ipv4),
                                      name_text(nodes[0].endpoint.port)});
      }
    }
    meet_stage_ = 1;
  } else if (meet_stage_ == 1) {
    for (std::size_t i = 0; i < members; ++i) world_.probe(nodes[i].machine, false);
    drain();
    for (std::size_t i = 0; i < members; ++i) {
      const auto view = views_.find(nodes[i].machine);
      if (view == views_.end() || view->second.known_nodes != members) return;
    }
    for (std::size_t i = 0; i < members; ++i) {
      if (nodes[i].primary < 0) continue;
      const auto* claim =
          directory_.claim(nodes[static_cast<std::size_t>(nodes[i].primary)].machine);
      CHECK(claim != nullptr);
      levers.console(nodes[i].machine, {"CLUSTER", "REPLICATE", std::string(claim->id.view())});
    }
    meet_stage_ = 2;
  }
}

void Run::begin_faults() {
  origin_ = world_.now().time_since_epoch();
  formed_ = true;
  phase_ = event::Phase::kFaults;
  for (Record& record : forming_records_) {
    record.at = told(record.at);
    tell(record);
  }
  forming_records_.clear();
  forming_records_.shrink_to_fit();
  world_.note(event::PhaseBegan{event::Phase::kFaults});
  for (const MachineId client : plan_->clients) world_.levers().start(client, {});
  start_programs();
  for (std::uint32_t i = 0; i < plan_->steps.size(); ++i) {
    const Trigger& trigger = plan_->steps[i].step.trigger;
    if (trigger.kind == Trigger::Kind::kAt) {
      triggered_[i] = true;
      schedule(raw(trigger.at), {Action::Kind::kStep, i});
    }
  }
  schedule_nemesis();
  schedule(raw(plan_->scenario.duration), {Action::Kind::kHeal});
}

}  // namespace sim
