#include "sim/app/comparison_rows.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace sim {
namespace {

using Kind = ComparedRow::Kind;
using Runs = std::vector<Observation>;
// What a run says to a row; nullopt: nothing.
using Measure = std::function<std::optional<double>(const Observation&)>;

Sample sample_of(const Runs& runs, const Measure& measure) {
  Sample sample;
  for (const Observation& run : runs) {
    if (const auto value = measure(run)) sample.push_back(*value);
  }
  return sample;
}

class Rows {
 public:
  Rows(const SideRuns& a, const SideRuns& b) : a_(a), b_(b) {}

  std::vector<ComparedRow> make() {
    end_states();
    stations();
    times();
    packets();
    losses();
    errors();
    return std::move(rows_);
  }

 private:
  void add(Kind kind, std::string group, std::string what, const Measure& measure) {
    ComparedRow row;
    row.kind = kind;
    row.group = std::move(group);
    row.what = std::move(what);
    row.a = sample_of(a_.runs, measure);
    row.b = sample_of(b_.runs, measure);
    if (row.a.empty() && row.b.empty()) return;
    rows_.push_back(std::move(row));
  }

  template <class Look>
  void each_run(const Look& look) const {
    for (const SideRuns* side : {&a_, &b_}) {
      for (const Observation& run : side->runs) look(run);
    }
  }

  // ---- Who is primary of which shard in the end ----

  void end_states() {
    std::map<std::size_t, std::set<std::string>> outcomes;
    each_run([&](const Observation& run) {
      if (!run.complete) return;
      for (std::size_t i = 0; i < run.primaries.size(); ++i) outcomes[i].insert(run.primaries[i]);
    });
    // Shards that end alike in every run are one row.
    std::map<std::string, std::vector<std::size_t>> settled;
    for (const auto& [shard, ways] : outcomes) {
      if (ways.size() == 1) settled[*ways.begin()].push_back(shard);
    }
    for (const auto& [outcome, shards] : settled) add_outcome(shards, outcome);
    for (const auto& [shard, ways] : outcomes) {
      if (ways.size() == 1) continue;
      for (const std::string& outcome : ways) add_outcome({shard}, outcome);
    }
    add(Kind::kShare, "end states", "the run came to its end",
        [](const Observation& run) -> std::optional<double> { return run.complete ? 1 : 0; });
    add(Kind::kShare, "end states", "the run is as its scenario expects",
        [](const Observation& run) -> std::optional<double> {
          if (run.verdict.empty()) return std::nullopt;
          return run.as_expected ? 1 : 0;
        });
    add(Kind::kShare, "end states", "all nodes agree and are healthy",
        [](const Observation& run) -> std::optional<double> {
          if (!run.complete) return std::nullopt;
          return run.converged ? 1 : 0;
        });
  }

  // "0, 1, 5-9"; ascending.
  static std::string listed(const std::vector<std::size_t>& shards) {
    std::string text;
    for (std::size_t i = 0; i < shards.size();) {
      std::size_t next = i + 1;
      while (next < shards.size() && shards[next] == shards[next - 1] + 1) ++next;
      if (next - i == 2) next = i + 1;  // two are no range
      text += (text.empty() ? "" : ", ") + std::to_string(shards[i]);
      if (next - i > 1) text += "-" + std::to_string(shards[next - 1]);
      i = next;
    }
    return text;
  }

  void add_outcome(const std::vector<std::size_t>& shards, const std::string& outcome) {
    add(Kind::kShare, "end states",
        "primary of shard" + std::string(shards.size() == 1 ? " " : "s ") + listed(shards) + ": " +
            outcome,
        [&, shard = shards.front()](const Observation& run) -> std::optional<double> {
          if (!run.complete || shard >= run.primaries.size()) return std::nullopt;
          return run.primaries[shard] == outcome ? 1 : 0;
        });
  }

  // ---- Did it happen at all ----

  static bool reached(const Observation& run, Station station) {
    return std::any_of(run.failovers.begin(), run.failovers.end(),
                       [&](const auto& failover) { return failover.at.contains(station); });
  }
  // A side that is not ours may have no way of telling; then it never tells.
  static bool tells(const SideRuns& side, Station station) {
    return side.ours || std::any_of(side.runs.begin(), side.runs.end(),
                                    [&](const auto& run) { return reached(run, station); });
  }

  void stations() {
    constexpr std::pair<Station, const char*> kTold[] = {
        {Station::kPfail, "a primary is suspected (PFAIL)"},
        {Station::kFail, "a primary is held as FAIL"},
        {Station::kElection, "a replica stands for election"},
        {Station::kPromoted, "a replica is promoted"}};
    for (const auto& [station, what] : kTold) {
      add(Kind::kShare, "what happens", what, [](const Observation&) { return 0.0; });
      ComparedRow& row = rows_.back();
      row.a = share_reaching(a_, station);
      row.b = share_reaching(b_, station);
      if (row.a.empty() && row.b.empty()) rows_.pop_back();
    }
  }

  static Sample share_reaching(const SideRuns& side, Station station) {
    if (!tells(side, station)) return {};
    return sample_of(side.runs,
                     [&](const Observation& run) { return reached(run, station) ? 1.0 : 0.0; });
  }

  // ---- When ----

