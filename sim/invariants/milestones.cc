#include "sim/invariants/milestones.h"

#include <utility>

#include "sim/base/check.h"
#include "sim/invariants/verdict.h"
#include "sim/trace/describe.h"

namespace sim {

namespace {

constexpr MilestoneKind kKinds[] = {
    {"crash", "a machine's program died (or its box lost power)"},
    {"restart", "a machine's program was started again"},
    {"pause", "a machine was stopped (SIGSTOP)"},
    {"resume", "a paused machine runs again"},
    {"exit", "a program ended by itself"},
    {"stall", "a pass of a server's event loop begins that takes 100 ms or more"},
    {"clock-step", "a machine's wall clock was stepped, skewed or set drifting"},
    {"cut", "some machines no longer reach others"},
    {"heal", "all machines reach each other again"},
    {"fault", "a fault of the timeline or the nemesis began"},
    {"fault-end", "a fault ended"},
    {"settling", "everything was healed; the cluster is given time to settle"},
    {"audit", "the final data are being read"},
    {"pfail", "a node suspects another (PFAIL)"},
    {"fail", "a node holds another for failed (FAIL)"},
    {"fail-cleared", "a node no longer holds another for failed"},
    {"election-scheduled", "a replica will stand for election"},
    {"election-started", "a replica asks for votes"},
    {"election-expired", "an election ended without a majority"},
    {"election-hindered", "a replica does not stand, or not any more"},
    {"vote", "a primary voted for a replica"},
    {"vote-refused", "a primary refused a replica its vote"},
    {"election-won", "a replica won an election"},
    {"promoted", "a replica became primary: by election or takeover"},
    {"takeover", "a replica took over without asking anybody"},
    {"following", "a node follows another primary than before"},
    {"demoted", "a primary became a replica"},
    {"replica-migrated", "a replica left its shard for a primary that had no working replica"},
    {"manual-failover", "a manual failover was asked for"},
    {"manual-failover-done", "a manual failover came to its end"},
    {"manual-failover-timed-out", "a manual failover was given up"},
    {"epoch-collision", "two primaries had one configEpoch and the smaller id moved on"},
    {"full-sync", "a replica copied everything from its primary"},
    {"partial-sync", "a replica caught up from the backlog"},
    {"loading", "a server begins to load its data, which takes it time"},
    {"loaded", "a server has loaded its data"},
    {"fork", "a server forked a child, which stopped it for a while"},
    {"replication-down", "a replica lost the link to its primary"},
    {"keys-dropped", "a node dropped keys that no client deleted"},
    {"slots-moved", "a slot got another owner in a node's view"},
    {"migrating", "a node was told to hand a slot to another"},
    {"importing", "a node was told to take a slot from another"},
    {"slot-stable", "a slot that a node was migrating or importing is open no more"},
    {"keys-migrated", "a node handed keys to another (MIGRATE)"},
    {"state-ok", "a node's cluster state turned to ok"},
    {"state-fail", "a node's cluster state turned to fail"},
    {"peer-learned", "a node added another to its table"},
    {"peer-forgotten", "a node dropped another from its table"},
    {"converged", "all views agree and are healthy"},
    {"moved", "a client was redirected (MOVED)"},
    {"ask", "a client was redirected once (ASK)"},
    {"clusterdown", "a client was told CLUSTERDOWN"},
    {"tryagain", "a client was told TRYAGAIN"},
    {"write-acked", "a client's write was acknowledged"},
    {"write-refused", "a client's write certainly did not happen"},
    {"write-unknown", "a client does not know whether its write happened"},
    {"step-reply", "a scripted command was answered"},
    {"unexpected-reply", "a scripted command was answered otherwise than the scenario expects"},
    {"operation", "an operator began to do something to the whole cluster"},
    {"operation-done", "an operation is done"},
    {"operation-failed", "an operation failed, or was stopped"},
    {"program-ended", "a program of a step, or of a machine that is there for it, ended"},
    {"program-failed", "such a program did not end as the scenario expects"},
};

std::string_view plane_words(const std::string& plane) {
  return plane == "all" || plane.empty() ? std::string_view{"network"} : std::string_view{plane};
}

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    if (!text.empty()) text += ' ';
    text += name;
  }
  return text;
}

