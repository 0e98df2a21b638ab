// The levers of the world as far as this machine has them: real programs on loopback can be killed,
// stopped and started. `wall_refusal` keeps faults that need others away from here.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sim/app/plan.h"
#include "sim/hosts/wall_cluster.h"
#include "sim/world/levers.h"

namespace sim {

class WallLevers final : public Levers {
 public:
  using Tell = std::function<void(MachineId, Event)>;
  // `now`: since the cluster has formed.
  WallLevers(const Plan& plan, WallCluster& cluster, std::function<SimTime()> now, Tell tell);

  // Tells who has exited by itself, or at last.
  void look();

  SimTime now() const override { return now_(); }
  const Cast& cast() const override { return plan_.facts.cast; }
  bool is_up(MachineId machine) const override;
  const Topology& topology() const override { return plan_.world.topology; }
  bool reaches(MachineId, MachineId, Plane) const override { return true; }

  bool crash(MachineId machine, bool power_lost) override;
  bool terminate(MachineId machine) override;
  bool start(MachineId machine, const DiskChange& disk) override;
  LeverId pause(MachineId machine) override;
  std::uint32_t console(MachineId machine, std::vector<std::string> command) override;
  void release(LeverId lever) override;
  std::uint64_t effects(LeverId lever) const override { return lever.value == 0 ? 0 : 1; }
  void note(Event event) override { tell_(kNoMachine, std::move(event)); }

  LeverId cut(std::vector<Direction>, PlaneSet) override { return refuse(); }
  LeverId clog(std::vector<Direction>, PlaneSet) override { return refuse(); }
  LeverId delay(std::vector<Direction>, PlaneSet, Duration, Duration) override { return refuse(); }
  LeverId lose(std::vector<Direction>, PlaneSet, std::uint32_t) override { return refuse(); }
  LeverId throttle(std::vector<Direction>, PlaneSet, std::uint64_t) override { return refuse(); }
  LeverId on_message(const MessageRule&) override { return refuse(); }
  LeverId cut_link(LinkId) override { return refuse(); }
  std::uint64_t reset_connections(std::vector<Direction>, PlaneSet) override {
    return refuse().value;
  }
  std::uint64_t disk_bytes_changed(MachineId) const override { return 0; }
  LeverId slow(MachineId, Duration) override { return refuse(); }
  void change_address(MachineId, std::uint32_t) override { refuse(); }
  void change_program(MachineId, std::string) override { refuse(); }
  std::uint32_t run_program(MachineId, std::vector<std::string>) override {
    return refuse().value;
  }
  LeverId step_clock(MachineId, Duration) override { return refuse(); }
  LeverId skew_clock(MachineId, Duration) override { return refuse(); }
  LeverId drift_clock(MachineId, std::int32_t) override { return refuse(); }

 private:
  struct Box {
    std::uint32_t incarnation = 0;
    bool running = false;
    bool dark = false;  // without power: its program is stopped until it is to start again
  };
  static LeverId refuse();

  const Plan& plan_;
  WallCluster& cluster_;
  std::function<SimTime()> now_;
  Tell tell_;
  std::vector<Box> boxes_;
  std::vector<MachineId> paused_;  // by lever, from 1
};

// Why the scenario cannot be run in real time on loopback, in one sentence; "" if it can.
std::string wall_refusal(const Scenario& scenario);

}  // namespace sim
