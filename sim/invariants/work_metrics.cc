#include "sim/invariants/work_metrics.h"

#include <algorithm>

namespace sim {
namespace {

bool ends_program(const Event& event) {
  return std::holds_alternative<event::MachineCrashed>(event) ||
         std::holds_alternative<event::ProgramExited>(event);
}

std::int64_t counter(const event::ViewSnapshot& view, const char* name) {
  const auto found = view.counters.find(name);
  return found == view.counters.end() ? 0 : static_cast<std::int64_t>(found->second);
}

}  // namespace

void WorkMetrics::longest(const char* name, std::int64_t value) {
  const auto [found, fresh] = maxima_.insert({name, value});
  if (!fresh) found->second = std::max(found->second, value);
}

void WorkMetrics::see(const Record& record, const Stage& stage) {
  if (record.machine.value >= servers_.size()) return;
  Server& server = servers_[record.machine.value];
  if (std::holds_alternative<event::NodeStarted>(record.event)) {
    server.started = record.at;
  } else if (const auto* view = std::get_if<event::ViewSnapshot>(&record.event)) {
    see_view(record, *view, server);
  } else if (const auto* forked = std::get_if<event::Forked>(&record.event)) {
    longest("fork_stall", forked->stall_ns);
  }
  see_loading(record, server);
  if (!stage.forming()) see_sync(record, stage, server);
}

// A replica is out of sync from when it starts, loses its primary or gets another, until it has
// caught up with one.
void WorkMetrics::see_sync(const Record& record, const Stage& stage, Server& server) {
  const auto begin = [&] {
    if (!server.out_of_sync) server.out_of_sync = record.at;
  };
  if (const auto* started = std::get_if<event::MachineStarted>(&record.event)) {
    if (started->incarnation > 0 && stage.directory().is_cluster_node(record.machine)) begin();
  } else if (std::holds_alternative<event::ReplicationDown>(record.event) ||
             std::holds_alternative<event::Following>(record.event)) {
    begin();
  } else if (std::holds_alternative<event::ReplicationUp>(record.event)) {
    if (server.out_of_sync) longest("resync", (record.at - *server.out_of_sync).count());
    server.out_of_sync.reset();
  } else if (const auto* claim = std::get_if<event::Claim>(&record.event)) {
    if (claim->role == Role::kPrimary) server.out_of_sync.reset();
  } else if (ends_program(record.event)) {
    server.out_of_sync.reset();
  }
}

void WorkMetrics::see_loading(const Record& record, Server& server) {
  if (std::holds_alternative<event::LoadingBegan>(record.event)) {
    server.loading = record.at;
  } else if (server.loading && (std::holds_alternative<event::LoadingEnded>(record.event) ||
                                ends_program(record.event))) {
    longest("loading", (record.at - *server.loading).count());
    server.loading.reset();
  }
}

void WorkMetrics::see_view(const Record& record, const event::ViewSnapshot& view, Server& server) {
  if (view.counters.count("busy_ns") == 0) return;
  counts_work_ = true;
  longest("busy_longest", counter(view, "busy_longest_ns"));
  server.map_replies = static_cast<std::uint64_t>(counter(view, "map_replies"));
  const std::int64_t microseconds = (record.at - server.started) / 1us;
  if (microseconds <= 0) return;
  server.busy_ppm =
      std::min(kPerMillion, ratio(counter(view, "busy_ns") / 1000, kPerMillion, microseconds));
}

void WorkMetrics::finish(SimTime end, const Stage& stage, std::vector<Metric>& values) {
  std::int64_t busiest = 0;
  std::uint64_t map_replies = 0;
  for (std::uint32_t i = 0; i < servers_.size(); ++i) {
    const Server& server = servers_[i];
    if (server.out_of_sync && stage.directory().is_up(MachineId{i})) {
      longest("resync", (end - *server.out_of_sync).count());
    }
    if (server.loading) longest("loading", (end - *server.loading).count());
    busiest = std::max(busiest, server.busy_ppm);
    map_replies += server.map_replies;
  }
  if (counts_work_) {
    values.push_back(metric("busy_share", busiest));
    values.push_back(metric("slot_refreshes", static_cast<std::int64_t>(map_replies)));
  }
  for (const auto& [name, value] : maxima_) values.push_back(metric(name, value));
}

}  // namespace sim
