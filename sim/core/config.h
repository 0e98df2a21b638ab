// The directives of redis.conf that act on failover, routing and replication. (Protocol §12.)
//
// Names, defaults and units are Redis 7.0.15's. A scenario's "config" and CONFIG SET both come through `set`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

struct Config {
  bool cluster_enabled = true;  // false: a standalone server without bus, slots or redirects
  std::uint16_t port = 6379;
  std::uint16_t cluster_port = 0;  // 0: port + 10000
  std::string cluster_config_file = "nodes.conf";
  std::int64_t cluster_node_timeout_ms = 15000;
  std::string cluster_announce_ip;
  std::uint16_t cluster_announce_port = 0, cluster_announce_bus_port = 0;
  std::uint16_t cluster_announce_tls_port = 0;  // of no use without TLS, which is not there
  bool tls_cluster = false;
  std::string cluster_announce_hostname;
  std::string cluster_preferred_endpoint_type = "ip";  // ip | hostname | unknown-endpoint
  std::int64_t cluster_replica_validity_factor = 10;   // 0: off
  bool cluster_replica_no_failover = false;
  std::int64_t cluster_migration_barrier = 1;
  bool cluster_allow_replica_migration = true;
  bool cluster_require_full_coverage = true;
  bool cluster_allow_reads_when_down = false;
  bool cluster_allow_pubsubshard_when_down = true;
  std::uint64_t cluster_link_sendbuf_limit = 0;  // bytes, 0: off

  std::int64_t repl_ping_replica_period_s = 10;
  std::int64_t repl_timeout_s = 60;
  std::uint64_t repl_backlog_size = 1 << 20;
  std::int64_t repl_backlog_ttl_s = 3600;
  bool repl_diskless_sync = true;
  std::int64_t repl_diskless_sync_delay_s = 5;
  bool replica_serve_stale_data = true;
  bool replica_read_only = true;
  std::int64_t min_replicas_to_write = 0;
  std::int64_t min_replicas_max_lag_s = 10;
  std::string repl_diskless_load = "disabled";  // known, but what is received is always kept first
  std::int64_t replica_priority = 100;          // only shown: a cluster's elections do not ask
  std::int64_t hz = 10;
  bool dynamic_hz = true;  // only shown: it takes more than 2,000 clients to matter
  bool appendonly = false;
  std::string enable_debug_command = "no";  // no | yes | local
  std::string appendfsync = "everysec";  // always | everysec | no
  bool save_on_shutdown = true;          // "save" is not "": a graceful shutdown writes dump.rdb

  std::uint16_t bus_port() const {
    return cluster_port != 0 ? cluster_port : static_cast<std::uint16_t>(port + 10000);
  }
};

// Sets a directive by its redis.conf name or alias ("cluster-slave-validity-factor"), with a value as in redis.conf
// ("15000", "yes", "1mb"). nullopt: done. Otherwise the words a real server refuses with, e.g.
// "argument must be 'yes' or 'no'". `at_runtime` refuses what CONFIG SET may not change.
std::optional<std::string> set_directive(Config& config, std::string_view name, std::string_view value,
                                         bool at_runtime);
// The value as CONFIG GET prints it; nullopt: no such directive.
std::optional<std::string> get_directive(const Config& config, std::string_view name);
// All directive names, sorted: for CONFIG GET patterns, did-you-mean and documentation.
std::vector<std::string_view> directive_names();

}  // namespace sim
