// Claim: as long as nothing happens by which writes may be lost, whatever is resharded meanwhile, a
// client that reads a key from a primary is told what was written last.
// - Source: Cluster spec, "Cluster live reconfiguration", "ASK redirection"; protocol §15.21.
// - Scope: until a promotion, a crash, a cut, or an operator's deletion.
// - Kills: migrate-drops-refused.
//
// Judged are keys at rest: their last change was answered OK, none was of unknown fate, and none
// was under way while the key was read. What is changed at the console of a server, no client
// knows.
#include <map>
#include <string>
#include <vector>

#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"
#include "sim/trace/directory.h"

namespace sim {
namespace {

class ReshardKeepsKeysReachable final : public CopyableVerdict<ReshardKeepsKeysReachable> {
 public:
  explicit ReshardKeepsKeysReachable(const RunFacts&)
      : CopyableVerdict("no client read a key of a cluster in which nothing may be lost") {}

  void see(const Record& record, const Stage& stage) override {
    const Directory& directory = stage.directory();
    if (over_) return;
    if (const auto* invoked = std::get_if<event::OpInvoked>(&record.event)) {
      see_invoked(*invoked);
    } else if (const auto* done = std::get_if<event::OpCompleted>(&record.event)) {
      see_completed(record, *done, directory);
    } else if (const auto* moved = std::get_if<event::KeysMigrated>(&record.event)) {
      moved_ += moved->keys;
    } else if (const auto* reply = std::get_if<event::StepReply>(&record.event)) {
      see_console(*reply, directory);
    } else if (const auto* bound = std::get_if<event::SlotsRebound>(&record.event)) {
      const event::Claim* claim = directory.claim(record.machine);
      const bool taken = bound->cause == event::RebindCause::kCommand && claim != nullptr &&
                         bound->to == claim->id;
      if (taken) taken_ |= bound->slots->slots();
    } else if (may_lose(record, directory)) {
      end(std::holds_alternative<event::KeysDropped>(record.event));
    }
  }

  void finish(const Ending&) override { end(false); }

  std::string numbers() const override {
    return counted(reads_, "read") + " told what was written last, " + counted(moved_, "key") +
           " on the move meanwhile";
  }

 private:
  struct Key {
    std::uint64_t version = 0;  // of changes, begun or ended
    std::uint32_t changing = 0;
    bool known = false;  // what it holds
    bool exact = false;  // `value` is all of it
    bool present = false;
    std::string value;
    SimTime since;
    bool lost_track = false;  // for good
  };
  struct Operation {
    event::OpKind kind{};
    std::string key, value;
    std::uint64_t version = 0;  // of the key when it began
    std::int32_t slot = -1;
  };

  static bool reads(event::OpKind kind) {
    return kind == event::OpKind::kRead || kind == event::OpKind::kReadList;
  }

  bool may_lose(const Record& record, const Directory& directory) const {
    if (const auto* cuts = std::get_if<event::Reachability>(&record.event))
      return !cuts->groups.empty() || !cuts->cut.empty();
    if (std::holds_alternative<event::KeysDropped>(record.event))
      return directory.role(record.machine) == Role::kPrimary;
    if (directory.has_merged()) return true;
    if (!directory.is_cluster_node(record.machine)) return false;
    return std::holds_alternative<event::Promoted>(record.event) ||
           std::holds_alternative<event::MachineCrashed>(record.event) ||
           std::holds_alternative<event::ProgramExited>(record.event);
  }

  // `dropped`: a node had keys of a slot that another has taken. Then the operator was too early,
  // and this was no correct reshard.
  void end(bool dropped) {
    for (const Finding& finding : of_taken_) {
      if (!dropped) violation(finding.at, finding.record, finding.what);
    }
    of_taken_.clear();
    over_ = true;
    keys_.clear();
    in_flight_.clear();
  }

