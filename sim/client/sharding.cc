#include "sim/client/client.h"

namespace sim::client {

namespace {

void measure(Pass& pass, const std::string& name, const KeysMoved& moved) {
  pass.note(event::Measured{name, static_cast<std::int64_t>(moved.moved)});
  pass.note(event::Measured{name + "_percent_x100", moved.percent_x100()});
}

// The keys that hash to this one of the group's servers.
KeysMoved keys_on(const Client& client, PeerId peer) {
  KeysMoved here;
  const KeySpace& keys = client.setup->keys;
  const auto nodes = static_cast<std::uint32_t>(client.shards.size());
  for (std::uint32_t i = 0; i < keys.count; ++i) {
    ++here.keys;
    here.moved += client.shards[modulo_owner(keys.key(i), nodes)] == peer ? 1u : 0u;
  }
  return here;
}

bool measures(const Client& client) {
  return client.setup->measures_keys && client.setup->routing == RoutingKind::kSharding;
}

}  // namespace

KeysMoved add_shard(Pass& pass, const ServerAddress& server) {
  Client& c = pass.client;
  const auto before = static_cast<std::uint32_t>(c.shards.size());
  const PeerId peer = peer_for(c, server.endpoint);
  if (!server.name.empty()) c.peers[peer].server.name = server.name;
  c.shards.push_back(peer);
  if (before == 0) return {};
  const KeysMoved moved = moved_by_modulo(c.setup->keys, before);
  if (measures(c)) {
    measure(pass, "keys_moved", moved);
    measure(pass, "keys_moved_by_slots", moved_by_slots(c.setup->keys, before));
  }
  return moved;
}

void note_unreachable(Pass& pass, PeerId peer) {
  pass.client.peers[peer].unreachable = true;
  if (measures(pass.client)) measure(pass, "keys_unreachable", keys_on(pass.client, peer));
}

void note_reachable(Pass& pass, PeerId peer) {
  pass.client.peers[peer].unreachable = false;
  if (measures(pass.client)) measure(pass, "keys_reachable_again", keys_on(pass.client, peer));
}

}  // namespace sim::client
