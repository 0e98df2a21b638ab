#include "sim/trace/directory.h"

#include <algorithm>
#include <utility>

namespace sim {

Directory::Directory(Cast cast) : cast_(std::move(cast)), actors_(cast_.size()) {
  for (std::uint32_t i = 0; i < size(); ++i) {
    const MachineInfo& info = cast_[i];
    actors_[i].claim.role = info.planned_primary ? Role::kPrimary : Role::kReplica;
    actors_[i].claim.id = info.planned_id;
    actors_[i].foreign = !info.cluster.empty();
    if (!info.planned_id.is_none()) by_id_[info.planned_id] = MachineId{i};
    const auto shards = static_cast<std::size_t>(info.shard + 1);
    if (shards > homes_.size()) homes_.resize(shards, no_slots());
  }
}

void Directory::see(const Record& record) {
  if (const auto* ended = std::get_if<event::OperationEnded>(&record.event)) {
    if (ended->left.value < actors_.size()) actors_[ended->left.value].left = true;
    return;
  }
  if (const auto* began = std::get_if<event::FaultBegan>(&record.event)) {
    hit_[began->kind] = began->targets;
  }
  if (record.machine.value >= actors_.size()) return;
  Actor& actor = actors_[record.machine.value];
  if (const auto* claim = std::get_if<event::Claim>(&record.event)) {
    see_claim(record.machine, *claim);
  } else if (const auto* health = std::get_if<event::HealthChanged>(&record.event)) {
    actor.healthy = health->ok;
  } else if (const auto* started = std::get_if<event::NodeStarted>(&record.event)) {
    actor.up = true;
    actor.healthy = actor.loading = false;
    actor.incarnation = started->incarnation;
    if (!started->id.is_none()) by_id_[started->id] = record.machine;
  } else if (const auto* machine = std::get_if<event::MachineStarted>(&record.event)) {
    actor.up = true;
    actor.paused = actor.stalled = actor.loading = actor.healthy = false;
    actor.incarnation = machine->incarnation;
  } else if (std::holds_alternative<event::MachineCrashed>(record.event) ||
             std::holds_alternative<event::ProgramExited>(record.event)) {
    actor.up = actor.paused = actor.stalled = actor.loading = actor.healthy = false;
  } else if (const auto* learned = std::get_if<event::PeerLearned>(&record.event)) {
    see_learned(record.machine, *learned);
  } else if (std::holds_alternative<event::MachinePaused>(record.event)) {
    actor.paused = true;
  } else if (std::holds_alternative<event::MachineResumed>(record.event)) {
    actor.paused = false;
  } else if (std::holds_alternative<event::StallBegan>(record.event)) {
    actor.stalled = true;
  } else if (std::holds_alternative<event::StallEnded>(record.event)) {
    actor.stalled = false;
  } else if (std::holds_alternative<event::LoadingBegan>(record.event)) {
    actor.loading = true;
  } else if (std::holds_alternative<event::LoadingEnded>(record.event)) {
    actor.loading = false;
  }
}

std::vector<MachineId> Directory::hit_by(std::string_view kind) const {
  const auto found = hit_.find(kind);
  return found == hit_.end() ? std::vector<MachineId>{} : found->second;
}

void Directory::see_claim(MachineId machine, const event::Claim& claim) {
  Actor& actor = actors_[machine.value];
  actor.claim = claim;
  actor.claimed = actor.up = true;
  if (!claim.id.is_none()) by_id_[claim.id] = machine;
  const MachineInfo& info = cast_[machine.value];
  if (!info.planned_primary || info.shard < 0 || claim.slots->count() == 0) return;
  SlotsRef& home = homes_[static_cast<std::size_t>(info.shard)];
  if (home->count() == 0) home = claim.slots;
}

// Clusters that have met are one.
void Directory::see_learned(MachineId machine, const event::PeerLearned& learned) {
  Actor& actor = actors_[machine.value];
  actor.has_company = true;
  actor.left = false;
  const auto peer = machine_of(learned.peer);
  if (!peer || peer->value >= size() || !is_cluster_node(*peer)) return;
  Actor& other = actors_[peer->value];
  if (actor.foreign == other.foreign) return;
  actor.foreign = other.foreign = false;
  has_merged_ = true;
}

// ---- Machines ----

const Directory::Actor* Directory::actor(MachineId machine) const {
  return machine.value < actors_.size() ? &actors_[machine.value] : nullptr;
}

bool Directory::is_cluster_node(MachineId machine) const {
  return machine.value < size() && cast_[machine.value].kind == MachineKind::kClusterNode;
}

bool Directory::is_spare(MachineId machine) const {
  return is_cluster_node(machine) && cast_[machine.value].shard < 0 &&
         cast_[machine.value].cluster.empty();
}

bool Directory::is_foreign(MachineId machine) const {
  const Actor* who = actor(machine);
  return who != nullptr && who->foreign;
}

bool Directory::is_member(MachineId machine) const {
  if (!is_cluster_node(machine) || actors_[machine.value].left || is_foreign(machine)) return false;
  return !is_spare(machine) || actors_[machine.value].has_company;
}

std::string_view Directory::name(MachineId machine) const {
  return machine.value < size() ? std::string_view{cast_[machine.value].name} : "nobody";
}

std::optional<MachineId> Directory::find(std::string_view machine_name) const {
  for (std::uint32_t i = 0; i < size(); ++i) {
    if (cast_[i].name == machine_name) return MachineId{i};
  }
  return std::nullopt;
}

std::optional<MachineId> Directory::machine_of(const NodeName& id) const {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return std::nullopt;
  return found->second;
}

std::vector<NodeName> Directory::ids_of(MachineId machine) const {
  std::vector<NodeName> ids;
  for (const auto& [id, box] : by_id_) {
    if (box == machine) ids.push_back(id);
  }
  return ids;
}

std::string Directory::label(const NodeName& id) const {
  if (const auto machine = machine_of(id)) return std::string{name(*machine)};
  return id.is_none() ? "nobody" : std::string{id.view().substr(0, 8)};
}

bool Directory::is_up(MachineId machine) const {
  const Actor* who = actor(machine);
  return who != nullptr && who->up;
}

bool Directory::is_paused(MachineId machine) const {
  const Actor* who = actor(machine);
  return who != nullptr && who->paused;
}

bool Directory::changes_serving(const Event& event) {
  return std::holds_alternative<event::MachineCrashed>(event) ||
         std::holds_alternative<event::ProgramExited>(event) ||
         std::holds_alternative<event::MachinePaused>(event) ||
         std::holds_alternative<event::MachineResumed>(event) ||
         std::holds_alternative<event::StallBegan>(event) ||
         std::holds_alternative<event::StallEnded>(event) ||
         std::holds_alternative<event::LoadingBegan>(event) ||
         std::holds_alternative<event::LoadingEnded>(event);
}

bool Directory::is_serving(MachineId machine) const {
  const Actor* who = actor(machine);
  return who != nullptr && who->up && !who->paused && !who->stalled && !who->loading;
}

std::uint32_t Directory::incarnation(MachineId machine) const {
  const Actor* who = actor(machine);
  return who != nullptr ? who->incarnation : 0;
}

const event::Claim* Directory::claim(MachineId machine) const {
  const Actor* who = actor(machine);
  return who != nullptr && who->claimed ? &who->claim : nullptr;
}

Role Directory::role(MachineId machine) const {
  const Actor* who = actor(machine);
  return who != nullptr ? who->claim.role : Role::kReplica;
}

bool Directory::is_healthy(MachineId machine) const {
  const Actor* who = actor(machine);
  return who != nullptr && who->healthy;
}

namespace {
template <class Predicate>
std::vector<MachineId> machines_where(std::uint32_t size, Predicate fits) {
  std::vector<MachineId> chosen;
  for (std::uint32_t i = 0; i < size; ++i) {
    if (fits(MachineId{i})) chosen.push_back(MachineId{i});
  }
  return chosen;
}
}  // namespace

std::vector<MachineId> Directory::cluster_nodes() const {
  return machines_where(size(), [&](MachineId m) { return is_member(m); });
}

std::vector<MachineId> Directory::up() const {
  return machines_where(size(), [&](MachineId m) { return is_member(m) && is_up(m); });
}

std::vector<MachineId> Directory::down() const {
  return machines_where(size(), [&](MachineId m) { return is_member(m) && !is_up(m); });
}

std::vector<MachineId> Directory::primaries() const {
  return machines_where(size(), [&](MachineId m) { return claims_slots(actors_[m.value], true); });
}

std::vector<MachineId> Directory::replicas() const {
  return machines_where(size(), [&](MachineId m) {
    return is_cluster_node(m) && !is_foreign(m) && is_up(m) && claim(m) != nullptr &&
           role(m) == Role::kReplica;
  });
}

std::vector<MachineId> Directory::in_zone(std::string_view zone) const {
  return machines_where(
      size(), [&](MachineId m) { return is_cluster_node(m) && cast_[m.value].zone == zone; });
}

std::vector<MachineId> Directory::on_host(std::string_view host) const {
  return machines_where(
      size(), [&](MachineId m) { return is_cluster_node(m) && cast_[m.value].host == host; });
}

// ---- Slots and shards ----

bool Directory::claims_slots(const Actor& who, bool live_only) const {
  return who.claimed && !who.foreign && (who.up || !live_only) &&
         who.claim.role == Role::kPrimary && who.claim.slots->count() > 0;
}

bool Directory::outranks(MachineId a, MachineId b) const {
  const event::Claim& first = actors_[a.value].claim;
  const event::Claim& second = actors_[b.value].claim;
  if (first.config_epoch != second.config_epoch) return first.config_epoch > second.config_epoch;
  return first.id > second.id;
}

std::optional<MachineId> Directory::owner_of(SlotId slot) const {
  std::optional<MachineId> owner;
  for (std::uint32_t i = 0; i < size(); ++i) {
    if (!claims_slots(actors_[i], true) || !actors_[i].claim.slots->test(slot)) continue;
    if (!owner || outranks(MachineId{i}, *owner)) owner = MachineId{i};
  }
  return owner;
}

// Whoever owns most of `slots`, each slot going to the highest-ranking of its claimants.
std::optional<MachineId> Directory::claimant(const SlotSet& slots, bool live_only) const {
  std::vector<MachineId> claimants = machines_where(size(), [&](MachineId m) {
    return claims_slots(actors_[m.value], live_only) &&
           (actors_[m.value].claim.slots->slots() & slots).any();
  });
  std::sort(claimants.begin(), claimants.end(),
            [&](MachineId a, MachineId b) { return outranks(a, b); });
  SlotSet remaining = slots;
  std::optional<MachineId> best;
  std::size_t most = 0;
  for (const MachineId machine : claimants) {
    const SlotSet& own = actors_[machine.value].claim.slots->slots();
    const std::size_t count = (own & remaining).count();
    if (count > most) {
      most = count;
      best = machine;
    }
    remaining &= ~own;
  }
  return best;
}

const SlotsRef& Directory::home(int shard) const {
  if (shard < 0 || static_cast<std::size_t>(shard) >= homes_.size()) return no_slots();
  return homes_[static_cast<std::size_t>(shard)];
}

std::optional<MachineId> Directory::primary_of(int shard) const {
  return claimant(home(shard)->slots(), true);
}

std::optional<MachineId> Directory::last_primary_of(int shard) const {
  return claimant(home(shard)->slots(), false);
}

std::vector<MachineId> Directory::replicas_of(int shard) const {
  const std::optional<MachineId> primary = last_primary_of(shard);
  if (!primary) return {};
  return machines_where(size(), [&](MachineId m) {
    const event::Claim* own = claim(m);
    return own != nullptr && is_up(m) && own->role == Role::kReplica &&
           machine_of(own->replica_of) == primary;
  });
}

int Directory::planned_shard(MachineId machine) const {
  return machine.value < size() ? cast_[machine.value].shard : -1;
}

int Directory::shard_of(SlotId slot) const {
  for (std::size_t shard = 0; shard < homes_.size(); ++shard) {
    if (homes_[shard]->test(slot)) return static_cast<int>(shard);
  }
  return -1;
}

int Directory::shard_of(MachineId machine) const {
  const event::Claim* own = claim(machine);
  if (own == nullptr) return planned_shard(machine);
  if (own->role == Role::kReplica) {
    const std::optional<MachineId> primary = machine_of(own->replica_of);
    if (!primary || *primary == machine) return planned_shard(machine);
    own = claim(*primary);
    if (own == nullptr || own->role == Role::kReplica) return planned_shard(*primary);
    machine = *primary;
  }
  if (own->slots->count() == 0) return planned_shard(machine);
  int best = planned_shard(machine);
  std::size_t most = 0;
  for (std::size_t shard = 0; shard < homes_.size(); ++shard) {
    if (same_slots(homes_[shard], own->slots)) return static_cast<int>(shard);
    const std::size_t common = (homes_[shard]->slots() & own->slots->slots()).count();
    if (common > most) {
      most = common;
      best = static_cast<int>(shard);
    }
  }
  return best;
}

// ---- Majorities ----

std::vector<MachineId> Directory::voting_primaries() const {
  std::vector<MachineId> claimants =
      machines_where(size(), [&](MachineId m) { return claims_slots(actors_[m.value], false); });
  std::sort(claimants.begin(), claimants.end(),
            [&](MachineId a, MachineId b) { return outranks(a, b); });
  SlotSet taken;
  std::vector<MachineId> voters;
  for (const MachineId machine : claimants) {
    const SlotSet& own = actors_[machine.value].claim.slots->slots();
    if ((own & ~taken).any()) voters.push_back(machine);
    taken |= own;
  }
  return voters;
}

std::vector<MachineId> Directory::majority() const {
  std::vector<MachineId> chosen;
  const std::uint32_t wanted = quorum();
  for (std::uint32_t shard = 0; shard < shard_count() && chosen.size() < wanted; ++shard) {
    const std::optional<MachineId> primary = primary_of(static_cast<int>(shard));
    if (primary && std::find(chosen.begin(), chosen.end(), *primary) == chosen.end()) {
      chosen.push_back(*primary);
    }
  }
  return chosen;
}

}  // namespace sim
