// The link to my primary: connecting, the handshake, the snapshot, the stream. (Protocol §10.1,
// §10.3.)
#include <charconv>
#include <utility>

#include "sim/core/cluster_state.h"
#include "sim/core/commands.h"
#include "sim/core/data.h"
#include "sim/core/mutation.h"
#include "sim/core/persistence.h"
#include "sim/core/replication_internal.h"

namespace sim {
namespace {

using LinkState = PrimaryLink::State;

void say(Server& server, Pass& pass, resp::Command command) {
  pass.send(server.replication.link.conn, PayloadRef(new resp::RequestPayload(std::move(command))));
}

NodeName primary_name(const Server& server) {
  if (!server.config.cluster_enabled || my_primary(server.cluster).is_none()) return NodeName{};
  return peer_name(server, my_primary(server.cluster));
}

void retry_later(Server& server, Pass& pass, const char* why) {
  drop_link(server, pass, why);
}

// ---- Handshake ----

void ask_to_sync(Server& server, Pass& pass) {
  const ReplicationState& replication = server.replication;
  server.replication.link.state = LinkState::kAwaitsPsync;
  if (replication.cached) {
    say(server, pass,
        {"PSYNC", std::string(replication.replid.view()), std::to_string(replication.offset + 1)});
  } else {
    say(server, pass, {"PSYNC", "?", "-1"});
  }
}

// PONG, then the answers to two REPLCONFs, whose refusal is tolerated. One that can be told of open
// slots says so by its version.
void handshake_reply(Server& server, Pass& pass, const resp::Value& value) {
  PrimaryLink& link = server.replication.link;
  link.last_io_s = server.cached_wall_s();
  const bool tells_version = deviates(server, Deviation::kOpenSlotsReplicated);
  if (!std::exchange(link.greeted, true)) {
    if (!std::holds_alternative<resp::Simple>(value.data)) {
      return retry_later(server, pass, "the primary refused the PING of the handshake");
    }
    say(server, pass, {"REPLCONF", "listening-port", std::to_string(server.self.port)});
    say(server, pass, {"REPLCONF", "capa", "eof", "capa", "psync2"});
    if (tells_version) say(server, pass, {"REPLCONF", "version", std::string(kToldVersion)});
    link.replies_due += tells_version ? 3 : 2;
  }
  if (--link.replies_due == 0) ask_to_sync(server, pass);
}

// ---- Synchronised ----

// `id`: the primary's, if it is another than the one asked with. My sub-replicas must then hear of
// it.
void go_on(Server& server, Pass& pass, std::string_view id) {
  ReplicationState& replication = server.replication;
  if (!replication.cached) return retry_later(server, pass, "+CONTINUE without a history");
  if (id.size() == 40 && id != replication.replid.view()) {
    replication.replid2 = replication.replid;
    replication.second_offset = replication.offset + 1;
    replication.replid = NodeName::from(id);
    disconnect_replicas(server, pass);
  }
  link_is_up(server, pass, event::SyncKind::kPartial);
}

void psync_reply(Server& server, Pass& pass, const resp::Value& value) {
  PrimaryLink& link = server.replication.link;
  link.last_io_s = server.cached_wall_s();
  const auto* const answer = std::get_if<resp::Simple>(&value.data);
  if (answer == nullptr) return retry_later(server, pass, "the primary cannot synchronise now");
  const std::string_view text = answer->text;
  constexpr std::string_view kContinue = "CONTINUE", kFull = "FULLRESYNC ";
  if (text.substr(0, kContinue.size()) == kContinue) {
    return go_on(server, pass, text.size() > 9 ? text.substr(9) : std::string_view{});
  }
  if (text.substr(0, kFull.size()) != kFull || text.size() < kFull.size() + 42) {
    return retry_later(server, pass, "unexpected answer to PSYNC");
  }
  link.sync_replid = NodeName::from(text.substr(kFull.size(), 40));
  const std::string_view offset = text.substr(kFull.size() + 41);
  std::from_chars(offset.data(), offset.data() + offset.size(), link.sync_offset);
  link.state = LinkState::kTransfer;
}

void take_reply(Server& server, Pass& pass, const resp::Value& value) {
  const PrimaryLink& link = server.replication.link;
  if (link.state == LinkState::kHandshake) {
    handshake_reply(server, pass, value);
  } else if (link.state == LinkState::kAwaitsPsync) {
    psync_reply(server, pass, value);
  }
}

void replication_payload(Server& server, Pass& pass, const Payload& payload) {
  PrimaryLink& link = server.replication.link;
  if (const auto* snapshot = dynamic_cast<const SnapshotPayload*>(&payload)) {
    if (link.state != LinkState::kTransfer) return;
    return take_snapshot(server, pass, snapshot);
  }
  if (dynamic_cast<const SnapshotPart*>(&payload) != nullptr) {
    link.last_io_s = server.cached_wall_s();
    return;
  }
  const auto* const chunk = dynamic_cast<const StreamPayload*>(&payload);
  if (chunk == nullptr) return;
  if (link.state == LinkState::kUp) apply_stream(server, pass, chunk);
  if (link.state == LinkState::kLoading) link.early.emplace_back(chunk);
}

// ---- Raw bytes, from a real server ----

StreamRef stream_of(std::vector<resp::Command>&& commands) {
  std::vector<RequestRef> requests;
  requests.reserve(commands.size());
  for (resp::Command& command : commands) {
    requests.emplace_back(new resp::RequestPayload(std::move(command)));
  }
  return StreamRef(new StreamPayload(std::move(requests)));
}

// Reads one thing of the kind that is due. False: it is not there yet. What comes while a snapshot
// is being loaded stays where it is.
bool read_one(Server& server, Pass& pass) {
  PrimaryLink& link = server.replication.link;
  if (link.state == LinkState::kHandshake || link.state == LinkState::kAwaitsPsync) {
    resp::Value reply;
    if (!link.reader.next_reply(reply)) return false;
    take_reply(server, pass, reply);
    return true;
  }
  if (link.state == LinkState::kTransfer) {
    std::string rdb;
    if (!link.reader.next_snapshot(rdb)) return false;
    load_rdb(server, pass, rdb);
    return true;
  }
  std::vector<resp::Command> commands;
  if (link.state != LinkState::kUp || !link.reader.next_commands(commands)) return false;
  apply_stream(server, pass, stream_of(std::move(commands)));
  return true;
}

void take_bytes(Server& server, Pass& pass, const RawBytes& bytes) {
  PrimaryLink& link = server.replication.link;
  link.last_io_s = server.cached_wall_s();
  if (link.state == LinkState::kUp) link.last_interaction_s = server.cached_wall_s();
  link.reader.feed(bytes.view());
  read_on(server, pass);
}

}  // namespace

void send_ack(Server& server, Pass& pass) {
  const std::int64_t ahead = server.mutation == Mutation::kAckAhead ? 10'000 : 0;
  say(server, pass, {"REPLCONF", "ACK", std::to_string(server.replication.offset + ahead)});
}

void link_is_up(Server& server, Pass& pass, event::SyncKind how) {
  ReplicationState& replication = server.replication;
  PrimaryLink& link = replication.link;
  link.state = LinkState::kUp;
  link.last_interaction_s = server.cached_wall_s();
  link.down_since_s = 0;
  replication.cached = false;
  if (!replication.backlog.exists()) {
    replication.backlog.create(replication.offset + 1, server.config.repl_backlog_size);
  }
  pass.note(event::ReplicationUp{primary_name(server), how, replication.replid, replication.offset,
                                 server.keyspace.size()});
}

void read_on(Server& server, Pass& pass) {
  PrimaryLink& link = server.replication.link;
  const ConnId conn = link.conn;
  while (!pass.exited() && link.conn == conn && read_one(server, pass)) continue;
  if (pass.exited() || link.conn != conn || link.reader.broken().empty()) return;
  const std::string why = link.reader.broken();
  const bool was_up = link.state == LinkState::kUp;
  drop_link(server, pass, why.c_str());
  if (was_up) server.replication.cached = false;  // nor is what came before it to be trusted
}

// The connection is gone. A live link leaves its history for a later PSYNC.
void lose_link(Server& server, Pass& pass, const char* why) {
  ReplicationState& replication = server.replication;
  PrimaryLink& link = replication.link;
  if (link.state == LinkState::kNone) return;
  if (link.state == LinkState::kUp) {
    replication.cached = true;
    link.down_since_s = server.cached_wall_s();
    pass.note(event::ReplicationDown{why});
  }
  link.state = LinkState::kMustConnect;
  link.conn = kNoConn;
  if (std::exchange(link.snapshot, nullptr) != nullptr) stop_loading(server, pass);
  link.early.clear();
  link.transaction.clear();
  link.reader = {};
}

void connect_to_primary(Server& server, Pass& pass) {
  PrimaryLink& link = server.replication.link;
  link.conn = mint_conn(server);
  link.state = LinkState::kConnecting;
  link.last_io_s = server.cached_wall_s();
  pass.dial(link.conn, *link.primary);
}

void drop_link(Server& server, Pass& pass, const char* why) {
  const PrimaryLink& link = server.replication.link;
  if (!link.conn.is_none()) pass.close(link.conn);
  lose_link(server, pass, why);
}

bool is_replication_link(const Server& server, ConnId conn) {
  return !conn.is_none() && conn == server.replication.link.conn;
}

void replication_link_connected(Server& server, Pass& pass, const Connected&) {
  PrimaryLink& link = server.replication.link;
  if (link.state != LinkState::kConnecting) return;
  link.state = LinkState::kHandshake;
  link.replies_due = 1;
  link.greeted = false;
  say(server, pass, {"PING"});
}

void replication_link_received(Server& server, Pass& pass, const Payload& payload) {
  switch (payload.kind()) {
    case PayloadKind::kReply:
      return take_reply(server, pass, static_cast<const resp::ReplyPayload&>(payload).value());
    case PayloadKind::kReplication:
      return replication_payload(server, pass, payload);
    case PayloadKind::kBytes:
      return take_bytes(server, pass, static_cast<const RawBytes&>(payload));
    case PayloadKind::kBus:
    case PayloadKind::kRequest:
      return;
  }
}

// A connection that never worked waits for the cron; one that did is made again at once.
void replication_link_closed(Server& server, Pass& pass, CloseReason) {
  PrimaryLink& link = server.replication.link;
  if (link.state == LinkState::kLoading) {
    link.conn = kNoConn;
    return;
  }
  const bool worked = link.state == LinkState::kTransfer || link.state == LinkState::kUp;
  lose_link(server, pass, "connection lost");
  if (worked) connect_to_primary(server, pass);
}

void link_cron(Server& server, Pass& pass) {
  PrimaryLink& link = server.replication.link;
  const std::int64_t timeout = server.config.repl_timeout_s;
  const bool stalled = link.state == LinkState::kConnecting ||
                       link.state == LinkState::kHandshake ||
                       link.state == LinkState::kAwaitsPsync || link.state == LinkState::kTransfer;
  if (stalled && pass.wall_s() - link.last_io_s > timeout) {
    drop_link(server, pass, "timed out while synchronising");
  } else if (link.state == LinkState::kUp && pass.wall_s() - link.last_interaction_s > timeout) {
    drop_link(server, pass, "the primary was silent for longer than repl-timeout");
  }
  if (link.state == LinkState::kMustConnect) connect_to_primary(server, pass);
  if (link.state == LinkState::kUp) send_ack(server, pass);
}

}  // namespace sim
