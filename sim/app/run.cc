#include "sim/app/run.h"

#include <algorithm>
#include <array>

#include "sim/base/check.h"
#include "sim/trace/describe.h"

namespace sim {

Run::Run(std::shared_ptr<const Plan> plan)
    : plan_(std::move(plan)),
      world_(plan_->world),
      directory_(plan_->facts.cast),
      judge_(plan_),
      matches_(plan_->steps.size()),
      triggered_(plan_->steps.size()),
      fault_choices_(plan_->seed, "plan:faults"),
      nemesis_choices_(plan_->seed, "plan:nemesis"),
      programs_ended_(plan_->programs.size()),
      replication_up_(plan_->world.machines.size()) {
  schedule(SimTime{}, {Action::Kind::kFormingPoll});
}

Run::Run(const Run& other)
    : plan_(other.plan_),
      world_(other.world_),
      directory_(other.directory_),
      judge_(other.judge_),
      origin_(other.origin_),
      formed_(other.formed_),
      start_delayed_(other.start_delayed_),
      phase_(other.phase_),
      cut_short_(other.cut_short_),
      actions_(other.actions_),
      forming_records_(other.forming_records_),
      fired_(other.fired_),
      matches_(other.matches_),
      triggered_(other.triggered_),
      fault_choices_(other.fault_choices_),
      nemesis_choices_(other.nemesis_choices_),
      nemesis_kinds_(other.nemesis_kinds_),
      questions_(other.questions_),
      tickets_(other.tickets_),
      next_question_(other.next_question_),
      remembered_(other.remembered_),
      pending_programs_(other.pending_programs_),
      operations_(other.operations_),
      programs_ended_(other.programs_ended_),
      next_fault_id_(other.next_fault_id_),
      meet_stage_(other.meet_stage_),
      in_flight_(other.in_flight_),
      audits_done_(other.audits_done_),
      settle_deadline_(other.settle_deadline_),
      quiet_until_(other.quiet_until_),
      audit_deadline_(other.audit_deadline_),
      converged_(other.converged_),
      left_out_(other.left_out_),
      core_fault_(other.core_fault_),
      core_cut_(other.core_cut_),
      views_(other.views_),
      replication_up_(other.replication_up_),
      last_records_(other.last_records_) {
  for (const ActiveFault& active : other.faults_) {
    faults_.push_back({active.id, active.step, active.kind, active.fault->clone(), active.ended,
                       active.forever, active.of_nemesis});
  }
}

bool Run::advance(SimTime limit, std::uint64_t most) {
  if (over()) return false;
  const std::optional<SimTime> event = world_.next_event();
  const bool action_first = !actions_.empty() && (!event || actions_.begin()->first <= *event);
  if (action_first) {
    const auto [due, action] = *actions_.begin();
    actions_.erase(actions_.begin());
    world_.skip_to(due);
    carry_out(action);
    drain();
  } else {
    CHECK(event.has_value());  // a run that is not over always has an action ahead
    SimTime before = actions_.empty() ? SimTime::max() : actions_.begin()->first;
    if (formed_ && limit < told(before)) before = limit + origin_;
    if (!world_.advance(before, most)) {
      constexpr std::array kWords = {"stopped", "event limit reached",
                                     "livelock: too many events in no time",
                                     "memory limit reached"};
      cut_short(kWords[static_cast<std::size_t>(world_.stopped())]);
    }
    if (world_.has_news()) drain();
  }
  return !over();
}

void Run::carry_out(const Action& action) {
  switch (action.kind) {
    case Action::Kind::kFormingPoll:
      return forming_poll();
    case Action::Kind::kStep:
      return step_due(action.index);
    case Action::Kind::kAct:
      return act(action.index);
    case Action::Kind::kEndFault:
      return end_fault(action.index);
    case Action::Kind::kNemesis:
      return nemesis_due();
    case Action::Kind::kHeal:
      return heal();
    case Action::Kind::kSettlePoll:
      return settle_poll();
    case Action::Kind::kAuditPoll:
      return audit_poll();
    case Action::Kind::kReplyDeadline:
      return reply_deadline(action.index);
    case Action::Kind::kAskAgain:
      return ask_once(action.index);
    case Action::Kind::kProgramDeadline:
      return program_deadline(action.index);
    case Action::Kind::kOperation:
      return operation_goes_on(action.index);
    case Action::Kind::kOperationDeadline:
      return operation_deadline(action.index);
  }
}

void Run::drain() {
  for (Record& record : world_.take_records()) take(std::move(record));
  replies();
  program_results();
}

void Run::take(Record record) {
  if (const auto* up = std::get_if<event::ReplicationUp>(&record.event); up != nullptr) {
    replication_up_[record.machine.value] = directory_.incarnation(record.machine) + 1;
  } else if (std::holds_alternative<event::ReplicationDown>(record.event)) {
    replication_up_[record.machine.value] = 0;
  } else if (auto* view = std::get_if<event::ViewSnapshot>(&record.event)) {
    event::ViewSnapshot& kept = views_[record.machine] = *view;
    // Nobody here asks for them, and in a cluster of a thousand they are a million. ({} would keep
    // their memory.)
    kept.peers = std::vector<event::PeerView>();
  } else if (std::holds_alternative<event::MachineStarted>(record.event)) {
    const auto at = std::find(plan_->programs.begin(), plan_->programs.end(), record.machine);
    if (at != plan_->programs.end())
      programs_ended_[static_cast<std::size_t>(at - plan_->programs.begin())] = false;
  } else if (std::holds_alternative<event::OpInvoked>(record.event)) {
    ++in_flight_;
  } else if (std::holds_alternative<event::OpCompleted>(record.event)) {
    --in_flight_;
  } else if (const auto* exit = std::get_if<event::ProgramExited>(&record.event);
             exit != nullptr && !formed_) {
    cut_short("the cluster did not form: " + std::string(directory_.name(record.machine)) +
              "'s program exited with " + exit_text(*exit));
  } else if (const auto* measured = std::get_if<event::Measured>(&record.event)) {
    if (measured->name == "audit_done") ++audits_done_;
  }
  directory_.see(record);
  if (formed_) {
    record.at = told(record.at);
    tell(record);
    if (phase_ == event::Phase::kFaults) watch_triggers(record);
  } else {
    forming_records_.push_back(record);
  }
  last_records_.keep(std::move(record));
}

void Run::tell(const Record& record) {
  judge_.see(record);
  if (sink_) sink_(record);
}

std::optional<SimTime> Run::fired(const std::string& step) const {
  const auto found = fired_.find(step);
  return found == fired_.end() ? std::nullopt : std::optional(told(found->second));
}

void Run::cut_short(std::string why) {
  if (cut_short_.empty() && phase_ != event::Phase::kDone) cut_short_ = std::move(why);
}

void Run::probe_everybody(bool full) {
  for (const PlannedNode& node : plan_->nodes) {
    if (!directory_.is_member(node.machine)) continue;  // nor has it a view of a cluster
    world_.probe(node.machine, full);
    drain();  // one by one: a thousand views of a thousand nodes are half a gigabyte
  }
}

RunResult Run::result() {
  CHECK(over());
  RunResult result;
  result.scenario = plan_->scenario.name;
  result.file = plan_->scenario.file;
  result.case_name = plan_->scenario.variant;
  result.seed = plan_->seed;
  result.complete = cut_short_.empty();
  result.cut_short = cut_short_;
  result.end = now();
  result.forming = origin_;
  result.digest = world_.digest();
  result.checkpoints = world_.checkpoints();
  result.watched = world_.watched();
  result.events = world_.events();
  result.deliveries = world_.deliveries();
  result.encoded = world_.wire_counts().encoded;
  result.decoded = world_.wire_counts().decoded;
  result.memory_bytes = world_.memory_estimate();
  for (const Record& record : forming_records_)
    tell(record);  // it never formed: these are all there are
  judge_.finish(now());
  judge_.report(result);
  return result;
}

std::string Run::whereabouts() const {
  std::string text = "scenario " + plan_->scenario.file + ", seed " + std::to_string(plan_->seed) +
                     ", t = " + format_time(now()) + (formed_ ? "" : " (still forming)") +
                     ", event " + std::to_string(world_.events()) + "; last records:";
  for (const Record& record : last_records_.all()) {
    text += "\n  " + format_time(record.at) + "  " + describe(record, directory_);
  }
  return text;
}

}  // namespace sim
