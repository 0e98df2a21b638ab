#include <algorithm>
#include <utility>

#include "sim/client/client.h"
#include "sim/wire/crc16.h"

namespace sim::client {

namespace {

void answer(Pass& pass, ConnId conn, resp::Value reply) {
  pass.out.emplace_back(Send{conn, PayloadRef(new resp::ReplyPayload(std::move(reply)))});
}

void to_capitals(std::string& name) {
  for (char& c : name) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
}

bool is_sharding_add(const resp::Command& command) {
  return command.size() >= 3 && command[0] == "SHARDING" && command[1] == "ADD";
}

// SHARDING ADD <ip:port> [name]
resp::Value sharding_add(Pass& pass, const resp::Command& command) {
  if (pass.client.setup->routing != RoutingKind::kSharding) {
    return resp::error("ERR this client does no client-side sharding");
  }
  const std::optional<Endpoint> endpoint = parse_endpoint(command[2]);
  if (!endpoint) {
    return resp::error("ERR expected SHARDING ADD <ip:port> [name], got " + command[2]);
  }
  ServerAddress server;
  server.endpoint = *endpoint;
  if (command.size() > 3) server.name = command[3];
  return resp::integer(static_cast<std::int64_t>(add_shard(pass, server).moved));
}

FlightId free_console_flight(Client& client) {
  for (FlightId id = client.setup->processes + 1; id < client.flights.size(); ++id) {
    if (client.flights[id].stage == Stage::kFinished) return id;
  }
  client.flights.emplace_back().purpose = Purpose::kConsole;
  return static_cast<FlightId>(client.flights.size() - 1);
}

void begin(Pass& pass, ConnId conn, resp::Command command) {
  Client& c = pass.client;
  const FlightId id = free_console_flight(c);
  const event::OpKind kind = kind_of(command);
  const std::size_t key = key_position(command);
  event::OpInvoked invoked;
  invoked.operation = mint_operation(c);
  invoked.process = id;
  invoked.kind = kind;
  invoked.key = key == 0 ? std::string{} : command[key];
  invoked.slot = key == 0 ? -1 : slot_of(command[key]).value;
  if (command.size() > 2 && !is_read(kind, command[0])) invoked.value = command[2];
  invoked.workload = "console";
  c.flights[id].operation = invoked.operation;
  c.flights[id].console = conn;
  pass.note(std::move(invoked));
  prepare(pass, id, kind, std::move(command));
  begin_attempt(pass, id);
}

// Carries out what waits on this connection, until something takes time.
void go_on(Pass& pass, ConnId conn) {
  Client& c = pass.client;
  for (;;) {
    const auto at = c.consoles.find(conn);
    if (at == c.consoles.end() || at->second.busy || at->second.pending.empty()) return;
    resp::Command command = std::move(at->second.pending.front());
    at->second.pending.pop_front();
    if (command.empty()) continue;
    to_capitals(command.front());
    if (is_sharding_add(command)) {
      answer(pass, conn, sharding_add(pass, command));
      continue;
    }
    at->second.busy = true;
    begin(pass, conn, std::move(command));
  }
}

}  // namespace

void on_console(Pass& pass, ConnId conn, const Payload& payload) {
  if (payload.kind() != PayloadKind::kRequest) return;
  const auto& request = static_cast<const resp::RequestPayload&>(payload);
  pass.client.consoles[conn].pending.push_back(request.command());
  if (pass.client.booted) go_on(pass, conn);
}

void console_answered(Pass& pass, FlightId id, const resp::Value& reply) {
  Client& c = pass.client;
  const ConnId conn = std::exchange(c.flights[id].console, kNoConn);
  const auto at = c.consoles.find(conn);
  if (at == c.consoles.end()) return;  // nobody waits any more
  at->second.busy = false;
  answer(pass, conn, reply);
  go_on(pass, conn);
}

}  // namespace sim::client
