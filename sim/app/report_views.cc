#include "sim/app/report_views.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "sim/base/check.h"

namespace sim {
namespace {

using Json = nlohmann::ordered_json;

// A line of CLUSTER NODES: "id address flags primary ping pong epoch link slots..."
struct NodesLine {
  std::string id, without_times;
  std::int64_t ping = 0, pong = 0;
};

NodesLine parse_line(std::string_view text) {
  constexpr std::size_t kPing = 4, kPong = 5;
  NodesLine line;
  for (std::size_t field = 0; !text.empty(); ++field) {
    const std::size_t end = field > kPong ? text.size() : text.find(' ');
    CHECK(end != std::string_view::npos);
    const std::string word(text.substr(0, end));
    text.remove_prefix(end + (end < text.size() ? 1 : 0));
    if (field == kPing) {
      line.ping = std::atoll(word.c_str());
    } else if (field == kPong) {
      line.pong = std::atoll(word.c_str());
    } else {
      line.without_times += (field == 0 ? "" : " ") + word;
    }
    if (field == 0) line.id = word;
  }
  return line;
}

// Of a server that cannot be asked without disturbing it: the same fields, as far as they are
// known.
std::string known_line(const event::PeerView& peer, const NodeName& self) {
  std::string line(peer.id.view());
  line += peer.no_address ? " ? " : " - ";
  if (peer.id == self) line += "myself,";
  line += peer.role == Role::kReplica ? "slave" : "master";
  if (peer.suspicion == event::Suspicion::kPfail) line += ",fail?";
  if (peer.suspicion == event::Suspicion::kFail) line += ",fail";
  if (peer.handshake) line += ",handshake";
  line += " " + (peer.replica_of.is_none() ? "-" : std::string(peer.replica_of.view()));
  line += " " + std::to_string(peer.config_epoch) + " -";
  const std::string slots = format_slots(peer.slots->slots());
  return slots.empty() ? line : line + " " + slots;
}

}  // namespace

std::int64_t ReportViews::since_base(std::int64_t ms) {
  if (ms == 0) return 0;
  if (!base_) base_ = ms;
  return ms > *base_ ? ms - *base_ : ms - *base_ - 1;
}

ReportViews::View ReportViews::rows_of(const event::ViewSnapshot& view, std::string_view nodes) {
  View rows;
  if (nodes.empty()) {
    for (const event::PeerView& peer : view.peers)
      rows.push_back(
          {texts_.number(peer.id.view()), texts_.number(known_line(peer, view.id)), 0, 0});
    return rows;
  }
  for (std::string_view rest = nodes; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    const NodesLine line = parse_line(rest.substr(0, end));
    rows.push_back({texts_.number(line.id), texts_.number(line.without_times),
                    since_base(line.ping), since_base(line.pong)});
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return rows;
}

void ReportViews::add(SimTime at, MachineId machine, const event::ViewSnapshot& view,
                      const std::string& nodes) {
  View rows = rows_of(view, nodes);
  if (rows.empty()) return;
  rows_ += rows.size();
  View& before = last_[machine];
  const bool same_nodes = std::ranges::equal(rows, before, {}, &Row::id, &Row::id);
  Json cells = Json::array();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    const bool only_times = same_nodes && before[i].line == row.line;
    if (only_times && (before[i] == row || rows.size() > kExactPeers)) continue;
    for (const std::int64_t cell :
         {std::int64_t{row.id}, std::int64_t{row.line}, row.ping, row.pong})
      cells.push_back(cell);
  }
  before = std::move(rows);
  const int bits = (view.healthy ? 1 : 0) | (view.writable ? 2 : 0) | (nodes.empty() ? 0 : 4) |
                   (view.replication_up ? 8 : 0) | (same_nodes ? 0 : 16);
  looks_.push_back({steps_.to(report_us(at)), machine.value, bits, view.current_epoch,
                    view.config_epoch, view.last_vote_epoch, view.keys, view.offset,
                    std::move(cells)});
}

Json ReportViews::json() const {
  return {{"base", base_.value_or(0)}, {"looks", looks_}};
}

}  // namespace sim
