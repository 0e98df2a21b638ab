#include "sim/core/set_slot.h"

#include <algorithm>
#include <optional>
#include <string>
#include <variant>

#include "sim/core/blocked.h"
#include "sim/core/cluster_slot_commands.h"
#include "sim/core/epochs.h"
#include "sim/core/gossip.h"
#include "sim/core/membership.h"
#include "sim/core/mutation.h"
#include "sim/core/nodes_file.h"
#include "sim/core/open_slots.h"
#include "sim/core/replication.h"
#include "sim/core/role.h"
#include "sim/core/slots_config.h"

namespace sim {
namespace {

constexpr std::int64_t kAcknowledgedWithinMs = 2000;

// The command, read and found to be allowed.
struct SetSlot {
  enum class Form : std::uint8_t { kMigrating, kImporting, kStable, kNode };
  SlotId slot;
  Form form{};
  PeerId peer = kNoPeer;
  std::int64_t deadline_ms = 0;  // of the replicas; fresh wall; 0: none
};
using Reading = std::variant<SetSlot, resp::Value>;

bool replicated(const Server& server) {
  return deviates(server, Deviation::kOpenSlotsReplicated);
}

// ---- Each form answers why it refuses, or nothing. ----

using Refusal = std::optional<resp::Value>;

Refusal no_primary(const Server& server, PeerId peer) {
  if (!server.cluster.peers.hot(peer).is_replica()) return std::nullopt;
  return resp::error("ERR Target node is not a master");
}

Refusal read_open(const Server& server, const std::string& id, SetSlot& read) {
  const std::string number = std::to_string(read.slot.value);
  const bool importing = read.form == SetSlot::Form::kImporting;
  const bool mine = slot_owner(server.cluster, read.slot) == kMyself;
  if (!importing && !mine && am_primary(server.cluster) &&
      server.mutation != Mutation::kMigratingUnowned) {
    return resp::error("ERR I'm not the owner of hash slot " + number);
  }
  if (importing && mine) return resp::error("ERR I'm already the owner of hash slot " + number);
  read.peer = find_peer(server, id);
  if (read.peer.is_none()) return resp::error("ERR I don't know about node " + id);
  return no_primary(server, read.peer);
}

Refusal read_owner(const Server& server, const std::string& id, SetSlot& read) {
  read.peer = find_peer(server, id);
  if (read.peer.is_none()) return resp::error("ERR Unknown node " + id);
  if (Refusal refused = no_primary(server, read.peer)) return refused;
  const bool was_mine = slot_owner(server.cluster, read.slot) == kMyself;
  const bool empty = server.keyspace.count_in_slot(read.slot) == 0;
  const bool may_go = empty || server.mutation == Mutation::kNodeIgnoresKeys;
  if (!was_mine || read.peer == kMyself || may_go) return std::nullopt;
  return resp::error("ERR Can't assign hashslot " + std::to_string(read.slot.value) +
                     " to a different node while I still hold keys for this hash slot.");
}

// TIMEOUT and its milliseconds are behind the words of each form.
Refusal read_timeout(const Server& server, const Pass& pass, const resp::Command& command,
                     std::size_t words, SetSlot& read) {
  if (!replicated(server)) return std::nullopt;
  read.deadline_ms = pass.wall_ms() + kAcknowledgedWithinMs;
  if (command.size() == words) return std::nullopt;
  const auto timeout =
      parse_timeout(command[words + 1], TimeoutUnit::kMilliseconds, pass.wall_ms());
  if (const auto* refused = std::get_if<std::string_view>(&timeout)) return refuse(*refused);
  read.deadline_ms = std::get<std::int64_t>(timeout);
  return std::nullopt;
}

Reading read_set_slot(const Server& server, const Pass& pass, const resp::Command& command) {
  using Form = SetSlot::Form;
  const auto slot = parse_slot(command[2]);
  if (!slot) return resp::error("ERR Invalid or out of range slot");
  SetSlot read;
  read.slot = *slot;
  const auto is_form = [&](std::string_view name, std::size_t words, Form form) {
    if (!same_word(command[3], name)) return false;
    const bool more =
        replicated(server) && command.size() == words + 2 && same_word(command[words], "timeout");
    if (command.size() != words && !more) return false;
    read.form = form;
    return true;
  };
  Refusal refused;
  if (is_form("migrating", 5, Form::kMigrating) || is_form("importing", 5, Form::kImporting)) {
    refused = read_open(server, command[4], read);
  } else if (is_form("node", 5, Form::kNode)) {
    refused = read_owner(server, command[4], read);
  } else if (!is_form("stable", 4, Form::kStable)) {
    refused =
        resp::error("ERR Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP");
  }
  if (!refused) {
    refused = read_timeout(server, pass, command, read.form == Form::kStable ? 4 : 5, read);
  }
  if (refused) return *refused;
  return read;
}

// ---- What it does ----

// The slot's last key has moved, or there never was one: whoever has it now claims it, and only
// the importer with a new epoch. Nobody's epoch is considered.
void set_owner(Server& server, Pass& pass, SlotId slot, PeerId peer) {
  ClusterState& cluster = server.cluster;
  const PeerId us = replicated(server) ? primary_of_my_shard(cluster) : kMyself;
  const bool was_ours = !us.is_none() && slot_owner(cluster, slot) == us;
  const bool empty = server.keyspace.count_in_slot(slot) == 0;
  if (empty && server.mutation != Mutation::kNodeKeepsMigrating)
    close_migrating(server, pass, slot);
  SlotSet moved;
  moved.set(slot.value);
  bind_slots(server, pass, moved, peer, cluster.peers.cold(peer).config_epoch);
  if (was_ours && peer != us && !cluster.peers.hot(us).serving() &&
      server.config.cluster_allow_replica_migration &&
      !deviates(server, Deviation::kGiverStaysPrimary)) {
    follow(server, pass, peer);
    save_later(cluster, true);
  }
  if (importing_from(cluster, slot).is_none()) return;
  if (peer == kMyself) {
    if (server.mutation != Mutation::kImportKeepsEpoch) {
      bump_epoch_without_consensus(server, pass, event::EpochCause::kCommand);
    }
    close_importing(server, pass, slot);
    if (!deviates(server, Deviation::kImportClosedQuietly)) broadcast_pong(server, pass, false);
  } else if (replicated(server) && peer == us) {
    close_importing(server, pass, slot);
  }
}

void carry_out(Server& server, Pass& pass, const SetSlot& what) {
  switch (what.form) {
    case SetSlot::Form::kMigrating:
      return open_migrating(server, pass, what.slot, what.peer);
    case SetSlot::Form::kImporting:
      return open_importing(server, pass, what.slot, what.peer);
    case SetSlot::Form::kStable:
      close_importing(server, pass, what.slot);
      return close_migrating(server, pass, what.slot);
    case SetSlot::Form::kNode:
      return set_owner(server, pass, what.slot, what.peer);
  }
}

std::int64_t replicas_that_take_it(const Server& server) {
  const auto& replicas = server.replication.replicas;
  return std::count_if(replicas.begin(), replicas.end(),
                       [](const auto& entry) { return entry.second.takes_open_slots; });
}

}  // namespace

resp::Value cluster_set_slot(Server& server, Pass& pass, const resp::Command& command) {
  if (!am_primary(server.cluster)) {
    return resp::error("ERR Please use SETSLOT only with masters.");
  }
  const Reading reading = read_set_slot(server, pass, command);
  if (const auto* refused = std::get_if<resp::Value>(&reading)) return *refused;
  carry_out(server, pass, std::get<SetSlot>(reading));
  return cluster_changed(server);
}

bool set_slot_waits(Execution& execution) {
  Server& server = execution.server;
  const bool may_wait = execution.outer == nullptr && execution.session != nullptr;
  if (!replicated(server) || !may_wait || !is_set_slot(execution.command)) return false;
  const std::int64_t replicas = replicas_that_take_it(server);
  if (!am_primary(server.cluster) || replicas == 0) return false;
  const Reading reading = read_set_slot(server, execution.pass, execution.command);
  if (std::holds_alternative<resp::Value>(reading)) return false;
  replication_append(server, RequestRef(&execution.request));
  Blocked blocked;
  blocked.on = Blocked::On::kSetSlot;
  blocked.deadline_ms = std::get<SetSlot>(reading).deadline_ms;
  blocked.offset = server.replication.offset;
  blocked.replicas = replicas;
  block(execution, std::move(blocked));
  server.sessions.acks_wanted = true;
  return true;
}

void apply_set_slot(Server& server, Pass& pass, const resp::Command& command) {
  const Reading reading = read_set_slot(server, pass, command);
  if (!std::holds_alternative<SetSlot>(reading)) return;
  carry_out(server, pass, std::get<SetSlot>(reading));
  cluster_changed(server);
}

bool is_set_slot(const resp::Command& command) {
  return command.size() >= 4 && same_word(command[0], "CLUSTER") &&
         same_word(command[1], "SETSLOT");
}

}  // namespace sim
