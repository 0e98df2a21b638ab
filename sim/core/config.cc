#include "sim/core/config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <variant>

#include "sim/base/words.h"

namespace sim {
namespace {

constexpr std::int64_t kIntMax = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kLongMax = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t kSmallestBacklog = 16 * 1024;
constexpr std::string_view kDefaultSavePoints = "3600 1 300 100 60 10000";

struct Yes {
  bool Config::*field;
};
struct Number {
  std::int64_t Config::*field;
  std::int64_t smallest, largest;
};
struct Port {
  std::uint16_t Config::*field;
};
struct Memory {
  std::uint64_t Config::*field;
  std::uint64_t smallest;
};
struct Word {
  std::string Config::*field;
  std::array<std::string_view, 3> words;  // in the order a real server lists them
};
struct Text {
  std::string Config::*field;
};
struct Hostname {
  std::string Config::*field;
};
struct SavePoints {
  bool Config::*field;
};
struct Tls {
  bool Config::*field;
};
using Kind = std::variant<Yes, Number, Port, Memory, Word, Text, Hostname, SavePoints, Tls>;

struct Directive {
  std::string_view name, alias;  // no alias: ""
  bool immutable;
  Kind kind;
};

// Sorted by name.
const std::array kDirectives = {
    Directive{"appendfsync", "", false, Word{&Config::appendfsync, {"everysec", "always", "no"}}},
    Directive{"appendonly", "", false, Yes{&Config::appendonly}},
    Directive{"cluster-allow-pubsubshard-when-down", "", false,
              Yes{&Config::cluster_allow_pubsubshard_when_down}},
    Directive{"cluster-allow-reads-when-down", "", false,
              Yes{&Config::cluster_allow_reads_when_down}},
    Directive{"cluster-allow-replica-migration", "", false,
              Yes{&Config::cluster_allow_replica_migration}},
    Directive{"cluster-announce-bus-port", "", false, Port{&Config::cluster_announce_bus_port}},
    Directive{"cluster-announce-hostname", "", false, Hostname{&Config::cluster_announce_hostname}},
    Directive{"cluster-announce-ip", "", false, Text{&Config::cluster_announce_ip}},
    Directive{"cluster-announce-port", "", false, Port{&Config::cluster_announce_port}},
    Directive{"cluster-announce-tls-port", "", false, Port{&Config::cluster_announce_tls_port}},
    Directive{"cluster-config-file", "", true, Text{&Config::cluster_config_file}},
    Directive{"cluster-enabled", "", true, Yes{&Config::cluster_enabled}},
    Directive{"cluster-link-sendbuf-limit", "", false,
              Memory{&Config::cluster_link_sendbuf_limit, 0}},
    Directive{"cluster-migration-barrier", "", false,
              Number{&Config::cluster_migration_barrier, 0, kIntMax}},
    Directive{"cluster-node-timeout", "", false,
              Number{&Config::cluster_node_timeout_ms, 0, kLongMax}},
    Directive{"cluster-port", "", true, Port{&Config::cluster_port}},
    Directive{
        "cluster-preferred-endpoint-type", "", false,
        Word{&Config::cluster_preferred_endpoint_type, {"ip", "hostname", "unknown-endpoint"}}},
    Directive{"cluster-replica-no-failover", "cluster-slave-no-failover", false,
              Yes{&Config::cluster_replica_no_failover}},
    Directive{"cluster-replica-validity-factor", "cluster-slave-validity-factor", false,
              Number{&Config::cluster_replica_validity_factor, 0, kIntMax}},
    Directive{"cluster-require-full-coverage", "", false,
              Yes{&Config::cluster_require_full_coverage}},
    Directive{"dynamic-hz", "", false, Yes{&Config::dynamic_hz}},
    Directive{"enable-debug-command", "", true,
              Word{&Config::enable_debug_command, {"no", "yes", "local"}}},
    Directive{"hz", "", false, Number{&Config::hz, 0, kIntMax}},
    Directive{"min-replicas-max-lag", "min-slaves-max-lag", false,
              Number{&Config::min_replicas_max_lag_s, 0, kIntMax}},
    Directive{"min-replicas-to-write", "min-slaves-to-write", false,
              Number{&Config::min_replicas_to_write, 0, kIntMax}},
    Directive{"port", "", false, Port{&Config::port}},
    Directive{"repl-backlog-size", "", false, Memory{&Config::repl_backlog_size, 1}},
    Directive{"repl-backlog-ttl", "", false, Number{&Config::repl_backlog_ttl_s, 0, kLongMax}},
    Directive{"repl-diskless-load", "", false,
              Word{&Config::repl_diskless_load, {"disabled", "on-empty-db", "swapdb"}}},
    Directive{"repl-diskless-sync", "", false, Yes{&Config::repl_diskless_sync}},
    Directive{"repl-diskless-sync-delay", "", false,
              Number{&Config::repl_diskless_sync_delay_s, 0, kIntMax}},
    Directive{"repl-ping-replica-period", "repl-ping-slave-period", false,
              Number{&Config::repl_ping_replica_period_s, 1, kIntMax}},
    Directive{"repl-timeout", "", false, Number{&Config::repl_timeout_s, 1, kIntMax}},
    Directive{"replica-priority", "slave-priority", false,
              Number{&Config::replica_priority, 0, kIntMax}},
    Directive{"replica-read-only", "slave-read-only", false, Yes{&Config::replica_read_only}},
    Directive{"replica-serve-stale-data", "slave-serve-stale-data", false,
              Yes{&Config::replica_serve_stale_data}},
    Directive{"save", "", false, SavePoints{&Config::save_on_shutdown}},
    Directive{"tls-cluster", "", false, Tls{&Config::tls_cluster}},
};

using Refusal = std::optional<std::string>;

const Directive* find_directive(std::string_view name) {
  for (const Directive& directive : kDirectives) {
    if (same_word(directive.name, name)) return &directive;
    if (!directive.alias.empty() && same_word(directive.alias, name)) return &directive;
  }
  return nullptr;
}

template <class Int>
bool parse(std::string_view text, Int& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

std::string out_of_range(std::int64_t smallest, std::int64_t largest) {
  return "argument must be between " + std::to_string(smallest) + " and " +
         std::to_string(largest) + " inclusive";
}

// "1mb", "16k", "100": k, m, g are powers of 1000, kb, mb, gb powers of 1024.
bool parse_memory(std::string_view text, std::uint64_t& bytes) {
  struct Unit {
    std::string_view name;
    std::uint64_t factor;
  };
  constexpr std::array<Unit, 8> kUnits = {{{"", 1},
                                           {"b", 1},
                                           {"k", 1000},
                                           {"kb", 1024},
                                           {"m", 1000 * 1000},
                                           {"mb", 1024 * 1024},
                                           {"g", 1000 * 1000 * 1000},
                                           {"gb", 1024 * 1024 * 1024}}};
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  for (const Unit& unit : kUnits) {
    if (!same_word(text.substr(digits), unit.name)) continue;
    if (!parse(text.substr(0, digits), bytes)) return false;
    if (bytes > static_cast<std::uint64_t>(kLongMax) / unit.factor) return false;
    bytes *= unit.factor;
    return true;
  }
  return false;
}

Refusal assign(Config& config, const Yes& kind, std::string_view value) {
  if (!same_word(value, "yes") && !same_word(value, "no")) {
    return "argument must be 'yes' or 'no'";
  }
  config.*kind.field = same_word(value, "yes");
  return std::nullopt;
}
Refusal assign(Config& config, const Number& kind, std::string_view value) {
  std::int64_t number = 0;
  if (!parse(value, number)) return "argument couldn't be parsed into an integer";
  if (number < kind.smallest || number > kind.largest) {
    return out_of_range(kind.smallest, kind.largest);
  }
  config.*kind.field = number;
  config.hz = std::clamp<std::int64_t>(config.hz, 1, 500);  // the one that is quietly bounded
  return std::nullopt;
}
Refusal assign(Config& config, const Port& kind, std::string_view value) {
  std::int64_t number = 0;
  if (!parse(value, number)) return "argument couldn't be parsed into an integer";
  if (number < 0 || number > 65535) return out_of_range(0, 65535);
  config.*kind.field = static_cast<std::uint16_t>(number);
  return std::nullopt;
}
Refusal assign(Config& config, const Memory& kind, std::string_view value) {
  std::uint64_t bytes = 0;
  if (!parse_memory(value, bytes)) return "argument must be a memory value";
  if (bytes < kind.smallest) {
    return out_of_range(static_cast<std::int64_t>(kind.smallest), kLongMax);
  }
  config.*kind.field = bytes;
  config.repl_backlog_size = std::max(config.repl_backlog_size, kSmallestBacklog);
  return std::nullopt;
}
Refusal assign(Config& config, const Word& kind, std::string_view value) {
  for (std::string_view word : kind.words) {
    if (!same_word(word, value)) continue;
    config.*kind.field = word;
    return std::nullopt;
  }
  std::string why = "argument(s) must be one of the following: ";
  for (std::string_view word : kind.words) why.append(word).append(", ");
  why.resize(why.size() - 2);
  return why;
}
Refusal assign(Config& config, const Text& kind, std::string_view value) {
  config.*kind.field = value;
  return std::nullopt;
}
Refusal assign(Config& config, const Hostname& kind, std::string_view value) {
  if (value.size() >= 256) return "Hostnames must be less than 256 characters";
  for (char c : value) {
    const bool letter = lower_case(c) >= 'a' && lower_case(c) <= 'z';
    if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '.') {
      return "Hostnames may only contain alphanumeric characters, hyphens or dots";
    }
  }
  config.*kind.field = value;
  return std::nullopt;
}
// Only whether there are save points matters here: it decides if a graceful shutdown writes the
// snapshot.
Refusal assign(Config& config, const SavePoints& kind, std::string_view value) {
  std::size_t numbers = 0;
  for (std::size_t at = 0; at < value.size();) {
    const std::size_t end = std::min(value.find(' ', at), value.size());
    std::int64_t number = 0;
    if (!parse(value.substr(at, end - at), number) || number < 0) return "Invalid save parameters";
    ++numbers;
    at = end + 1;
  }
  if (numbers % 2 != 0) return "Invalid save parameters";
  config.*kind.field = numbers > 0;
  return std::nullopt;
}

// As a server without certificates answers.
Refusal assign(Config& config, const Tls& kind, std::string_view value) {
  if (same_word(value, "yes")) return "Unable to update TLS configuration. Check server logs.";
  return assign(config, Yes{kind.field}, value);
}

std::string print(const Config& config, const Yes& kind) {
  return config.*kind.field ? "yes" : "no";
}
std::string print(const Config& config, const Number& kind) {
  return std::to_string(config.*kind.field);
}
std::string print(const Config& config, const Port& kind) {
  return std::to_string(config.*kind.field);
}
std::string print(const Config& config, const Memory& kind) {
  return std::to_string(config.*kind.field);
}
std::string print(const Config& config, const Word& kind) {
  return config.*kind.field;
}
std::string print(const Config& config, const Text& kind) {
  return config.*kind.field;
}
std::string print(const Config& config, const Hostname& kind) {
  return config.*kind.field;
}
std::string print(const Config& config, const SavePoints& kind) {
  return config.*kind.field ? std::string(kDefaultSavePoints) : "";
}

std::string print(const Config& config, const Tls& kind) {
  return print(config, Yes{kind.field});
}

}  // namespace

std::optional<std::string> set_directive(Config& config, std::string_view name,
                                         std::string_view value, bool at_runtime) {
  const Directive* const directive = find_directive(name);
  if (directive == nullptr) return "Bad directive or wrong number of arguments";
  if (at_runtime && directive->immutable) return "can't set immutable config";
  return std::visit([&](const auto& kind) { return assign(config, kind, value); }, directive->kind);
}

std::optional<std::string> get_directive(const Config& config, std::string_view name) {
  const Directive* const directive = find_directive(name);
  if (directive == nullptr) return std::nullopt;
  return std::visit([&](const auto& kind) { return print(config, kind); }, directive->kind);
}

std::vector<std::string_view> directive_names() {
  std::vector<std::string_view> names;
  for (const Directive& directive : kDirectives) {
    names.push_back(directive.name);
    if (!directive.alias.empty()) names.push_back(directive.alias);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace sim
