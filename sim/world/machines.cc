// Machines: boxes on which programs start, take steps, pause and die.
#include <algorithm>
#include <utility>

#include "sim/world/world_impl.h"

namespace sim {
namespace {

// How long the pass took that asked for these.
Duration time_asked(const Effects& effects) {
  const Busy* busy = effects.empty() ? nullptr : std::get_if<Busy>(&effects.back());
  return busy == nullptr ? Duration::zero() : busy->time;
}

}  // namespace

Machine::Machine(const Machine& other)
    : id(other.id),
      vertex(other.vertex),
      name_hash(other.name_hash),
      ipv4(other.ipv4),
      next_ipv4(other.next_ipv4),
      program(other.program),
      node(other.node == nullptr ? nullptr : other.node->clone()),
      powered(other.powered),
      incarnation(other.incarnation),
      starts(other.starts),
      clock(other.clock),
      disk(other.disk),
      disk_changed(other.disk_changed),
      luck(other.luck),
      wake_at(other.wake_at),
      wanted_at(other.wanted_at),
      wake_generation(other.wake_generation),
      deadline_stale(other.deadline_stale),
      inbox(other.inbox),
      tells_unread(other.tells_unread),
      busy(other.busy),
      stalled(other.stalled),
      busy_until(other.busy_until),
      step_number(other.step_number),
      late(other.late),
      paused_by(other.paused_by),
      slowed_by(other.slowed_by),
      clock_levers(other.clock_levers),
      dialled(other.dialled),
      accepted(other.accepted),
      next_accepted(other.next_accepted),
      listening(other.listening),
      closed_untold(other.closed_untold),
      programs(other.programs) {
  CHECK((node == nullptr) == (other.node == nullptr));  // ask World::copyable() first
}

// The first start, as planned.
void World::Impl::boot(Machine& machine) {
  if (machine.starts == 0) launch(machine);
}

void World::Impl::launch(Machine& machine) {
  CHECK(machine.node == nullptr);
  const MachineSpec& plan = spec->machines[machine.id.value];
  machine.powered = true;
  machine.incarnation = machine.starts++;
  machine.luck = ChoiceStream(spec->seed,
                              "node:" + plan.info.name + "#" + std::to_string(machine.incarnation));
  if (machine.next_ipv4 != machine.ipv4) {
    auto& old_tenants = addresses[machine.ipv4];
    std::erase(old_tenants, machine.id);
    retired_addresses.insert(machine.ipv4);
    machine.ipv4 = machine.next_ipv4;
    addresses[machine.ipv4].push_back(machine.id);
  }
  machine.node = plan.factory->make();
  CHECK(machine.node != nullptr);
  notify(machine,
         Booted{machine.incarnation, std::make_shared<const DiskImage>(machine.disk.image()),
                Endpoint{machine.ipv4, plan.info.endpoint.port}, machine.program});
}

void World::Impl::notify(Machine& machine, Input input) {
  const std::uint32_t index = notices.take();
  notices[index] = Notice{machine.id.value, machine.incarnation, std::move(input)};
  schedule(now_, DueKind::kNotice, index);
}

void World::Impl::deliver_notice(std::uint32_t index) {
  Notice notice = std::exchange(notices[index], Notice{});
  notices.release(index);
  Machine& machine = machines[notice.machine];
  if (machine.node == nullptr || machine.incarnation != notice.incarnation) return;
  if (const auto* closed = std::get_if<Closed>(&notice.input)) {
    // Not told if the node closed it itself in the meantime.
    if (std::erase(machine.closed_untold, closed->conn) == 0) return;
  }
  deliver(machine, std::move(notice.input));
}

// Precondition: a program runs there.
void World::Impl::deliver(Machine& machine, Input input) {
  if (machine.reads()) return step(machine, {&input, 1});
  for (const LeverId lever : machine.paused_by) ++levers[lever].effects;
  machine.inbox.push_back(std::move(input));
}

// One pass of the event loop over everything that piled up, then its timers: what SIGCONT gives a
// program back.
void World::Impl::drain(Machine& machine) {
  if (machine.node == nullptr || !machine.reads()) return;
  std::vector<Input> batch = std::exchange(machine.inbox, {});
  const auto tick = machine.node->tick();
  if (tick.has_value() && machine.clock.when(*tick) <= now_) {
    batch.emplace_back(DeadlinePassed{true});
  }
  if (batch.empty()) return plan_wake(machine);
  const std::uint32_t incarnation = machine.incarnation;
  // Who says himself what he has not read says so in this very step.
  const bool reads_all = !machine.tells_unread;
  if (!reads_all) read_by(machine, batch);
  step(machine, batch);
  const bool same = machine.node != nullptr && machine.incarnation == incarnation;
  if (reads_all && same) read_by(machine, batch);
}

void World::Impl::step(Machine& machine, std::span<Input> inputs) {
  for (Input& input : inputs) digest_input(machine, input);
  machine.deadline_stale = false;
  for (const LeverId lever : machine.clock_levers) ++levers[lever].effects;
  const std::uint64_t luck_before = machine.luck.fingerprint();
  Choices choices = choices_of(machine.luck);
  effects_scratch.clear();
  machine.node->step(machine.clock.read(now_), inputs, choices, effects_scratch);
  fold_luck(machine.luck, luck_before);
  if (const std::uint64_t more = machine.node->fingerprint(); more != 0)
    digest.choices(machine.name_hash, more);
  const Duration own = time_asked(effects_scratch);
  if (own > Duration::zero() || !machine.slowed_by.empty()) {
    const MonotonicTime over = machine.clock.read(now_).monotonic + own;
    return be_busy_until(machine, own > Duration::zero() ? machine.clock.when(over) : now_);
  }
  obey(machine, effects_scratch);
  plan_wake(machine);
}

// The pass that just ran takes until then, and what slows the machine adds to that.
void World::Impl::be_busy_until(Machine& machine, SimTime over) {
  if (over - now_ >= kStallTold) {
    machine.stalled = true;
    record(machine.id, Source::kWorld, event::StallBegan{(over - now_).count()});
  }
  for (const LeverId lever : machine.slowed_by) {
    over += levers[lever].time;
    ++levers[lever].effects;
  }
  machine.busy = true;
  machine.late = std::exchange(effects_scratch, {});
  machine.busy_until = over;
  schedule(over, DueKind::kStepDone, machine.id.value, ++machine.step_number);
}

// The slow pass is over: only now does what it did show. A paused program does not get to that.
void World::Impl::step_done(Machine& machine) {
  if (!machine.paused_by.empty()) return;  // resuming comes back to it
  machine.busy = false;
  if (std::exchange(machine.stalled, false)) {
    record(machine.id, Source::kWorld, event::StallEnded{});
  }
  Effects effects = std::exchange(machine.late, {});
  obey(machine, effects);
  drain(machine);
}

// Asks the node when it wants to be woken. At most one wake-up is under way: if it comes too early,
// it is put off when it comes, so that a node whose deadline moves on with every step costs one
// event per deadline, not one per step.
void World::Impl::plan_wake(Machine& machine) {
  if (machine.node == nullptr || !machine.reads()) return;
  const bool every_tick = spec->every_tick || !machine.slowed_by.empty() || machine.deadline_stale;
  const auto deadline = every_tick ? machine.node->tick() : machine.node->deadline();
  machine.wanted_at = deadline.has_value() ? machine.clock.when(*deadline) : kNever;
  schedule_wake(machine);
}

// Its circumstances are about to change: it is stepped while they are as they were, so that it
// counts the ticks it has idled through.
void World::Impl::wake_for_change(Machine& machine) {
  if (machine.node == nullptr || !machine.reads()) return;
  if (machine.node->tick() == machine.node->deadline()) return;  // it idles through none
  Input passed = DeadlinePassed{};
  step(machine, {&passed, 1});
}

void World::Impl::schedule_wake(Machine& machine) {
  const SimTime wake_at = std::max(machine.wanted_at, now_);
  if (machine.wake_at <= wake_at) return;
  machine.wake_at = wake_at;
  schedule(wake_at, DueKind::kWake, machine.id.value, ++machine.wake_generation);
}

void World::Impl::wake(Machine& machine) {
  machine.wake_at = kNever;
  if (!machine.paused_by.empty()) {
    for (const LeverId lever : machine.paused_by) ++levers[lever].effects;
    return;
  }
  if (machine.busy) return;
  if (machine.wanted_at > now_) return schedule_wake(machine);
  Input passed = DeadlinePassed{};
  step(machine, {&passed, 1});
}

void World::Impl::obey(Machine& machine, Effects& effects) {
  const std::uint64_t who = machine.name_hash;
  for (Effect& effect : effects) {
    if (auto* send_it = std::get_if<Send>(&effect)) {
      send(machine, send_it->conn, std::move(send_it->payload));
    } else if (auto* said = std::get_if<Note>(&effect)) {
      record(machine.id, said->source, std::move(said->event));
    } else if (const auto* dial_it = std::get_if<Dial>(&effect)) {
      dial(machine, *dial_it);
    } else if (const auto* close_it = std::get_if<Close>(&effect)) {
      close(machine, *close_it);
    } else if (const auto* unread = std::get_if<Unread>(&effect)) {
      left_unread(machine, *unread);
    } else if (const auto* write = std::get_if<WriteFile>(&effect)) {
      digest.disk(now_, who, DiskAct::kWrite, write->file, write->offset, hash_text(*write->data));
      machine.disk.write(*write);
    } else if (const auto* truncate = std::get_if<TruncateFile>(&effect)) {
      digest.disk(now_, who, DiskAct::kTruncate, truncate->file, truncate->size, 0);
      machine.disk.truncate(*truncate);
    } else if (const auto* rename = std::get_if<RenameFile>(&effect)) {
      digest.disk(now_, who, DiskAct::kRename, rename->from, 0, hash_text(rename->to));
      machine.disk.rename(*rename);
    } else if (const auto* remove = std::get_if<RemoveFile>(&effect)) {
      digest.disk(now_, who, DiskAct::kRemove, remove->file, 0, 0);
      machine.disk.remove(*remove);
    } else if (const auto* sync = std::get_if<SyncFile>(&effect)) {
      digest.disk(now_, who, DiskAct::kSync, sync->file, 0, 0);
      machine.disk.sync(*sync);
    } else if (const auto* listen = std::get_if<Listen>(&effect)) {
      auto& ports = machine.listening;
      const auto known = std::find(ports.begin(), ports.end(), listen->port);
      if (listen->on) {
        ports.push_back(listen->port);
      } else if (known != ports.end()) {
        ports.erase(known);
      }
    } else if (auto* ended = std::get_if<ProgramEnded>(&effect)) {
      program_ended(machine, *ended);
    } else if (const auto* exit = std::get_if<Exit>(&effect)) {
      record(machine.id, Source::kWorld, event::ProgramExited{exit->code, exit->why});
      end_program(machine);
      break;  // nothing that it wanted to do afterwards happens
    }
  }
  effects.clear();
}

void World::Impl::program_ended(Machine& machine, ProgramEnded& ended) {
  if (ended.ticket != 0) CHECK(std::erase(machine.programs, ended.ticket) == 1);
  program_results.push_back({ended.ticket, machine.id, ended.exit_code, std::move(ended.output)});
}

// What the kernel does when a program dies: its sockets are closed, and whoever holds the other end
// is told.
void World::Impl::end_program(Machine& machine) {
  CHECK(machine.node != nullptr);
  kill_connections(machine, !machine.powered);
  CHECK(machine.dialled.live() == 0);
  CHECK(machine.accepted.live() == 0);
  machine.node.reset();
  machine.wake_at = machine.wanted_at = kNever;
  ++machine.wake_generation;
  ++machine.step_number;
  machine.deadline_stale = false;
  machine.inbox.clear();
  machine.tells_unread = false;
  machine.late.clear();
  machine.busy = machine.stalled = false;
  machine.busy_until = SimTime{};
  machine.paused_by.clear();
  machine.listening.clear();
  machine.closed_untold.clear();
  for (const std::uint32_t ticket : std::exchange(machine.programs, {}))
    program_results.push_back({ticket, machine.id, {}, ""});
  machine.next_accepted = 0;
}

}  // namespace sim
