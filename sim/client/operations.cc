#include <algorithm>
#include <string>
#include <utility>

#include "sim/base/check.h"
#include "sim/client/client.h"
#include "sim/wire/crc16.h"

namespace sim::client {

namespace {

bool open_loop(const Client& client) {
  return client.setup->pace.rate > 0;
}

MonotonicTime later(MonotonicTime from, Duration by) {
  return by >= kNever - from ? kNever : from + by;
}

// When the k-th operation of an open loop is due: no error adds up.
MonotonicTime arrival_time(const Client& client, std::uint64_t k) {
  const std::uint64_t rate = client.setup->pace.rate;
  const std::uint64_t second = 1'000'000'000;
  const std::uint64_t offset = k / rate * second + k % rate * second / rate;
  return client.first_arrival + Duration{static_cast<Duration::rep>(offset)};
}

// Unique in the run as long as client indices are, and in all incarnations of a client; fits a JSON
// number.
std::uint64_t next_operation(const Client& client) {
  CHECK(client.setup->index < 8000);
  return (std::uint64_t{client.setup->index} + 1) << 40 |
         std::uint64_t{client.incarnation & 0xff} << 32 | client.next_serial;
}

void tell_notes(Pass& pass) {
  for (Event& event : std::exchange(pass.client.notes, {})) pass.note(std::move(event));
}

void begin_operation(Pass& pass, FlightId id, Operation operation, std::uint64_t number) {
  Client& c = pass.client;
  const std::size_t at = key_position(operation.command);
  const std::string_view key = operation.command[at];
  pass.note(event::OpInvoked{number, id, operation.kind, std::string(key),
                             std::move(operation.value), operation.final_read, c.setup->workload,
                             at == 0 ? -1 : slot_of(key).value});
  c.flights[id].operation = number;
  ++c.under_way;
  prepare(pass, id, operation.kind, std::move(operation.command));
  begin_attempt(pass, id);
}

// A process has nothing under way: it waits for its next operation.
void rest(Pass& pass, FlightId id) {
  Client& c = pass.client;
  if (open_loop(c)) {
    c.flights[id].stage = Stage::kIdle;
    c.idle.push_back(id);
  } else {
    c.flights[id].stage = Stage::kThinking;
    set_timer(c, id, pass.time() + c.setup->pace.think);
  }
}

void tell_value(const resp::Value& reply, event::OpCompleted& completed) {
  if (const auto* bulk = std::get_if<resp::Bulk>(&reply.data)) completed.value = bulk->text;
  if (const auto* error = std::get_if<resp::Error>(&reply.data)) completed.value = error->text;
  if (const auto* number = std::get_if<std::int64_t>(&reply.data)) {
    completed.value = std::to_string(*number);
  }
  completed.absent = std::holds_alternative<resp::Null>(reply.data);
  if (const auto* array = std::get_if<resp::Array>(&reply.data)) {
    for (const resp::Value& item : array->items) {
      const auto* bulk = std::get_if<resp::Bulk>(&item.data);
      completed.list.push_back(bulk ? bulk->text : resp::describe(item));
    }
  }
}

void note_end(Pass& pass, const Flight& flight, event::OpOutcome outcome, const resp::Value* reply,
              std::string_view why) {
  event::OpCompleted completed;
  completed.operation = flight.operation;
  completed.outcome = outcome;
  if (reply) {
    tell_value(*reply, completed);
    completed.node = pass.client.peers[flight.peer].server.name;
    completed.from_replica = is_replica_for(pass.client, flight, flight.peer);
  } else {
    completed.value = why;
  }
  completed.redirects = flight.redirects;
  completed.attempts = flight.attempts;
  if (flight.asked_replicas) {
    completed.replicas_wanted = pass.client.setup->wait.replicas;
    completed.replicas = flight.replicas;
  }
  pass.note(std::move(completed));
}

bool stopped(const Pass& pass) {
  return pass.time() >= std::min(pass.client.stop_at, pass.client.give_up_at);
}

// The generator hears of it, and may have the process go on at once.
void process_ended(Pass& pass, FlightId id, event::OpOutcome outcome, const resp::Value* reply) {
  Client& c = pass.client;
  --c.under_way;
  if (outcome == event::OpOutcome::kOk) ++c.answered;
  if (!c.generator) return rest(pass, id);
  const auto request = c.flights[id].request;
  std::optional<Operation> next = c.generator->ended(
      id,
      OperationEnd{c.flights[id].operation, next_operation(c), request->command(), outcome, reply},
      c.notes);
  tell_notes(pass);
  if (!next || stopped(pass)) return rest(pass, id);
  begin_operation(pass, id, std::move(*next), mint_operation(c));
}

void finish(Pass& pass) {
  Client& c = pass.client;
  c.generator->finished(c.notes);
  tell_notes(pass);
  if (c.arrivals_missed > 0) {
    pass.note(event::Measured{"arrivals_missed", static_cast<std::int64_t>(c.arrivals_missed)});
  }
  if (!c.setup->done_note.empty()) {
    pass.note(event::Measured{c.setup->done_note, static_cast<std::int64_t>(c.answered)});
  }
  c.generator = {};
}

bool is_under_way(const Flight& flight) {
  return flight.stage == Stage::kBackingOff || flight.stage == Stage::kConnecting ||
         flight.stage == Stage::kSent;
}

// Begins arrivals that are due. One that waited longer than an operation's patience would not have
// been waited for.
void keep_open_loop(Pass& pass) {
  Client& c = pass.client;
  while (!c.exhausted && arrival_time(c, c.arrivals) <= pass.time()) {
    if (c.idle.empty()) {
      if (later(arrival_time(c, c.arrivals), c.setup->patience.operation) > pass.time()) return;
      ++c.arrivals;
      ++c.arrivals_missed;
      continue;
    }
    const FlightId id = c.idle.back();
    c.idle.pop_back();
    ++c.arrivals;
    begin_next(pass, id);
  }
}

// Processes of a closed loop begin spread over the first think time.
void start(Pass& pass) {
  Client& c = pass.client;
  c.started = true;
  c.start_at = std::max(c.start_at, pass.time());
  const std::uint64_t rate = c.setup->pace.rate;
  if (open_loop(c)) {
    c.first_arrival = c.start_at + Duration{static_cast<Duration::rep>(
                                       pass.choices.choose(Site::kArrival, 1'000'000'000 / rate))};
    for (FlightId id = c.setup->processes; id > 0; --id) c.idle.push_back(id - 1);
    return;
  }
  const auto spread = static_cast<std::uint64_t>(c.setup->pace.think.count()) + 1;
  for (FlightId id = 0; id < c.setup->processes; ++id) {
    c.flights[id].stage = Stage::kThinking;
    const std::uint64_t offset = pass.choices.choose(Site::kArrival, spread);
    set_timer(c, id, c.start_at + Duration{static_cast<Duration::rep>(offset)});
  }
}

bool waits_for_slot_map(const Client& client) {
  return client.setup->routing == RoutingKind::kCluster && !client.slots_asked;
}

}  // namespace

std::uint64_t mint_operation(Client& client) {
  const std::uint64_t operation = next_operation(client);
  ++client.next_serial;
  return operation;
}

void on_boot(Pass& pass, const Booted& booted) {
  Client& c = pass.client;
  c.booted = true;
  c.incarnation = booted.incarnation;
  c.boot_time = pass.time();
  c.start_at = later(c.boot_time, c.setup->start_after);
  c.stop_at = later(c.boot_time, c.setup->stop_after);
  c.give_up_at = later(c.boot_time, c.setup->give_up_after);
  c.flights.resize(c.setup->processes + 1);
  c.flights.back().purpose = Purpose::kRefresh;
  want_refresh(pass);
}

void shut_down(Pass& pass) {
  Client& c = pass.client;
  if (c.booted) {
    c.stop_at = pass.time();
    for (FlightId id = 0; id < c.setup->processes; ++id) {
      if (is_under_way(c.flights[id])) abandon(pass, id, "terminated");
    }
  }
  pass.out.emplace_back(Exit{0, "terminated"});
}

void prepare(Pass& pass, FlightId id, event::OpKind kind, resp::Command command) {
  Client& c = pass.client;
  Flight& flight = c.flights[id];
  const std::size_t key = key_position(command);
  flight.kind = kind;
  flight.slot = key == 0 ? std::nullopt : std::optional(slot_of(command[key]));
  flight.read_only = flight.purpose == Purpose::kRefresh || is_read(kind, command.front());
  flight.request = new resp::RequestPayload(std::move(command), flight.operation);
  flight.give_up = std::min(later(pass.time(), c.setup->patience.operation),
                            flight.purpose == Purpose::kProcess ? c.give_up_at : kNever);
  flight.told = kNoPeer;
  flight.asked_around = false;
  flight.attempts = flight.redirects = flight.redirects_in_a_row = flight.backoffs = 0;
  flight.maybe_happened = flight.asking = flight.asked_replicas = false;
}

void begin_next(Pass& pass, FlightId id) {
  Client& c = pass.client;
  c.flights[id].stage = Stage::kFinished;
  c.exhausted |= stopped(pass);
  if (c.exhausted) return;
  const std::uint64_t number = mint_operation(c);
  std::optional<Operation> operation = c.generator->next(id, number, pass.choices);
  c.exhausted = !operation;
  if (operation) begin_operation(pass, id, std::move(*operation), number);
}

void end_operation(Pass& pass, FlightId id, event::OpOutcome outcome, const resp::Value* reply,
                   std::string_view why) {
  Client& c = pass.client;
  Flight& flight = c.flights[id];
  flight.stage = Stage::kFinished;
  flight.serial = 0;
  flight.timer = kNever;
  if (flight.purpose == Purpose::kRefresh) return refresh_ended(pass, reply, flight.peer);
  note_end(pass, flight, outcome, reply, why);
  if (flight.purpose == Purpose::kProcess) return process_ended(pass, id, outcome, reply);
  console_answered(
      pass, id,
      reply ? *reply
            : resp::error("NOANSWER " + std::string(why) +
                          (outcome == event::OpOutcome::kUnknown ? "; it may have happened"
                                                                 : "; it did not happen")));
}

void keep_pace(Pass& pass) {
  Client& c = pass.client;
  while (c.additions_done < c.setup->additions.size()) {
    const ServerAddition& next = c.setup->additions[c.additions_done];
    if (later(c.boot_time, next.after) > pass.time()) break;
    ++c.additions_done;
    add_shard(pass, next.server);
  }
  if (c.refresh_wanted && pass.time() >= c.refresh_allowed) want_refresh(pass);
  if (!c.generator) return;
  if (!c.started && !waits_for_slot_map(c)) start(pass);
  c.exhausted |= stopped(pass);
  if (c.started && open_loop(c)) keep_open_loop(pass);
  if (c.exhausted && c.under_way == 0) finish(pass);
}

MonotonicTime next_due(const Client& c) {
  MonotonicTime due = kNever;
  if (c.additions_done < c.setup->additions.size()) {
    due = later(c.boot_time, c.setup->additions[c.additions_done].after);
  }
  if (c.refresh_wanted && !c.refreshing) due = std::min(due, c.refresh_allowed);
  if (!c.generator) return due;
  if (c.started && !c.exhausted && open_loop(c)) {
    const MonotonicTime arrival = arrival_time(c, c.arrivals);
    due = std::min(due, c.idle.empty() ? later(arrival, c.setup->patience.operation) : arrival);
  }
  return std::min({due, c.exhausted ? kNever : c.stop_at, c.give_up_at});
}

}  // namespace sim::client
