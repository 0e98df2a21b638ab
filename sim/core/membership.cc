#include "sim/core/membership.h"

#include <algorithm>
#include <utility>

#include "sim/core/broken.h"
#include "sim/core/commands.h"
#include "sim/core/links.h"
#include "sim/core/mutation.h"
#include "sim/core/nodes_file.h"
#include "sim/core/open_slots.h"
#include "sim/core/role.h"
#include "sim/core/slots_config.h"

namespace sim {
namespace {

constexpr std::int64_t kBlacklistSeconds = 60;

// A new row. The reasons for cron to look at it are many, so it looks at everything.
PeerId add_row(Server& server, NameRef name, AddressRef address, std::uint16_t flags) {
  ClusterState& cluster = server.cluster;
  const PeerId peer = cluster.peers.add(name);
  cluster.peers.set_address(peer, address);
  cluster.peers.hot(peer).set_flags(flags);
  cluster.next_scan_ms = 0;
  cluster.view_cache = {};
  return peer;
}

void forget_reports(ClusterState& cluster, PeerId peer) {
  cluster.failure_reports.erase(peer);
  for (auto& [target, reports] : cluster.failure_reports) {
    std::erase_if(reports, [peer](const FailureReport& report) { return report.reporter == peer; });
  }
}

void forget_replicas_memory(ClusterState& cluster, PeerId primary) {
  cluster.peers.each([&](PeerId peer) {
    PeerCold& cold = cluster.peers.cold(peer);
    if (cold.primary == primary) cold.primary = kNoPeer;
  });
}

}  // namespace

NodeName random_node_name(Pass& pass) {
  NodeName name;
  for (char& c : name.text) c = "0123456789abcdef"[pass.choices.choose(Site::kNodeId, 16)];
  return name;
}

bool valid_node_name(std::string_view text) {
  return text.size() == 40 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
         });
}

PeerId add_handshake_peer(Server& server, Pass& pass, const Address& address, bool meet) {
  // Outcome 0 of every draw would give one name twice; a name that is taken is drawn again.
  NameRef name = server.names->intern(random_node_name(pass));
  while (!server.cluster.peers.find(name).is_none()) {
    name = server.names->intern(random_node_name(pass));
  }
  const auto flags = static_cast<std::uint16_t>(bus::flag::kHandshake |
                                                (meet ? bus::flag::kMeet : std::uint16_t{0}));
  const PeerId peer = add_row(server, name, server.names->intern(address), flags);
  server.cluster.handshake_began_ms[peer] = pass.wall_ms();
  return peer;
}

bool start_handshake(Server& server, Pass& pass, const Address& address) {
  if (parse_ipv4(address.ip) == 0 || address.port == 0 || address.cport == 0) return false;
  for (const auto& [peer, began] : server.cluster.handshake_began_ms) {
    const Address& other = peer_address(server, peer);
    if (other.ip == address.ip && other.port == address.port && other.cport == address.cport) {
      return true;
    }
  }
  add_handshake_peer(server, pass, address, true);
  return true;
}

PeerId mentioned_peer(const Server& server, NameRef name) {
  const PeerId peer = server.cluster.peers.find(name);
  if (!server.cluster.malformed_names || peer.is_none()) return peer;
  return valid_node_name(server.names->name(name).view()) ? peer : kNoPeer;
}

bool admit_name(Server& server, Pass& pass, NameRef name) {
  if (!valid_node_name(server.names->name(name).view())) server.cluster.malformed_names = true;
  if (server.cluster.peers.find(name).is_none()) return true;
  pass.exit(kAssertionExit, "assertion failed: dictAdd(server.cluster->nodes) == DICT_OK");
  return false;
}

PeerId add_peer(Server& server, Pass& pass, NameRef name, AddressRef address, std::uint16_t flags) {
  const PeerId peer = add_row(server, name, address, flags);
  pass.note(event::PeerLearned{server.names->name(name)});
  return peer;
}

void forget_peer(Server& server, Pass& pass, PeerId peer, std::string why) {
  ClusterState& cluster = server.cluster;
  const bool was_member = !cluster.peers.hot(peer).has(bus::flag::kHandshake);
  const NodeName name = peer_name(server, peer);
  close_slots_with(server, pass, peer);
  unbind_all(server, pass, peer, event::RebindCause::kForgotten);
  forget_reports(cluster, peer);
  forget_replicas_memory(cluster, peer);
  if (!cluster.peers.cold(peer).primary.is_none()) link_replica(server, peer, kNoPeer);
  free_dialled_link(server, pass, peer);
  free_accepted_link(server, pass, peer);
  cluster.hostnames.erase(peer);
  cluster.handshake_began_ms.erase(peer);
  cluster.failed_ms.erase(peer);
  cluster.orphaned_ms.erase(peer);
  cluster.shards.erase(peer);
  cluster.voted_ms.erase(peer);
  if (cluster.manual.replica == peer) cluster.manual.replica = kNoPeer;
  cluster.peers.remove(peer);
  cluster.next_scan_ms = 0;
  cluster.view_cache = {};
  if (was_member) pass.note(event::PeerForgotten{name, std::move(why)});
}

PeerId find_peer(const Server& server, std::string_view name) {
  if (!valid_node_name(name)) return kNoPeer;
  return server.cluster.peers.find(server.names->intern(NodeName::from(name)));
}

namespace {

// Whoever looks at the blacklist first throws out what has run its time.
void purge_blacklist(Server& server) {
  const std::int64_t now = server.cached_wall_s();
  std::erase_if(server.cluster.blacklist, [now](const auto& entry) { return entry.second < now; });
}

}  // namespace

void blacklist_add(Server& server, const Pass& pass, const NodeName& name) {
  purge_blacklist(server);
  server.cluster.blacklist[lower_case(name.view())] = pass.wall_s() + kBlacklistSeconds;
}

bool blacklisted(Server& server, const NodeName& name) {
  if (server.cluster.blacklist.empty() || server.mutation == Mutation::kNoBlacklist) return false;
  purge_blacklist(server);
  return server.cluster.blacklist.count(lower_case(name.view())) != 0;
}

}  // namespace sim
