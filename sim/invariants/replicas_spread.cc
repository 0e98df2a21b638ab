// Claim: a primary with slots that has lost its replicas is lent one, if another shard can spare
// it; and no replica leaves a shard that cannot.
// - Source: Cluster spec, "Replica migration algorithm"; redis.conf, "cluster-migration-barrier";
//   protocol §7.11, §15.16.
// - Scope: while nothing is cut off and every primary is ok. A liveness claim.
// - Kills: no-replica-migration, barrier-ignored.
//
// A replica that has died is found out within 1.5T and some ticks, held for FAIL a moment later,
// and 5 s after that the replica with the smallest id goes, of the shards with most replicas. A
// dead one with a smaller id keeps everybody where they are (protocol §7.11.3), so nothing is
// promised then; nor to a primary whose last replica has left it, or that never had one.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/invariants/bounds.h"
#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"

namespace sim {
namespace {

class ReplicasSpread final : public CopyableVerdict<ReplicasSpread> {
 public:
  explicit ReplicasSpread(const RunFacts& facts)
      : CopyableVerdict("no primary was without a replica"),
        processes_(facts.processes),
        allowed_(facts.replica_migration),
        barrier_(facts.migration_barrier),
        within_(noticed_within(facts) + facts.node_timeout + 5s + 2s) {}

  void see(const Record& record, const Stage& stage) override {
    for (auto& [machine, orphan] : orphans_)
      judge(machine, orphan, record.at, record.sequence, stage);
    last_ = record.sequence;
    if (const auto* leaves = std::get_if<event::ReplicaMigrated>(&record.event)) {
      if (processes_.count(record.machine) == 0) see_leave(record, *leaves, stage);
    }
    if (std::holds_alternative<event::Promoted>(record.event)) promoted_.insert(record.machine);
    if (changes_config(record.event)) allowed_ = false;  // perhaps no more
    if (stage.directory().has_merged()) {  // newcomers do not know whose replicas died before
      allowed_ = false;
      orphans_.clear();
    }
    const bool changed = std::holds_alternative<event::Claim>(record.event) ||
                         std::holds_alternative<event::HealthChanged>(record.event) ||
                         std::holds_alternative<event::FaultBegan>(record.event) ||
                         std::holds_alternative<event::FaultEnded>(record.event) || stage.weighed();
    if (allowed_ && changed && !stage.forming()) weigh(record.at, stage);
  }

  void finish(const Ending& ending) override {
    for (auto& [machine, orphan] : orphans_) judge(machine, orphan, ending.at, last_, ending.stage);
  }

  std::string numbers() const override {
    return counted(left_, "replica") + " left its shard, longest want " + words(longest_) + " (" +
           words(within_) + " allowed)";
  }

 private:
  struct Orphan {
    SimTime since;
    bool told = false;
  };
  struct Shard {
    std::uint32_t alive = 0;
    std::vector<MachineId> replicas;  // also dead ones
  };

  void see_leave(const Record& record, const event::ReplicaMigrated& leaves, const Stage& stage) {
    evidence();
    ++left_;
    if (std::int64_t{leaves.sound} > leaves.barrier) return;
    violation(record, std::string(stage.name(record.machine)) + " left " +
                          stage.directory().label(leaves.from) + " for " +
                          stage.directory().label(leaves.to) + ", although it held only " +
                          counted(leaves.sound, "replica") + " of the former for sound and " +
                          std::to_string(leaves.barrier) + " must stay");
  }

  void judge(MachineId machine, Orphan& orphan, SimTime now, std::uint64_t record,
             const Stage& stage) {
    const Duration lasted = now - orphan.since;
    longest_ = std::max(longest_, lasted);
    if (orphan.told || lasted <= within_) return;
    orphan.told = true;
    violation(now, record,
              std::string(stage.name(machine)) + " has had no replica since " +
                  moment(orphan.since) + ", although another shard can spare one (" +
                  words(within_) + " allowed)");
  }

  // Who lacks a replica that it should be lent, as things are now.
  void weigh(SimTime now, const Stage& stage) {
    std::set<MachineId> wanting;
    if (is_calm(stage)) {
      const std::map<MachineId, Shard> shards = count_replicas(stage);
      const bool spare = can_spare(shards, stage);
      for (const auto& [primary, shard] : shards) {
        const bool lost_some = !shard.replicas.empty() || promoted_.count(primary) > 0;
        if (shard.alive > 0 || !lost_some) continue;
        evidence();
        if (spare) wanting.insert(primary);
      }
    }
    std::erase_if(orphans_, [&](const auto& entry) { return wanting.count(entry.first) == 0; });
    for (const MachineId primary : wanting) orphans_.insert({primary, {now, false}});
  }

  bool is_calm(const Stage& stage) const {
    if (stage.disturbed() || !stage.connectivity().whole()) return false;
    const Directory& directory = stage.directory();
    const auto& primaries = directory.primaries();
    return std::all_of(primaries.begin(), primaries.end(), [&](MachineId primary) {
      return directory.is_serving(primary) && directory.is_healthy(primary);
    });
  }

  std::map<MachineId, Shard> count_replicas(const Stage& stage) {
    const Directory& directory = stage.directory();
    std::map<MachineId, Shard> shards;
    for (const MachineId primary : directory.primaries()) shards[primary];
    for (const MachineId machine : directory.cluster_nodes()) {
      const event::Claim* claim = directory.claim(machine);
      if (claim == nullptr || claim->role != Role::kReplica) continue;
      const auto primary = directory.machine_of(claim->replica_of);
      const auto shard = primary ? shards.find(*primary) : shards.end();
      if (shard == shards.end()) continue;
      shard->second.replicas.push_back(machine);
      if (!directory.is_serving(machine) || !directory.is_healthy(machine)) continue;
      ++shard->second.alive;
      promoted_.erase(*primary);
    }
    return shards;
  }

  // The one to go is the smallest id in the best provided shards, and it must be alive.
  bool can_spare(const std::map<MachineId, Shard>& shards, const Stage& stage) const {
    std::uint32_t most = 0;
    for (const auto& [primary, shard] : shards) most = std::max(most, shard.alive);
    if (most < 2 || std::int64_t{most} <= barrier_) return false;
    std::optional<MachineId> first;
    const Directory& directory = stage.directory();
    for (const auto& [primary, shard] : shards) {
      if (shard.alive != most) continue;
      for (const MachineId machine : shard.replicas) {
        if (!first || directory.claim(machine)->id < directory.claim(*first)->id) first = machine;
      }
    }
    return directory.is_serving(*first) && directory.is_healthy(*first);
  }

  std::set<MachineId> processes_;
  bool allowed_;
  std::int64_t barrier_;
  Duration within_;
  std::map<MachineId, Orphan> orphans_;
  std::set<MachineId> promoted_;  // and without a living replica ever since
  Duration longest_{};
  std::uint64_t left_ = 0, last_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_replicas_spread(const RunFacts& facts) {
  return std::make_unique<ReplicasSpread>(facts);
}

}  // namespace sim
