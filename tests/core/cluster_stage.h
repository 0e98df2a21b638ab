// A small cluster on a quiet network, for tests and transcripts of the protocol.
//
// m1..mP are primaries with equal shares of the slots, the rest replicas in turn (m4 of m1, m5 of
// m2, ...). Node ids sort as the machines do. All know each other from their nodes.conf.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/core/cluster_node.h"
#include "sim/trace/directory.h"
#include "sim/world/world.h"
#include "tests/core/raw_node.h"

namespace sim::stage {

struct ClusterSpec {
  int primaries = 3, replicas = 3;
  bool known = true;  // false: nodes without a nodes.conf, who know nobody
  Config config;
  Mutation mutation = Mutation::kNone;
  Deviations deviations{};
  std::map<std::string, std::string> directives;                         // for all
  std::map<std::string, std::map<std::string, std::string>> of_machine;  // for one
  std::uint64_t seed = 1;
  Duration latency = 1ms;                    // one way
  std::map<std::string, std::string> files;  // nodes.conf of these machines, instead
  bool through_wire = false;
  Costs costs;
  Weight dataset;                  // of each shard
  std::uint64_t bandwidth = 0;     // of each machine's link, in bytes a second
  bool typed_replies = false;      // of consoles: a bulk string is put in quotes
  std::map<std::string, Cut> raw;  // machines behind sockets that know bytes only
};

NodeName id_of(int machine);

class ClusterStage {
 public:
  explicit ClusterStage(const ClusterSpec& spec);
  ClusterStage(const ClusterStage&) = default;

  World& world() { return world_; }
  Levers& levers() { return world_.levers(); }
  const Directory& who() const { return who_; }
  MachineId id(const std::string& name) const;
  std::vector<Direction> both_ways(const std::vector<std::string>& a,
                                   const std::vector<std::string>& b) const;
  std::vector<Direction> one_way(const std::vector<std::string>& a,
                                 const std::vector<std::string>& b) const;
  std::vector<std::string> others(const std::vector<std::string>& names) const;

  void run_for(Duration time);
  // Runs until everybody that is up is healthy; false: not within `limit`.
  bool run_until_healthy(Duration limit = 30s);
  // Runs until a record of this kind that `fits`; false: not within `limit`.
  template <class Kind, class Fits>
  bool run_until(Duration limit, Fits fits) {
    const SimTime end = world_.now() + limit;
    std::size_t seen = records_.size();
    while (world_.now() < end) {
      run_for(10ms);
      for (; seen < records_.size(); ++seen) {
        const auto* event = std::get_if<Kind>(&records_[seen].event);
        if (event != nullptr && fits(records_[seen], *event)) return true;
      }
    }
    return false;
  }
  // Types a command at a machine's console ("" is an empty word) and waits a moment for the answer.
  std::string tell(const std::string& who, const std::string& command);
  std::string tell(const std::string& who, const std::vector<std::string>& words);
  event::ViewSnapshot view(const std::string& who);

  const std::vector<Record>& records() const { return records_; }
  // When records of one kind were told by one machine.
  template <class Kind>
  std::vector<SimTime> times(const std::string& by) const {
    std::vector<SimTime> found;
    for (const Record& record : records_) {
      if (std::holds_alternative<Kind>(record.event) && who_.name(record.machine) == by)
        found.push_back(record.at);
    }
    return found;
  }
  // Records of one kind, by one machine or ("") by all.
  template <class Kind>
  std::vector<Kind> told(const std::string& by = "") const {
    std::vector<Kind> found;
    for (const Record& record : records_) {
      const auto* event = std::get_if<Kind>(&record.event);
      if (event != nullptr && (by.empty() || who_.name(record.machine) == by))
        found.push_back(*event);
    }
    return found;
  }
  std::size_t mark() const { return records_.size(); }

 private:
  void collect();
  World world_;
  Directory who_;
  std::vector<Record> records_;
  std::map<std::uint32_t, std::string> replies_;
};

// "1.5s", "200ms". CHECKs that it is one.
Duration parse_duration(const std::string& text);
std::vector<std::string> split(const std::string& text, char by);

}  // namespace sim::stage
