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
  std::uint32_t missing = 0, existing = 0;  // counted in open slots only
  std::string refusal;
};

// 7.0 knows open slots on primaries only.
bool minds_open_slots(const Server& server, const Session& session) {
  return am_primary(server.cluster) || !deviates(server, Deviation::kReplicasAsk) ||
         session.readonly;
}

void see_first_key(const Server& server, const Session& session, const std::string& key,
                   Keys& keys) {
  const ClusterState& cluster = server.cluster;
  keys.first = &key;
  keys.slot = slot_of(key);
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
    if (*keys.slot != slot_of(key)) {
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

bool serves_reads_of(const Server& server, const Session& session, const CommandSpec& spec,
                     std::span<const RoutedCommand> commands, PeerId owner) {
  const bool writes = std::any_of(commands.begin(), commands.end(), [](const auto& command) {
    return (command.spec.flags & command_flag::kWrite) != 0;
  });
  const bool allowed = session.readonly || names_shard_channels(spec);
  if (!allowed || writes) return false;
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
  if (migrating && keys.missing > 0) {
    if (keys.existing > 0) return std::string(kTryAgain);
    return redirection(server, "ASK", *keys.slot, keys.migrating);
  }
  const bool asking = session.asking || (spec.flags & command_flag::kAsksItself) != 0;
  if (keys.importing && asking) {
    return keys.several && keys.missing > 0 ? std::string(kTryAgain) : std::string();
  }
  if (keys.owner == kMyself || serves_reads_of(server, session, spec, commands, keys.owner))
    return {};
  return redirection(server, "MOVED", *keys.slot, keys.owner);
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
  Routing routing{keys.slot, std::move(keys.refusal)};
  if (!routing.slot || !routing.refusal.empty()) return routing;
  if (!cluster_ok(server.cluster)) routing.refusal = down(server.config, spec);
  if (routing.refusal.empty()) {
    routing.refusal = refusal_by_slot(server, session, spec, commands, keys);
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