  void times() {
    bool several = false;
    each_run([&](const Observation& run) { several |= run.failovers.size() > 1; });
    const auto between = [&](Station from, Station to, const std::string& what) {
      if (!several) return add_time(what, from, to, false);
      add_time(what + ", first shard", from, to, false);
      add_time(what + ", last shard", from, to, true);
    };
    between(Station::kLoss, Station::kPfail, "PFAIL, after the fault");
    between(Station::kPfail, Station::kFail, "FAIL, after PFAIL");
    between(Station::kFail, Station::kElection, "election begins, after FAIL");
    between(Station::kElection, Station::kPromoted, "promotion, after the election began");
    between(Station::kLoss, Station::kPromoted, "promotion, after the fault");
    add(Kind::kTime, "times", "state ok again, after the loss of the primary",
        [](const Observation& run) -> std::optional<double> {
          const auto found = run.numbers.find("state_ok_again");
          if (found == run.numbers.end()) return std::nullopt;
          return static_cast<double>(found->second) / 1e6;
        });
  }

  void add_time(const std::string& what, Station from, Station to, bool last) {
    add(Kind::kTime, "times", what, [=](const Observation& run) -> std::optional<double> {
      std::optional<double> chosen;
      for (const Observation::Failover& failover : run.failovers) {
        const auto begin = failover.at.find(from), end = failover.at.find(to);
        if (begin == failover.at.end() || end == failover.at.end()) continue;
        const double ms = static_cast<double>((end->second - begin->second).count()) / 1e6;
        if (!chosen || (last ? ms > *chosen : ms < *chosen)) chosen = ms;
      }
      return chosen;
    });
  }

  // ---- The bus ----

  static double rate_of(const Observation::Traffic& node, const std::string& type) {
    const auto found = node.messages.find(type);
    const double count = found == node.messages.end() ? 0 : static_cast<double>(found->second);
    return count * 1000 / static_cast<double>(node.milliseconds);
  }

  void packets() {
    const std::string prefix = "bus_sent_";
    std::set<std::string> types;
    each_run([&](const Observation& run) {
      for (const Observation::Traffic& node : run.traffic) {
        for (const auto& [type, count] : node.messages) {
          if (type.starts_with(prefix)) types.insert(type);
        }
      }
    });
    for (const std::string& type : types) {
      if (is_heartbeat(type)) add_rate(type, type.substr(prefix.size()));
    }
    for (const bool most : {false, true}) {
      add(Kind::kMean, "packets sent, per node and second",
          most ? "ping and pong of the busiest node" : "ping and pong of the quietest node",
          [&](const Observation& run) -> std::optional<double> {
            std::optional<double> extreme;
            for (const Observation::Traffic& node : run.traffic) {
              const double rate = rate_of(node, prefix + "ping") + rate_of(node, prefix + "pong");
              if (!extreme || (most ? rate > *extreme : rate < *extreme)) extreme = rate;
            }
            return extreme;
          });
    }
    // What an event causes does not come at a rate: a longer run has no more of it.
    for (const std::string& type : types) {
      if (!is_heartbeat(type)) add_count(type, type.substr(prefix.size()));
    }
  }

  static bool is_heartbeat(const std::string& type) {
    return type.ends_with("_ping") || type.ends_with("_pong");
  }

  void add_rate(const std::string& type, const std::string& what) {
    add(Kind::kMean, "packets sent, per node and second", what,
        [&](const Observation& run) -> std::optional<double> {
          if (run.traffic.empty()) return std::nullopt;
          double count = 0, seconds = 0;
          for (const Observation::Traffic& node : run.traffic) {
            const double up = static_cast<double>(node.milliseconds) / 1000;
            count += rate_of(node, type) * up;
            seconds += up;
          }
          return count / seconds;
        });
  }

  void add_count(const std::string& type, const std::string& what) {
    add(Kind::kMean, "packets sent, per run", what,
        [&](const Observation& run) -> std::optional<double> {
          if (run.traffic.empty()) return std::nullopt;
          double count = 0;
          for (const Observation::Traffic& node : run.traffic) {
            const auto found = node.messages.find(type);
            if (found != node.messages.end()) count += static_cast<double>(found->second);
          }
          return count;
        });
  }

  // ---- Clients ----

  void losses() {
    for (const auto& [name, what] : {std::pair{"acked_writes", "writes acknowledged"},
                                     {"lost_writes", "of these lost"},
                                     {"lost_async", "lost: not replicated in time"},
                                     {"lost_minority", "lost: applied in a minority"},
                                     {"lost_by_defect", "lost: by a known defect"},
                                     {"lost_unexplained", "lost: unexplained"}}) {
      const std::string metric = name;
      const bool by_class = metric.starts_with("lost_") && metric != "lost_writes";
      add(Kind::kMean, "writes, per run", what,
          [&](const Observation& run) -> std::optional<double> {
            const auto found = run.numbers.find(metric);
            if (found == run.numbers.end() || (by_class && !run.sees_effects)) return std::nullopt;
            return static_cast<double>(found->second);
          });
    }
  }

  void errors() {
    std::set<std::string> kinds;
    each_run([&](const Observation& run) {
      for (const auto& [kind, count] : run.error_replies) kinds.insert(kind);
    });
    for (const std::string& kind : kinds) {
      add(Kind::kMean, "error replies seen by clients, per run", kind,
          [&](const Observation& run) -> std::optional<double> {
            if (!run.has_clients) return std::nullopt;
            const auto found = run.error_replies.find(kind);
            return found == run.error_replies.end() ? 0 : static_cast<double>(found->second);
          });
    }
  }

  const SideRuns& a_;
  const SideRuns& b_;
  std::vector<ComparedRow> rows_;
};

}  // namespace

std::vector<ComparedRow> compared_rows(const SideRuns& a, const SideRuns& b) {
  return Rows(a, b).make();
}

}  // namespace sim