  // A command at a server's console: "SET k v". What it names, no client is sure of any more.
  void see_console(const event::StepReply& reply, const Directory& directory) {
    const auto asked = directory.find(reply.node);
    if (!asked || !directory.is_cluster_node(*asked)) return;
    const std::string& command = reply.command;
    if (command.starts_with("FLUSH") || command.starts_with("DEBUG")) return end(true);
    const std::size_t start = command.find(' ');
    if (start == std::string::npos) return;
    keys_[command.substr(start + 1, command.find(' ', start + 1) - start - 1)].lost_track = true;
  }

  void see_invoked(const event::OpInvoked& invoked) {
    if (invoked.slot < 0) return;
    Key& key = keys_[invoked.key];
    if (!reads(invoked.kind)) {
      ++key.version;
      ++key.changing;
      key.known = false;
    }
    in_flight_[invoked.operation] = {invoked.kind, invoked.key, invoked.value, key.version,
                                     invoked.slot};
  }

  void see_completed(const Record& record, const event::OpCompleted& done,
                     const Directory& directory) {
    const auto found = in_flight_.find(done.operation);
    if (found == in_flight_.end()) return;
    const Operation operation = std::move(found->second);
    in_flight_.erase(found);
    Key& key = keys_[operation.key];
    if (reads(operation.kind)) return judge(record, operation, key, done, directory);
    // Nothing else changed it meanwhile, or may do so yet.
    const bool alone = key.version == operation.version && key.changing == 1;
    ++key.version;
    --key.changing;
    if (done.outcome == event::OpOutcome::kFailed) return;
    const bool repeated = done.attempts > done.redirects + 1;  // and may happen again, later
    const bool sure = done.outcome == event::OpOutcome::kOk && !repeated &&
                      operation.kind != event::OpKind::kOther;
    key.lost_track |= !sure;
    key.known = sure && alone;
    key.exact = operation.kind == event::OpKind::kWrite;
    key.present = operation.kind != event::OpKind::kDelete;
    key.value = operation.value;
    key.since = record.at;
  }

  void judge(const Record& record, const Operation& operation, const Key& key,
             const event::OpCompleted& done, const Directory& directory) {
    const bool at_rest = key.known && !key.lost_track && key.version == operation.version;
    const auto server = directory.find(done.node);
    if (!at_rest || done.outcome != event::OpOutcome::kOk || !server ||
        !directory.is_cluster_node(*server) || directory.role(*server) == Role::kReplica)
      return;
    evidence();
    ++reads_;
    const bool empty = operation.kind == event::OpKind::kReadList ? done.list.empty() : done.absent;
    const bool right =
        empty ? !key.present : key.present && (!key.exact || done.value == key.value);
    if (right) return;
    const auto quoted = [](const std::string& text) { return '"' + text + '"'; };
    const std::string what =
        std::string(directory.name(record.machine)) + " was told by " + done.node + " that key " +
        quoted(operation.key) + " (slot " + std::to_string(operation.slot) + ") " +
        (empty ? "is not there" : "holds " + quoted(done.value)) + ", but " +
        (key.exact ? quoted(key.value) + " was" : "the last change of it was") +
        " acknowledged at " + moment(key.since);
    if (!taken_.test(static_cast<std::size_t>(operation.slot))) return violation(record, what);
    if (of_taken_.size() < kKept)
      of_taken_.push_back({Judgement::kFail, record.at, record.sequence, what, 0});
  }

  std::map<std::string, Key> keys_;
  std::map<std::uint64_t, Operation> in_flight_;
  SlotSet taken_;                  // slots that a node has taken by a command
  std::vector<Finding> of_taken_;  // about keys of these
  bool over_ = false;
  std::uint64_t reads_ = 0, moved_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_reshard_keeps_keys_reachable(const RunFacts& facts) {
  return std::make_unique<ReshardKeepsKeysReachable>(facts);
}

}  // namespace sim
