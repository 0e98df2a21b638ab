// Claim: where min-replicas-to-write is set, a primary accepts no write once too few replicas have
// been in touch with it for longer than min-replicas-max-lag and some seconds, so that a primary
// alone loses no more than it took in that time.
// - Source: Redis replication, "Allow writes only with N attached replicas"; protocol §10.4,
// §15.18.
// - Scope: always.
// - Kills: min-replicas-ignored, lag-ignored.
//
// A replica acknowledges once a second, both ends compare whole seconds, and who is good is counted
// once a second: max-lag and 3 s in all.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/invariants/bounds.h"
#include "sim/invariants/connectivity.h"
#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"

namespace sim {
namespace {

class MinReplicasBoundLoss final : public CopyableVerdict<MinReplicasBoundLoss> {
 public:
  explicit MinReplicasBoundLoss(const RunFacts& facts)
      : CopyableVerdict(facts.min_replicas_to_write == 0 ? "min-replicas-to-write is not set"
                                                         : "no write took effect"),
        streams_(facts.cast),
        needed_(facts.min_replicas_to_write),
        lag_(facts.min_replicas_max_lag + 3s + clock_slack(facts)) {}

  void see(const Record& record, const Stage& stage) override {
    if (changes_config(record.event)) needed_ = 0;  // perhaps no more
    if (needed_ == 0) return;
    see_cuts(record);
    const bool changed = std::holds_alternative<event::Claim>(record.event) || stage.weighed();
    if (changed || cuts_changed_) weigh(record.at, stage);
    if (const auto* write = std::get_if<event::WriteApplied>(&record.event))
      see_write(record, *write, stage);
  }

  std::string numbers() const override {
    return counted(writes_, "write") + ", " + std::to_string(alone_) +
           " of them with too few replicas in touch, the latest " + words(longest_) +
           " after the last contact (" + words(lag_) + " allowed)";
  }

 private:
  struct Contact {
    NodeName primary;
    bool there = false;
    SimTime until;  // if it is not
  };

  // Connectivity is about the bus; what cuts off the stream is told as another plane.
  void see_cuts(const Record& record) {
    const auto* cuts = std::get_if<event::Reachability>(&record.event);
    cuts_changed_ = cuts != nullptr && (cuts->plane == "replication" || cuts->plane == "all");
    if (!cuts_changed_) return;
    Record stream = record;
    std::get<event::Reachability>(stream.event).plane = "all";
    streams_.see(stream);
  }

  void weigh(SimTime now, const Stage& stage) {
    const Directory& directory = stage.directory();
    for (const MachineId machine : directory.cluster_nodes()) {
      const event::Claim* claim = directory.claim(machine);
      if (claim == nullptr || claim->role != Role::kReplica) continue;
      Contact& contact = contacts_[machine];
      if (contact.primary != claim->replica_of)
        contact = {claim->replica_of, false, SimTime::min()};
      const auto primary = directory.machine_of(claim->replica_of);
      const bool there =
          primary && directory.is_serving(machine) && streams_.mutual(machine, *primary);
      if (contact.there && !there) contact.until = now;
      contact.there = there;
    }
  }

  void see_write(const Record& record, const event::WriteApplied& write, const Stage& stage) {
    const event::Claim* claim = stage.directory().claim(record.machine);
    if (claim == nullptr || !stage.directory().is_cluster_node(record.machine)) return;
    evidence();
    ++writes_;
    // The latest moment at which enough of them were there.
    std::vector<SimTime> contacts;
    for (const auto& [machine, contact] : contacts_) {
      if (contact.primary == claim->id)
        contacts.push_back(contact.there ? record.at : contact.until);
    }
    std::sort(contacts.rbegin(), contacts.rend());
    const auto needed = static_cast<std::size_t>(needed_);
    const SimTime last = contacts.size() < needed ? SimTime::min() : contacts[needed - 1];
    if (last == record.at) return;
    ++alone_;
    if (last != SimTime::min()) longest_ = record.at - last;
    if (stage.disturbed() || (last != SimTime::min() && record.at - last <= lag_)) return;
    violation(record, std::string(stage.name(record.machine)) + " applied a write to slot " +
                          std::to_string(write.slot.value) + " although " +
                          counted(static_cast<std::uint64_t>(needed_), "replica") +
                          " must be in touch, and " +
                          (last == SimTime::min() ? "never so many were"
                                                  : "the last time was at " + moment(last)) +
                          " (" + words(lag_) + " allowed)");
  }

  Connectivity streams_;
  std::int64_t needed_;
  Duration lag_;
  std::map<MachineId, Contact> contacts_;  // by replica
  Duration longest_{};
  bool cuts_changed_ = false;
  std::uint64_t writes_ = 0, alone_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_min_replicas_bound_loss(const RunFacts& facts) {
  return std::make_unique<MinReplicasBoundLoss>(facts);
}

}  // namespace sim
