// After the faults: everything is mended, views must agree within the bound, and auditors read the
// final data.
#include "sim/app/run.h"

namespace sim {
namespace {
constexpr Duration kPoll = 250ms;
constexpr Duration kQuietMargin = 1s;
// Operations in flight and auditors get this long; a cluster that serves nobody must not keep the
// run from ending.
constexpr Duration kAuditPatience = 60s;
}  // namespace

void Run::heal() {
  tell_missed_turns();
  stop_operations();
  if (!plan_->scenario.heal) {
    // Nothing is mended and nothing promised: the run ends as it stands.
    return finish();
  }
  if (plan_->scenario.heal_core_only) {
    const std::vector<MachineId> core = choose_core();
    leave_out_all_but(core);
    heal_core(core);
  }
  for (std::uint32_t i = 0; i < faults_.size(); ++i) {
    if (!faults_[i].forever) end_fault(i);
  }
  for (const PlannedNode& node : plan_->nodes) {
    if (!world_.levers().is_up(node.machine) && !is_held_forever(node.machine) &&
        !is_left_out(node.machine))
      world_.levers().start(node.machine, {});
  }
  phase_ = event::Phase::kSettling;
  world_.note(event::PhaseBegan{phase_});
  settle_deadline_ = world_.now() + plan_->scenario.settle_within;
  audit_deadline_ = settle_deadline_ + kAuditPatience;
  if (plan_->prober) world_.levers().start(*plan_->prober, {});
  schedule(world_.now() + kPoll, {Action::Kind::kSettlePoll});
}

// Every live member is ok, holds no live node suspect, follows whom it should, and describes the
// cluster as the others do.
bool Run::views_agree() {
  std::uint32_t dead = 0;
  const event::ViewSnapshot* first = nullptr;
  for (const PlannedNode& node : plan_->nodes) {
    if (!directory_.is_member(node.machine)) continue;
    if (!world_.levers().is_up(node.machine) || is_left_out(node.machine)) {
      ++dead;
      continue;
    }
    views_.erase(node.machine);
    world_.probe(node.machine, false);
  }
  drain();
  for (const PlannedNode& node : plan_->nodes) {
    if (!directory_.is_member(node.machine) || !world_.levers().is_up(node.machine) ||
        is_left_out(node.machine)) {
      continue;
    }
    const auto found = views_.find(node.machine);
    if (found == views_.end()) return false;  // paused, or gone meanwhile
    const event::ViewSnapshot& view = found->second;
    if (first == nullptr) first = &view;
    if (!view.healthy || view.suspected > dead || view.fingerprint != first->fingerprint)
      return false;
    if (directory_.role(node.machine) == Role::kReplica && !view.replication_up) return false;
  }
  return true;
}

void Run::settle_poll() {
  if (!converged_ && views_agree()) {
    converged_ = true;
    // Claims about quiescence are judged on views that have been left alone for a while.
    quiet_until_ = world_.now() + plan_->facts.node_timeout + kQuietMargin;
    world_.note(event::Converged{});
  }
  const bool settled = converged_ ? world_.now() >= quiet_until_ : world_.now() >= settle_deadline_;
  const bool quiet = in_flight_ == 0 || world_.now() >= audit_deadline_;
  if (settled && quiet) return begin_audit();
  schedule(world_.now() + kPoll, {Action::Kind::kSettlePoll});
}

void Run::begin_audit() {
  phase_ = event::Phase::kAudit;
  world_.note(event::PhaseBegan{phase_});
  audit_deadline_ = world_.now() + kAuditPatience;
  for (const MachineId auditor : plan_->auditors) world_.levers().start(auditor, {});
  std::uint32_t number = static_cast<std::uint32_t>(plan_->steps.size());
  for (const CommandStep& command : plan_->scenario.expect.final) ask(command, ++number);
  schedule(world_.now() + kPoll, {Action::Kind::kAuditPoll});
}

void Run::audit_poll() {
  const bool audited =
      audits_done_ >= plan_->auditors.size() && questions_.empty() && pending_programs_.empty();
  if (!audited && world_.now() < audit_deadline_) {
    schedule(world_.now() + kPoll, {Action::Kind::kAuditPoll});
    return;
  }
  finish();
}

void Run::finish() {
  probe_everybody();
  tell_unended();
  for (const ActiveFault& active : faults_) {
    if (!active.ended) tell_end(active);
  }
  tell_core_end();
  phase_ = event::Phase::kDone;
  world_.note(event::PhaseBegan{phase_});
  drain();
}

}  // namespace sim
