// The bus messages of a run, for a report: when each set out, and when it arrived, if it did.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "sim/app/report_tables.h"
#include "sim/world/world.h"

namespace sim {

class ReportMessages {
 public:
  // Of heartbeats (PING and PONG) a report carries at most so many: those nearest to a milestone.
  static constexpr std::size_t kHeartbeatsKept = 20'000;

  void see(const Sighting& sighting);
  // Columns {"sent": differences in us, "took": us or -1 if it never arrived, "from", "to",
  // "label"}, and under "left_out" how many heartbeats are not among them. `moments` are sorted;
  // they and the report's times count from `zero`.
  nlohmann::ordered_json json(TextTable& texts, const std::vector<SimTime>& moments,
                              Duration zero) const;

 private:
  struct Message {
    SimTime sent, arrived;
    std::uint32_t from = 0, to = 0;
    std::uint32_t label = 0;
    bool has_arrived = false;
  };
  std::uint32_t label_of(const std::string& label);
  bool is_heartbeat(const Message& message) const;

  std::vector<Message> messages_;
  std::vector<std::string> labels_;
  // By line and sender: those under way, by index.
  std::map<std::pair<std::uint64_t, MachineId>, std::deque<std::size_t>> under_way_;
};

}  // namespace sim
