// Who is in the table: joining by handshake or gossip, leaving, being forgotten. (Protocol §5.6,
// §5.7.)
#pragma once

#include <optional>
#include <string>

#include "sim/core/pass.h"
#include "sim/core/server.h"

namespace sim {

// 40 random hex digits.
NodeName random_node_name(Pass& pass);
bool valid_node_name(std::string_view text);

// A node whose name is not known yet. `meet`: I was told to meet it, rather than having been met.
PeerId add_handshake_peer(Server& server, Pass& pass, const Address& address, bool meet);
// The operator's CLUSTER MEET. False: not an address. A handshake with that address already under
// way is fine.
bool start_handshake(Server& server, Pass& pass, const Address& address);
// A node named by gossip, with the flags it was named with.
PeerId add_peer(Server& server, Pass& pass, NameRef name, AddressRef address, std::uint16_t flags);
// Deletes it and every trace of it: slots, replicas' memory of it, reports by and about it, links.
void forget_peer(Server& server, Pass& pass, PeerId peer, std::string why);
// The peer a packet mentions. Lookups refuse malformed names, though 7.0 lets them into the table.
PeerId mentioned_peer(const Server& server, NameRef name);
// A name enters the table. False: that ended the program, as a malformed name does the second time.
bool admit_name(Server& server, Pass& pass, NameRef name);
// By its 40 characters, whatever their case; kNoPeer for a malformed or unknown one.
PeerId find_peer(const Server& server, std::string_view name);

void blacklist_add(Server& server, const Pass& pass, const NodeName& name);
bool blacklisted(Server& server, const NodeName& name);

}  // namespace sim
