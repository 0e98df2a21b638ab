#include <algorithm>

#include "sim/client/client.h"

namespace sim::client {

namespace {

FlightId refresh_flight(const Client& client) {
  return client.setup->processes;
}

// Whoever waits, for time or for a connection, although its slot now has another owner, goes there
// at once.
void reroute(Pass& pass) {
  Client& c = pass.client;
  for (FlightId id = 0; id < c.flights.size(); ++id) {
    Flight& flight = c.flights[id];
    const bool waits = flight.stage == Stage::kBackingOff || flight.stage == Stage::kConnecting;
    const Endpoint* owner = waits && flight.slot ? c.slots.primary(*flight.slot) : nullptr;
    if (!owner) continue;
    const PeerId peer = peer_for(c, *owner);
    const bool elsewhere_on_purpose = flight.read_only && c.setup->read_from != ReadFrom::kPrimary;
    if (peer == flight.peer || elsewhere_on_purpose || c.peers[peer].shunned_until > pass.time())
      continue;
    flight.stage = Stage::kBackingOff;
    flight.serial = 0;
    set_timer(c, id, pass.time());
  }
}

}  // namespace

void want_refresh(Pass& pass) {
  Client& c = pass.client;
  if (c.setup->routing != RoutingKind::kCluster || c.refreshing || !c.booted) return;
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
  if (learnt) reroute(pass);
}

}  // namespace sim::client
