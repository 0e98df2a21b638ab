// Claim: a replica's data are a prefix of its primary's: at one (replication id, offset) every
// node has applied the same commands, no replica is ahead of the primary whose history it follows,
// and a replica that is in step at the end holds the same data.
// - Source: Redis replication, "replication ID and offset"; protocol §15.32, §10.2.
// - Scope: always.
// - Kills: replica-skips-command, migrate-untold, backlog-off-by-one, any-history,
//   snapshot-skips-keys, full-sync-keeps-own, expiry-untold.
//
// Known defect: row 12 (keys of a lost slot are deleted on the primary only) when data differ and
// the primary dropped keys of a lost slot. Of each replication id the newest 4,096 offsets are
// remembered.
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/invariants/final_views.h"
#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"
#include "sim/trace/directory.h"

namespace sim {
namespace {

constexpr std::size_t kOffsetsKept = 4096;
constexpr std::size_t kHistoriesKept = 256;

class ReplicaDataIsPrefix final : public CopyableVerdict<ReplicaDataIsPrefix> {
 public:
  explicit ReplicaDataIsPrefix(const RunFacts& facts)
      : CopyableVerdict("no node told its replication stream"), processes_(facts.processes) {
    // Nor can those of ours be compared then: what one copied from a real server has no chain.
    if (!facts.processes.empty())
      cannot_check("a real server shows neither its replication stream nor a hash of its data");
  }

  void see(const Record& record, const Stage& stage) override {
    const Directory& directory = stage.directory();
    if (const auto* stream = std::get_if<event::StreamAt>(&record.event)) {
      see_stream(record, *stream, directory);
    } else if (const auto* dropped = std::get_if<event::KeysDropped>(&record.event)) {
      const bool replica = directory.role(record.machine) == Role::kReplica;
      if (dropped->keys > 0 && !replica) dropped_[record.machine] = record.at;
    }
  }

  void finish(const Ending& ending) override {
    for (const auto& [machine, view] : ending.views.views())
      compare_data(machine, view, ending.views, ending.stage.directory());
  }

  std::string numbers() const override {
    return counted(compared_, "stream position") + " compared, " + std::to_string(in_step_) +
           " replicas in step at the end";
  }

 private:
  struct Place {
    std::uint64_t chain = 0;
    MachineId machine;
  };
  struct History {
    std::map<std::int64_t, Place> places;
    std::uint64_t used = 0;
  };

  void see_stream(const Record& record, const event::StreamAt& stream, const Directory& directory) {
    if (stream.chain == 0) return;  // it came in by a real server, which keeps no such hash
    evidence();
    History& history = history_of(stream.replid, record.sequence);
    const std::string who{directory.name(record.machine)};
    const std::string where = " at offset " + std::to_string(stream.offset) + " of history " +
                              std::string{stream.replid.view().substr(0, 8)};
    const auto [place, fresh] =
        history.places.insert({stream.offset, {stream.chain, record.machine}});
    if (!fresh) {
      ++compared_;
      if (place->second.chain != stream.chain) {
        violation(record, who + where + " has applied other commands than " +
                              std::string{directory.name(place->second.machine)} +
                              " at the same place");
      }
    }
    if (history.places.size() > kOffsetsKept) history.places.erase(history.places.begin());
  }

  History& history_of(const NodeName& id, std::uint64_t now) {
    History& history = histories_[id];
    history.used = now;
    if (histories_.size() <= kHistoriesKept) return history;
    auto oldest = histories_.end();
    for (auto it = histories_.begin(); it != histories_.end(); ++it) {
      if (it->first == id) continue;
      if (oldest == histories_.end() || it->second.used < oldest->second.used) oldest = it;
    }
    histories_.erase(oldest);
    return histories_[id];
  }

  void compare_data(MachineId machine, const FinalViews::View& view, const FinalViews& views,
                    const Directory& directory) {
    const event::Claim* claim = directory.claim(machine);
    if (claim == nullptr || claim->role != Role::kReplica || !view.said.replication_up) return;
    const auto primary = directory.machine_of(claim->replica_of);
    const auto other = primary ? views.views().find(*primary) : views.views().end();
    if (other == views.views().end() || other->second.at != view.at) return;
    if (processes_.count(machine) + processes_.count(*primary) > 0) return;  // show no data
    const event::ViewSnapshot& original = other->second.said;
    evidence();
    if (view.said.offset > original.offset) {
      violation(view.at, view.record,
                std::string{directory.name(machine)} + " is at offset " +
                    std::to_string(view.said.offset) + ", ahead of its primary " +
                    std::string{directory.name(*primary)} + " at " +
                    std::to_string(original.offset));
    }
    if (original.offset != view.said.offset) return;
    ++in_step_;
    if (original.data_hash == view.said.data_hash) return;
    const std::string what = std::string{directory.name(machine)} + " is in step with " +
                             std::string{directory.name(*primary)} + " (offset " +
                             std::to_string(original.offset) +
                             ") but holds other data: " + counted(view.said.keys, "key") +
                             " against " + std::to_string(original.keys);
    if (const auto dropped = dropped_.find(*primary); dropped != dropped_.end()) {
      return known_defect(view.at, view.record, 12,
                          what + "; the primary dropped keys of a lost slot at " +
                              moment(dropped->second) + " without telling its replicas");
    }
    violation(view.at, view.record, what);
  }

  std::set<MachineId> processes_;
  std::map<NodeName, History> histories_;
  std::map<MachineId, SimTime> dropped_;  // a primary that dropped keys by itself
  std::uint64_t compared_ = 0, in_step_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_replica_data_is_prefix(const RunFacts& facts) {
  return std::make_unique<ReplicaDataIsPrefix>(facts);
}

}  // namespace sim
