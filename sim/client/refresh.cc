#include <algorithm>

#include "sim/client/client.h"

namespace sim::client {

namespace {

FlightId refresh_flight(const Client& client) {
  return client.setup->processes;
}

}  // namespace

void want_refresh(Pass& pass) {
  Client& c = pass.client;
  if (c.setup->routing != Routing::kCluster || c.refreshing || !c.booted) return;
  if (pass.time() < c.refresh_allowed) {
    c.refresh_wanted = true;
    return;
  }
  c.refresh_wanted = false;
  c.refreshing = true;
  c.refresh_allowed = pass.time() + c.setup->patience.refresh_min;
  prepare(pass, refresh_flight(c), event::OpKind::kOther, {"CLUSTER", "SLOTS"});
  begin_attempt(pass, refresh_flight(c));
}

void refresh_ended(Pass& pass, const resp::Value* reply, PeerId from) {
  Client& c = pass.client;
  c.refreshing = false;
  c.slots_asked = true;
  const bool learnt = reply && c.slots.learn(*reply, c.peers[from].server.endpoint);
  if (!learnt) c.refresh_wanted = true;
  for (const Endpoint endpoint : c.slots.endpoints()) peer_for(c, endpoint);
}

}  // namespace sim::client
