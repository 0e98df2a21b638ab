// Building messages: the header, and the gossip section of PING, PONG and MEET. (Protocol §2.3,
// §5.1.)
#pragma once

#include <cstdint>
#include <span>

#include "sim/core/pass.h"
#include "sim/core/server.h"

namespace sim {

// A header in full, as every type of message has it, with an empty body.
bus::Message build_message(const Server& server, bus::Type type);
// PING, PONG or MEET with its gossip.
PayloadRef make_heartbeat(Server& server, Pass& pass, bus::Type type);
// The same, sent; it starts no clock.
void send_heartbeat(Server& server, Pass& pass, ConnId conn, bus::Type type);

// Fills `rows` with peers of the table, myself included, each drawn with equal chance.
void draw_peers(const PeerTable& peers, Choices& choices, Site site, std::span<std::uint32_t> rows);

// On the link I dialled; the clock of the PING starts.
void send_ping(Server& server, Pass& pass, PeerId peer);
void send_pong(Server& server, Pass& pass, ConnId conn);
// To every peer with a link that is not in handshake; to siblings only: replicas of my primary or
// of me.
void broadcast_pong(Server& server, Pass& pass, bool siblings_only);

}  // namespace sim
