// Who is who, as the trace tells it: roles, owners of slots, shards, and who is up.
//
// The one declared feedback of the product: selectors and `when` triggers are resolved from this
// fold as the run goes, so it is a value, part of the run, and copied with it. Invariants and
// metrics use the same fold afterwards.
//
// A shard is the set of slots its planned primary claimed first (its home). From then on the shard
// is wherever those slots are: its primary is the live claimant of them with the greatest
// configEpoch. Live means that the program runs; a paused one still does. Claims are what nodes say
// of themselves (event::Claim), never what others think of them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/slot_set.h"
#include "sim/base/types.h"
#include "sim/trace/fold.h"
#include "sim/trace/record.h"

namespace sim {

class Directory final : public TraceFold {
 public:
  explicit Directory(Cast cast);

  void see(const Record& record) override;

  // ---- Machines ----
  const Cast& cast() const { return cast_; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(cast_.size()); }
  bool is_cluster_node(MachineId machine) const;
  // A cluster node that was planned into no shard: empty at first, and alone.
  bool is_spare(MachineId machine) const;
  // A node of another cluster, of which nobody in this one has heard: what it says of itself is not
  // this cluster's business.
  bool is_foreign(MachineId machine) const;
  // Has somebody of this cluster come to know somebody of another, or the reverse?
  bool has_merged() const { return has_merged_; }
  // A cluster node that belongs to the cluster: planned so, or a spare that has met somebody, or
  // one of another cluster that somebody here has come to know; until an operator has removed it.
  bool is_member(MachineId machine) const;
  std::string_view name(MachineId machine) const;  // "nobody" for kNoMachine
  std::optional<MachineId> find(std::string_view machine_name) const;
  // The box that calls itself so, or did before a reset; planned ids count until their node speaks.
  std::optional<MachineId> machine_of(const NodeName& id) const;
  // All ids the box has had.
  std::vector<NodeName> ids_of(MachineId machine) const;
  // The machine's name for a node id, or the first eight characters of the id if nobody is known by
  // it.
  std::string label(const NodeName& id) const;

  // Does the program run? False before its first start, after a crash, and after an exit.
  bool is_up(MachineId machine) const;
  bool is_paused(MachineId machine) const;
  // Runs, and is neither paused nor busy with something that takes it long, such as loading its
  // data.
  bool is_serving(MachineId machine) const;
  // Can this end the serving of a machine that has started, or begin it again?
  static bool changes_serving(const Event& event);
  std::uint32_t incarnation(MachineId machine) const;
  // What the machine last claimed, also when it has died since; null before its first claim.
  const event::Claim* claim(MachineId machine) const;
  // The claimed role; the planned one before the first claim.
  Role role(MachineId machine) const;
  // Cluster state as the machine itself last told it; false when it is down.
  bool is_healthy(MachineId machine) const;

  // Live machines, in order of their ids. Primaries are those that claim at least one slot.
  std::vector<MachineId> cluster_nodes() const;  // all members, up or not
  std::vector<MachineId> up() const;
  std::vector<MachineId> down() const;
  std::vector<MachineId> primaries() const;
  std::vector<MachineId> replicas() const;
  std::vector<MachineId> in_zone(std::string_view zone) const;  // cluster nodes, up or not
  std::vector<MachineId> on_host(std::string_view host) const;

  // ---- Faults ----
  // Whom the latest fault of this kind hit.
  std::vector<MachineId> hit_by(std::string_view kind) const;

  // ---- Slots and shards ----
  // The live claimant with the greatest configEpoch (equal ones: the greatest node id, as a
  // collision resolves).
  std::optional<MachineId> owner_of(SlotId slot) const;
  std::uint32_t shard_count() const { return static_cast<std::uint32_t>(homes_.size()); }
  // The live machine that owns most of the shard's home slots; nullopt while nobody live claims
  // any.
  std::optional<MachineId> primary_of(int shard) const;
  // The same without asking whether it lives: who was primary last.
  std::optional<MachineId> last_primary_of(int shard) const;
  // Live replicas that follow the shard's last primary.
  std::vector<MachineId> replicas_of(int shard) const;
  // Where the machine belongs now: by the slots it owns, by those of the primary it follows, else
  // where it was planned.
  int shard_of(MachineId machine) const;
  int planned_shard(MachineId machine) const;
  int shard_of(SlotId slot) const;  // whose home the slot is; -1: nobody's
  const SlotsRef& home(int shard) const;

  // ---- Majorities ----
  // Primaries with slots, counted as the nodes count them: live or not, as long as nobody has taken
  // their slots.
  std::vector<MachineId> voting_primaries() const;
  std::uint32_t voters() const { return static_cast<std::uint32_t>(voting_primaries().size()); }
  std::uint32_t quorum() const { return voters() / 2 + 1; }
  // The first `quorum()` live primaries by shard; fewer if fewer live.
  std::vector<MachineId> majority() const;

 private:
  struct Actor {
    event::Claim claim;
    bool claimed = false, up = false, paused = false, healthy = false, has_company = false;
    bool stalled = false, loading = false;
    bool foreign = false;
    bool left = false;
    std::uint32_t incarnation = 0;
  };

  void see_claim(MachineId machine, const event::Claim& claim);
  void see_learned(MachineId machine, const event::PeerLearned& learned);
  const Actor* actor(MachineId machine) const;
  bool claims_slots(const Actor& actor, bool live_only) const;
  std::optional<MachineId> claimant(const SlotSet& slots, bool live_only) const;
  bool outranks(MachineId a, MachineId b) const;

  Cast cast_;
  bool has_merged_ = false;
  std::vector<Actor> actors_;    // by MachineId
  std::vector<SlotsRef> homes_;  // by shard
  std::map<NodeName, MachineId> by_id_;
  std::map<std::string, std::vector<MachineId>, std::less<>> hit_;  // by kind of fault
};

}  // namespace sim
