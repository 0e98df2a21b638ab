// The timeline and the nemesis.
#include <algorithm>

#include "sim/app/casting.h"
#include "sim/app/levers_over.h"
#include "sim/app/run.h"

namespace sim {

// What a fault sees of the run. The nemesis' faults may be kept from hitting more than a minority
// of the primaries.
class Run::Stage final : public FaultStage {
 public:
  Stage(Run& run, Levers& levers, ChoiceStream& stream, bool keep_majority)
      : run_(run),
        levers_(levers),
        choices_(stream, run.world_choice_policy()),
        keep_majority_(keep_majority) {}

  Levers& levers() override { return levers_; }
  Choices& choices() override { return choices_; }
  std::vector<MachineId> resolve(const Selector& selector) override {
    std::vector<MachineId> machines = sim::resolve(selector, run_.directory_, choices_);
    if (keep_majority_) spare_majority(machines);
    return machines;
  }
  std::vector<NodeName> ids_of(MachineId machine) override {
    return run_.directory_.ids_of(machine);
  }

 private:
  void spare_majority(std::vector<MachineId>& machines) {
    std::size_t hurt = 0;
    for (const ActiveFault& active : run_.faults_) {
      if (active.ended || !active.of_nemesis) continue;
      for (const MachineId target : active.fault->targets())
        hurt += run_.directory_.role(target) == Role::kPrimary;
    }
    const std::size_t voters = run_.directory_.voters();
    const std::size_t may_hurt = voters == 0 ? 0 : (voters - 1) / 2;
    std::erase_if(machines, [&](MachineId machine) {
      if (run_.directory_.role(machine) != Role::kPrimary) return false;
      if (hurt >= may_hurt) return true;
      ++hurt;
      return false;
    });
  }