std::string describe_cut(const event::Reachability& reach) {
  std::string text{plane_words(reach.plane)};
  text += " cut:";
  for (std::size_t i = 0; i < reach.groups.size(); ++i) {
    text += (i == 0 ? " " : " | ") + join(reach.groups[i]);
  }
  if (!reach.cut.empty()) {
    const auto& [from, to] = reach.cut.front();
    text += (reach.groups.empty() ? " " : "; ") + from + " does not reach " + to;
    if (reach.cut.size() > 1) text += " (and " + std::to_string(reach.cut.size() - 1) + " more)";
  }
  return text;
}

}  // namespace

std::span<const MilestoneKind> milestone_kinds() {
  return kKinds;
}

const MilestoneKind* find_milestone(std::string_view name) {
  for (const MilestoneKind& kind : kKinds) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

bool matches(const Milestone& milestone, std::string_view name, int shard, MachineId node) {
  return milestone.name == name && (shard < 0 || milestone.shard == shard) &&
         (node == kNoMachine || milestone.machine == node);
}

void Milestones::see(const Record& record, const Directory& directory) {
  latest_.clear();
  see_world(record, directory);
  see_election(record, directory);
  see_replication(record, directory);
  see_migration(record, directory);
  see_operation(record, directory);
  for (Milestone& milestone : latest_) keep(milestone, directory);
}

void Milestones::add(std::string_view name, const Record& record, MachineId about, std::string text,
                     bool notable) {
  const MilestoneKind* kind = find_milestone(name);
  CHECK(kind != nullptr);
  latest_.push_back({kind->name, record.at, record.sequence, about, record.machine, -1, notable,
                     std::move(text)});
}

void Milestones::keep(Milestone& milestone, const Directory& directory) {
  const MachineId about = milestone.machine;
  if (directory.is_cluster_node(about)) milestone.shard = directory.shard_of(about);
  ++reached_[milestone.name][{milestone.shard, about}];
  if (++counts_[milestone.name] <= kKeptOfEach) all_.push_back(milestone);
}

std::uint64_t Milestones::count(std::string_view name) const {
  const auto found = counts_.find(name);
  return found == counts_.end() ? 0 : found->second;
}

std::uint64_t Milestones::count(std::string_view name, int shard, MachineId node) const {
  const auto found = reached_.find(name);
  if (found == reached_.end()) return 0;
  std::uint64_t total = 0;
  for (const auto& [who, times] : found->second) {
    if (shard >= 0 && who.first != shard) continue;
    if (node != kNoMachine && who.second != node) continue;
    total += times;
  }
  return total;
}

bool Milestones::first_for(std::string_view what, MachineId about) {
  return told_.insert({std::string{what}, about}).second;
}

void Milestones::forget(std::string_view what, MachineId about) {
  told_.erase({std::string{what}, about});
}

void Milestones::see_world(const Record& record, const Directory& directory) {
  const MachineId who = record.machine;
  const std::string name{directory.name(who)};
  if (const auto* crash = std::get_if<event::MachineCrashed>(&record.event)) {
    add("crash", record, who, name + (crash->power_lost ? " lost power" : " crashed"));
  } else if (const auto* start = std::get_if<event::MachineStarted>(&record.event)) {
    if (start->incarnation == 0) return;
    const std::string disk = start->disk.empty() ? "" : " (disk " + start->disk + ")";
    add("restart", record, who, name + " started again" + disk);
  } else if (std::holds_alternative<event::MachinePaused>(record.event)) {
    add("pause", record, who, name + " paused");
  } else if (std::holds_alternative<event::MachineResumed>(record.event)) {
    add("resume", record, who, name + " resumed");
  } else if (const auto* stall = std::get_if<event::StallBegan>(&record.event)) {
    add("stall", record, who,
        name + " is busy for " + std::to_string(stall->ns / 1'000'000) + " ms");
  } else if (const auto* exit = std::get_if<event::ProgramExited>(&record.event)) {
    add("exit", record, who,
        name + " exited with code " + std::to_string(exit->code) +
            (exit->why.empty() ? "" : ": " + exit->why));
  } else if (const auto* clock = std::get_if<event::ClockStepped>(&record.event)) {
    add("clock-step", record, who,
        name + "'s clock: " + clock->what + ", " + std::to_string(clock->by_ms) + " ms");
  } else if (const auto* reach = std::get_if<event::Reachability>(&record.event)) {
    const bool whole = reach->groups.size() < 2 && reach->cut.empty();
    add(whole ? "heal" : "cut", record, kNoMachine,
        whole ? std::string{plane_words(reach->plane)} + " whole again" : describe_cut(*reach));
  } else if (const auto* fault = std::get_if<event::FaultBegan>(&record.event)) {
    add("fault", record, fault->targets.size() == 1 ? fault->targets.front() : kNoMachine,
        fault->text.empty() ? fault->kind : fault->text);
  } else if (const auto* ended = std::get_if<event::FaultEnded>(&record.event);
             ended != nullptr && !ended->never) {
    add("fault-end", record, kNoMachine,
        "fault " + std::to_string(ended->id) + " ended: " + std::to_string(ended->effects) + " " +
            ended->unit,
        false);
  } else if (const auto* phase = std::get_if<event::PhaseBegan>(&record.event)) {
    if (phase->phase == event::Phase::kSettling) add("settling", record, kNoMachine, "healed");
    if (phase->phase == event::Phase::kAudit) {
      add("audit", record, kNoMachine, "reading the final data", false);
    }
  } else if (std::holds_alternative<event::Converged>(record.event)) {
    add("converged", record, kNoMachine, "all views agree and are healthy");
  } else if (const auto* reply = std::get_if<event::StepReply>(&record.event)) {
    add("step-reply", record, who, "reply: " + reply->reply, reply->as_expected);
    if (!reply->as_expected) {
      add("unexpected-reply", record, who,
          "reply " + reply->reply + ", expected " + reply->expected);
    }
  } else if (const auto* ran = std::get_if<event::ProgramRan>(&record.event)) {
    const MachineId where = directory.find(ran->machine).value_or(kNoMachine);
    const std::string text = ran->machine + ": \"" + ran->command + "\"";
    if (ran->ended) add("program-ended", record, where, text + " ended", ran->as_expected);
    if (!ran->as_expected)
      add("program-failed", record, where, text + " did not come to " + ran->expected);
  } else if (const auto* began = std::get_if<event::OperationBegan>(&record.event)) {
    add("operation", record, kNoMachine, began->text);
  } else if (const auto* done = std::get_if<event::OperationEnded>(&record.event)) {
    add(done->done ? "operation-done" : "operation-failed", record, kNoMachine,
        "the " + done->name + ' ' + operation_end_text(*done));
  } else if (const auto* health = std::get_if<event::HealthChanged>(&record.event)) {
    const std::string_view kind = health->ok ? "state-ok" : "state-fail";
    forget(health->ok ? "state-fail" : "state-ok", kNoMachine);
    add(kind, record, who,
        name + (health->ok ? ": cluster state ok"
                           : ": cluster state fail" +
                                 (health->why.empty() ? "" : " (" + health->why + ")")),
        first_for(kind, kNoMachine));
  }
}

void Milestones::see_suspicion(const Record& record, const event::SuspicionChanged& change,
                               const Directory& directory) {
  const MachineId about = directory.machine_of(change.peer).value_or(kNoMachine);
  const std::string by{directory.name(record.machine)};
  const std::string peer = directory.label(change.peer);
  if (change.to == event::Suspicion::kPfail) {
    add("pfail", record, about, by + " suspects " + peer + " (PFAIL)", first_for("pfail", about));
  } else if (change.to == event::Suspicion::kFail) {
    const std::string how = change.reports == 0 ? "told by a FAIL message"
                                                : std::to_string(change.reports) + " reports of " +
                                                      std::to_string(change.quorum) + " needed";
    add("fail", record, about, by + " holds " + peer + " for failed (FAIL: " + how + ")",
        first_for("fail", about));
  } else if (change.from == event::Suspicion::kFail) {
    add("fail-cleared", record, about, by + " clears FAIL of " + peer,
        first_for("fail-cleared", about));
    forget("pfail", about);
    forget("fail", about);
    return;
  } else if (change.from == event::Suspicion::kPfail) {
    forget("pfail", about);
  }
  forget("fail-cleared", about);
}

void Milestones::see_election(const Record& record, const Directory& directory) {
  const MachineId who = record.machine;
  const std::string name{directory.name(who)};
  const auto label = [&](const NodeName& id) { return directory.label(id); };
  const auto epoch = [](std::uint64_t number) { return " in epoch " + std::to_string(number); };
  if (const auto* suspicion = std::get_if<event::SuspicionChanged>(&record.event)) {
    see_suspicion(record, *suspicion, directory);
  } else if (const auto* scheduled = std::get_if<event::ElectionScheduled>(&record.event)) {
    add("election-scheduled", record, who,
        name + " will stand for " + label(scheduled->primary) + "'s slots in " +
            std::to_string(scheduled->delay_ms) + " ms (rank " + std::to_string(scheduled->rank) +
            ")");
  } else if (const auto* started = std::get_if<event::ElectionStarted>(&record.event)) {
    add("election-started", record, who,
        name + " asks for votes to replace " + label(started->primary) + epoch(started->epoch) +
            " (needs " + std::to_string(started->quorum) + ")");
  } else if (const auto* expired = std::get_if<event::ElectionExpired>(&record.event)) {
    add("election-expired", record, who,
        name + "'s election" + epoch(expired->epoch) + " expired with " +
            std::to_string(expired->votes) + " of " + std::to_string(expired->quorum) + " votes");
  } else if (const auto* hindered = std::get_if<event::ElectionHindered>(&record.event)) {
    add("election-hindered", record, who, name + " does not stand: " + hindered->why);
  } else if (const auto* vote = std::get_if<event::VoteGranted>(&record.event)) {
    add("vote", record, directory.machine_of(vote->candidate).value_or(kNoMachine),
        name + " votes for " + label(vote->candidate) + epoch(vote->epoch));
  } else if (const auto* refused = std::get_if<event::VoteRefused>(&record.event)) {
    add("vote-refused", record, directory.machine_of(refused->candidate).value_or(kNoMachine),
        name + " refuses " + label(refused->candidate) + epoch(refused->epoch) + ": " +
            refused->why);
  } else if (const auto* promoted = std::get_if<event::Promoted>(&record.event)) {
    const std::string votes = promoted->takeover
                                  ? " (takeover, no votes)"
                                  : " (" + std::to_string(promoted->votes) + " votes of " +
                                        std::to_string(promoted->quorum) + " needed)";
    const std::string text =
        name + " replaces " + label(promoted->old_primary) + epoch(promoted->epoch) + votes;
    add(promoted->takeover ? "takeover" : "election-won", record, who, text, false);
    add("promoted", record, who, text);
  } else if (const auto* follow = std::get_if<event::Following>(&record.event)) {
    if (follow->was_primary) {
      add("demoted", record, who, name + " is a primary no more", false);
    }
    add("following", record, who, name + " follows " + label(follow->primary));
  } else if (const auto* migrated = std::get_if<event::ReplicaMigrated>(&record.event)) {
    add("replica-migrated", record, who,
        name + " leaves " + label(migrated->from) + " for " + label(migrated->to) +
            ", which has no working replica");
  } else if (const auto* manual = std::get_if<event::ManualFailover>(&record.event)) {
    if (manual->phase == "primary resumed writes") return;  // the replica tells how it ended
    const bool done = manual->phase == "done", timed_out = manual->phase == "timed out";
    add(done        ? "manual-failover-done"
        : timed_out ? "manual-failover-timed-out"
                    : "manual-failover",
        record, who, name + ": manual failover " + manual->phase);
  } else if (const auto* change = std::get_if<event::EpochChanged>(&record.event)) {
    if (change->cause == event::EpochCause::kCollision) {
      add("epoch-collision", record, who,
          name + " resolves a configEpoch collision: " + std::to_string(change->config_from) +
              " to " + std::to_string(change->config_to));
    }
  } else if (const auto* learned = std::get_if<event::PeerLearned>(&record.event)) {
    add("peer-learned", record, directory.machine_of(learned->peer).value_or(kNoMachine),
        name + " learns of " + label(learned->peer), false);
  } else if (const auto* forgotten = std::get_if<event::PeerForgotten>(&record.event)) {
    add("peer-forgotten", record, directory.machine_of(forgotten->peer).value_or(kNoMachine),
        name + " forgets " + label(forgotten->peer) + ": " + forgotten->why);
  }
}

void Milestones::see_replication(const Record& record, const Directory& directory) {
  const MachineId who = record.machine;
  const std::string name{directory.name(who)};
  if (const auto* up = std::get_if<event::ReplicationUp>(&record.event)) {
    const bool full = up->how == event::SyncKind::kFull;
    add(full ? "full-sync" : "partial-sync", record, who,
        name +
            (full ? " copied " + counted(up->keys, "key") + " from "
                  : " caught up from the backlog of ") +
            directory.label(up->primary));
  } else if (const auto* down = std::get_if<event::ReplicationDown>(&record.event)) {
    add("replication-down", record, who, name + " lost its primary's stream: " + down->why);
  } else if (const auto* loads = std::get_if<event::LoadingBegan>(&record.event)) {
    add("loading", record, who,
        name + " loads " + counted(loads->bytes, "byte") + " from " + loads->from);
  } else if (std::holds_alternative<event::LoadingEnded>(record.event)) {
    add("loaded", record, who, name + " has loaded its data");
  } else if (const auto* forked = std::get_if<event::Forked>(&record.event)) {
    add("fork", record, who,
        name + " stood still for " + std::to_string(forked->stall_ns / 1'000'000) + " ms to fork");
  } else if (const auto* dropped = std::get_if<event::KeysDropped>(&record.event)) {
    add("keys-dropped", record, who,
        name + " dropped " + counted(dropped->keys, "key") + ": " + dropped->why);
  } else if (const auto* moved = std::get_if<event::SlotsRebound>(&record.event)) {
    const MachineId owner = directory.machine_of(moved->to).value_or(kNoMachine);
    add("slots-moved", record, owner,
        name + " sees " + counted(moved->slots->count(), "slot") + " go from " +
            directory.label(moved->from) + " to " + directory.label(moved->to),
        false);
  }
}

// Slots on their way: a reshard has thousands, so only the first of each kind is told in short.
void Milestones::see_migration(const Record& record, const Directory& directory) {
  const MachineId who = record.machine;
  const std::string name{directory.name(who)};
  if (const auto* opened = std::get_if<event::SlotOpened>(&record.event)) {
    const std::string_view kind = opened->importing ? "importing" : "migrating";
    add(kind, record, who,
        name + (opened->importing ? " imports slot " : " migrates slot ") +
            std::to_string(opened->slot.value) + (opened->importing ? " from " : " to ") +
            directory.label(opened->other),
        first_for(kind, who));
  } else if (const auto* closed = std::get_if<event::SlotClosed>(&record.event)) {
    add("slot-stable", record, who,
        name + (closed->importing ? " imports slot " : " migrates slot ") +
            std::to_string(closed->slot.value) + " no more",
        first_for("slot-stable", who));
  } else if (const auto* moved = std::get_if<event::KeysMigrated>(&record.event)) {
    add("keys-migrated", record, who,
        name + (moved->copied ? " copied " : " handed ") + counted(moved->keys, "key") +
            " of slot " + std::to_string(moved->slot.value) + " to " +
            format_endpoint(moved->target),
        first_for("keys-migrated", who));
  }
}

void Milestones::see_operation(const Record& record, const Directory& directory) {
  const MachineId client = record.machine;
  if (const auto* invoked = std::get_if<event::OpInvoked>(&record.event)) {
    if (changes_data(invoked->kind)) writes_in_flight_.insert(invoked->operation);
  } else if (const auto* done = std::get_if<event::OpCompleted>(&record.event)) {
    if (writes_in_flight_.erase(done->operation) == 0) return;
    const std::string_view kind = done->outcome == event::OpOutcome::kOk       ? "write-acked"
                                  : done->outcome == event::OpOutcome::kFailed ? "write-refused"
                                                                               : "write-unknown";
    add(kind, record, directory.find(done->node).value_or(client),
        std::string{directory.name(client)} + ": " + std::string{kind} +
            (done->outcome == event::OpOutcome::kOk ? "" : " (" + done->value + ")"),
        false);
  } else if (const auto* redirected = std::get_if<event::Redirected>(&record.event)) {
    const std::string& reply = redirected->reply;
    for (const auto& [prefix, kind] :
         {std::pair{"MOVED", "moved"}, std::pair{"ASK", "ask"},
          std::pair{"CLUSTERDOWN", "clusterdown"}, std::pair{"TRYAGAIN", "tryagain"}}) {
      if (reply.rfind(prefix, 0) != 0) continue;
      add(kind, record, client, std::string{directory.name(client)} + " was told " + reply,
          count(kind) == 0);
      return;
    }
  }
}

}  // namespace sim
