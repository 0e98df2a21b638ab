#include <algorithm>
#include <array>
#include <string_view>

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

void follow(Pass& pass, FlightId id, const std::string& error, SlotId slot, Endpoint owner) {
  Client& c = pass.client;
  c.slots.moved(slot, owner);
  const PeerId target = peer_for(c, owner);
  want_refresh(pass);
  Flight& flight = c.flights[id];
  ++flight.redirects;
  if (flight.redirects_in_a_row++ >= c.setup->patience.redirects_max) {
    const auto outcome =
        flight.maybe_happened ? event::OpOutcome::kUnknown : event::OpOutcome::kFailed;
    return end_operation(pass, id, outcome, nullptr, "too many redirections, last: " + error);
  }
  flight.told = target;
  begin_attempt(pass, id);
}

}  // namespace

void on_reply(Pass& pass, FlightId id, const resp::Value& reply) {
  Client& c = pass.client;
  Flight& flight = c.flights[id];
  flight.serial = 0;
  const auto* error = std::get_if<resp::Error>(&reply.data);
  if (!error) return end_operation(pass, id, event::OpOutcome::kOk, &reply, {});

  SlotId slot;
  Endpoint owner;
  const bool cluster = c.setup->routing == RoutingKind::kCluster;
  const bool moved =
      cluster && parse_moved(error->text, c.peers[flight.peer].server.endpoint, slot, owner);
  const std::string_view word = std::string_view(error->text).substr(0, error->text.find(' '));
  const auto* refusal = std::find_if(kRefusals.begin(), kRefusals.end(),
                                     [&](const Refusal& r) { return r.word == word; });
  if (!moved && refusal == kRefusals.end()) {
    // An error says that this attempt did nothing. An earlier one still may have.
    const auto outcome =
        flight.maybe_happened ? event::OpOutcome::kUnknown : event::OpOutcome::kFailed;
    return end_operation(pass, id, outcome, &reply, {});
  }
  if (flight.operation != 0) pass.note(event::Redirected{flight.operation, error->text});
  if (moved) return follow(pass, id, error->text, slot, owner);

  if (refusal->advice == Advice::kElsewhere) {
    c.peers[flight.peer].shunned_until = pass.time() + c.setup->patience.backoff_max;
  }
  want_refresh(pass);
  back_off(pass, id, error->text);
}

}  // namespace sim::client
