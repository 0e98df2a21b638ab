#include "sim/client/client_node.h"

#include <algorithm>

#include "sim/client/client.h"

namespace sim {

using namespace client;

namespace {

std::string_view words(CloseReason why) {
  switch (why) {
    case CloseReason::kPeerClosed:
      return "connection closed";
    case CloseReason::kReset:
      return "connection reset";
    case CloseReason::kRefused:
      return "connection refused";
    case CloseReason::kTimedOut:
      return "connection timed out";
    case CloseReason::kUnreachable:
      return "no such address";
    case CloseReason::kFailedAtOnce:
      return "cannot connect";
  }
  return "connection lost";
}

struct Dispatch {
  Pass& pass;

  void operator()(const Booted& booted) const { on_boot(pass, booted); }
  void operator()(const Terminated&) const { shut_down(pass); }
  void operator()(const Accepted& accepted) const { pass.client.consoles[accepted.conn]; }
  void operator()(const Connected& connected) const {
    if (const Client& c = pass.client; c.peer_of.contains(connected.conn)) {
      on_connected(pass, c.peer_of.at(connected.conn));
    }
  }
  void operator()(const Received& received) const {
    if (pass.client.consoles.contains(received.conn)) {
      on_console(pass, received.conn, *received.payload);
    } else if (const auto at = pass.client.peer_of.find(received.conn);
               at != pass.client.peer_of.end()) {
      on_received(pass, at->second, *received.payload);
    }
  }
  // A client writes little and waits for answers: its patience, not its buffer, is what ends.
  void operator()(const Sent&) const {}
  void operator()(const Closed& closed) const {
    pass.client.consoles.erase(closed.conn);
    if (const auto at = pass.client.peer_of.find(closed.conn); at != pass.client.peer_of.end()) {
      on_lost(pass, at->second, words(closed.why));
    }
  }
  void operator()(const DeadlinePassed&) const {}
  void operator()(const Probed&) const {}  // a client has no view of the cluster worth comparing
  void operator()(const RunProgram&) const { CHECK(false); }  // there is no system to run it
};

// Operations that end may begin others that are due at once, never without time passing on the
// network between them.
void run_timers(Pass& pass) {
  Client& c = pass.client;
  while (c.earliest_timer <= pass.time()) {
    c.earliest_timer = kNever;
    for (FlightId flight = 0; flight < c.flights.size(); ++flight) {
      if (c.flights[flight].timer <= pass.time()) {
        c.flights[flight].timer = kNever;
        on_timer(pass, flight);
      }
      c.earliest_timer = std::min(c.earliest_timer, c.flights[flight].timer);
    }
  }
}

}  // namespace

ClientNode::ClientNode(std::shared_ptr<const ClientSetup> setup)
    : state_(std::make_unique<Client>(std::move(setup))) {}
ClientNode::ClientNode(std::unique_ptr<Client> state) : state_(std::move(state)) {}
ClientNode::~ClientNode() = default;

void ClientNode::step(const Clocks& now, std::span<const Input> inputs, Choices& choices,
                      Effects& effects) {
  Pass pass{*state_, now, choices, effects};
  for (const Input& input : inputs) std::visit(Dispatch{pass}, input);
  if (!state_->booted) return;
  run_timers(pass);
  keep_pace(pass);
}

std::optional<MonotonicTime> ClientNode::deadline() const {
  if (!state_->booted) return std::nullopt;
  const MonotonicTime next = std::min(state_->earliest_timer, next_due(*state_));
  return next == kNever ? std::nullopt : std::optional(next);
}

std::unique_ptr<Node> ClientNode::clone() const {
  return std::unique_ptr<Node>(new ClientNode(std::make_unique<Client>(*state_)));
}

}  // namespace sim
