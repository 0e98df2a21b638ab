#include "sim/client/client.h"

#include <algorithm>

namespace sim::client {

Client::Client(std::shared_ptr<const ClientSetup> with) : setup(std::move(with)) {
  for (const ServerAddress& server : setup->servers) {
    const PeerId peer = peer_for(*this, server.endpoint);
    peers[peer].server.name = server.name;
    if (setup->routing == RoutingKind::kSharding) shards.push_back(peer);
  }
  if (setup->generator) generator = GeneratorHandle(setup->generator->clone());
}

PeerId peer_for(Client& client, Endpoint endpoint) {
  const auto [at, is_new] =
      client.peer_at.try_emplace(endpoint, static_cast<PeerId>(client.peers.size()));
  if (is_new) {
    Peer peer;
    peer.server = {format_endpoint(endpoint), endpoint};
    client.peers.push_back(std::move(peer));
  }
  return at->second;
}

void set_timer(Client& client, FlightId flight, MonotonicTime at) {
  client.flights[flight].timer = at;
  client.earliest_timer = std::min(client.earliest_timer, at);
}

}  // namespace sim::client
