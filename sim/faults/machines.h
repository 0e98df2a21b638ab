// Stopping programs and starting them again: what crash, restart, zone-outage and rolling-restart
// share.
#pragma once

#include <string>
#include <string_view>

#include "sim/faults/fault_base.h"

namespace sim {

// "disk": what becomes of a machine's files before it starts again.
enum class DiskMode : std::uint8_t { kKeep, kLose, kLoseNodesConf, kLoseUnsynced, kTornNodesConf };
DiskMode read_disk(Options& options);
DiskChange disk_change(DiskMode mode);
std::string_view disk_text(DiskMode mode);  // "" for keep, " with an empty disk"

// How a program is stopped.
enum class StopMode : std::uint8_t { kTerminate, kKill, kPower };
StopMode read_stop(Options& options, StopMode fallback);
std::string_view stop_text(StopMode mode);  // "terminate"
// "program": what the machines run from their next start on; "" for what they run now. Only for
// machines that are processes, all of them.
std::string read_program(Options& options, const Selector& node);
std::string program_text(const std::string& program);  // "" for none, " with valkey-server"
// False if it was down already.
bool stop(FaultStage& stage, MachineId machine, StopMode mode);

// What a fault that starts machines again counts: the bytes it took from their disks if it was to
// do that (none: there was nothing to lose, and the verdict warns), otherwise `what` it did.
std::string_view unit_of(DiskMode disk, std::string_view what);

// An address nobody has: 10.x.y.z with the x of no server and no client.
std::uint32_t other_address(std::uint32_t ipv4, Choices& choices);

// Starts the machine if it is down; false if it was up.
bool start_again(FaultStage& stage, MachineId machine, DiskMode disk);
// The fault is over: a machine it has stopped starts even if it is still shutting down, which is
// then cut short.
bool start_at_last(FaultStage& stage, MachineId machine, DiskMode disk);

}  // namespace sim
