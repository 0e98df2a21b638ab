// INFO: the sections and fields that clients and tools read. (Protocol §11.3.)
#include "sim/core/command_handlers.h"
#include "sim/core/replication.h"

namespace sim {
namespace {

class Section {
 public:
  Section(std::string& out, std::string_view title) : out_(out) {
    if (!out_.empty()) out_ += "\r\n";
    out_.append("# ").append(title).append("\r\n");
  }
  void line(std::string_view name, std::string_view value) {
    out_.append(name).append(":").append(value).append("\r\n");
  }
  void line(std::string_view name, std::int64_t value) { line(name, std::to_string(value)); }

 private:
  std::string& out_;
};

std::string replid_text(const NodeName& replid) {
  return replid.is_none() ? std::string(40, '0') : std::string(replid.view());
}

void server_section(const Server& server, std::string& out) {
  Section section(out, "Server");
  section.line("redis_version", "7.0.15");
  section.line("redis_mode", server.config.cluster_enabled ? "cluster" : "standalone");
  section.line("arch_bits", 64);
  section.line("tcp_port", server.config.port);
  section.line("hz", server.config.hz);
}

// Held by a pause, or by what they wait for.
std::uint64_t blocked_clients(const Server& server) {
  std::uint64_t count = 0;
  for (const auto& [conn, session] : server.sessions.by_conn) {
    count += session.blocked || !session.held.empty() ? 1 : 0;
  }
  return count;
}

void clients_section(const Server& server, std::string& out) {
  Section section(out, "Clients");
  const std::size_t sessions = server.sessions.by_conn.size();
  section.line("connected_clients",
               static_cast<std::int64_t>(sessions - server.replication.replicas.size()));
  section.line("blocked_clients", static_cast<std::int64_t>(blocked_clients(server)));
}

void persistence_section(const Server& server, std::string& out) {
  Section section(out, "Persistence");
  section.line("loading", is_loading(server) ? 1 : 0);
  section.line("aof_enabled", server.config.appendonly ? 1 : 0);
}

void stats_section(const Server& server, std::string& out) {
  Section section(out, "Stats");
  const Sessions& sessions = server.sessions;
  const auto count = [](std::size_t number) { return static_cast<std::int64_t>(number); };
  section.line("total_commands_processed", static_cast<std::int64_t>(sessions.commands));
  section.line("pubsub_channels", count(sessions.channels.size()));
  section.line("pubsub_patterns", count(sessions.patterns.size()));
  section.line("pubsubshard_channels", count(sessions.shard_channels.size()));
}

void link_lines(const Server& server, Section& section) {
  const PrimaryLink& link = server.replication.link;
  const bool up = link.state == PrimaryLink::State::kUp;
  const bool syncing =
      link.state == PrimaryLink::State::kTransfer || link.state == PrimaryLink::State::kLoading;
  section.line("master_host", format_ipv4(link.primary->ipv4));
  section.line("master_port", link.primary->port);
  section.line("master_link_status", up ? "up" : "down");
  section.line("master_last_io_seconds_ago",
               up ? server.cached_wall_s() - link.last_interaction_s : -1);
  section.line("master_sync_in_progress", syncing ? 1 : 0);
  section.line("slave_read_repl_offset", replication_offset(server));
  section.line("slave_repl_offset", replication_offset(server));
  if (!up) {
    section.line("master_link_down_since_seconds",
                 link.down_since_s != 0 ? server.cached_wall_s() - link.down_since_s : -1);
  }
  section.line("slave_priority", server.config.replica_priority);
  section.line("slave_read_only", server.config.replica_read_only ? 1 : 0);
  section.line("replica_announced", 1);
}

// Diskless, a replica is sent what the child writes while it still does.
std::string_view state_name(const ReplicationState& replication, const AttachedReplica& replica) {
  switch (replica.state) {
    case AttachedReplica::State::kWaitsForSnapshot:
    case AttachedReplica::State::kWaitsForFile:
      return "wait_bgsave";
    case AttachedReplica::State::kReceives:
      return replication.child && replication.child->snapshot == replica.snapshot ? "wait_bgsave"
                                                                                  : "send_bulk";
    case AttachedReplica::State::kAwaitsAck:
    case AttachedReplica::State::kOnline:
      break;
  }
  return "online";
}

void replica_lines(const Server& server, Section& section) {
  const ReplicationState& replication = server.replication;
  section.line("connected_slaves", static_cast<std::int64_t>(replication.replicas.size()));
  if (server.config.min_replicas_to_write > 0 && server.config.min_replicas_max_lag_s > 0) {
    section.line("min_slaves_good_slaves", replication.good_replicas);
  }
  std::size_t number = 0;
  for (const auto& [conn, replica] : replication.replicas) {
    const bool online = replica.state == AttachedReplica::State::kOnline;
    section.line("slave" + std::to_string(number++),
                 "ip=" + format_ipv4(replica.listens.ipv4) +
                     ",port=" + std::to_string(replica.listens.port) +
                     ",state=" + std::string(state_name(server.replication, replica)) +
                     ",offset=" + std::to_string(replica.ack_offset) + ",lag=" +
                     std::to_string(online ? server.cached_wall_s() - replica.ack_at_s : 0));
  }
}

void replication_section(const Server& server, std::string& out) {
  const ReplicationState& replication = server.replication;
  const Backlog& backlog = replication.backlog;
  Section section(out, "Replication");
  section.line("role", replication.link.primary ? "slave" : "master");
  if (replication.link.primary) link_lines(server, section);
  replica_lines(server, section);
  section.line("master_failover_state", "no-failover");
  section.line("master_replid", replid_text(replication.replid));
  section.line("master_replid2", replid_text(replication.replid2));
  section.line("master_repl_offset", replication.offset);
  section.line("second_repl_offset", replication.second_offset);
  section.line("repl_backlog_active", backlog.exists() ? 1 : 0);
  section.line("repl_backlog_size", static_cast<std::int64_t>(server.config.repl_backlog_size));
  section.line("repl_backlog_first_byte_offset", backlog.exists() ? backlog.first_offset() : 0);
  section.line("repl_backlog_histlen", backlog.exists() ? backlog.length() : 0);
}

void errors_section(const Server& server, std::string& out) {
  Section section(out, "Errorstats");
  for (const auto& [code, count] : server.sessions.errors) {
    section.line("errorstat_" + code, "count=" + std::to_string(count));
  }
}

void cluster_section(const Server& server, std::string& out) {
  Section section(out, "Cluster");
  section.line("cluster_enabled", server.config.cluster_enabled ? 1 : 0);
}

void keyspace_section(const Server& server, std::string& out) {
  Section section(out, "Keyspace");
  const Keyspace& keyspace = server.keyspace;
  if (keyspace.empty()) return;
  section.line("db0", "keys=" + std::to_string(keyspace.size()) +
                          ",expires=" + std::to_string(keyspace.expiring()) + ",avg_ttl=0");
}

struct SectionOf {
  std::string_view name;
  void (*print)(const Server&, std::string&);
};
constexpr SectionOf kSections[] = {
    {"server", server_section},           {"clients", clients_section},
    {"persistence", persistence_section}, {"stats", stats_section},
    {"replication", replication_section}, {"errorstats", errors_section},
    {"cluster", cluster_section},         {"keyspace", keyspace_section},
};

}  // namespace

resp::Value info_command(Execution& execution) {
  const resp::Command& command = execution.command;
  std::string text;
  for (const SectionOf& section : kSections) {
    bool wanted = command.size() == 1;
    for (std::size_t at = 1; at < command.size(); ++at) {
      wanted |= same_word(command[at], section.name) || same_word(command[at], "all") ||
                same_word(command[at], "everything") || same_word(command[at], "default");
    }
    if (wanted) section.print(execution.server, text);
  }
  return resp::bulk(std::move(text));
}

}  // namespace sim
