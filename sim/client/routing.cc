#include <utility>

#include "sim/client/client.h"

namespace sim::client {

namespace {

bool is_shunned(const Pass& pass, PeerId peer) {
  return pass.client.peers[peer].shunned_until > pass.time();
}

// Any server that has not failed lately: it will answer, or say who does.
PeerId anybody(Pass& pass) {
  const auto count = static_cast<PeerId>(pass.client.peers.size());
  PeerId fit = 0;
  for (PeerId peer = 0; peer < count; ++peer) fit += is_shunned(pass, peer) ? 0u : 1u;
  if (fit == 0) return kNoPeer;
  std::uint64_t skip = pass.choices.choose(Site::kClientNode, fit);
  for (PeerId peer = 0; peer < count; ++peer) {
    if (!is_shunned(pass, peer) && skip-- == 0) return peer;
  }
  return kNoPeer;
}

// Who serves this slot, as far as the client knows and wants; null if it does not know.
const Endpoint* server_of(Pass& pass, SlotId slot, bool read_only) {
  const SlotMap& slots = pass.client.slots;
  const Endpoint* primary = slots.primary(slot);
  const ReadFrom from = read_only ? pass.client.setup->read_from : ReadFrom::kPrimary;
  if (from == ReadFrom::kPrimary || !primary) return primary;

  const std::vector<Endpoint>& replicas = slots.replicas(slot);
  if (replicas.empty()) return primary;
  const std::size_t extra = from == ReadFrom::kAny ? 1 : 0;
  const std::size_t pick = pass.choices.choose(Site::kClientNode, replicas.size() + extra);
  return extra == 1 && pick == 0 ? primary : &replicas[pick - extra];
}

}  // namespace

PeerId route(Pass& pass, Flight& flight) {
  Client& c = pass.client;
  if (flight.told != kNoPeer) return is_shunned(pass, flight.told) ? kNoPeer : flight.told;
  if (!flight.slot) return anybody(pass);
  if (c.setup->routing == RoutingKind::kSharding) {
    if (c.shards.empty()) return kNoPeer;
    const std::string& key = flight.request->command()[key_position(flight.request->command())];
    return c.shards[modulo_owner(key, static_cast<std::uint32_t>(c.shards.size()))];
  }
  if (const Endpoint* server = server_of(pass, *flight.slot, flight.read_only)) {
    const PeerId peer = peer_for(c, *server);
    if (!is_shunned(pass, peer)) return peer;
    if (std::exchange(flight.asked_around, true)) return kNoPeer;
  }
  return anybody(pass);
}

bool is_replica_for(const Client& client, const Flight& flight, PeerId peer) {
  if (!flight.slot || client.setup->routing == RoutingKind::kSharding) return false;
  const Endpoint* primary = client.slots.primary(*flight.slot);
  return flight.read_only && primary && *primary != client.peers[peer].server.endpoint;
}

}  // namespace sim::client
