#include "sim/core/routing.h"

#include "sim/core/cluster_state.h"
#include "sim/core/mutation.h"
#include "sim/core/transaction.h"
#include "sim/wire/crc16.h"

namespace sim {
namespace {

constexpr std::string_view kNotServed = "CLUSTERDOWN Hash slot not served";

bool serves_reads_of(const Server& server, const Session& session, const CommandSpec& spec,
                     PeerId owner) {
  const bool allowed = session.readonly || (spec.flags & command_flag::kShardChannels) != 0;
  if (!allowed || has_flag(session, spec, command_flag::kWrite)) return false;
  return !am_primary(server.cluster) && my_primary(server.cluster) == owner;
}

std::string moved(const Server& server, SlotId slot, PeerId owner) {
  if (server.mutation == Mutation::kRedirectToSelf) owner = kMyself;
  return "MOVED " + std::to_string(slot.value) + " " + redirect_address(server, owner);
}

}  // namespace

// The order of the tests is that of protocol §9.2: while the keys are scanned, an unserved slot of
// the first key wins over CROSSSLOT, and both over the cluster being down.
Routing route(const Server& server, const Session& session, const CommandSpec& spec,
              const resp::Command& command) {
  Routing routing;
  if (!server.config.cluster_enabled) return routing;
  PeerId owner = kNoPeer;
  each_routed_key(session, spec, command, [&](const std::string& key) {
    if (!routing.refusal.empty()) return;
    const SlotId slot = slot_of(key);
    if (!routing.slot) {
      routing.slot = slot;
      owner = slot_owner(server.cluster, slot);
      if (owner.is_none()) routing.refusal = kNotServed;
    } else if (*routing.slot != slot) {
      routing.refusal = "CROSSSLOT Keys in request don't hash to the same slot";
    }
  });
  if (!routing.slot || !routing.refusal.empty()) return routing;
  const bool shard_channels = (spec.flags & command_flag::kShardChannels) != 0;
  if (!cluster_ok(server.cluster) && shard_channels) {
    if (!server.config.cluster_allow_pubsubshard_when_down) {
      routing.refusal = "CLUSTERDOWN The cluster is down";
      return routing;
    }
  } else if (!cluster_ok(server.cluster)) {
    if (!server.config.cluster_allow_reads_when_down) {
      routing.refusal = "CLUSTERDOWN The cluster is down";
      return routing;
    }
    if ((spec.flags & command_flag::kWrite) != 0) {
      routing.refusal = "CLUSTERDOWN The cluster is down and only accepts read commands";
      return routing;
    }
  }
  if (owner != kMyself && !serves_reads_of(server, session, spec, owner)) {
    routing.refusal = moved(server, *routing.slot, owner);
  }
  return routing;
}

std::string redirect_of_slot(const Server& server, const Session& session, const CommandSpec& spec,
                             SlotId slot) {
  const PeerId owner = slot_owner(server.cluster, slot);
  if (owner.is_none()) return std::string(kNotServed);
  if (owner == kMyself || serves_reads_of(server, session, spec, owner)) return {};
  return moved(server, slot, owner);
}

}  // namespace sim
