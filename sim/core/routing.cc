#include "sim/core/routing.h"

#include <algorithm>

#include "sim/core/cluster_state.h"
#include "sim/core/mutation.h"
#include "sim/core/open_slots.h"
#include "sim/wire/crc16.h"

namespace sim {
namespace {

constexpr std::string_view kNotServed = "CLUSTERDOWN Hash slot not served";

// No keys, so they are never missing.
bool names_shard_channels(const CommandSpec& spec) {
  return (spec.flags & command_flag::kShardChannels) != 0;
}

// What a scan of all keys finds.
struct Keys {
  std::optional<SlotId> slot;
  PeerId owner = kNoPeer;      // of the slot
  PeerId migrating = kNoPeer;  // to whom, if it is mine and on its way
  bool importing = false;
  const std::string* first = nullptr;
  bool several = false;                     // not all are the same key
  bool crossing = false;                    // nor of the same slot
  std::uint32_t missing = 0, existing = 0;  // counted in open slots only
  std::string refusal;
};

SlotId hashed(const Server& server, const std::string& key) {
  if (server.mutation != Mutation::kTagsIgnored) return slot_of(key);
  return SlotId{static_cast<std::uint16_t>(crc16(key) % kSlotCount)};
}

// 7.0 knows open slots on primaries only.
bool minds_open_slots(const Server& server, const Session& session) {
  return am_primary(server.cluster) || !deviates(server, Deviation::kReplicasAsk) ||
         session.readonly;
}

void see_first_key(const Server& server, const Session& session, const std::string& key,
                   Keys& keys) {
  const ClusterState& cluster = server.cluster;
  keys.first = &key;
  keys.slot = hashed(server, key);
  keys.owner = slot_owner(cluster, *keys.slot);
  if (keys.owner.is_none()) keys.refusal = kNotServed;
  if (!minds_open_slots(server, session)) return;
  const PeerId us =
      deviates(server, Deviation::kReplicasAsk) ? primary_of_my_shard(cluster) : kMyself;
  if (keys.owner == us) keys.migrating = migrating_to(cluster, *keys.slot);
  keys.importing = keys.migrating.is_none() && !importing_from(cluster, *keys.slot).is_none();
}

void see_key(const Server& server, const Session& session, const CommandSpec& spec,
             const std::string& key, Keys& keys) {
  if (!keys.refusal.empty()) return;
  if (keys.first == nullptr) {
    see_first_key(server, session, key, keys);
  } else if (key != *keys.first) {
    keys.crossing = *keys.slot != hashed(server, key);
    if (keys.crossing && server.mutation != Mutation::kCrossSlotAllowed) {
      keys.refusal = "CROSSSLOT Keys in request don't hash to the same slot";
    }
    keys.several = true;
  }
  if ((keys.migrating.is_none() && !keys.importing) || names_shard_channels(spec)) return;
  const Entry* const entry = server.keyspace.find(*keys.slot, key);
  const bool there = entry != nullptr && !is_expired(*entry, server.cached_wall_ms);
  ++(there ? keys.existing : keys.missing);
}

// The cluster as a whole is down.
std::string_view down(const Config& config, const CommandSpec& spec) {
  constexpr std::string_view kDown = "CLUSTERDOWN The cluster is down";
  if (names_shard_channels(spec)) {
    return config.cluster_allow_pubsubshard_when_down ? "" : kDown;
  }
  if (!config.cluster_allow_reads_when_down) return kDown;
  const bool writes = (spec.flags & command_flag::kWrite) != 0;
  return writes ? "CLUSTERDOWN The cluster is down and only accepts read commands" : "";
}

bool some_write(std::span<const RoutedCommand> commands) {
  return std::any_of(commands.begin(), commands.end(), [](const auto& command) {
    return (command.spec.flags & command_flag::kWrite) != 0;
  });
}

bool asks(const Session& session, const CommandSpec& spec) {
  return session.asking || (spec.flags & command_flag::kAsksItself) != 0;
}

bool serves_reads_of(const Server& server, const Session& session, const CommandSpec& spec,
                     std::span<const RoutedCommand> commands, PeerId owner) {
  const bool allowed = session.readonly || names_shard_channels(spec) ||
                       server.mutation == Mutation::kReadsWithoutReadonly;
  const bool writes = some_write(commands) && server.mutation != Mutation::kReplicaAcceptsWrites;
  if (writes || (!allowed && server.mutation != Mutation::kReplicaAcceptsWrites)) return false;
  return !am_primary(server.cluster) && my_primary(server.cluster) == owner;
}

std::string redirection(const Server& server, std::string_view word, SlotId slot, PeerId to) {
  if (server.mutation == Mutation::kRedirectToSelf) to = kMyself;
  return std::string(word) + " " + std::to_string(slot.value) + " " + redirect_address(server, to);
}

// Keys on both sides: only the one who waits may find them on one.
constexpr std::string_view kTryAgain = "TRYAGAIN Multiple keys request during rehashing of slot";

// The rest of the table of protocol §9.2, from row 9 on, in its order.
std::string refusal_by_slot(const Server& server, const Session& session, const CommandSpec& spec,
                            std::span<const RoutedCommand> commands, const Keys& keys) {
  const bool migrating = !keys.migrating.is_none();
  const bool moves_keys = (spec.flags & command_flag::kMovesKeys) != 0;
  const bool may_move = am_primary(server.cluster) || !deviates(server, Deviation::kReplicasAsk);
  if ((migrating || keys.importing) && moves_keys && may_move) return {};
  const bool split = keys.missing > 0 && keys.existing > 0;
  if (migrating && split && server.mutation != Mutation::kNeverTryAgain)
    return std::string(kTryAgain);
  if (migrating && keys.missing > 0 && !split && server.mutation != Mutation::kNeverAsk) {
    const bool moved = server.mutation == Mutation::kMovedForAsk;
    return redirection(server, moved ? "MOVED" : "ASK", *keys.slot, keys.migrating);
  }
  const bool asking = (asks(session, spec) && server.mutation != Mutation::kAskingIgnored) ||
                      server.mutation == Mutation::kImporterNeedsNoAsking;
  if (keys.importing && asking) {
    return keys.several && keys.missing > 0 ? std::string(kTryAgain) : std::string();
  }
  if (keys.owner == kMyself || serves_reads_of(server, session, spec, commands, keys.owner))
    return {};
  return redirection(server, "MOVED", *keys.slot, keys.owner);
}

// Of an open slot, of somebody else's, or in a cluster that is not ok, or of keys here and there.
bool is_remarkable(const Server& server, const Keys& keys, const std::string& refusal) {
  return !refusal.empty() || keys.owner != kMyself || keys.importing || keys.crossing ||
         !keys.migrating.is_none() || !cluster_ok(server.cluster);
}

event::Routed facts_of(const Server& server, const Session& session, const CommandSpec& spec,
                       std::span<const RoutedCommand> commands, const Keys& keys,
                       const std::string& refusal) {
  const ClusterState& cluster = server.cluster;
  event::Routed facts;
  facts.slot = *keys.slot;
  facts.refusal = refusal;
  facts.owner = peer_name(server, keys.owner);
  facts.migrating_to = peer_name(server, keys.migrating);
  if (keys.importing) facts.importing_from = peer_name(server, importing_from(cluster, *keys.slot));
  facts.primary = peer_name(server, am_primary(cluster) ? kNoPeer : my_primary(cluster));
  facts.ok = cluster_ok(cluster);
  facts.writes = some_write(commands);
  facts.moves_keys = (spec.flags & command_flag::kMovesKeys) != 0;
  facts.channels = names_shard_channels(spec);
  facts.asking = asks(session, spec);
  facts.readonly = session.readonly;
  facts.crossing = keys.crossing;
  facts.several = keys.several;
  facts.missing = keys.missing;
  facts.existing = keys.existing;
  facts.when_down = facts.channels ? server.config.cluster_allow_pubsubshard_when_down
                                   : server.config.cluster_allow_reads_when_down &&
                                         (spec.flags & command_flag::kWrite) == 0;
  return facts;
}

}  // namespace

// The order of the tests is that of protocol §9.2: while the keys are scanned, an unserved slot of
// the first key wins over CROSSSLOT, and both over the cluster being down.
Routing route(const Server& server, const Session& session, const CommandSpec& spec,
              std::span<const RoutedCommand> commands) {
  if (!server.config.cluster_enabled) return {};
  Keys keys;
  for (const RoutedCommand& command : commands) {
    each_key(command.spec, command.words,
             [&](const std::string& key) { see_key(server, session, spec, key, keys); });
  }
  Routing routing{keys.slot, std::move(keys.refusal), {}};
  if (!routing.slot) return routing;
  const bool down_counts = server.mutation != Mutation::kServeWhenDown;
  if (routing.refusal.empty() && !cluster_ok(server.cluster) && down_counts)
    routing.refusal = down(server.config, spec);
  if (routing.refusal.empty()) {
    routing.refusal = refusal_by_slot(server, session, spec, commands, keys);
  }
  if (is_remarkable(server, keys, routing.refusal)) {
    routing.remarkable = facts_of(server, session, spec, commands, keys, routing.refusal);
  }
  return routing;
}

Routing route(const Server& server, const Session& session, const CommandSpec& spec,
              const resp::Command& command) {
  const RoutedCommand one{spec, command};
  return route(server, session, spec, std::span(&one, 1));
}

std::string redirect_of_slot(const Server& server, SlotId slot) {
  const PeerId owner = slot_owner(server.cluster, slot);
  if (owner.is_none()) return std::string(kNotServed);
  if (owner == kMyself || !importing_from(server.cluster, slot).is_none()) return {};
  return redirection(server, "MOVED", slot, owner);
}

}  // namespace sim
