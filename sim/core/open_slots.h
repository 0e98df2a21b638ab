// Open slots: those that this node hands to another (migrating) or takes over (importing), key by
// key. Only the two nodes know; nothing of it is in a header. A slot may be both. (Protocol §3.2,
// §9.3.)
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/core/pass.h"
#include "sim/core/server.h"
#include "sim/wire/nodes_conf.h"

namespace sim {

// kNoPeer: the slot is not open that way.
PeerId migrating_to(const ClusterState& cluster, SlotId slot);
PeerId importing_from(const ClusterState& cluster, SlotId slot);

// Opens the slot, whatever it was before. They save nothing.
void open_migrating(Server& server, Pass& pass, SlotId slot, PeerId to);
void open_importing(Server& server, Pass& pass, SlotId slot, PeerId from);
// Closing what is not open does nothing.
void close_migrating(Server& server, Pass& pass, SlotId slot);
void close_importing(Server& server, Pass& pass, SlotId slot);
void close_all_slots(Server& server, Pass& pass);
// All that are open to or from this peer, who is being forgotten.
void close_slots_with(Server& server, Pass& pass, PeerId peer);

// As Valkey tells a replica in a full synchronisation: "609>" or "609<" and the other's id, each
// with a comma behind it. Reading passes over nodes that are not known, and over rubbish.
std::string encode_open_slots(const Server& server);
void open_slots_as_told(Server& server, Pass& pass, std::string_view text);
// `claimer` claimed `claims` with `epoch`, and got `taken` of them: open slots whose other end has
// a new primary go on with that one, those that somebody else took are closed, and what I import
// from the claimer, who does not claim it, is mine. (Valkey 8; protocol §7.7.)
void repoint_open_slots(Server& server, Pass& pass, PeerId claimer, std::uint64_t epoch,
                        const SlotSet& claims, const SlotSet& taken);

// As my own line tells them: in order of slot; of one that is open both ways only that it
// migrates.
std::vector<nodes_conf::OpenSlot> list_open_slots(const Server& server);

}  // namespace sim
