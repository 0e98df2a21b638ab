#include "sim/faults/machines.h"

namespace sim {

DiskMode read_disk(Options& options) {
  return options.one_of<DiskMode>("disk",
                                  {{"keep", DiskMode::kKeep},
                                   {"lose", DiskMode::kLose},
                                   {"lose-nodes-conf", DiskMode::kLoseNodesConf},
                                   {"lose-unsynced", DiskMode::kLoseUnsynced},
                                   {"torn-nodes-conf", DiskMode::kTornNodesConf}},
                                  DiskMode::kKeep);
}

DiskChange disk_change(DiskMode mode) {
  using What = DiskChange::What;
  switch (mode) {
    case DiskMode::kKeep:
      return {What::kKeep, ""};
    case DiskMode::kLose:
      return {What::kLoseAll, ""};
    case DiskMode::kLoseNodesConf:
      return {What::kLoseFile, "nodes.conf"};
    case DiskMode::kLoseUnsynced:
      return {What::kLoseUnsynced, ""};
    case DiskMode::kTornNodesConf:
      return {What::kTearFile, "nodes.conf"};
  }
  return {};
}

std::string_view disk_text(DiskMode mode) {
  switch (mode) {
    case DiskMode::kKeep:
      return "";
    case DiskMode::kLose:
      return " with an empty disk";
    case DiskMode::kLoseNodesConf:
      return " without nodes.conf";
    case DiskMode::kLoseUnsynced:
      return " without what was not synced";
    case DiskMode::kTornNodesConf:
      return " with a torn nodes.conf";
  }
  return "";
}

StopMode read_stop(Options& options, StopMode fallback) {
  return options.one_of<StopMode>(
      "how",
      {{"terminate", StopMode::kTerminate}, {"kill", StopMode::kKill}, {"power", StopMode::kPower}},
      fallback);
}

std::string_view stop_text(StopMode mode) {
  switch (mode) {
    case StopMode::kTerminate:
      return "terminate";
    case StopMode::kKill:
      return "kill";
    case StopMode::kPower:
      return "power off";
  }
  return "";
}

std::string read_program(Options& options, const Selector& node) {
  if (!options.has("program")) return {};
  const std::string program = options.text("program", "");
  if (program.empty()) options.problem("program", "expected a program such as \"valkey-server\"");
  if (options.known() == nullptr) return program;
  const std::string simulated = simulated_among(node, *options.known());
  if (!simulated.empty()) {
    options.problem(
        "program", simulated + " is simulated and runs no program",
        "\"program\" is for servers that are processes (\"cluster\": {\"nodes\": ...})");
  }
  return program;
}

std::string program_text(const std::string& program) {
  return program.empty() ? "" : " with " + program;
}

bool stop(FaultStage& stage, MachineId machine, StopMode mode) {
  if (!stage.levers().is_up(machine)) return false;
  if (mode == StopMode::kTerminate) return stage.levers().terminate(machine);
  return stage.levers().crash(machine, mode == StopMode::kPower);
}

std::string_view unit_of(DiskMode disk, std::string_view what) {
  return disk == DiskMode::kKeep ? what : "bytes of files lost or altered";
}

std::uint32_t other_address(std::uint32_t ipv4, Choices& choices) {
  const auto second = static_cast<std::uint32_t>(2 + choices.choose(Site::kFaultTarget, 200));
  return (ipv4 & 0xff00ffffu) | (second << 16);
}

bool start_again(FaultStage& stage, MachineId machine, DiskMode disk) {
  if (stage.levers().is_up(machine)) return false;
  return stage.levers().start(machine, disk_change(disk));
}

bool start_at_last(FaultStage& stage, MachineId machine, DiskMode disk) {
  if (stage.levers().is_up(machine)) stage.levers().crash(machine, false);
  return start_again(stage, machine, disk);
}

}  // namespace sim
