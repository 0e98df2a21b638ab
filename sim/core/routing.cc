#include "sim/core/routing.h"

#include "sim/core/cluster_state.h"
#include "sim/core/mutation.h"
#include "sim/wire/crc16.h"

namespace sim {
namespace {

bool serves_reads_of(const Server& server, const Session& session, const CommandSpec& spec,
                     PeerId owner) {
  if (!session.readonly || (spec.flags & command_flag::kWrite) != 0) return false;
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
  each_key(spec, command, [&](const std::string& key) {
    if (!routing.refusal.empty()) return;
    const SlotId slot = slot_of(key);
    if (!routing.slot) {
      routing.slot = slot;
      owner = slot_owner(server.cluster, slot);
      if (owner.is_none()) routing.refusal = "CLUSTERDOWN Hash slot not served";
    } else if (*routing.slot != slot) {
      routing.refusal = "CROSSSLOT Keys in request don't hash to the same slot";
    }
  });
  if (!routing.slot || !routing.refusal.empty()) return routing;
  if (!cluster_ok(server.cluster)) {
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

}  // namespace sim
