#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "sim/client/client.h"

namespace sim::client {

namespace {

enum class Advice : std::uint8_t {
  kLater,      // the cluster as a whole cannot serve this now
  kElsewhere,  // this server cannot, others may
};
struct Refusal {
  std::string_view word;
  Advice advice;
};
// Errors with which a server refuses before it has done anything, and which pass by themselves.
// Every other error is final.
constexpr std::array<Refusal, 6> kRefusals{{{"CLUSTERDOWN", Advice::kLater},
                                            {"TRYAGAIN", Advice::kLater},
                                            {"NOREPLICAS", Advice::kLater},
                                            {"LOADING", Advice::kElsewhere},
                                            {"MASTERDOWN", Advice::kElsewhere},
                                            {"READONLY", Advice::kElsewhere}}};

// MOVED is news about the slot; ASK is about this one request, and ASKING goes before it.
enum class Redirection : std::uint8_t { kNone, kMoved, kAsk };

struct Direction {
  Redirection kind{};
  SlotId slot;
  Endpoint target;
};
Direction direction_of(const Client& client, const Flight& flight, const std::string& error) {
  Direction direction;
  if (client.setup->routing != RoutingKind::kCluster) return direction;
  const Endpoint asked = client.peers[flight.peer].server.endpoint;
  if (parse_redirection(error, "MOVED", asked, direction.slot, direction.target)) {
    direction.kind = Redirection::kMoved;
  } else if (parse_redirection(error, "ASK", asked, direction.slot, direction.target)) {
    direction.kind = Redirection::kAsk;
  }
  return direction;
}

void follow(Pass& pass, FlightId id, const std::string& error, const Direction& direction) {
  Client& c = pass.client;
  const bool moved = direction.kind == Redirection::kMoved;
  if (moved) c.slots.moved(direction.slot, direction.target);
  const PeerId target = peer_for(c, direction.target);
  if (moved) want_refresh(pass);
  Flight& flight = c.flights[id];
  ++flight.redirects;
  if (flight.redirects_in_a_row++ >= c.setup->patience.redirects_max) {
    const auto outcome =
        flight.maybe_happened ? event::OpOutcome::kUnknown : event::OpOutcome::kFailed;
    return end_operation(pass, id, outcome, nullptr, "too many redirections, last: " + error);
  }
  flight.told = target;
  flight.asking = !moved;
  begin_attempt(pass, id);
}

bool asks_replicas(const Client& client, const Flight& flight) {
  return client.setup->wait.replicas > 0 && flight.purpose == Purpose::kProcess &&
         event::changes_data(flight.kind);
}

void ask_replicas(Pass& pass, FlightId id, const resp::Value& reply) {
  Client& c = pass.client;
  Flight& flight = c.flights[id];
  const WaitForReplicas& wait = c.setup->wait;
  flight.written = reply;
  flight.asked_replicas = true;
  flight.write = std::move(flight.request);
  flight.request = new resp::RequestPayload(
      {"WAIT", std::to_string(wait.replicas), std::to_string(wait.timeout / 1ms)});
  flight.attempt_over = flight.give_up = pass.time() + wait.timeout + c.setup->patience.attempt;
  set_timer(c, id, flight.attempt_over);
  ask(pass, id, flight.peer);
}

}  // namespace

void on_reply(Pass& pass, FlightId id, const resp::Value& reply) {
  Client& c = pass.client;
  Flight& flight = c.flights[id];
  flight.serial = 0;
  flight.asking = false;
  if (flight.written) {
    const auto* counted = std::get_if<std::int64_t>(&reply.data);
    return wait_ended(pass, id, counted == nullptr ? 0 : static_cast<std::uint32_t>(*counted));
  }
  const auto* error = std::get_if<resp::Error>(&reply.data);
  if (!error && asks_replicas(c, flight)) return ask_replicas(pass, id, reply);
  if (!error) return end_operation(pass, id, event::OpOutcome::kOk, &reply, {});

  const Direction direction = direction_of(c, flight, error->text);
  const bool redirected = direction.kind != Redirection::kNone;
  const std::string_view word = std::string_view(error->text).substr(0, error->text.find(' '));
  const auto* refusal = std::find_if(kRefusals.begin(), kRefusals.end(),
                                     [&](const Refusal& r) { return r.word == word; });
  if (!redirected && refusal == kRefusals.end()) {
    // An error says that this attempt did nothing. An earlier one still may have.
    const auto outcome =
        flight.maybe_happened ? event::OpOutcome::kUnknown : event::OpOutcome::kFailed;
    return end_operation(pass, id, outcome, &reply, {});
  }
  if (flight.operation != 0) pass.note(event::Redirected{flight.operation, error->text});
  if (redirected) return follow(pass, id, error->text, direction);

  if (refusal->advice == Advice::kElsewhere) {
    c.peers[flight.peer].shunned_until = pass.time() + c.setup->patience.backoff_max;
  }
  want_refresh(pass);
  back_off(pass, id, error->text);
}

}  // namespace sim::client
