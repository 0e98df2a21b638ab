#include "sim/core/blocked.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "sim/core/cluster_state.h"
#include "sim/core/mutation.h"
#include "sim/core/replication.h"
#include "sim/core/routing.h"
#include "sim/core/set_slot.h"
#include "sim/wire/crc16.h"

namespace sim {
namespace {

using resp::Value;

constexpr std::size_t kLeastChecked = 5;  // clients a tick

void answer(Server& server, Pass& pass, Session& session, Value value) {
  count_error(server, value);
  unblock(server, session);
  send_to_client(pass, session, std::move(value));
}

bool is_list(const Server& server, const std::string& key) {
  const Entry* const entry = server.keyspace.find(slot_of(key), key);
  return entry != nullptr && std::holds_alternative<ListRef>(entry->value) &&
         !is_expired(*entry, server.cached_wall_ms);
}

void serve(Server& server, Pass& pass, Session& session, const std::string& key) {
  resp::Command command = session.blocked->served_by;
  command[1] = key;
  const RequestRef request(
      new resp::RequestPayload(std::move(command), session.blocked->request->operation()));
  const bool tells_key = session.blocked->tells_key;
  unblock(server, session);
  Execution execution{server, pass, &session, *request, request->command(), Origin::kClient};
  Value got = execute(*find_command(request->command()[0]), execution);
  if (tells_key) got = {resp::Array{{resp::bulk(key), std::move(got)}}};
  send_to_client(pass, session, std::move(got));
}

void serve_waiting_at(Server& server, Pass& pass, const std::string& key) {
  const auto waiting = server.sessions.waiting.find(key);
  if (waiting == server.sessions.waiting.end()) return;
  const std::vector<ConnId> in_turn = waiting->second;
  for (ConnId conn : in_turn) {
    if (!is_list(server, key)) return;
    serve(server, pass, *find_session(server, conn), key);
  }
}

template <class Wanted>
std::vector<ConnId> blocked_sessions(const Server& server, Wanted wanted) {
  std::vector<ConnId> found;
  for (const auto& [conn, session] : server.sessions.by_conn) {
    if (session.blocked && wanted(*session.blocked)) found.push_back(conn);
  }
  return found;
}

void time_out(Server& server, Pass& pass) {
  const std::int64_t now = pass.wall_ms();
  std::vector<ConnId> late = blocked_sessions(server, [now](const Blocked& blocked) {
    return blocked.deadline_ms != 0 && blocked.deadline_ms < now;
  });
  const auto deadline = [&](ConnId conn) {
    return find_session(server, conn)->blocked->deadline_ms;
  };
  std::stable_sort(late.begin(), late.end(),
                   [&](ConnId a, ConnId b) { return deadline(a) < deadline(b); });
  for (ConnId conn : late) {
    end_wait(server, pass, *find_session(server, conn), WaitEnd::kTimedOut);
  }
}

void answer_acknowledged(Server& server, Pass& pass) {
  const auto enough = [&server](const Blocked& blocked) {
    using On = Blocked::On;
    return (blocked.on == On::kReplicas || blocked.on == On::kSetSlot) &&
           count_acks(server, blocked.offset) >= blocked.replicas;
  };
  for (ConnId conn : blocked_sessions(server, enough)) {
    Session& session = *find_session(server, conn);
    const Blocked& blocked = *session.blocked;
    answer(server, pass, session,
           blocked.on == Blocked::On::kSetSlot
               ? cluster_set_slot(server, pass, blocked.request->command())
               : answer_to_wait(server, pass, blocked.offset));
  }
}

// Why a client that waits for lists does so in vain; empty: it does not. All its keys are of one
// slot.
std::string vain(const Server& server, const Session& session) {
  if (!cluster_ok(server.cluster)) return "CLUSTERDOWN The cluster is down";
  return redirect_of_slot(server, slot_of(session.blocked->keys.front()));
}

// ---- Numbers with a fraction ----

// 10^exponent times `digits`, rounded up and bounded.
std::int64_t scaled(std::uint64_t digits, std::int64_t exponent) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  if (digits == 0) return 0;
  for (; exponent > 0; --exponent) {
    if (digits > kMax / 10) return -1;
    digits *= 10;
  }
  bool rest = false;
  for (; exponent < 0 && digits > 0; ++exponent) {
    rest = rest || digits % 10 != 0;
    digits /= 10;
  }
  return digits >= kMax ? -1 : static_cast<std::int64_t>(digits) + (rest ? 1 : 0);
}

// Takes the digits at the front of `text`; those beyond what fits are only counted.
std::size_t take_digits(std::string_view& text, std::uint64_t& digits, std::int64_t& dropped) {
  constexpr std::uint64_t kFull = 100'000'000'000'000'000;
  const std::size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
  for (std::size_t at = 0; at < count; ++at) {
    if (digits >= kFull) {
      ++dropped;
    } else {
      digits = digits * 10 + static_cast<std::uint64_t>(text[at] - '0');
    }
  }
  text.remove_prefix(count);
  return count;
}

bool take_sign(std::string_view& text) {
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return false;
  const bool negative = text[0] == '-';
  text.remove_prefix(1);
  return negative;
}

bool is_infinite(std::string_view text) {
  take_sign(text);
  return same_word(text, "inf") || same_word(text, "infinity");
}

}  // namespace

