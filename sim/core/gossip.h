// Building messages: the header, and the gossip section of PING, PONG and MEET. (Protocol §2.3,
// §5.1.)
#pragma once

#include "sim/core/pass.h"
#include "sim/core/server.h"

namespace sim {

// A header in full, as every type of message has it, with an empty body.
bus::Message build_message(const Server& server, bus::Type type);
// PING, PONG or MEET with its gossip.
bus::Message build_heartbeat(Server& server, Pass& pass, bus::Type type);

// A peer of the table, myself included, each with equal chance.
PeerId draw_peer(const PeerTable& peers, Choices& choices, Site site);

// On the link I dialled; the clock of the PING starts.
void send_ping(Server& server, Pass& pass, PeerId peer);
void send_pong(Server& server, Pass& pass, ConnId conn);
// To every peer with a link that is not in handshake; to siblings only: replicas of my primary or
// of me.
void broadcast_pong(Server& server, Pass& pass, bool siblings_only);

}  // namespace sim
