// The link to my primary: connecting, the handshake, the snapshot, the stream. (Protocol §10.1,
// §10.3.)
#include <charconv>
#include <utility>

#include "sim/core/cluster_state.h"
#include "sim/core/commands.h"
#include "sim/core/data.h"
#include "sim/core/persistence.h"
#include "sim/core/replication_internal.h"
#include "sim/core/snapshot_rdb.h"

namespace sim {
namespace {

using State = PrimaryLink::State;

// A snapshot is loaded in one go up to the size at which a real server starts to look at its
// sockets in between; above that, at a typical 100 MB a second.
constexpr std::size_t kLoadedAtOnce = std::size_t{2} << 20;
constexpr std::int64_t kLoadNanosecondsPerByte = 10;

void say(Server& server, Pass& pass, resp::Command command) {
  pass.send(server.replication.link.conn, PayloadRef(new resp::RequestPayload(std::move(command))));
}

NodeName primary_name(const Server& server) {
  if (!server.config.cluster_enabled || my_primary(server.cluster).is_none()) return NodeName{};
  return peer_name(server, my_primary(server.cluster));
}

// The connection is gone. A live link leaves its history for a later PSYNC.
void lose_link(Server& server, Pass& pass, const char* why) {
  ReplicationState& replication = server.replication;
  PrimaryLink& link = replication.link;
  if (link.state == State::kNone) return;
  if (link.state == State::kUp) {
    replication.cached = true;
    link.down_since_s = server.cached_wall_s();
    pass.note(event::ReplicationDown{why});
  }
  link.state = State::kMustConnect;
  link.conn = kNoConn;
  link.snapshot = nullptr;
  link.early.clear();
  link.transaction.clear();
  link.reader = {};
}

void retry_later(Server& server, Pass& pass, const char* why) {
  drop_link(server, pass, why);
}

// ---- Handshake ----

void ask_to_sync(Server& server, Pass& pass) {
  const ReplicationState& replication = server.replication;
  server.replication.link.state = State::kAwaitsPsync;
  if (replication.cached) {
    say(server, pass,
        {"PSYNC", std::string(replication.replid.view()), std::to_string(replication.offset + 1)});
  } else {
    say(server, pass, {"PSYNC", "?", "-1"});
  }
}

// PONG, then the answers to two REPLCONFs, whose refusal is tolerated.
void handshake_reply(Server& server, Pass& pass, const resp::Value& value) {
  PrimaryLink& link = server.replication.link;
  link.last_io_s = server.cached_wall_s();
  if (link.replies_due == 3) {
    if (!std::holds_alternative<resp::Simple>(value.data)) {
      return retry_later(server, pass, "the primary refused the PING of the handshake");
    }
    say(server, pass, {"REPLCONF", "listening-port", std::to_string(server.self.port)});
    say(server, pass, {"REPLCONF", "capa", "eof", "capa", "psync2"});
  }
  if (--link.replies_due == 0) ask_to_sync(server, pass);
}

// ---- Synchronised ----

void link_is_up(Server& server, Pass& pass, event::SyncKind how) {
  ReplicationState& replication = server.replication;
  PrimaryLink& link = replication.link;
  link.state = State::kUp;
  link.last_interaction_s = server.cached_wall_s();
  link.down_since_s = 0;
  replication.cached = false;
  if (!replication.backlog.exists()) {
    replication.backlog.create(replication.offset + 1, server.config.repl_backlog_size);
  }
  pass.note(event::ReplicationUp{primary_name(server), how, replication.replid, replication.offset,
                                 server.keyspace.size()});
}

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
  link.state = State::kTransfer;
}

void take_reply(Server& server, Pass& pass, const resp::Value& value) {
  const PrimaryLink& link = server.replication.link;
  if (link.state == State::kHandshake) {
    handshake_reply(server, pass, value);
  } else if (link.state == State::kAwaitsPsync) {
    psync_reply(server, pass, value);
  }
}

// ---- The snapshot ----

void read_on(Server& server, Pass& pass);

void finish_loading(Server& server, Pass& pass) {
  ReplicationState& replication = server.replication;
  PrimaryLink& link = replication.link;
  const auto payload = std::exchange(link.snapshot, nullptr);
  payload->snapshot().keyspace.each_by_age([&server](const Entry& entry) {
    server.keyspace.put(entry.slot_id(), entry.key, entry.value, entry.expire_at_ms);
  });
  replication.replid = link.sync_replid;
  replication.offset = link.sync_offset;
  replication.chain = payload->snapshot().chain.value_or(0);
  replication.chain_known = payload->snapshot().chain.has_value();
  clear_second_id(replication);
  link_is_up(server, pass, event::SyncKind::kFull);
  if (server.config.appendonly) persistence_rewrite_aof(server, pass);
  if (link.conn.is_none()) {
    lose_link(server, pass, "connection lost while loading");
    return connect_to_primary(server, pass);
  }
  send_ack(server, pass);
  for (const StreamRef& chunk : std::exchange(link.early, {})) {
    replication_link_received(server, pass, *chunk);
  }
  read_on(server, pass);
}

// Everything of my own goes at this moment: data, cached history, backlog, sub-replicas. Until the
// end of loading the offset reads 0.
void let_go_of_everything(Server& server, Pass& pass) {
  server.replication.cached = false;
  disconnect_replicas(server, pass);
  server.replication.backlog.free();
  drop_all_keys(server, pass, "flushed before a full synchronisation");
}

void begin_loading(Server& server, Pass& pass,
                   boost::intrusive_ptr<const SnapshotPayload> snapshot) {
  PrimaryLink& link = server.replication.link;
  persistence_store_snapshot(server, pass, encode_snapshot(snapshot->snapshot()));
  let_go_of_everything(server, pass);
  link.state = State::kLoading;
  link.snapshot = std::move(snapshot);
  const std::size_t size = link.snapshot->size();
  if (size <= kLoadedAtOnce) return finish_loading(server, pass);
  link.loaded_at_ns =
      to_ns(pass.now.monotonic) + static_cast<std::int64_t>(size) * kLoadNanosecondsPerByte;
}

void replication_payload(Server& server, Pass& pass, const Payload& payload) {
  PrimaryLink& link = server.replication.link;
  if (const auto* snapshot = dynamic_cast<const SnapshotPayload*>(&payload)) {
    if (link.state != State::kTransfer) return;
    return begin_loading(server, pass, snapshot);
  }
  const auto* const chunk = dynamic_cast<const StreamPayload*>(&payload);
  if (chunk == nullptr) return;
  if (link.state == State::kUp) apply_stream(server, pass, chunk);
  if (link.state == State::kLoading) link.early.emplace_back(chunk);
}

// ---- Raw bytes, from a real server ----

// A file that cannot be read costs a real server its data too, and a damaged one its life.
void load_rdb(Server& server, Pass& pass, std::string_view bytes) {
  auto decoded = decode_rdb(bytes);
  if (const auto* broken = std::get_if<rdb::Broken>(&decoded)) {
    let_go_of_everything(server, pass);
    const std::string why = "cannot load the snapshot of the primary: " + broken->why;
    if (!broken->foreign) return pass.exit(1, why);
    return retry_later(server, pass, why.c_str());
  }
  auto& snapshot = std::get<Snapshot>(decoded);
  note_left_out(pass, snapshot);
  begin_loading(server, pass, new SnapshotPayload(std::move(snapshot)));
}

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
  if (link.state == State::kHandshake || link.state == State::kAwaitsPsync) {
    resp::Value reply;
    if (!link.reader.next_reply(reply)) return false;
    take_reply(server, pass, reply);
    return true;
  }
  if (link.state == State::kTransfer) {
    std::string rdb;
    if (!link.reader.next_snapshot(rdb)) return false;
    load_rdb(server, pass, rdb);
    return true;
  }
  std::vector<resp::Command> commands;
  if (link.state != State::kUp || !link.reader.next_commands(commands)) return false;
  apply_stream(server, pass, stream_of(std::move(commands)));
  return true;
}