std::optional<std::int64_t> parse_decimal(std::string_view text, int shift) {
  if (is_infinite(text)) return -1;
  const bool negative = take_sign(text);
  std::uint64_t digits = 0;
  std::int64_t exponent = shift, ignored = 0;
  std::size_t count = take_digits(text, digits, exponent);
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    std::int64_t dropped = 0;
    const std::size_t fraction = take_digits(text, digits, dropped);
    exponent -= static_cast<std::int64_t>(fraction) - dropped;
    count += fraction;
  }
  if (count == 0) return std::nullopt;
  if (!text.empty() && (text[0] == 'e' || text[0] == 'E')) {
    text.remove_prefix(1);
    const bool small = take_sign(text);
    std::uint64_t power = 0;
    if (take_digits(text, power, ignored) == 0) return std::nullopt;
    const auto bounded = static_cast<std::int64_t>(std::min<std::uint64_t>(power, 100'000));
    exponent += small ? -bounded : bounded;
  }
  if (!text.empty()) return std::nullopt;
  const std::int64_t number = scaled(digits, exponent);
  return negative && number != 0 ? -1 : number;
}

std::variant<std::int64_t, std::string_view> parse_timeout(std::string_view text, TimeoutUnit unit,
                                                           std::int64_t now_ms) {
  const bool seconds = unit == TimeoutUnit::kSeconds;
  const std::optional<std::int64_t> ms = seconds ? parse_decimal(text, 3) : parse_integer(text);
  if (!ms) {
    return seconds ? std::string_view{"ERR timeout is not a float or out of range"}
                   : std::string_view{"ERR timeout is not an integer or out of range"};
  }
  if (*ms < 0) return std::string_view{"ERR timeout is negative"};
  if (*ms == 0) return std::int64_t{0};
  if (*ms > std::numeric_limits<std::int64_t>::max() - now_ms) {
    return std::string_view{"ERR timeout is out of range"};
  }
  return *ms + now_ms;
}

std::int64_t count_acks(const Server& server, std::int64_t offset) {
  std::int64_t count = 0;
  for (const auto& [conn, replica] : server.replication.replicas) {
    const bool online = replica.state == AttachedReplica::State::kOnline;
    const bool enough = replica.ack_offset >= offset || server.mutation == Mutation::kWaitCountsAll;
    count += online && enough ? 1 : 0;
  }
  return count;
}

resp::Value answer_to_wait(const Server& server, Pass& pass, std::int64_t offset) {
  const std::int64_t acks = count_acks(server, offset);
  pass.note(
      event::WaitAnswered{offset, server.replication.replid, static_cast<std::uint32_t>(acks)});
  return resp::integer(acks);
}

bool end_wait(Server& server, Pass& pass, Session& session, WaitEnd how) {
  const Blocked& blocked = *session.blocked;
  if (blocked.on == Blocked::On::kShutdown) return false;
  Value value{resp::NullArray{}};
  if (how == WaitEnd::kByCommand) {
    value = refuse("UNBLOCKED client unblocked via CLIENT UNBLOCK");
  } else if (blocked.on == Blocked::On::kSetSlot) {
    value = refuse(kNoReplicas);
  } else if (blocked.on == Blocked::On::kReplicas) {
    value = answer_to_wait(server, pass, blocked.offset);
  }
  answer(server, pass, session, std::move(value));
  return true;
}

void block(Execution& execution, Blocked blocked) {
  Sessions& sessions = execution.server.sessions;
  for (const std::string& key : blocked.keys) {
    std::vector<ConnId>& queue = sessions.waiting[key];
    const bool again =
        std::find(queue.begin(), queue.end(), execution.session->conn) != queue.end();
    if (!again) queue.push_back(execution.session->conn);
  }
  blocked.request = RequestRef(&execution.request);
  execution.session->blocked = std::move(blocked);
  execution.silent = true;
  ++sessions.blocked;
}

void unblock(Server& server, Session& session) {
  if (!session.blocked) return;
  Sessions& sessions = server.sessions;
  for (const std::string& key : session.blocked->keys) {
    const auto at = sessions.waiting.find(key);
    if (at == sessions.waiting.end()) continue;
    std::erase(at->second, session.conn);
    if (at->second.empty()) sessions.waiting.erase(at);
  }
  session.blocked.reset();
  --sessions.blocked;
  if (!session.held.empty()) sessions.unblocked.push_back(session.conn);
}

void list_created(Server& server, const std::string& key) {
  Sessions& sessions = server.sessions;
  if (sessions.waiting.empty() || sessions.waiting.count(key) == 0) return;
  const auto known = std::find(sessions.ready.begin(), sessions.ready.end(), key);
  if (known == sessions.ready.end()) sessions.ready.push_back(key);
}

void serve_blocked(Server& server, Pass& pass) {
  while (!server.sessions.ready.empty()) {
    for (const std::string& key : std::exchange(server.sessions.ready, {})) {
      serve_waiting_at(server, pass, key);
    }
  }
}

void blocked_before_sleep(Server& server, Pass& pass) {
  if (server.sessions.blocked == 0) return;
  time_out(server, pass);
  answer_acknowledged(server, pass);
}

// So many of all clients a tick that each has its turn once a second.
void blocked_cron(Server& server, Pass& pass) {
  Sessions& sessions = server.sessions;
  if (sessions.blocked == 0 || !server.config.cluster_enabled) return;
  const std::size_t all = sessions.by_conn.size();
  const std::size_t turns =
      std::max(all / static_cast<std::size_t>(server.config.hz), std::min(all, kLeastChecked));
  auto at = sessions.by_conn.lower_bound(sessions.next_to_check);
  for (std::size_t turn = 0; turn < turns; ++turn) {
    if (at == sessions.by_conn.end()) at = sessions.by_conn.begin();
    Session& session = at->second;
    ++at;
    if (!session.blocked || session.blocked->on != Blocked::On::kLists) continue;
    std::string why = vain(server, session);
    if (!why.empty()) answer(server, pass, session, resp::error(std::move(why)));
  }
  sessions.next_to_check = at == sessions.by_conn.end() ? kNoConn : at->first;
}

void unblock_all(Server& server, Pass& pass) {
  if (server.sessions.blocked == 0) return;
  for (ConnId conn : blocked_sessions(server, [](const Blocked&) { return true; })) {
    answer(server, pass, *find_session(server, conn),
           refuse("UNBLOCKED force unblock from blocking operation, instance state changed "
                  "(master -> replica?)"));
    close_after_replies(server, pass, conn);
  }
}

}  // namespace sim
