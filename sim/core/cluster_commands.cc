#include "sim/core/cluster_commands.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "sim/core/charges.h"
#include "sim/core/cluster_reset.h"
#include "sim/core/cluster_slot_commands.h"
#include "sim/core/commands.h"
#include "sim/core/epochs.h"
#include "sim/core/failure.h"
#include "sim/core/manual_failover.h"
#include "sim/core/membership.h"
#include "sim/core/nodes_file.h"
#include "sim/core/print.h"
#include "sim/core/role.h"
#include "sim/core/set_slot.h"

namespace sim {
namespace {

using resp::Command;
using resp::Value;

Value unknown_node(const Command& command) {
  return resp::error("ERR Unknown node " + command[2]);
}

// ---- Membership ----

std::optional<std::uint16_t> as_port(std::int64_t number) {
  if (number <= 0 || number > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(number);
}

Value meet(Server& server, Pass& pass, const Command& command) {
  if (command.size() != 4 && command.size() != 5) return wrong_form("CLUSTER", command[1]);
  const auto port = parse_integer(command[3]);
  if (!port) return resp::error("ERR Invalid TCP base port specified: " + command[3]);
  std::optional<std::int64_t> bus_port = *port + 10000;
  if (command.size() == 5) bus_port = parse_integer(command[4]);
  if (!bus_port) return resp::error("ERR Invalid TCP bus port specified: " + command[4]);
  const auto base = as_port(*port), bus = as_port(*bus_port);
  if (base && bus && start_handshake(server, pass, {command[2], *base, *bus, 0})) {
    return resp::ok();
  }
  return resp::error("ERR Invalid node address specified: " + command[2] + ":" + command[3]);
}

Value forget(Server& server, Pass& pass, const Command& command) {
  const PeerId peer = find_peer(server, command[2]);
  if (peer.is_none()) return unknown_node(command);
  if (peer == kMyself) return resp::error("ERR I tried hard but I can't forget myself...");
  if (!am_primary(server.cluster) && peer == my_primary(server.cluster)) {
    return resp::error("ERR Can't forget my master!");
  }
  blacklist_add(server, pass, peer_name(server, peer));
  forget_peer(server, pass, peer, "CLUSTER FORGET");
  return cluster_changed(server);
}

Value replicate(Server& server, Pass& pass, const Command& command) {
  const ClusterState& cluster = server.cluster;
  const PeerId peer = find_peer(server, command[2]);
  if (peer.is_none()) return unknown_node(command);
  if (peer == kMyself) return resp::error("ERR Can't replicate myself");
  if (cluster.peers.hot(peer).is_replica()) {
    return resp::error("ERR I can only replicate a master, not a replica.");
  }
  if (am_primary(cluster) && (am_serving(cluster) || !server.keyspace.empty())) {
    return resp::error("ERR To set a master the node must be empty and without assigned slots.");
  }
  follow(server, pass, peer);
  return cluster_changed(server);
}

Value replicas(Server& server, Pass&, const Command& command) {
  const PeerTable& peers = server.cluster.peers;
  const PeerId primary = find_peer(server, command[2]);
  if (primary.is_none()) return unknown_node(command);
  if (peers.hot(primary).is_replica()) {
    return resp::error("ERR The specified node is not a master");
  }
  resp::Array lines;
  peers.each([&](PeerId peer) {
    if (peers.cold(peer).primary != primary) return;
    lines.items.push_back(resp::bulk(nodes_conf::print(peer_line(server, peer))));
  });
  return {std::move(lines)};
}

Value reset(Server& server, Pass& pass, const Command& command) {
  if (command.size() > 3) return wrong_form("CLUSTER", command[1]);
  const bool hard = command.size() == 3 && same_word(command[2], "hard");
  if (command.size() == 3 && !hard && !same_word(command[2], "soft")) return refuse(kSyntaxError);
  if (am_primary(server.cluster) && !server.keyspace.empty()) {
    return resp::error("ERR CLUSTER RESET can't be called with master nodes containing keys");
  }
  reset_cluster(server, pass, hard);
  return resp::ok();
}

Value count_reports(Server& server, Pass& pass, const Command& command) {
  const PeerId peer = find_peer(server, command[2]);
  if (peer.is_none()) return unknown_node(command);
  return resp::integer(count_failure_reports(server, pass, peer));
}

// ---- Failover and epochs ----

Value failover(Server& server, Pass& pass, const Command& command) {
  const ClusterState& cluster = server.cluster;
  if (command.size() > 3) return wrong_form("CLUSTER", command[1]);
  FailoverForm form = FailoverForm::kDefault;
  if (command.size() == 3) {
    const bool force = same_word(command[2], "force");
    if (!force && !same_word(command[2], "takeover")) return refuse(kSyntaxError);
    form = force ? FailoverForm::kForce : FailoverForm::kTakeover;
  }
  if (am_primary(cluster)) {
    return resp::error("ERR You should send CLUSTER FAILOVER to a replica");
  }
  const PeerId primary = my_primary(cluster);
  if (primary.is_none()) {
    return resp::error("ERR I'm a replica but my master is unknown to me");
  }
  const PeerHot& hot = cluster.peers.hot(primary);
  if ((hot.has(bus::flag::kFail) || !hot.linked()) && form == FailoverForm::kDefault) {
    return resp::error("ERR Master is down or failed, please use CLUSTER FAILOVER FORCE");
  }
  start_manual_failover(server, pass, form);
  return resp::ok();
}

Value bump_epoch(Server& server, Pass& pass, const Command&) {
  const bool moved = bump_epoch_without_consensus(server, pass, event::EpochCause::kCommand);
  return {resp::Simple{(moved ? "BUMPED " : "STILL ") +
                       std::to_string(my_config_epoch(server.cluster))}};
}

Value set_config_epoch(Server& server, Pass& pass, const Command& command) {
  const auto epoch = parse_integer(command[2]);
  if (!epoch) return refuse(kNotAnInteger);
  if (*epoch < 0) return resp::error("ERR Invalid config epoch specified: " + command[2]);
  if (server.cluster.peers.known() > 1) {
    return resp::error(
        "ERR The user can assign a config epoch only when the node does not know any other node.");
  }
  if (my_config_epoch(server.cluster) != 0) {
    return resp::error("ERR Node config epoch is already non-zero");
  }
  const auto config = static_cast<std::uint64_t>(*epoch);
  set_epochs(server, pass, std::max(server.cluster.current_epoch, config), config,
             event::EpochCause::kCommand);
  return cluster_changed(server);
}

// ---- Slots, and what can be read ----

Value add_slots(Server& server, Pass& pass, const Command& command) {
  return cluster_change_slots(server, pass, command, true, false);
}
Value add_ranges(Server& server, Pass& pass, const Command& command) {
  return cluster_change_slots(server, pass, command, true, true);
}
Value delete_slots(Server& server, Pass& pass, const Command& command) {
  return cluster_change_slots(server, pass, command, false, false);
}
Value delete_ranges(Server& server, Pass& pass, const Command& command) {
  return cluster_change_slots(server, pass, command, false, true);
}
Value set_slot(Server& server, Pass& pass, const Command& command) {
  return cluster_set_slot(server, pass, command);
}
Value flush_slots(Server& server, Pass& pass, const Command&) {
  return cluster_flush_slots(server, pass);
}
Value key_slot(Server&, Pass&, const Command& command) {
  return cluster_key_slot(command);
}
Value count_keys(Server& server, Pass&, const Command& command) {
  return cluster_count_keys_in_slot(server, command);
}
Value get_keys(Server& server, Pass&, const Command& command) {
  return cluster_get_keys_in_slot(server, command);
}
Value save_config(Server& server, Pass& pass, const Command&) {
  save_nodes_file(server, pass, true);
  return resp::ok();
}
Value my_id(Server& server, Pass&, const Command&) {
  return resp::bulk(std::string(my_name(server).view()));
}
Value nodes(Server& server, Pass& pass, const Command&) {
  charge_map_reply(server, pass, server.cluster.peers.known());
  return resp::bulk(print_nodes(server));
}
Value cluster_info(Server& server, Pass&, const Command&) {
  return resp::bulk(print_info(server));
}
// An entry is a range of slots, its ends, and then servers.
Value slots(Server& server, Pass& pass, const Command&) {
  Value reply = print_slots(server);
  std::uint64_t servers = 0;
  for (const Value& entry : std::get<resp::Array>(reply.data).items) {
    servers += std::get<resp::Array>(entry.data).items.size() - 2;
  }
  charge_map_reply(server, pass, servers);
  return reply;
}
Value shards(Server& server, Pass& pass, const Command&) {
  charge_map_reply(server, pass, server.cluster.peers.known());
  return print_shards(server);
}
Value links(Server& server, Pass&, const Command&) {
  return print_links(server);
}
Value help(Server&, Pass&, const Command&) {
  return cluster_help();
}

struct ClusterSubcommand {
  std::string_view name;
  int arity;  // with CLUSTER and itself; negative: at least so many
  Value (*run)(Server&, Pass&, const Command&);
};
constexpr std::array kClusterSubcommands = {
    ClusterSubcommand{"addslots", -3, add_slots},
    ClusterSubcommand{"addslotsrange", -4, add_ranges},
    ClusterSubcommand{"bumpepoch", 2, bump_epoch},
    ClusterSubcommand{"count-failure-reports", 3, count_reports},
    ClusterSubcommand{"countkeysinslot", 3, count_keys},
    ClusterSubcommand{"delslots", -3, delete_slots},
    ClusterSubcommand{"delslotsrange", -4, delete_ranges},
    ClusterSubcommand{"failover", -2, failover},
    ClusterSubcommand{"flushslots", 2, flush_slots},
    ClusterSubcommand{"forget", 3, forget},
    ClusterSubcommand{"getkeysinslot", 4, get_keys},
    ClusterSubcommand{"help", 2, help},
    ClusterSubcommand{"info", 2, cluster_info},
    ClusterSubcommand{"keyslot", 3, key_slot},
    ClusterSubcommand{"links", 2, links},
    ClusterSubcommand{"meet", -4, meet},
    ClusterSubcommand{"myid", 2, my_id},
    ClusterSubcommand{"nodes", 2, nodes},
    ClusterSubcommand{"replicas", 3, replicas},
    ClusterSubcommand{"replicate", 3, replicate},
    ClusterSubcommand{"reset", -2, reset},
    ClusterSubcommand{"saveconfig", 2, save_config},
    ClusterSubcommand{"set-config-epoch", 3, set_config_epoch},
    ClusterSubcommand{"setslot", -4, set_slot},
    ClusterSubcommand{"shards", 2, shards},
    ClusterSubcommand{"slaves", 3, replicas},
    ClusterSubcommand{"slots", 2, slots},
};

bool arity_fits(const ClusterSubcommand& subcommand, std::size_t words) {
  const auto count = static_cast<int>(words);
  return subcommand.arity >= 0 ? count == subcommand.arity : count >= -subcommand.arity;
}

}  // namespace

Value cluster_command(Server& server, Pass& pass, const Command& command) {
  if (command.size() < 2) {
    return resp::error("ERR wrong number of arguments for 'cluster' command");
  }
  for (const ClusterSubcommand& subcommand : kClusterSubcommands) {
    if (!same_word(subcommand.name, command[1])) continue;
    if (!arity_fits(subcommand, command.size())) {
      return resp::error("ERR wrong number of arguments for 'cluster|" +
                         std::string(subcommand.name) + "' command");
    }
    if (!server.config.cluster_enabled) {
      return resp::error("ERR This instance has cluster support disabled");
    }
    return subcommand.run(server, pass, command);
  }
  return unknown_subcommand("CLUSTER", command[1]);
}

}  // namespace sim
