// Operations of the timeline: an operator, with one program after another, does something to the
// whole cluster. What the programs do is theirs (sim/client/operator, or redis-cli itself); here
// they are begun, waited for, and stopped when they take too long.
#include <algorithm>

#include "sim/app/casting.h"
#include "sim/app/run.h"
#include "sim/base/check.h"
#include "sim/faults/machines.h"

namespace sim {
namespace {
constexpr Duration kOperationPoll = 250ms;
}  // namespace

const OperationStep& Run::operation_of(const ActiveOperation& active) const {
  return plan_->steps[active.step].step.operation;
}

void Run::begin_operation(std::uint32_t index) {
  const OperationStep& step = plan_->steps[index].step.operation;
  ActiveOperation active;
  active.step = index;
  active.ahead = parts_of(step);
  Choices choices(fault_choices_, world_choice_policy());
  if (step.node) {
    const std::vector<MachineId> meant = sim::resolve(*step.node, directory_, choices);
    if (!meant.empty()) active.subject = meant.front();
  }
  if (active.subject) remember_subject(active);
  world_.note(event::OperationBegan{index + 1, step.name(), operation_text(step)});
  operations_.push_back(std::move(active));
  schedule(world_.now() + step.within, {Action::Kind::kOperationDeadline, index});
  operation_goes_on(index);
}

// Who it was before, and where it belonged.
void Run::remember_subject(ActiveOperation& active) const {
  const event::Claim* claim = directory_.claim(*active.subject);
  if (claim == nullptr) return;
  active.old_id = claim->id;
  if (operation_of(active).kind != OperationKind::kReplaceNode) return;
  const auto primary =
      claim->role == Role::kReplica ? directory_.machine_of(claim->replica_of) : active.subject;
  const event::Claim* owner = primary ? directory_.claim(*primary) : nullptr;
  if (owner == nullptr || owner->slots->count() == 0) return;
  active.shard = slot_ranges(owner->slots->slots()).front().first;
}

ActiveOperation* Run::find_operation_of(std::uint32_t index) {
  const auto found = std::find_if(operations_.begin(), operations_.end(),
                                  [&](const ActiveOperation& one) { return one.step == index; });
  return found == operations_.end() ? nullptr : &*found;
}

// Begins parts until one takes time.
void Run::operation_goes_on(std::uint32_t index) {
  for (;;) {
    ActiveOperation* active = find_operation_of(index);
    if (active == nullptr || active->ticket != 0) return;
    if (active->ahead.empty()) return end_operation(index, true, "");
    const OperationPart part = active->ahead.front();
    const std::optional<Duration> again = carry_out(part, *active);
    if (again) return schedule(world_.now() + *again, {Action::Kind::kOperation, index});
  }
}

// Begins, or looks whether it has come about. Answers when to look again; nullopt: there is nothing
// to wait for but, perhaps, the program that it has begun.
std::optional<Duration> Run::carry_out(OperationPart part, ActiveOperation& active) {
  const auto done = [&]() -> std::optional<Duration> {
    active.ahead.pop_front();
    return std::nullopt;
  };
  const OperationStep& step = operation_of(active);
  Levers& levers = world_.levers();
  const auto await = [&](bool come_about) {
    return come_about ? done() : std::optional(kOperationPoll);
  };
  switch (part) {
    case OperationPart::kReshard:
    case OperationPart::kRebalance:
    case OperationPart::kFix:
    case OperationPart::kMoveAway:
    case OperationPart::kAddNode:
    case OperationPart::kDelNode:
    case OperationPart::kForget:
      type_program(part, active);
      return std::nullopt;
    case OperationPart::kHandOver:
      hand_over(active);
      return std::nullopt;
    case OperationPart::kAwaitHandOver:
      return await(!leads_shard(*active.subject, active));
    case OperationPart::kStop: {
      levers.crash(*active.subject, false);
      if (step.new_address) {
        Choices choices(fault_choices_, world_choice_policy());
        levers.change_address(*active.subject,
                              other_address(world_.endpoint(*active.subject).ipv4, choices));
      }
      done();
      return step.down;
    }
    case OperationPart::kStart:
      levers.start(*active.subject, {DiskChange::What::kLoseAll, ""});
      return done();
    case OperationPart::kAwaitStart: {
      const event::Claim* claim = directory_.claim(*active.subject);
      return await(directory_.is_up(*active.subject) && claim != nullptr &&
                   claim->id != active.old_id);
    }
    case OperationPart::kAwaitJoin:
      return await(all_know(*active.subject));
  }
  CHECK(false);
}

void Run::type_program(OperationPart part, ActiveOperation& active) {
  const OperationStep& step = operation_of(active);
  Choices choices(fault_choices_, world_choice_policy());
  OperationStage stage;
  stage.resolve = [&](const Selector& selector) {
    return sim::resolve(selector, directory_, choices);
  };
  stage.id = [&](MachineId machine) -> std::optional<NodeName> {
    const event::Claim* claim = directory_.claim(machine);
    return claim == nullptr ? std::nullopt : std::optional(claim->id);
  };
  stage.endpoint = [&](MachineId machine) { return world_.endpoint(machine); };
  stage.is_primary = [&](MachineId machine) { return directory_.role(machine) == Role::kPrimary; };
  stage.owner = [&](SlotId slot) { return directory_.owner_of(slot); };
  stage.anybody = [&](std::optional<MachineId> other_than) -> std::optional<MachineId> {
    for (const MachineId machine : directory_.cluster_nodes()) {
      if (directory_.is_serving(machine) && machine != other_than) return machine;
    }
    return std::nullopt;
  };
  auto words = words_of(part, step, active, stage);
  if (auto* nobody = std::get_if<std::string>(&words))
    return end_operation(active.step, false, std::move(*nobody));
  const std::optional<MachineId> machine = directory_.find(step.machine());
  CHECK(machine.has_value());
  Levers& levers = world_.levers();
  if (!levers.is_up(*machine)) levers.start(*machine, {});
  active.ahead.pop_front();
  active.ticket = levers.run_program(*machine, std::get<Words>(std::move(words)));
}

// A replica of the subject's is asked to take over; nobody need be asked for a node without slots.
void Run::hand_over(ActiveOperation& active) {
  if (!active.subject)
    return end_operation(active.step, false, "nobody is " + to_text(*operation_of(active).node));
  active.ahead.pop_front();
  if (!leads_shard(*active.subject, active) || !directory_.is_up(*active.subject)) return;
  for (const MachineId machine : directory_.replicas()) {
    if (directory_.machine_of(directory_.claim(machine)->replica_of) != active.subject) continue;
    world_.levers().console(machine, {"CLUSTER", "FAILOVER"});
    return;
  }
  end_operation(active.step, false, "nobody follows it who could take over");
}

// Its slots are still its own; of a dead one, nobody has taken them.
bool Run::leads_shard(MachineId machine, const ActiveOperation& active) const {
  if (!active.shard || directory_.role(machine) != Role::kPrimary) return false;
  const std::optional<MachineId> owner = directory_.owner_of(*active.shard);
  return !owner || *owner == machine;
}

// Every live member knows as many nodes as the newcomer does.
bool Run::all_know(MachineId newcomer) {
  for (const MachineId machine : directory_.cluster_nodes()) {
    if (!directory_.is_serving(machine)) continue;
    views_.erase(machine);
    world_.probe(machine, false);
  }
  drain();
  const auto its = views_.find(newcomer);
  if (its == views_.end() || its->second.known_nodes < 2) return false;
  for (const MachineId machine : directory_.cluster_nodes()) {
    if (!directory_.is_serving(machine)) continue;
    const auto view = views_.find(machine);
    if (view == views_.end() || view->second.known_nodes != its->second.known_nodes) return false;
  }
  return true;
}

// False: it is no operation's program.
bool Run::operation_program_ended(const ProgramResult& result) {
  const auto found =
      std::find_if(operations_.begin(), operations_.end(), [&](const ActiveOperation& active) {
        return result.ticket != 0 && active.ticket == result.ticket;
      });
  if (found == operations_.end()) return false;
  found->ticket = 0;
  const std::uint32_t index = found->step;
  if (!result.exit_code) {
    end_operation(index, false, "its machine went down");
  } else if (*result.exit_code != 0) {
    end_operation(index, false, result.output);
  } else {
    operation_goes_on(index);
  }
  return true;
}

void Run::operation_deadline(std::uint32_t index) {
  if (find_operation_of(index) != nullptr) stop_operation(index, "not done in time");
}

// Whatever its machine runs is killed.
void Run::stop_operation(std::uint32_t index, std::string why) {
  const ActiveOperation& active = *find_operation_of(index);
  const std::optional<MachineId> machine = directory_.find(operation_of(active).machine());
  const bool runs = active.ticket != 0;
  end_operation(index, false, std::move(why));
  if (runs) world_.levers().crash(*machine, false);
}

void Run::end_operation(std::uint32_t index, bool done, std::string why) {
  const OperationStep& step = plan_->steps[index].step.operation;
  const ActiveOperation& active = *find_operation_of(index);
  const bool leaves = done && step.kind == OperationKind::kRemoveNode;
  const MachineId left = leaves ? active.subject.value_or(kNoMachine) : kNoMachine;
  std::erase_if(operations_, [&](const ActiveOperation& one) { return one.step == index; });
  using Expect = OperationStep::Expect;
  const bool met = step.expect == Expect::kAny || done == (step.expect == Expect::kDone);
  world_.note(event::OperationEnded{index + 1, step.name(), done, std::move(why), left, met,
                                    step.expected()});
  follow(plan_->steps[index].step.id);
  if (met) step_done(index);
}

// When everything heals, nobody works on the cluster any more.
void Run::stop_operations() {
  while (!operations_.empty())
    stop_operation(operations_.front().step, "the time of the faults is over");
}

}  // namespace sim
