#include <algorithm>
#include <string>
#include <utility>

#include "sim/client/client.h"

namespace sim::client {

namespace {

// What an operation has come to if nobody ever answers it.
event::OpOutcome unanswered(const Flight& flight) {
  return flight.maybe_happened ? event::OpOutcome::kUnknown : event::OpOutcome::kFailed;
}

void give_up(Pass& pass, FlightId id, std::string_view why) {
  if (pass.client.flights[id].written) return wait_ended(pass, id, 0);
  end_operation(pass, id, unanswered(pass.client.flights[id]), nullptr, why);
}

// Nobody takes over from a shard: whoever does not want to wait for it need not.
bool is_hopeless(const Pass& pass, PeerId id) {
  const Client& c = pass.client;
  const Peer& peer = c.peers[id];
  return c.setup->patience.skip_unreachable && c.setup->routing == RoutingKind::kSharding &&
         peer.unreachable && pass.time() < peer.shunned_until;
}

}  // namespace

void begin_attempt(Pass& pass, FlightId id) {
  Client& c = pass.client;
  Flight& flight = c.flights[id];
  const Patience& patience = c.setup->patience;
  if (flight.attempts >= patience.attempts_max) return give_up(pass, id, "too many attempts");
  const PeerId peer = route(pass, flight);
  flight.told = kNoPeer;
  if (peer == kNoPeer) {
    want_refresh(pass);
    return back_off(pass, id, "no server to ask");
  }
  if (is_hopeless(pass, peer)) return give_up(pass, id, "server unreachable");
  ++flight.attempts;
  flight.attempt_over = pass.time() + patience.attempt;
  set_timer(c, id, std::min(flight.attempt_over, flight.give_up));
  ask(pass, id, peer);
}

void attempt_lost(Pass& pass, FlightId id, bool sent, std::string_view why) {
  Flight& flight = pass.client.flights[id];
  flight.serial = 0;
  if (flight.written) return wait_ended(pass, id, 0);
  // What only reads did not happen in any way that matters.
  if (!sent || flight.read_only) return back_off(pass, id, why);
  flight.maybe_happened = true;
  if (!pass.client.setup->patience.repeat_unknown_writes) return give_up(pass, id, why);
  if (flight.operation != 0) {
    pass.note(
        event::Redirected{flight.operation, "RETRY " + std::string(why) + ", may have happened"});
  }
  back_off(pass, id, why);
}

void wait_ended(Pass& pass, FlightId id, std::uint32_t replicas) {
  Flight& flight = pass.client.flights[id];
  const resp::Value reply = std::move(*flight.written);
  flight.written.reset();
  flight.request = std::move(flight.write);
  flight.replicas = replicas;
  end_operation(pass, id, event::OpOutcome::kOk, &reply, {});
}

void back_off(Pass& pass, FlightId id, std::string_view why) {
  Client& c = pass.client;
  Flight& flight = c.flights[id];
  const Patience& patience = c.setup->patience;
  if (pass.time() >= flight.give_up) return give_up(pass, id, why);
  flight.stage = Stage::kBackingOff;
  flight.asking = false;
  flight.trouble = why;
  flight.serial = 0;
  flight.redirects_in_a_row = 0;
  const std::uint32_t doublings = std::min(flight.backoffs++, 20u);
  const Duration base = std::min(patience.backoff_min * (1u << doublings), patience.backoff_max);
  const auto jitter =
      pass.choices.choose(Site::kBackoff, static_cast<std::uint64_t>(base.count()) + 1);
  const Duration wait = base + Duration{static_cast<Duration::rep>(jitter)};
  set_timer(c, id, std::min(pass.time() + wait, flight.give_up));
}

void on_timer(Pass& pass, FlightId id) {
  Flight& flight = pass.client.flights[id];
  switch (flight.stage) {
    case Stage::kThinking:
      return begin_next(pass, id);
    case Stage::kBackingOff:
      if (pass.time() >= flight.give_up) {
        return give_up(pass, id, "timed out, last: " + flight.trouble);
      }
      return begin_attempt(pass, id);
    case Stage::kConnecting:
    case Stage::kSent:
      // Replies come in order, so what waits behind this one would wait in vain too: drop the
      // connection, as client libraries do. That ends this attempt among others.
      if (pass.time() >= flight.attempt_over) return hang_up(pass, flight.peer, "timed out");
      return abandon(pass, id, "timed out");
    case Stage::kIdle:
    case Stage::kFinished:
      return;
  }
}

void abandon(Pass& pass, FlightId id, std::string_view why) {
  Flight& flight = pass.client.flights[id];
  if (flight.stage == Stage::kSent && !flight.read_only) flight.maybe_happened = true;
  give_up(pass, id, why);
}

}  // namespace sim::client
