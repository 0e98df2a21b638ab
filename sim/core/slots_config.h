// Which slot is whose: claims in headers and UPDATEs against what is known. (Protocol §7.7, §7.8.)
#pragma once

#include "sim/core/pass.h"
#include "sim/core/server.h"

namespace sim {

// Binds slots to a peer (kNoPeer: unbinds them), whoever had them. `cause` is told.
void bind_slots(Server& server, Pass& pass, const SlotSet& slots, PeerId owner, std::uint64_t epoch,
                event::RebindCause cause = event::RebindCause::kCommand);
// Unbinds every slot of the peer.
void unbind_all(Server& server, Pass& pass, PeerId peer,
                event::RebindCause cause = event::RebindCause::kCommand);
// At start, with the data loaded: a primary takes the slots that it has keys of and nodes.conf
// gives to nobody. Those that it gives to others are importing from then on. (Protocol §8.)
void match_slots_with_data(Server& server, Pass& pass);
// Nobody's: unassigned, or its owner stopped claiming it.
bool unclaimed(const ClusterState& cluster, SlotId slot);

// `claimer` says with `epoch` that `claims` are its slots.
void update_slots(Server& server, Pass& pass, PeerId claimer, std::uint64_t epoch,
                  const SlotsRef& claims);
// The sender claims a slot whose owner has a greater epoch: tells it so, once a packet.
void correct_stale_claims(Server& server, Pass& pass, PeerId sender, const bus::Header& header);
void read_update(Server& server, Pass& pass, PeerId sender, const bus::Update& update);

}  // namespace sim
