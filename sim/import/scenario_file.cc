#include "sim/import/scenario_file.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "sim/base/words.h"
#include "sim/scenario/options.h"

namespace sim {
namespace {

std::string json_text(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

std::string time_of(Duration duration) {
  return json_text(format_duration(duration));
}

// "[1, 2]", or over lines of their own.
std::string list(const std::vector<std::string>& items, const std::string& indent) {
  std::string text;
  for (const std::string& item : items)
    text += (text.empty()     ? ""
             : indent.empty() ? ", "
                              : ",") +
            (indent.empty() ? "" : '\n' + indent + "  ") + item;
  return '[' + text + (indent.empty() || items.empty() ? "" : '\n' + indent) + ']';
}

class Writer {
 public:
  Writer(const Layout& layout, const ScenarioFileOptions& options)
      : layout_(layout), options_(options) {
    std::size_t rounds = 0;
    for (const auto& shard : layout.shards) rounds = std::max(rounds, shard.size());
    for (std::size_t round = 0; round < rounds; ++round) {
      for (const auto& shard : layout.shards) {
        if (round < shard.size()) servers_.push_back(&shard[round]);
      }
    }
  }

  std::string write() {
    choose_fault();
    const std::vector<std::string> steps = timeline();
    std::string text = "{\n  \"version\": 1,\n";
    text += "  \"name\": " + json_text(options_.name) + ",\n";
    text += "  \"description\": " + json_text(description()) + ",\n";
    text += "  \"tags\": [\"imported\"],\n";
    text += "  \"duration\": " + time_of(fault_at_ + outage_ + settling()) + ",\n";
    text += "  \"cluster\": " + cluster() + ",\n";
    text += "  \"network\": {\"delay\": \"500us\"},\n";
    text +=
        "  \"workload\": [\n"
        "    {\"type\": \"register\", \"clients\": 3, \"keys\": 1000, \"rate\": 50}\n"
        "  ],\n";
    text += "  \"timeline\": " + list(steps, "  ") + ",\n";
    text += "  \"settle\": {\"within\": " + time_of(settling() * 4) + "},\n";
    text +=
        "  \"expect\": {\"verdict\": \"pass\", \"metrics\": {\"lost_unexplained\": \"==0\"}}\n}\n";
    return text;
  }

 private:
  // Until everybody has found out and joined again.
  Duration settling() const {
    return std::max<Duration>(std::chrono::seconds(20), 2 * options_.node_timeout);
  }

  // "m7", or its name.
  std::string called(std::size_t server) const {
    const std::string& name = servers_[server]->name;
    return name.empty() ? 'm' + std::to_string(server + 1) : name;
  }

  // ---- The cluster ----

  std::string cluster() const {
    std::vector<std::string> slots, replicas, zones;
    for (const auto& shard : layout_.shards) {
      slots.push_back(json_text(format_slots(shard.front().node.slots)));
      replicas.push_back(std::to_string(shard.size() - 1));
    }
    const bool even = std::equal(replicas.begin() + 1, replicas.end(), replicas.begin());
    for (const std::string& zone : layout_.zones) zones.push_back(json_text(zone));
    std::string text = "{\n";
    text += "    \"shards\": " + std::to_string(layout_.shards.size()) + ",\n";
    text += "    \"replicas\": " + (even ? replicas.front() : list(replicas, "")) + ",\n";
    text += "    \"zones\": " + list(zones, "") + ",\n";
    // Who comes back empty loses its data where it was not replaced, and that would be the story.
    text += "    \"persistence\": \"aof\",\n";
    text += "    \"config\": {\"cluster-node-timeout\": " +
            std::to_string(options_.node_timeout / std::chrono::milliseconds(1)) +
            (layout_.unowned.any() ? ", \"cluster-require-full-coverage\": \"no\"" : "") + "},\n";
    text += "    \"slots\": " + list(slots, "    ") + ",\n";
    text += "    \"nodes\": {";
    for (std::size_t i = 0; i < servers_.size(); ++i) text += (i == 0 ? "\n" : ",\n") + server(i);
    return text + "\n    }\n  }";
  }

  std::string server(std::size_t number) const {
    const LaidOutNode& server = *servers_[number];
    std::vector<std::pair<std::string, std::string>> fields;
    if (!server.name.empty()) fields.emplace_back("name", json_text(server.name));
    fields.emplace_back("zone", json_text(server.zone));
    if (!server.rack.empty()) fields.emplace_back("rack", json_text(server.rack));
    if (!server.host.empty()) fields.emplace_back("host", json_text(server.host));
    if (server.node.no_failover)
      fields.emplace_back("config", "{\"cluster-replica-no-failover\": \"yes\"}");
    if (!options_.anonymise) {
      if (!server.node.ip.empty())
        fields.emplace_back("x-address", json_text(server.node.address()));
      fields.emplace_back("x-id", json_text(server.node.id));
    }
    std::string text = "      \"m" + std::to_string(number + 1) + "\": {";
    for (std::size_t i = 0; i < fields.size(); ++i)
      text += (i == 0 ? "" : ", ") + json_text(fields[i].first) + ": " + fields[i].second;
    return text + '}';
  }

  // ---- The story ----

  struct Zone {
    std::size_t primaries = 0, servers = 0;
  };

  void choose_fault() {
    for (const LaidOutNode* server : servers_) {
      down_ = down_ || server->node.failed;
      Zone& zone = zones_[server->zone];
      ++zone.servers;
      zone.primaries += server->node.slots.any() ? 1 : 0;
      voters_ += server->node.slots.any() ? 1 : 0;
    }
    outage_ = std::max<Duration>(std::chrono::seconds(30), 4 * options_.node_timeout);
    fault_at_ = std::chrono::seconds(10);
    if (down_) fault_at_ += 2 * options_.node_timeout;
    for (const std::string& name : layout_.zones) {
      const Zone& zone = zones_[name];
      const Zone& most = zones_[worst_zone_];
      if (std::pair(zone.primaries, zone.servers) > std::pair(most.primaries, most.servers))
        worst_zone_ = name;
    }
    // One whose place somebody can take, if there is any.
    const auto has_replica = [](const std::vector<LaidOutNode>& shard) {
      return !shard.front().node.failed &&
             std::any_of(shard.begin() + 1, shard.end(),
                         [](const LaidOutNode& node) { return !node.node.failed; });
    };
    const auto found = std::find_if(layout_.shards.begin(), layout_.shards.end(), has_replica);
    if (found != layout_.shards.end())
      shard_ = static_cast<std::size_t>(found - layout_.shards.begin());
  }

  bool is_by_zone() const { return layout_.zones.size() > 1; }

  // What the example does, and what follows from the numbers alone.
  std::string example() const {
    if (!is_by_zone())
      return "the power of the primary of shard " + std::to_string(shard_) + " is cut";
    const std::size_t lost = zones_.at(worst_zone_).primaries;
    std::string text = "zone " + worst_zone_ + " loses its power, and with it " +
                       std::to_string(lost) + " of " + counted(voters_, "primary");
    if (2 * lost >= voters_) text += ": those that are left are no majority, and elect nobody";
    return text;
  }

  std::string description() const {
    std::size_t replicas = servers_.size() - layout_.shards.size();
    std::string text = "Why: to see what this cluster does before it has to. Imported";
    if (!options_.source.empty()) text += " from " + options_.source;
    text +=
        ": " + counted(layout_.shards.size(), "shard") + ", " + counted(replicas, "replica") +
        ", " + counted(layout_.zones.size(), "zone") +
        ". The story is an example, made to be changed: at " + format_duration(fault_at_) + " " +
        example() + ", for " + format_duration(outage_) +
        ". Reached: what the timeline tells. Expected: pass; whatever is lost is explained, and "
        "when all is healed the cluster settles.";
    return text;
  }

  std::vector<std::string> timeline() const {
    std::vector<std::string> steps;
    std::vector<std::string> down;
    for (std::size_t i = 0; i < servers_.size(); ++i) {
      if (servers_[i]->node.failed) down.push_back(json_text(called(i)));
    }
    if (!down.empty()) {
      steps.push_back("{\"at\": \"0s\", \"do\": \"crash\", \"node\": " + list(down, "") +
                      ", \"power\": true, \"for\": \"heal\", \"note\": \"had failed when this was "
                      "imported\"}");
    }
    for (const MovingSlot& moving : layout_.moving) {
      steps.push_back(set_slot(moving, moving.to, "IMPORTING", moving.from));
      steps.push_back(set_slot(moving, moving.from, "MIGRATING", moving.to));
    }
    const std::string what = is_by_zone()
                                 ? "\"do\": \"zone-outage\", \"zone\": " + json_text(worst_zone_) +
                                       ", \"means\": \"power\""
                                 : "\"do\": \"crash\", \"node\": \"primary:shard-" +
                                       std::to_string(shard_) + "\", \"power\": true";
    steps.push_back("{\"at\": " + time_of(fault_at_) + ", " + what +
                    ", \"for\": " + time_of(outage_) + ", \"note\": " + json_text(example()) + "}");
    return steps;
  }

  std::string set_slot(const MovingSlot& moving, std::size_t at, const std::string& word,
                       std::size_t other) const {
    return "{\"at\": \"0s\", \"do\": \"command\", \"node\": " + json_text(called(at)) +
           ", \"command\": " +
           json_text("CLUSTER SETSLOT " + std::to_string(moving.slot.value) + ' ' + word +
                     " id-of:" + called(other)) +
           ", \"expect\": \"OK\", \"note\": \"the slot was on the move\"}";
  }

  const Layout& layout_;
  const ScenarioFileOptions& options_;
  std::vector<const LaidOutNode*> servers_;  // in order of their numbers
  std::map<std::string, Zone> zones_;
  std::size_t voters_ = 0, shard_ = 0;
  std::string worst_zone_;
  bool down_ = false;
  Duration fault_at_{}, outage_{};
};

}  // namespace

std::string scenario_file(const Layout& layout, const ScenarioFileOptions& options) {
  return Writer(layout, options).write();
}

}  // namespace sim
