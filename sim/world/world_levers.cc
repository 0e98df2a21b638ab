// What each lever does when it is pulled and when it is released. How it bites is where it bites.
#include <algorithm>
#include <utility>

#include "sim/world/world_impl.h"

namespace sim {
namespace {

event::ClockStepped clock_word(Duration by, std::string what) {
  return {std::chrono::duration_cast<std::chrono::milliseconds>(by).count(), std::move(what)};
}

std::string_view disk_word(DiskChange::What what) {
  switch (what) {
    case DiskChange::What::kKeep:
      return "kept";
    case DiskChange::What::kLoseAll:
      return "lost";
    case DiskChange::What::kLoseFile:
      return " lost";
    case DiskChange::What::kLoseUnsynced:
      return "unsynced lost";
    case DiskChange::What::kTearFile:
      return "torn ";
  }
  return "";
}

std::string disk_text(const DiskChange& change) {
  const std::string word(disk_word(change.what));
  if (change.what == DiskChange::What::kLoseFile) return change.file + word;
  if (change.what == DiskChange::What::kTearFile) return word + change.file;
  return word;
}

}  // namespace

// ---- The network ----

LeverId World::Impl::network_lever(LeverKind kind, std::vector<Direction> directions,
                                   PlaneSet planes, Lever lever) {
  for (const Direction& direction : directions) {
    CHECK(direction.from.value < machines.size());
    CHECK(direction.to.value < machines.size());
  }
  lever.kind = kind;
  lever.planes = planes;
  lever.directions = DirectionSet(std::move(directions), machines.size());
  return levers.add(std::move(lever));
}

LeverId World::Impl::cut(std::vector<Direction> directions, PlaneSet planes) {
  const LeverId id = network_lever(LeverKind::kCut, std::move(directions), planes);
  say_reachability();
  return id;
}

LeverId World::Impl::clog(std::vector<Direction> directions, PlaneSet planes) {
  return network_lever(LeverKind::kClog, std::move(directions), planes);
}

LeverId World::Impl::delay(std::vector<Direction> directions, PlaneSet planes, Duration extra,
                           Duration jitter) {
  CHECK(extra >= Duration::zero());
  CHECK(jitter >= Duration::zero());
  Lever lever;
  lever.time = extra;
  lever.jitter = jitter;
  return network_lever(LeverKind::kDelay, std::move(directions), planes, std::move(lever));
}

LeverId World::Impl::lose(std::vector<Direction> directions, PlaneSet planes,
                          std::uint32_t loss_ppm) {
  CHECK(loss_ppm <= 1'000'000);
  Lever lever;
  lever.loss_ppm = loss_ppm;
  return network_lever(LeverKind::kLose, std::move(directions), planes, std::move(lever));
}

LeverId World::Impl::throttle(std::vector<Direction> directions, PlaneSet planes,
                              std::uint64_t bytes_per_second) {
  CHECK(bytes_per_second > 0);
  Lever lever;
  lever.bandwidth = bytes_per_second;
  return network_lever(LeverKind::kThrottle, std::move(directions), planes, std::move(lever));
}

LeverId World::Impl::on_message(const MessageRule& rule) {
  Lever lever;
  lever.kind = LeverKind::kMessage;
  lever.rule = rule;
  return levers.add(std::move(lever));
}

LeverId World::Impl::cut_link(LinkId link) {
  Lever lever;
  lever.kind = LeverKind::kLinkCut;
  lever.link = link;
  const LeverId id = levers.add(std::move(lever));
  graph.set_link(link, false);
  topology_changed();
  return id;
}

void World::Impl::topology_changed() {
  detours.clear();
  narrows.clear();
  for (std::uint32_t c = 0; c < connections.high_water(); ++c) connections[c].path = PathId{};
  say_reachability();
}

std::uint64_t World::Impl::reset_connections(std::vector<Direction> directions, PlaneSet planes) {
  const DirectionSet chosen(std::move(directions), machines.size());
  std::uint64_t count = 0;
  for (const Machine& machine : machines) {
    for (const std::uint32_t c : machine.dialled.slots()) {
      const Connection& conn = connections[c];
      if (conn.end[0] != End::kOpen || (planes & plane_set(conn.plane)) == 0) continue;
      const bool meant = chosen.contains(conn.machine[0], conn.machine[1]) ||
                         chosen.contains(conn.machine[1], conn.machine[0]);
      if (!meant) continue;
      reset_both(c);
      ++count;
    }
  }
  return count;
}

// ---- Machines ----

bool World::Impl::crash(MachineId id, bool power_lost) {
  Machine& machine = at(id);
  if (machine.node == nullptr && (!power_lost || !machine.powered)) return false;
  record(id, Source::kWorld, event::MachineCrashed{power_lost});
  if (power_lost) {
    machine.powered = false;
    digest.disk(now_, machine.name_hash, DiskAct::kLost, "", 0, machine.disk.lose_unsynced());
  }
  if (machine.node != nullptr) {
    end_program(machine);
  } else {
    kill_connections(machine, true);  // what its kernel was still sending for a program long gone
  }
  return true;
}

bool World::Impl::terminate(MachineId id) {
  if (!is_up(id)) return false;
  notify(at(id), Terminated{});
  return true;
}

bool World::Impl::start(MachineId id, const DiskChange& change) {
  Machine& machine = at(id);
  if (machine.node != nullptr) return false;
  ChoiceStream luck(spec->seed,
                    "disk:" + people[id.value].name + "#" + std::to_string(machine.starts));
  const std::uint64_t luck_before = luck.fingerprint();
  Choices choices = choices_of(luck);
  machine.disk_changed = machine.disk.apply(change, choices);
  fold_luck(luck, luck_before);
  record(id, Source::kWorld,
         event::MachineStarted{machine.starts, disk_text(change), machine.program});
  launch(machine);
  return true;
}

LeverId World::Impl::pause(MachineId id) {
  Machine& machine = at(id);
  Lever lever;
  lever.kind = LeverKind::kPause;
  lever.machine = id;
  const LeverId pulled = levers.add(std::move(lever));
  wake_for_change(machine);
  if (machine.node == nullptr) return pulled;  // nothing to stop
  machine.paused_by.push_back(pulled);
  if (machine.paused_by.size() == 1) record(id, Source::kWorld, event::MachinePaused{});
  return pulled;
}

LeverId World::Impl::slow(MachineId id, Duration per_step) {
  CHECK(per_step > Duration::zero());
  Lever lever;
  lever.kind = LeverKind::kSlow;
  lever.machine = id;
  lever.time = per_step;
  const LeverId pulled = levers.add(std::move(lever));
  wake_for_change(at(id));
  at(id).slowed_by.push_back(pulled);
  plan_wake(at(id));
  return pulled;
}

void World::Impl::change_address(MachineId id, std::uint32_t ipv4) {
  at(id).next_ipv4 = ipv4;
}

void World::Impl::change_program(MachineId id, std::string program) {
  at(id).program = std::move(program);
}

std::uint32_t World::Impl::run_program(MachineId id, std::vector<std::string> words) {
  Machine& machine = at(id);
  const std::uint32_t ticket = ++program_tickets;
  if (machine.node == nullptr) {
    program_results.push_back({ticket, id, {}, ""});
    return ticket;
  }
  machine.programs.push_back(ticket);
  notify(machine, RunProgram{ticket, std::move(words)});
  return ticket;
}

// ---- Clocks ----

void World::Impl::step_wall(Machine& machine, Duration by) {
  wake_for_change(machine);
  machine.clock.step_wall(by);
  machine.deadline_stale = machine.node != nullptr;
  plan_wake(machine);
}

void World::Impl::change_drift(Machine& machine, std::int32_t by_ppm) {
  wake_for_change(machine);
  machine.clock.set_drift(now_, machine.clock.drift() + by_ppm);
  plan_wake(machine);
}

LeverId World::Impl::step_clock(MachineId id, Duration by) {
  Lever lever;
  lever.kind = LeverKind::kStepClock;
  lever.machine = id;
  lever.time = by;
  const LeverId pulled = levers.add(std::move(lever));
  step_wall(at(id), by);
  at(id).clock_levers.push_back(pulled);
  record(id, Source::kWorld, clock_word(by, "jump"));
  return pulled;
}

LeverId World::Impl::skew_clock(MachineId id, Duration by) {
  Lever lever;
  lever.kind = LeverKind::kSkewClock;
  lever.machine = id;
  lever.time = by;
  const LeverId pulled = levers.add(std::move(lever));
  step_wall(at(id), by);
  at(id).clock_levers.push_back(pulled);
  record(id, Source::kWorld, clock_word(by, "skew"));
  return pulled;
}

LeverId World::Impl::drift_clock(MachineId id, std::int32_t ppm) {
  Lever lever;
  lever.kind = LeverKind::kDriftClock;
  lever.machine = id;
  lever.drift_ppm = ppm;
  const LeverId pulled = levers.add(std::move(lever));
  Machine& machine = at(id);
  change_drift(machine, ppm);
  machine.clock_levers.push_back(pulled);
  record(id, Source::kWorld, clock_word({}, "drift " + std::to_string(ppm) + " ppm"));
  return pulled;
}

// ---- Operators ----

std::uint32_t World::Impl::console(MachineId machine, std::vector<std::string> command) {
  return console_ask(at(machine), command);
}

// ---- Release ----

void World::Impl::release(LeverId id) {
  CHECK(levers.knows(id));
  if (!levers[id].active) return;
  levers.retire(id);
  const Lever lever = levers[id];
  switch (lever.kind) {
    case LeverKind::kCut:
      say_reachability();
      break;
    case LeverKind::kClog:
    case LeverKind::kMessage:
      stir_streams(id);
      break;
    case LeverKind::kDelay:
    case LeverKind::kLose:
    case LeverKind::kThrottle:
      break;
    case LeverKind::kLinkCut: {
      const bool still_cut =
          std::any_of(levers.cut_links().begin(), levers.cut_links().end(),
                      [&](LeverId other) { return levers[other].link == lever.link; });
      if (!still_cut) graph.set_link(lever.link, spec->topology.links()[lever.link.value].up);
      topology_changed();
      break;
    }
    case LeverKind::kPause: {
      Machine& machine = at(lever.machine);
      if (std::erase(machine.paused_by, id) == 0 || !machine.paused_by.empty()) break;
      record(machine.id, Source::kWorld, event::MachineResumed{});
      // Busy until that event: nothing may get in before what piled up.
      machine.busy = true;
      machine.busy_until = std::max(machine.busy_until, now_);
      schedule(machine.busy_until, DueKind::kStepDone, machine.id.value, ++machine.step_number);
      break;
    }
    case LeverKind::kSlow:
      std::erase(at(lever.machine).slowed_by, id);
      break;
    case LeverKind::kSkewClock:
      step_wall(at(lever.machine), -lever.time);
      std::erase(at(lever.machine).clock_levers, id);
      break;
    case LeverKind::kStepClock:
      std::erase(at(lever.machine).clock_levers, id);
      break;
    case LeverKind::kDriftClock: {
      Machine& machine = at(lever.machine);
      change_drift(machine, -lever.drift_ppm);
      std::erase(machine.clock_levers, id);
      break;
    }
  }
}

// What waited for this lever goes on at once.
void World::Impl::stir_streams(LeverId released) {
  for (std::uint32_t s = 0; s < streams.high_water(); ++s) {
    Stream& stream = streams[s];
    if (stream.conn == kNil) continue;
    bool stirred = stream.clogged;
    for (Waiting& waiting : stream.queue) {
      if (waiting.held_by != released) continue;
      waiting.held_by = LeverId{};
      stirred = true;
    }
    if (!stirred) continue;
    if (std::exchange(stream.clogged, false) && stream.dialling) {
      send_syn(s);
    } else {
      pump(s);
    }
  }
}

}  // namespace sim
