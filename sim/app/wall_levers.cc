#include "sim/app/wall_levers.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <string_view>
#include <utility>

#include "sim/base/check.h"

namespace sim {
namespace {

// Their options are read here as words: the faults themselves keep them.
const JsonMember* option(const Step& step, std::string_view name) {
  for (const JsonMember& member : step.options.object->members) {
    if (member.key == name) return &member;
  }
  return nullptr;
}

std::string refusal_of(const Step& step) {
  constexpr std::array<std::string_view, 5> kCan = {"crash", "pause", "restart", "rolling-restart",
                                                    "failover"};
  if (step.trigger.kind != Trigger::Kind::kAt)
    return "step " + step.id + " waits for something to happen, and nobody watches meanwhile";
  if (step.what == Step::What::kProgram) return "step " + step.id + " runs a program";
  if (step.what == Step::What::kOperation) return "step " + step.id + " is an operation";
  if (step.what == Step::What::kCommand) return "step " + step.id + " is a scripted command";
  if (step.what == Step::What::kEnd) return "";
  if (std::find(kCan.begin(), kCan.end(), step.fault) == kCan.end())
    return "step " + step.id + " is a " + step.fault + ", which signals cannot do";
  if (const JsonMember* disk = option(step, "disk"); disk != nullptr && disk->value->text != "keep")
    return "step " + step.id + " changes a disk";
  if (option(step, "new_address") != nullptr) return "step " + step.id + " changes an address";
  if (option(step, "program") != nullptr) return "step " + step.id + " changes a program";
  return "";
}

std::string refusal_of(const Directives& directives) {
  for (const auto& [name, value] : directives) {
    if (name == "port" || name == "cluster-port" || name.starts_with("cluster-announce"))
      return "it sets " + name + ", which on loopback is ours to choose";
  }
  return "";
}

}  // namespace

std::string wall_refusal(const Scenario& scenario) {
  const ClusterOptions& cluster = scenario.cluster;
  if (cluster.standalone + cluster.spares > 0 || !cluster.others.empty())
    return "it has servers outside the cluster";
  if (cluster.form == ClusterOptions::Form::kMeet) return "its nodes are to meet over the wire";
  if (!scenario.machines.empty()) return "it has machines that run commands";
  if (scenario.nemesis) return "it has a nemesis";
  if (scenario.heal_core_only || scenario.progress_every > 0)
    return "more than views is asked for after the heal";
  if (!scenario.swarm.empty()) return "each seed draws its own values";
  const Quality& quality = scenario.network.machines;
  if (quality.loss_ppm != 0 || quality.bandwidth != 0 || quality.delay > 5ms ||
      !scenario.network.links.empty())
    return "its network is not that of one machine";
  std::string why = refusal_of(cluster.config);
  for (const auto& [name, node] : cluster.nodes) {
    if (why.empty()) why = refusal_of(node.config);
    if (node.clock_skew != Duration{0} || node.drift_ppm != 0)
      why = name + " has a clock of its own";
  }
  for (const Step& step : scenario.timeline) {
    if (why.empty()) why = refusal_of(step);
  }
  return why;
}

WallLevers::WallLevers(const Plan& plan, WallCluster& cluster, std::function<SimTime()> now,
                       Tell tell)
    : plan_(plan),
      cluster_(cluster),
      now_(std::move(now)),
      tell_(std::move(tell)),
      boxes_(cluster.size()) {}

LeverId WallLevers::refuse() {
  constexpr bool wall_refusal_keeps_it_away = false;
  CHECK(wall_refusal_keeps_it_away);
  return {};
}

bool WallLevers::is_up(MachineId machine) const {
  const Box& box = boxes_[machine.value];
  return box.running && !box.dark;
}

void WallLevers::look() {
  for (std::uint32_t i = 0; i < boxes_.size(); ++i) {
    if (!boxes_[i].running || cluster_.is_up(i)) continue;
    boxes_[i].running = false;
    tell_(MachineId{i}, event::ProgramExited{0, ""});
  }
}

// Who loses power falls silent, and no kernel resets his connections: on this machine that is a
// program which is stopped for good.
bool WallLevers::crash(MachineId machine, bool power_lost) {
  if (!is_up(machine)) return false;
  Box& box = boxes_[machine.value];
  cluster_.signal(machine.value, power_lost ? SIGSTOP : SIGKILL);
  box.dark = power_lost;
  box.running = power_lost;
  tell_(machine, event::MachineCrashed{power_lost});
  return true;
}

bool WallLevers::terminate(MachineId machine) {
  return is_up(machine) && cluster_.signal(machine.value, SIGTERM);
}

bool WallLevers::start(MachineId machine, const DiskChange& disk) {
  CHECK(disk.what == DiskChange::What::kKeep);
  if (is_up(machine)) return false;
  Box& box = boxes_[machine.value];
  if (box.dark) cluster_.signal(machine.value, SIGKILL);
  box.dark = false;
  box.running = cluster_.start(machine.value);
  tell_(machine, event::MachineStarted{box.incarnation, "kept"});
  event::NodeStarted started;
  started.id = cast()[machine.value].planned_id;
  started.incarnation = box.incarnation++;
  tell_(machine, started);
  return box.running;
}

LeverId WallLevers::pause(MachineId machine) {
  cluster_.signal(machine.value, SIGSTOP);
  tell_(machine, event::MachinePaused{});
  paused_.push_back(machine);
  return {static_cast<std::uint32_t>(paused_.size())};
}

void WallLevers::release(LeverId lever) {
  const MachineId machine = paused_[lever.value - 1];
  if (!is_up(machine)) return;
  cluster_.signal(machine.value, SIGCONT);
  tell_(machine, event::MachineResumed{});
}

std::uint32_t WallLevers::console(MachineId machine, std::vector<std::string> command) {
  cluster_.ask(machine.value, command);
  return 1;  // nobody asks for the answer
}

}  // namespace sim
