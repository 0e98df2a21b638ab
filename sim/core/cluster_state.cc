#include "sim/core/cluster_state.h"

#include <algorithm>

#include "sim/core/nodes_file.h"
#include "sim/core/replication.h"
#include "sim/core/server.h"

namespace sim {
namespace {

constexpr std::size_t kIpTextMax = 45;  // what fits into a header with the NUL behind it

}  // namespace

const NodeName& peer_name(const Server& server, PeerId peer) {
  return server.names->name(peer.is_none() ? NameRef{} : server.cluster.peers.name(peer));
}
const NodeName& my_name(const Server& server) {
  return peer_name(server, kMyself);
}

const Address& peer_address(const Server& server, PeerId peer) {
  return server.names->address(server.cluster.peers.address(peer));
}

Endpoint peer_endpoint(const Server& server, PeerId peer) {
  const Address& address = peer_address(server, peer);
  return {parse_ipv4(address.ip), address.port};
}

std::string peer_hostname(const Server& server, PeerId peer) {
  if (peer == kMyself) return server.config.cluster_announce_hostname;
  const auto found = server.cluster.hostnames.find(peer);
  return found == server.cluster.hostnames.end() ? "" : found->second;
}

std::int64_t known_offset(const Server& server, PeerId peer) {
  return peer == kMyself ? replication_offset(server)
                         : static_cast<std::int64_t>(server.cluster.peers.cold(peer).offset);
}

std::string preferred_endpoint(const Server& server, PeerId peer) {
  const std::string& type = server.config.cluster_preferred_endpoint_type;
  if (type == "ip") return peer_address(server, peer).ip;
  if (type == "unknown-endpoint") return "";
  const std::string hostname = peer_hostname(server, peer);
  return hostname.empty() ? "?" : hostname;
}

std::string redirect_address(const Server& server, PeerId peer) {
  return preferred_endpoint(server, peer) + ":" + std::to_string(peer_address(server, peer).port);
}

std::vector<PeerId> available_replicas(const Server& server, PeerId primary) {
  std::vector<PeerId> replicas;
  const PeerTable& peers = server.cluster.peers;
  peers.each([&](PeerId peer) {
    if (peers.cold(peer).primary != primary || peers.hot(peer).has(bus::flag::kFail)) return;
    if (known_offset(server, peer) != 0) replicas.push_back(peer);
  });
  std::sort(replicas.begin(), replicas.end(), [&server](PeerId a, PeerId b) {
    return peer_name(server, a).view() < peer_name(server, b).view();
  });
  return replicas;
}

void refresh_own_row(Server& server) {
  const Config& config = server.config;
  PeerTable& peers = server.cluster.peers;
  Address address = peer_address(server, kMyself);
  if (!config.cluster_announce_ip.empty()) {
    address.ip = config.cluster_announce_ip.substr(0, kIpTextMax);
  }
  address.port = config.cluster_announce_port != 0 ? config.cluster_announce_port : config.port;
  address.cport =
      config.cluster_announce_bus_port != 0 ? config.cluster_announce_bus_port : config.bus_port();
  address.pport = 0;
  peers.set_address(kMyself, server.names->intern(address));
  address.ip = config.cluster_announce_ip.substr(0, kIpTextMax);
  server.cluster.header_address = server.names->intern(address);
  if (config.cluster_replica_no_failover) {
    peers.hot(kMyself).set(bus::flag::kNoFailover);
  } else {
    peers.hot(kMyself).clear(bus::flag::kNoFailover);
  }
}

void cluster_config_changed(Server& server, Pass&, const Config& before) {
  ClusterState& cluster = server.cluster;
  const std::uint16_t flags_before = cluster.peers.hot(kMyself).flags();
  if (server.config.cluster_announce_ip.empty() && !before.cluster_announce_ip.empty()) {
    // Unknown again, until the next PING or MEET tells it. (Protocol §5.4.)
    Address address = peer_address(server, kMyself);
    address.ip.clear();
    cluster.peers.set_address(kMyself, server.names->intern(address));
  }
  refresh_own_row(server);
  if (cluster.peers.hot(kMyself).flags() != flags_before) {
    save_later(cluster, false);
    cluster.todo |= todo::kUpdateState;
  }
  cluster.next_scan_ms = 0;  // the node timeout may be another one
}

}  // namespace sim