  Run& run_;
  Levers& levers_;
  Choices choices_;
  bool keep_majority_;
};

// ---- Triggers ----

void Run::watch_triggers(const Record& record) {
  for (const Milestone& milestone : judge_.milestones().latest()) {
    happened(milestone.machine, [&](const EventPattern& wanted) {
      const int shard = wanted.shard ? static_cast<int>(*wanted.shard) : -1;
      return wanted.log.empty() && matches(milestone, wanted.event, shard);
    });
  }
  if (const auto* line = std::get_if<event::LogLine>(&record.event)) {
    happened(record.machine,
             [&](const EventPattern& wanted) { return wanted.is_in_log(line->text); });
  }
}

void Run::happened(MachineId about, const std::function<bool(const EventPattern&)>& is_it) {
  for (std::uint32_t i = 0; i < plan_->steps.size(); ++i) {
    const Trigger& trigger = plan_->steps[i].step.trigger;
    if (trigger.kind != Trigger::Kind::kWhen || triggered_[i]) continue;
    const EventPattern& wanted = trigger.when;
    if (!is_it(wanted)) continue;
    if (wanted.node) {
      // A selector that draws must not disturb the faults' luck just by being looked at.
      ChoiceStream aside(plan_->seed, "plan:trigger:" + plan_->steps[i].step.id);
      Choices choices(aside);
      const std::vector<MachineId> meant = sim::resolve(*wanted.node, directory_, choices);
      if (std::find(meant.begin(), meant.end(), about) == meant.end()) continue;
    }
    if (++matches_[i] < wanted.count) continue;
    triggered_[i] = true;
    schedule(world_.now() + trigger.delay, {Action::Kind::kStep, i});
  }
}

void Run::step_due(std::uint32_t index) {
  if (phase_ != event::Phase::kFaults) return;  // healed meanwhile
  const Step& step = plan_->steps[index].step;
  fired_[step.id] = world_.now();
  fire(index);
  if (step.what != Step::What::kOperation) follow(step.id);
  if (step.what == Step::What::kFault || step.what == Step::What::kEnd) step_done(index);
}

void Run::follow(const std::string& id) {
  for (std::uint32_t i = 0; i < plan_->steps.size(); ++i) {
    const Trigger& trigger = plan_->steps[i].step.trigger;
    if (trigger.kind != Trigger::Kind::kAfter || triggered_[i] || trigger.after != id) continue;
    triggered_[i] = true;
    schedule(world_.now() + trigger.delay, {Action::Kind::kStep, i});
  }
}

// Only now comes the next one's turn, if it waits for this one.
void Run::step_done(std::uint32_t index) {
  const std::uint32_t next = index + 1;
  if (next >= plan_->steps.size() || triggered_[next]) return;
  const Trigger& trigger = plan_->steps[next].step.trigger;
  if (trigger.kind != Trigger::Kind::kThen) return;
  triggered_[next] = true;
  schedule(world_.now() + trigger.delay, {Action::Kind::kStep, next});
}

// A step whose turn did not come while there was time has not shown what it is there to show.
void Run::tell_missed_turns() {
  for (std::uint32_t i = 1; i < plan_->steps.size(); ++i) {
    const Step& step = plan_->steps[i].step;
    if (step.trigger.kind != Trigger::Kind::kThen || fired_.count(step.id) > 0) continue;
    const Step& before = plan_->steps[i - 1].step;
    if (before.trigger.kind == Trigger::Kind::kThen && fired_.count(before.id) == 0)
      continue;  // told of an earlier one
    world_.note(event::StepReply{i + 1, "", step.id, "its turn did not come before the end", false,
                                 "its turn"});
  }
}

void Run::fire(std::uint32_t index) {
  const PlannedStep& planned = plan_->steps[index];
  const Step& step = planned.step;
  switch (step.what) {
    case Step::What::kFault:
      return begin_fault(planned.fault->clone(), step.fault, step.id, step.lifetime, false);
    case Step::What::kCommand:
      return ask(step.command, index + 1);
    case Step::What::kProgram:
      return run_program(step.program, index + 1);
    case Step::What::kOperation:
      return begin_operation(index);
    case Step::What::kEnd:
      for (std::uint32_t i = 0; i < faults_.size(); ++i) {
        if (faults_[i].step == step.ends) end_fault(i);
      }
      return;
  }
}

// ---- Faults ----

void Run::begin_fault(std::unique_ptr<Fault> fault, std::string_view kind, const std::string& step,
                      const Lifetime& lifetime, bool of_nemesis) {
  const auto index = static_cast<std::uint32_t>(faults_.size());
  faults_.push_back({next_fault_id_++, step, std::string(kind), std::move(fault), false,
                     lifetime.kind == Lifetime::Kind::kForever, of_nemesis});
  act(index);
  const ActiveFault& active = faults_[index];
  world_.note(
      event::FaultBegan{active.id, active.kind, active.fault->text(), active.fault->targets()});
  if (lifetime.kind == Lifetime::Kind::kFor) {
    schedule(world_.now() + lifetime.length, {Action::Kind::kEndFault, index});
  }
}

void Run::act(std::uint32_t index) {
  ActiveFault& active = faults_[index];
  if (active.ended) return;
  const bool keep_majority =
      active.of_nemesis && plan_->scenario.nemesis && plan_->scenario.nemesis->keep_majority;
  IdleLevers idle(world_.levers());
  Levers& levers = plan_->idle_faults ? idle : world_.levers();
  Stage stage(*this, levers, active.of_nemesis ? nemesis_choices_ : fault_choices_, keep_majority);
  const std::optional<SimTime> next = active.fault->act(stage);
  if (next) schedule(std::max(*next, world_.now()), {Action::Kind::kAct, index});
}

void Run::end_fault(std::uint32_t index) {
  ActiveFault& active = faults_[index];
  const bool for_good = active.forever && phase_ != event::Phase::kFaults;
  if (active.ended || for_good) return;
  active.ended = true;
  IdleLevers idle(world_.levers());
  SparingLevers sparing(world_.levers(), left_out_);
  Levers& levers = plan_->idle_faults ? static_cast<Levers&>(idle) : sparing;
  Stage stage(*this, levers, active.of_nemesis ? nemesis_choices_ : fault_choices_, false);
  active.fault->end(stage);
  tell_end(active);
}

void Run::tell_end(const ActiveFault& active) {
  IdleLevers idle(world_.levers());
  const Levers& levers = plan_->idle_faults ? idle : world_.levers();
  const Fault::Effects effects = active.fault->effects(levers);
  const bool momentary = !find_fault(active.kind)->lasts;
  world_.note(event::FaultEnded{active.id, effects.count, std::string(effects.unit), momentary,
                                !momentary && !active.ended});
}

// ---- The nemesis ----

void Run::schedule_nemesis() {
  const auto& nemesis = plan_->scenario.nemesis;
  if (!nemesis) return;
  Choices choices(nemesis_choices_, world_choice_policy());
  for (const std::string& kind : nemesis->kinds) {
    // A swarm seed leaves kinds out: faults suppress each other, so fewer kinds reach further.
    if (!nemesis->swarm || choices.chance(Site::kSwarm, 1, 2)) nemesis_kinds_.push_back(kind);
  }
  if (nemesis_kinds_.empty()) nemesis_kinds_.push_back(nemesis->kinds.front());
  schedule(raw(nemesis->active.min), {Action::Kind::kNemesis});
}

void Run::nemesis_due() {
  const NemesisOptions& nemesis = *plan_->scenario.nemesis;
  if (phase_ != event::Phase::kFaults || now() > sim_time(nemesis.active.max)) return;
  Choices choices(nemesis_choices_, world_choice_policy());
  // From half to one and a half of the mean, in whole milliseconds.
  const auto mean_ms = std::max<std::int64_t>(
      1, std::chrono::duration_cast<std::chrono::milliseconds>(nemesis.every).count());
  const auto gap_ms = mean_ms / 2 + static_cast<std::int64_t>(choices.choose(
                                        Site::kFaultTime, static_cast<std::uint64_t>(mean_ms)));
  schedule(world_.now() + std::chrono::milliseconds(gap_ms), {Action::Kind::kNemesis});
  const auto active = std::count_if(faults_.begin(), faults_.end(), [](const ActiveFault& fault) {
    return fault.of_nemesis && !fault.ended;
  });
  if (active >= nemesis.max_concurrent) return;
  const std::string& kind = nemesis_kinds_[choices.choose(Site::kFaultKind, nemesis_kinds_.size())];
  std::unique_ptr<Fault> fault = find_fault(kind)->make_random(choices, plan_->facts.cast);
  const auto span = std::chrono::duration_cast<std::chrono::milliseconds>(nemesis.lasting.max -
                                                                          nemesis.lasting.min)
                        .count();
  const Duration lasts =
      nemesis.lasting.min + std::chrono::milliseconds(choices.choose(
                                Site::kFaultTime, static_cast<std::uint64_t>(span) + 1));
  begin_fault(std::move(fault), kind, "", {Lifetime::Kind::kFor, lasts}, true);
}

}  // namespace sim
