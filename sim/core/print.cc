#include "sim/core/print.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "sim/base/hash.h"
#include "sim/core/epochs.h"
#include "sim/core/nodes_file.h"
#include "sim/wire/nodes_conf.h"

namespace sim {
namespace {

using resp::Array;
using resp::Value;

void add_field(std::string& text, std::string_view name, std::uint64_t value) {
  text += name;
  text += ':';
  text += std::to_string(value);
  text += "\r\n";
}

// In the order in which a real server walks the hash table of its nodes: its own, and one in which
// it stands anywhere itself. Who takes slots from many primaries, as redis-cli does, goes by it.
template <class Visit>
void each_as_listed(const Server& server, const Visit& visit) {
  const PeerTable& peers = server.cluster.peers;
  const std::uint64_t own = hash_text(peer_name(server, kMyself).view());
  std::vector<std::pair<std::uint64_t, PeerId>> listed;
  listed.reserve(peers.known());
  peers.each([&](PeerId peer) {
    listed.emplace_back(hash_text(peer_name(server, peer).view(), own), peer);
  });
  std::stable_sort(listed.begin(), listed.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [hash, peer] : listed) visit(peer);
}

struct SlotCounts {
  std::uint64_t assigned = 0, ok = 0, pfail = 0, fail = 0;
};
SlotCounts count_slots(const ClusterState& cluster) {
  SlotCounts counts;
  cluster.owners.each_run([&](SlotId first, SlotId last, PeerId owner) {
    if (owner.is_none()) return;
    const std::uint64_t slots = last.value - first.value + 1u;
    const PeerHot& hot = cluster.peers.hot(owner);
    counts.assigned += slots;
    (hot.has(bus::flag::kFail)    ? counts.fail
     : hot.has(bus::flag::kPfail) ? counts.pfail
                                  : counts.ok) += slots;
  });
  return counts;
}

void add_messages(std::string& text, const std::array<std::uint64_t, bus::kTypeCount>& counts,
                  std::string_view suffix) {
  std::uint64_t total = 0;
  const std::string prefix = "cluster_stats_messages_";
  for (std::size_t type = 0; type < counts.size(); ++type) {
    total += counts[type];
    if (counts[type] == 0) continue;
    const std::string name(bus::stats_name(static_cast<bus::Type>(type)));
    add_field(text, prefix + name + "_" + std::string(suffix), counts[type]);
  }
  add_field(text, prefix + std::string(suffix), total);
}

// One node of a CLUSTER SLOTS entry.
Value slots_node(const Server& server, PeerId peer) {
  const std::string& type = server.config.cluster_preferred_endpoint_type;
  const Address& address = peer_address(server, peer);
  const std::string hostname = peer_hostname(server, peer);
  Array metadata;
  if (type != "ip") {
    metadata.items.push_back(resp::bulk("ip"));
    metadata.items.push_back(resp::bulk(address.ip));
  }
  if (type != "hostname" && !hostname.empty()) {
    metadata.items.push_back(resp::bulk("hostname"));
    metadata.items.push_back(resp::bulk(hostname));
  }
  const bool unknown = type == "unknown-endpoint";
  Array node;
  node.items.push_back(unknown ? Value{resp::Null{}}
                               : resp::bulk(preferred_endpoint(server, peer)));
  node.items.push_back(resp::integer(address.port));
  node.items.push_back(resp::bulk(std::string(peer_name(server, peer).view())));
  node.items.push_back({std::move(metadata)});
  return {std::move(node)};
}

void add_pair(Array& map, std::string_view key, Value value) {
  map.items.push_back(resp::bulk(std::string(key)));
  map.items.push_back(std::move(value));
}

Value shard_node(const Server& server, PeerId peer) {
  const PeerHot& hot = server.cluster.peers.hot(peer);
  const Address& address = peer_address(server, peer);
  const std::string hostname = peer_hostname(server, peer);
  const std::int64_t offset = known_offset(server, peer);
  const bool loading = hot.is_replica() && offset == 0;
  Array map;
  add_pair(map, "id", resp::bulk(std::string(peer_name(server, peer).view())));
  add_pair(map, "port", resp::integer(address.port));
  add_pair(map, "ip", resp::bulk(address.ip));
  add_pair(map, "endpoint", resp::bulk(preferred_endpoint(server, peer)));
  if (!hostname.empty()) add_pair(map, "hostname", resp::bulk(hostname));
  add_pair(map, "role", resp::bulk(hot.is_replica() ? "replica" : "master"));
  add_pair(map, "replication-offset", resp::integer(offset));
  add_pair(map, "health",
           resp::bulk(hot.has(bus::flag::kFail) ? "fail"
                      : loading                 ? "loading"
                                                : "online"));
  return {std::move(map)};
}

// What the event loop waits for on a link; while it is being connected, only to send what waits.
std::string link_events(const ClusterState& cluster, ConnId conn, bool unsent) {
  const auto connecting =
      conn.is_dialled() ? cluster.connecting.find(conn.serial()) : cluster.connecting.end();
  if (connecting != cluster.connecting.end()) return connecting->second.empty() ? "" : "w";
  return unsent ? "rw" : "r";
}

Value link_entry(const Server& server, PeerId peer, ConnId conn, bool dialled,
                 std::int64_t created_ms) {
  const auto found = server.cluster.unsent.find(conn);
  const auto unsent =
      static_cast<std::int64_t>(found == server.cluster.unsent.end() ? 0 : found->second);
  Array map;
  add_pair(map, "direction", resp::bulk(dialled ? "to" : "from"));
  add_pair(map, "node", resp::bulk(std::string(peer_name(server, peer).view())));
  add_pair(map, "create-time", resp::integer(created_ms));
  add_pair(map, "events", resp::bulk(link_events(server.cluster, conn, unsent != 0)));
  add_pair(map, "send-buffer-allocated", resp::integer(unsent));
  add_pair(map, "send-buffer-used", resp::integer(unsent));
  return {std::move(map)};
}

}  // namespace

std::string print_nodes(const Server& server) {
  std::string text;
  each_as_listed(server, [&](PeerId peer) {
    text += nodes_conf::print(peer_line(server, peer));
    text += '\n';
  });
  return text;
}

std::string print_info(const Server& server) {
  const ClusterState& cluster = server.cluster;
  const SlotCounts slots = count_slots(cluster);
  std::string text = cluster.ok ? "cluster_state:ok\r\n" : "cluster_state:fail\r\n";
  add_field(text, "cluster_slots_assigned", slots.assigned);
  add_field(text, "cluster_slots_ok", slots.ok);
  add_field(text, "cluster_slots_pfail", slots.pfail);
  add_field(text, "cluster_slots_fail", slots.fail);
  add_field(text, "cluster_known_nodes", cluster.peers.known());
  add_field(text, "cluster_size", cluster.size);
  add_field(text, "cluster_current_epoch", cluster.current_epoch);
  add_field(text, "cluster_my_epoch", announced_config_epoch(cluster));
  add_messages(text, cluster.counters.sent, "sent");
  add_messages(text, cluster.counters.received, "received");
  add_field(text, "total_cluster_links_buffer_limit_exceeded", cluster.links_dropped_for_size);
  return text;
}

Value print_slots(const Server& server) {
  Array entries;
  server.cluster.owners.each_run([&](SlotId first, SlotId last, PeerId owner) {
    if (owner.is_none()) return;
    Array entry;
    entry.items.push_back(resp::integer(first.value));
    entry.items.push_back(resp::integer(last.value));
    entry.items.push_back(slots_node(server, owner));
    for (PeerId replica : available_replicas(server, owner)) {
      entry.items.push_back(slots_node(server, replica));
    }
    entries.items.push_back({std::move(entry)});
  });
  return {std::move(entries)};
}

Value print_shards(const Server& server) {
  const PeerTable& peers = server.cluster.peers;
  Array shards;
  each_as_listed(server, [&](PeerId primary) {
    if (!peers.hot(primary).is_primary()) return;
    Array slots, nodes, shard;
    for (const SlotRange& range : slot_ranges(peers.cold(primary).slots->slots())) {
      slots.items.push_back(resp::integer(range.first.value));
      slots.items.push_back(resp::integer(range.last.value));
    }
    nodes.items.push_back(shard_node(server, primary));
    peers.each([&](PeerId peer) {
      if (peers.cold(peer).primary == primary) nodes.items.push_back(shard_node(server, peer));
    });
    add_pair(shard, "slots", {std::move(slots)});
    add_pair(shard, "nodes", {std::move(nodes)});
    shards.items.push_back({std::move(shard)});
  });
  return {std::move(shards)};
}

Value print_links(const Server& server) {
  const ClusterState& cluster = server.cluster;
  Array links;
  cluster.peers.each([&](PeerId peer) {
    const PeerCold& cold = cluster.peers.cold(peer);
    if (const DialledLink* link = cluster.dialled.find(cold.dialled_link)) {
      links.items.push_back(link_entry(server, peer,
                                       ConnId::dialled(server.incarnation, link->serial), true,
                                       link->created_ms()));
    }
    if (const AcceptedLink* link = cluster.accepted.find(cold.accepted_link)) {
      links.items.push_back(link_entry(server, peer,
                                       ConnId::accepted(server.incarnation, link->serial), false,
                                       link->created_ms()));
    }
  });
  return {std::move(links)};
}

}  // namespace sim
