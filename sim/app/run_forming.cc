// Forming: from boot to the moment everybody is ok, which is t = 0.
#include <algorithm>
#include <string>
#include <string_view>

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
    if (!node.in_a_cluster()) continue;
    if (!directory_.is_healthy(node.machine)) return false;
    if (node.primary >= 0 && replication_up_[node.machine.value] == 0) return false;
  }
  return true;
}

// Who keeps it from being formed, and why: the first few.
std::string Run::unformed() const {
  constexpr std::size_t kShown = 3;
  std::string text;
  std::size_t count = 0;
  for (const PlannedNode& node : plan_->nodes) {
    std::string_view why;
    if (!directory_.is_up(node.machine)) {
      why = " has not said that it runs";
    } else if (node.in_a_cluster() && !directory_.is_healthy(node.machine)) {
      why = " does not hold the cluster for ok";
    } else if (node.in_a_cluster() && node.primary >= 0 &&
               replication_up_[node.machine.value] == 0) {
      why = " is not in sync with its primary";
    }
    if (why.empty() || ++count > kShown) continue;
    text += (count == 1 ? ": " : ", ") + std::string(directory_.name(node.machine));
    text += why;
  }
  return count > kShown ? text + ", and " + std::to_string(count - kShown) + " more" : text;
}

void Run::forming_poll() {
  if (world_.now() == SimTime{}) world_.note(event::PhaseBegan{event::Phase::kForming});
  if (is_formed()) {
    if (start_delayed_ || plan_->start_delay == Duration{0}) return begin_faults();
    start_delayed_ = true;
    return schedule(world_.now() + plan_->start_delay, {Action::Kind::kFormingPoll});
  }
  if (world_.now() > kFormingLimit)
    return cut_short("the cluster did not form within 120 s" + unformed());
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
