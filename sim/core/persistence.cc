#include "sim/core/persistence.h"

#include <array>
#include <string_view>

#include "sim/base/hash.h"
#include "sim/core/commands.h"
#include "sim/core/replication_internal.h"
#include "sim/core/snapshot_rdb.h"

namespace sim {
namespace {

constexpr const char* kAofFile = "appendonly.aof";
constexpr const char* kSnapshotFile = "dump.rdb";
constexpr const char* kTemporarySnapshot = "temp-dump.rdb";
constexpr const char* kTemporaryAof = "temp-appendonly.aof";
// The first command of an AOF whose data have a weight; no server runs it.
constexpr std::string_view kWeightCommand = "SLOTSIM-WEIGHT";

void append(Server& server, const resp::Command& command) {
  resp::append_encoded(command, server.persistence.aof_buffer);
}

// All or nothing, even if the power fails in between. A left-over of an earlier attempt may be
// longer.
void replace_file(Pass& pass, const char* temporary, const char* file, std::string bytes) {
  const std::uint64_t size = bytes.size();
  pass.write(temporary, 0, share(std::move(bytes)));
  pass.truncate(temporary, size);
  pass.sync(temporary);
  pass.rename(temporary, file);
}

resp::Command weight_command(const Weight& weight) {
  return {std::string(kWeightCommand), std::to_string(weight.keys), std::to_string(weight.bytes),
          std::to_string(weight.rdb_bytes)};
}
Weight weight_in(const resp::Command& command) {
  std::array<std::uint64_t, 3> parts{};
  for (std::size_t i = 0; i < parts.size() && i + 1 < command.size(); ++i) {
    parts[i] = static_cast<std::uint64_t>(parse_integer(command[i + 1]).value_or(0));
  }
  return {parts[0], parts[1], parts[2]};
}

void run_from_file(Server& server, Pass& pass, const resp::Command& command) {
  const CommandSpec* const spec = find_command(command[0]);
  if (command[0] == kWeightCommand) server.weight = weight_in(command);
  if (spec == nullptr || !arity_fits(*spec, command.size())) return;
  if ((spec->flags & command_flag::kWrite) == 0) return;
  const RequestRef request(new resp::RequestPayload(command));
  Execution execution{server, pass, nullptr, *request, request->command(), Origin::kFile};
  execute(*spec, execution);
}

// Runs every whole command of the file. A torn end is cut off, as aof-load-truncated does.
void load_aof(Server& server, Pass& pass, const std::string& content) {
  resp::CommandReader reader;
  reader.feed(content);
  std::vector<resp::Command> transaction;  // takes effect as a whole, when its EXEC was written too
  bool in_transaction = false;
  std::uint64_t good = 0, read = 0;
  for (resp::Command command; reader.next(command); command.clear()) {
    read += resp::encoded_size(command);
    if (same_word(command[0], "MULTI")) in_transaction = true;
    if (same_word(command[0], "EXEC")) in_transaction = false;
    transaction.push_back(std::move(command));
    if (in_transaction) continue;
    for (const resp::Command& one : std::exchange(transaction, {}))
      run_from_file(server, pass, one);
    good = read;
  }
  if (good < content.size()) {
    pass.truncate(kAofFile, good);
    pass.note(
        event::Remark{"the append-only file ended in the middle of a command or transaction: " +
                      std::to_string(content.size() - good) + " bytes cut off"});
  }
  server.persistence.aof_size = good;
}

// Is there a stream that a later PSYNC could go on from?
bool has_history(const ReplicationState& replication) {
  if (!replication.link.primary) return replication.backlog.exists();
  return replication.link.state == PrimaryLink::State::kUp || replication.cached;
}

// Our own encoding, or the RDB file of a real server that ran on this machine before.
bool read_snapshot(const std::string& content, Snapshot& snapshot) {
  if (decode_snapshot(content, snapshot)) return true;
  auto decoded = decode_rdb(content);
  auto* const read = std::get_if<Snapshot>(&decoded);
  if (read != nullptr) snapshot = std::move(*read);
  return read != nullptr;
}

void load_snapshot(Server& server, Pass& pass, const std::string& content, bool as_replica) {
  Snapshot snapshot;
  if (!read_snapshot(content, snapshot)) {
    return pass.exit(1, "Wrong signature or checksum of dump.rdb. Aborting now.");
  }
  note_left_out(pass, snapshot);
  server.weight = snapshot.weight;
  if (!snapshot.replid.is_none()) adopt_history(server, snapshot, as_replica);
  snapshot.keyspace.each_by_age([&](const Entry& entry) {
    if (!as_replica && is_expired(entry, server.cached_wall_ms)) {
      // Replicas that go on from here still have the key, and wait for this DEL.
      return replication_append(server, RequestRef(new resp::RequestPayload({"DEL", entry.key})));
    }
    server.keyspace.put(entry.slot_id(), entry.key, entry.value, entry.expire_at_ms);
  });
}

void flush_aof(Server& server, Pass& pass) {
  Persistence& persistence = server.persistence;
  if (persistence.aof_buffer.empty()) return;
  const std::uint64_t size = persistence.aof_buffer.size();
  pass.write(kAofFile, persistence.aof_size, share(std::exchange(persistence.aof_buffer, {})));
  persistence.aof_size += size;
  persistence.aof_unsynced = true;
}

void sync_aof(Server& server, Pass& pass) {
  if (!server.persistence.aof_unsynced) return;
  pass.sync(kAofFile);
  server.persistence.aof_unsynced = false;
  server.persistence.aof_last_sync_s = server.cached_wall_s();
}

// The weight is what the file begins with.
Weight weight_of_aof(const std::string& content) {
  resp::CommandReader reader;
  reader.feed(std::string_view(content).substr(0, 256));
  resp::Command first;
  const bool told = reader.next(first) && first[0] == kWeightCommand;
  return told ? weight_in(first) : Weight{};
}

}  // namespace

Stored persistence_stored(const Server& server, const DiskImage& disk) {
  if (server.costs.load_rate == 0) return {};
  const auto aof = disk.find(kAofFile);
  if (server.config.appendonly && aof != disk.end()) {
    return {aof->second->size(), weight_of_aof(*aof->second).rdb_bytes};
  }
  const auto file = disk.find(kSnapshotFile);
  if (file == disk.end()) return {};
  Snapshot snapshot;
  const bool readable = read_snapshot(*file->second, snapshot);
  return {file->second->size(), readable ? snapshot.weight.rdb_bytes : 0};
}

void persistence_load(Server& server, Pass& pass, const DiskImage& disk, bool as_replica) {
  server.cached_wall_ms = pass.wall_ms();
  server.replication.replid = mint_replication_id(server, pass);
  // Idle from now on, not since 1970: a history that is loaded must outlive the first cron.
  server.replication.no_replicas_since_s = server.cached_wall_s();
  if (server.config.appendonly) {
    // An AOF knows nothing of replication: after it comes a full synchronisation (7.0).
    if (const auto aof = disk.find(kAofFile); aof != disk.end()) {
      return load_aof(server, pass, *aof->second);
    }
  }
  const auto snapshot = disk.find(kSnapshotFile);
  if (snapshot != disk.end()) load_snapshot(server, pass, *snapshot->second, as_replica);
  if (server.config.appendonly) persistence_rewrite_aof(server, pass);
}

void adopt_history(Server& server, const Snapshot& snapshot, bool as_replica) {
  ReplicationState& replication = server.replication;
  replication.offset = snapshot.offset;
  replication.chain = snapshot.chain.value_or(0);
  replication.chain_known = snapshot.chain.has_value();
  replication.backlog.create(snapshot.offset + 1, server.config.repl_backlog_size);
  if (as_replica) {
    replication.replid = snapshot.replid;
    replication.cached = true;
  } else {
    replication.replid2 = snapshot.replid;
    replication.second_offset = snapshot.offset + 1;
  }
}

void note_left_out(Pass& pass, const Snapshot& snapshot) {
  if (snapshot.left_out.empty()) return;
  pass.note(event::Remark{"the snapshot holds what this node cannot keep, and leaves out: " +
                          snapshot.left_out});
}

void persistence_store_snapshot(Server&, Pass& pass, std::string bytes) {
  replace_file(pass, kTemporarySnapshot, kSnapshotFile, std::move(bytes));
}

void persistence_shutdown(Server& server, Pass& pass) {
  if (server.config.appendonly) {
    flush_aof(server, pass);
    sync_aof(server, pass);
  }
  using Save = Shutdown::Save;
  const Save save = server.shutdown.save;
  const bool saves =
      save == Save::kAsConfigured ? server.config.save_on_shutdown : save == Save::kYes;
  // What is half loaded must not replace the snapshot it is loaded from.
  if (saves && !is_loading(server)) persistence_save(server, pass);
}

void persistence_save(Server& server, Pass& pass) {
  const ReplicationState& replication = server.replication;
  const NodeName history = has_history(replication) ? replication.replid : NodeName{};
  Snapshot snapshot{history, replication.offset, replication.told_chain(), server.keyspace};
  snapshot.weight = server.weight;
  pass.charge(
      time_at(server.weight.rdb_bytes + server.keyspace.estimated_bytes(), server.costs.save_rate));
  persistence_store_snapshot(server, pass, encode_snapshot(snapshot));
}

void persistence_before_sleep(Server& server, Pass& pass) {
  flush_aof(server, pass);
  if (server.config.appendfsync == "always") sync_aof(server, pass);
}

void persistence_cron(Server& server, Pass& pass) {
  if (server.config.appendfsync != "everysec") return;
  if (server.cached_wall_s() > server.persistence.aof_last_sync_s) sync_aof(server, pass);
}

void persistence_append(Server& server, const resp::RequestPayload& request) {
  if (!server.config.appendonly) return;
  if (!server.persistence.aof_selected) append(server, {"SELECT", "0"});
  server.persistence.aof_selected = true;
  append(server, request.command());
}

void persistence_rewrite_aof(Server& server, Pass& pass) {
  Persistence& persistence = server.persistence;
  persistence = Persistence{};
  if (!server.weight.empty()) append(server, weight_command(server.weight));
  append(server, {"SELECT", "0"});
  persistence.aof_selected = true;
  server.keyspace.each_by_age([&server](const Entry& entry) {
    for (const resp::Command& command : commands_of(entry)) append(server, command);
  });
  persistence.aof_size = persistence.aof_buffer.size();
  replace_file(pass, kTemporaryAof, kAofFile, std::exchange(persistence.aof_buffer, {}));
}

}  // namespace sim
