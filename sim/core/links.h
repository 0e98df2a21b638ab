// The two links of a pair: dialling, accepting, sending, losing. (Protocol §2.1.)
//
// What goes where: PING, MEET and everything unsolicited on the link I dialled; the PONG on the
// link the PING came by.
#pragma once

#include "sim/core/pass.h"
#include "sim/core/server.h"
#include "sim/node/node.h"

namespace sim {

// nullptr: that is no link of the bus. Of an accepted one it is an AcceptedLink. Good until a link
// is made or freed.
const BusLink* find_link(const Server& server, ConnId conn);
inline bool is_bus_link(const Server& server, ConnId conn) {
  return find_link(server, conn) != nullptr;
}

// Begins a connection to the peer's bus port. Precondition: there is none.
void dial_peer(Server& server, Pass& pass, PeerId peer);
// The connection I began is there: what waited leaves at once, then MEET or PING (hole (ii)).
void link_connected(Server& server, Pass& pass, ConnId conn);
void link_accepted(Server& server, Pass& pass, const Accepted& accepted);
// The driver says it is gone.
void link_closed(Server& server, Pass& pass, ConnId conn, CloseReason why);
void link_unsent(Server& server, Pass& pass, const Sent& sent);

// I let go of a link; nothing is delivered of what was not sent yet.
void free_link(Server& server, Pass& pass, ConnId conn);
void free_dialled_link(Server& server, Pass& pass, PeerId peer);
void free_accepted_link(Server& server, Pass& pass, PeerId peer);
ConnId dialled_conn(const Server& server, PeerId peer);  // kNoConn if there is none
// Ties an accepted link to the peer that turned out to be behind it, instead of its previous one.
void bind_accepted_link(Server& server, Pass& pass, ConnId conn, PeerId peer);

// Counts and sends. A message to a peer without a link is dropped silently.
void send_on(Server& server, Pass& pass, ConnId conn, bus::Type type, PayloadRef message);
void send_to(Server& server, Pass& pass, PeerId peer, const bus::Message& message);
// To every peer but those in handshake, on the links I dialled.
void send_to_all(Server& server, Pass& pass, const bus::Message& message);

}  // namespace sim
