// Levers put over levers: all that is pulled goes to those below, but for what a kind of its own
// keeps back.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sim/world/levers.h"

namespace sim {

class LeversOver : public Levers {
 public:
  explicit LeversOver(Levers& below) : below_(below) {}

  SimTime now() const override { return below_.now(); }
  const Cast& cast() const override { return below_.cast(); }
  bool is_up(MachineId machine) const override { return below_.is_up(machine); }
  const Topology& topology() const override { return below_.topology(); }
  bool reaches(MachineId from, MachineId to, Plane plane) const override {
    return below_.reaches(from, to, plane);
  }
  LeverId cut(std::vector<Direction> directions, PlaneSet planes) override {
    return below_.cut(std::move(directions), planes);
  }
  LeverId clog(std::vector<Direction> directions, PlaneSet planes) override {
    return below_.clog(std::move(directions), planes);
  }
  LeverId delay(std::vector<Direction> directions, PlaneSet planes, Duration extra,
                Duration jitter) override {
    return below_.delay(std::move(directions), planes, extra, jitter);
  }
  LeverId lose(std::vector<Direction> directions, PlaneSet planes,
               std::uint32_t loss_ppm) override {
    return below_.lose(std::move(directions), planes, loss_ppm);
  }
  LeverId throttle(std::vector<Direction> directions, PlaneSet planes,
                   std::uint64_t bytes_per_second) override {
    return below_.throttle(std::move(directions), planes, bytes_per_second);
  }
  LeverId on_message(const MessageRule& rule) override { return below_.on_message(rule); }
  LeverId cut_link(LinkId link) override { return below_.cut_link(link); }
  std::uint64_t reset_connections(std::vector<Direction> directions, PlaneSet planes) override {
    return below_.reset_connections(std::move(directions), planes);
  }
  bool crash(MachineId machine, bool power_lost) override {
    return below_.crash(machine, power_lost);
  }
  bool terminate(MachineId machine) override { return below_.terminate(machine); }
  bool start(MachineId machine, const DiskChange& disk) override {
    return below_.start(machine, disk);
  }
  std::uint64_t disk_bytes_changed(MachineId machine) const override {
    return below_.disk_bytes_changed(machine);
  }
  LeverId pause(MachineId machine) override { return below_.pause(machine); }
  LeverId slow(MachineId machine, Duration per_step) override {
    return below_.slow(machine, per_step);
  }
  void change_address(MachineId machine, std::uint32_t ipv4) override {
    below_.change_address(machine, ipv4);
  }
  void change_program(MachineId machine, std::string program) override {
    below_.change_program(machine, std::move(program));
  }
  LeverId step_clock(MachineId machine, Duration by) override {
    return below_.step_clock(machine, by);
  }
  LeverId skew_clock(MachineId machine, Duration by) override {
    return below_.skew_clock(machine, by);
  }
  LeverId drift_clock(MachineId machine, std::int32_t ppm) override {
    return below_.drift_clock(machine, ppm);
  }
  std::uint32_t console(MachineId machine, std::vector<std::string> command) override {
    return below_.console(machine, std::move(command));
  }
  std::uint32_t run_program(MachineId machine, std::vector<std::string> words) override {
    return below_.run_program(machine, std::move(words));
  }
  void release(LeverId lever) override { below_.release(lever); }
  std::uint64_t effects(LeverId lever) const override { return below_.effects(lever); }
  void note(Event event) override { below_.note(std::move(event)); }

 protected:
  Levers& below() { return below_; }

 private:
  Levers& below_;
};

// Does not start certain machines.
class SparingLevers final : public LeversOver {
 public:
  SparingLevers(Levers& below, const std::vector<MachineId>& spared)
      : LeversOver(below), spared_(spared) {}
  bool start(MachineId machine, const DiskChange& disk) override {
    for (const MachineId spared : spared_) {
      if (spared == machine) return false;
    }
    return below().start(machine, disk);
  }

 private:
  const std::vector<MachineId>& spared_;
};

// Moves nothing: whoever pulls it has done nothing, and must notice.
class IdleLevers final : public LeversOver {
 public:
  using LeversOver::LeversOver;
  LeverId cut(std::vector<Direction>, PlaneSet) override { return {}; }
  LeverId clog(std::vector<Direction>, PlaneSet) override { return {}; }
  LeverId delay(std::vector<Direction>, PlaneSet, Duration, Duration) override { return {}; }
  LeverId lose(std::vector<Direction>, PlaneSet, std::uint32_t) override { return {}; }
  LeverId throttle(std::vector<Direction>, PlaneSet, std::uint64_t) override { return {}; }
  LeverId on_message(const MessageRule&) override { return {}; }
  LeverId cut_link(LinkId) override { return {}; }
  std::uint64_t reset_connections(std::vector<Direction>, PlaneSet) override { return 0; }
  bool crash(MachineId, bool) override { return false; }
  bool terminate(MachineId) override { return false; }
  bool start(MachineId, const DiskChange&) override { return false; }
  std::uint64_t disk_bytes_changed(MachineId) const override { return 0; }
  LeverId pause(MachineId) override { return {}; }
  LeverId slow(MachineId, Duration) override { return {}; }
  void change_address(MachineId, std::uint32_t) override {}
  void change_program(MachineId, std::string) override {}
  LeverId step_clock(MachineId, Duration) override { return {}; }
  LeverId skew_clock(MachineId, Duration) override { return {}; }
  LeverId drift_clock(MachineId, std::int32_t) override { return {}; }
  std::uint32_t console(MachineId, std::vector<std::string>) override { return 0; }
  std::uint32_t run_program(MachineId, std::vector<std::string>) override { return 0; }
  void release(LeverId) override {}
  std::uint64_t effects(LeverId) const override { return 0; }
  void note(Event) override {}
};

}  // namespace sim