void read_on(Server& server, Pass& pass) {
  PrimaryLink& link = server.replication.link;
  const ConnId conn = link.conn;
  while (!pass.exited() && link.conn == conn && read_one(server, pass)) continue;
  if (pass.exited() || link.conn != conn || link.reader.broken().empty()) return;
  const std::string why = link.reader.broken();
  const bool was_up = link.state == State::kUp;
  drop_link(server, pass, why.c_str());
  if (was_up) server.replication.cached = false;  // nor is what came before it to be trusted
}

void take_bytes(Server& server, Pass& pass, const RawBytes& bytes) {
  PrimaryLink& link = server.replication.link;
  link.last_io_s = server.cached_wall_s();
  if (link.state == State::kUp) link.last_interaction_s = server.cached_wall_s();
  link.reader.feed(bytes.view());
  read_on(server, pass);
}

}  // namespace

void send_ack(Server& server, Pass& pass) {
  say(server, pass, {"REPLCONF", "ACK", std::to_string(server.replication.offset)});
}

void connect_to_primary(Server& server, Pass& pass) {
  PrimaryLink& link = server.replication.link;
  link.conn = mint_conn(server);
  link.state = State::kConnecting;
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
  if (link.state != State::kConnecting) return;
  link.state = State::kHandshake;
  link.replies_due = 3;
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
  if (link.state == State::kLoading) {
    link.conn = kNoConn;
    return;
  }
  const bool worked = link.state == State::kTransfer || link.state == State::kUp;
  lose_link(server, pass, "connection lost");
  if (worked) connect_to_primary(server, pass);
}

void replication_loading_progress(Server& server, Pass& pass) {
  const PrimaryLink& link = server.replication.link;
  if (link.state == State::kLoading && to_ns(pass.now.monotonic) >= link.loaded_at_ns) {
    finish_loading(server, pass);
  }
}

void link_cron(Server& server, Pass& pass) {
  PrimaryLink& link = server.replication.link;
  const std::int64_t timeout = server.config.repl_timeout_s;
  const bool stalled = link.state == State::kConnecting || link.state == State::kHandshake ||
                       link.state == State::kAwaitsPsync || link.state == State::kTransfer;
  if (stalled && pass.wall_s() - link.last_io_s > timeout) {
    drop_link(server, pass, "timed out while synchronising");
  } else if (link.state == State::kUp && pass.wall_s() - link.last_interaction_s > timeout) {
    drop_link(server, pass, "the primary was silent for longer than repl-timeout");
  }
  if (link.state == State::kMustConnect) connect_to_primary(server, pass);
  if (link.state == State::kUp) send_ack(server, pass);
}

}  // namespace sim
