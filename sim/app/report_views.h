// What servers believed, for a report: their answers to being looked at, each told as what changed
// since the answer before it.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/app/report_tables.h"
#include "sim/trace/fold.h"

namespace sim {

class ReportViews {
 public:
  // Of larger clusters only those rows of a view are told anew that changed beside their two times.
  static constexpr std::size_t kExactPeers = 20;

  explicit ReportViews(TextTable& texts) : texts_(texts) {}

  // `nodes` is what it would answer to CLUSTER NODES; "" if that is not known.
  void add(SimTime at, MachineId machine, const event::ViewSnapshot& view,
           const std::string& nodes);
  // How many rows of views have been gone through.
  std::uint64_t rows() const { return rows_; }
  // {"base": ms, "looks": [[us since the look before, machine, bits, currentEpoch, configEpoch,
  //  lastVoteEpoch, keys, offset, [id, line, ping, pong, id, ...]], ...]}: bits are 1 cluster state
  // ok, 2 writable, 4 the lines are those of CLUSTER NODES, 8 the link to the primary is up, 16 all
  // lines are here, in their order, and those of before are gone. A line is one of CLUSTER NODES
  // without its two times; these are milliseconds since `base`, those up to it one less, and 0 is
  // 0.
  nlohmann::ordered_json json() const;

 private:
  struct Row {
    std::uint32_t id = 0, line = 0;  // of the text table
    std::int64_t ping = 0, pong = 0;
    bool operator==(const Row&) const = default;
  };
  using View = std::vector<Row>;
  View rows_of(const event::ViewSnapshot& view, std::string_view nodes);
  std::int64_t since_base(std::int64_t ms);

  TextTable& texts_;
  Steps steps_;
  std::map<MachineId, View> last_;
  std::optional<std::int64_t> base_;
  std::uint64_t rows_ = 0;
  nlohmann::ordered_json looks_ = nlohmann::ordered_json::array();
};

}  // namespace sim
