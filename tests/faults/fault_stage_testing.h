// A stage on which faults act without a world: levers that only write down who pulled them.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sim/faults/fault.h"

namespace sim {

// Every lever claims to have changed something 10 times. Programs that are terminated take 250 ms
// to exit.
class RecordingLevers final : public Levers {
 public:
  explicit RecordingLevers(Cast cast);

  SimTime now() const override { return now_; }
  const Cast& cast() const override { return cast_; }
  bool is_up(MachineId machine) const override;
  const Topology& topology() const override { return topology_; }
  bool reaches(MachineId from, MachineId to, Plane plane) const override;
  LeverId cut(std::vector<Direction> directions, PlaneSet planes) override;
  LeverId clog(std::vector<Direction> directions, PlaneSet planes) override;
  LeverId delay(std::vector<Direction> directions, PlaneSet planes, Duration extra,
                Duration jitter) override;
  LeverId lose(std::vector<Direction> directions, PlaneSet planes, std::uint32_t loss_ppm) override;
  LeverId throttle(std::vector<Direction> directions, PlaneSet planes,
                   std::uint64_t bytes_per_second) override;
  LeverId on_message(const MessageRule& rule) override;
  LeverId cut_link(LinkId link) override;
  std::uint64_t reset_connections(std::vector<Direction> directions, PlaneSet planes) override;
  bool crash(MachineId machine, bool power_lost) override;
  bool terminate(MachineId machine) override;
  bool start(MachineId machine, const DiskChange& disk) override;
  LeverId pause(MachineId machine) override;
  LeverId slow(MachineId machine, Duration per_step) override;
  void change_address(MachineId machine, std::uint32_t ipv4) override;
  void change_program(MachineId machine, std::string program) override;
  LeverId step_clock(MachineId machine, Duration by) override;
  LeverId skew_clock(MachineId machine, Duration by) override;
  LeverId drift_clock(MachineId machine, std::int32_t ppm) override;
  std::uint32_t console(MachineId machine, std::vector<std::string> command) override;
  std::uint32_t run_program(MachineId machine, std::vector<std::string> words) override;
  void release(LeverId lever) override;
  std::uint64_t effects(LeverId lever) const override;
  std::uint64_t disk_bytes_changed(MachineId) const override { return disk_bytes_; }
  void note(Event) override {}

  void set_time(SimTime now) { now_ = now; }
  const std::vector<std::string>& log() const { return log_; }
  std::set<std::uint32_t> held() const { return held_; }  // pulled and not released
  // Of the cuts that are held: does `from` not reach `to`?
  bool is_cut(const std::string& from, const std::string& to) const;

 private:
  LeverId pull(const std::string& what);
  void write(const std::string& line) {
    log_.push_back(format_duration(now_.time_since_epoch()) + ' ' + line);
  }
  const std::string& name(MachineId machine) const { return cast_[machine.value].name; }
  std::string text(const std::vector<Direction>& directions, PlaneSet planes) const;

  Cast cast_;
  Topology topology_;
  SimTime now_{};
  std::uint64_t disk_bytes_ = 0;
  std::uint32_t pulled_ = 0;
  std::set<std::uint32_t> held_;
  std::map<std::uint32_t, std::vector<Direction>> cuts_;
  std::map<std::uint32_t, SimTime> down_since_;
  std::vector<std::string> log_;
};

// Six servers m1..m6 (shards 0 to 2, primaries first) in the zones a, b, c, and client-1 in zone a.
class TestStage final : public FaultStage {
 public:
  explicit TestStage(std::uint64_t seed = 1);

  RecordingLevers& levers() override { return levers_; }
  Choices& choices() override { return choices_; }
  std::vector<MachineId> resolve(const Selector& selector) override;
  std::vector<NodeName> ids_of(MachineId machine) override;

  // Lets a fault act until it is content or `until` has come; then, if it shall, ends it.
  void run(Fault& fault, SimTime until, bool end = true);

 private:
  RecordingLevers levers_;
  ChoiceStream stream_;
  Choices choices_;
};

Cast test_cast();
// The fault of a timeline step given as JSON; fails the test if it is not sound.
std::unique_ptr<Fault> make_fault(const std::string& step);

}  // namespace sim
