#include "sim/app/wall_run.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "sim/app/casting.h"
#include "sim/app/judge.h"
#include "sim/app/seed_nodes.h"
#include "sim/app/server_log.h"
#include "sim/app/wall_levers.h"
#include "sim/hosts/clock.h"
#include "sim/hosts/wall_cluster.h"
#include "sim/wire/bus.h"
#include "sim/wire/nodes_conf.h"

namespace sim {
namespace {

constexpr Duration kFormingPatience = 60s;
constexpr Duration kPoll = 250ms;
constexpr Duration kQuietMargin = 1s;  // as after the settling of a simulated run

// ---- The servers as files ----

std::string quoted(const std::string& value) {
  return value.empty() || value.find(' ') != std::string::npos ? "\"" + value + "\"" : value;
}

std::vector<std::string> lines_for(const ClusterOptions& cluster, const std::string& machine) {
  std::vector<std::string> lines{"cluster-enabled yes", "loglevel debug"};
  bool saves = false;
  const auto add = [&](const Directives& directives) {
    for (const auto& [name, value] : directives) {
      saves |= name == "save";
      lines.push_back(name + " " + quoted(value));
    }
  };
  add(cluster.config);
  if (const auto own = cluster.nodes.find(machine); own != cluster.nodes.end())
    add(own->second.config);
  if (!saves) lines.emplace_back("save \"\"");
  return lines;
}

std::vector<WallServer> servers_of(const Plan& plan, std::uint16_t first_port) {
  std::vector<SeedNode> seeds;
  for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
    const PlannedNode& node = plan.nodes[i];
    const MachineInfo& info = plan.facts.cast[node.machine.value];
    SeedNode seed;
    seed.name = info.name;
    seed.id = info.planned_id;
    seed.endpoint = {parse_ipv4("127.0.0.1"), static_cast<std::uint16_t>(first_port + i)};
    seed.bus_port = static_cast<std::uint16_t>(seed.endpoint.port + kBusPortOffset);
    seed.primary = node.primary;
    for (const SlotRange& range : node.slots) {
      for (std::size_t slot = range.first.value; slot <= range.last.value; ++slot)
        seed.slots.set(slot);
    }
    seeds.push_back(std::move(seed));
  }
  const std::vector<Slices> files = seed_files(seeds);
  std::vector<WallServer> servers;
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    WallServer server{seeds[i].name, seeds[i].endpoint.port, {}, {}};
    server.lines = lines_for(plan.scenario.cluster, server.name);
    std::string& text = server.files["nodes.conf"];
    for (const Slice& slice : files[i]) text += slice.view();
    servers.push_back(std::move(server));
  }
  return servers;
}

std::string last_line(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

// The value of "name:value" in the text of INFO; "" if it is not there.
std::string field(const std::string& info, const std::string& name) {
  const std::size_t at = info.find("\n" + name + ":");
  if (at == std::string::npos) return "";
  const std::size_t begin = at + name.size() + 2;
  return info.substr(begin, info.find_first_of("\r\n", begin) - begin);
}

// "cluster_stats_messages_ping_sent:17" -> bus_sent_ping
std::map<std::string, std::uint64_t> counters_in(const std::string& cluster_info) {
  constexpr std::string_view kPrefix = "\ncluster_stats_messages_";
  std::map<std::string, std::uint64_t> counters;
  for (std::size_t at = cluster_info.find(kPrefix); at != std::string::npos;
       at = cluster_info.find(kPrefix, at + 1)) {
    const std::size_t begin = at + kPrefix.size(), colon = cluster_info.find(':', begin);
    const std::string name = cluster_info.substr(begin, colon - begin);
    const std::size_t way = name.rfind('_');
    if (colon == std::string::npos || way == std::string::npos) continue;  // a total
    counters["bus_" + name.substr(way + 1) + "_" + name.substr(0, way)] =
        std::stoull(cluster_info.substr(colon + 1));
  }
  return counters;
}

// ---- The run ----

class WallRun final : public FaultStage {
 public:
  WallRun(std::shared_ptr<const Plan> plan, const std::string& program,
          const std::function<bool()>& interrupted)
      : plan_(std::move(plan)),
        interrupted_(interrupted),
        first_port_(find_free_ports(plan_->nodes.size())),
        cluster_(program, servers_of(*plan_, first_port_)),
        directory_(plan_->facts.cast),
        levers_(
            *plan_, cluster_, [this] { return now(); },
            [this](MachineId machine, Event event) { tell(now(), machine, std::move(event)); }),
        stream_(plan_->seed, "plan:faults"),
        choices_(stream_) {}

  RunResult run() {
    began_ns_ = real_ns();
    began_wall_ms_ = wall_clock_ms();
    tell(now(), kNoMachine, event::PhaseBegan{event::Phase::kForming});
    for (const PlannedNode& node : plan_->nodes) levers_.start(node.machine, {});
    if (form() && carry_out() && settle()) tell_end();
    return result();
  }

  // ---- What faults see ----
  Levers& levers() override { return levers_; }
  Choices& choices() override { return choices_; }
  std::vector<MachineId> resolve(const Selector& selector) override {
    for (const PlannedNode& node : plan_->nodes) tell_claim(node.machine);
    return sim::resolve(selector, directory_, choices_);
  }
  std::vector<NodeName> ids_of(MachineId machine) override { return directory_.ids_of(machine); }

 private:
  struct ActiveFault {
    std::uint32_t id = 0;
    const Step* step = nullptr;
    std::unique_ptr<Fault> fault;
    bool ended = false;
  };

  // Since the start; told from t = 0 once that is known.
  SimTime now() const { return sim_time(Duration{real_ns() - began_ns_} - origin_); }

  void tell(SimTime at, MachineId machine, Event event) {
    Record record{0, at, machine, Source::kProbe, std::move(event)};
    directory_.see(record);
    records_.push_back(std::move(record));
  }

  // False: interrupted.
  bool wait_until(SimTime due) {
    while (now() < due) {
      if (interrupted_()) return cut("interrupted");
      levers_.look();
      sleep_ms(std::clamp<std::int64_t>((due - now()) / 1ms, 1, 50));
    }
    return true;
  }
  bool cut(std::string why) {
    cut_short_ = std::move(why);
    return false;
  }

  std::string ask(MachineId machine, const resp::Command& command) {
    const auto reply = cluster_.ask(machine.value, command);
    const auto* text = reply ? std::get_if<resp::Bulk>(&reply->data) : nullptr;
    return text == nullptr ? "" : "\n" + text->text;
  }

  // ---- Forming ----

  bool is_ready(MachineId machine) {
    if (field(ask(machine, {"CLUSTER", "INFO"}), "cluster_state") != "ok") return false;
    const std::string info = ask(machine, {"INFO", "replication"});
    return field(info, "role") == "master" || field(info, "master_link_status") == "up";
  }

  bool form() {
    if (first_port_ == 0) return cut("not enough ports in a row are free");
    for (const PlannedNode& node : plan_->nodes) {
      while (!is_ready(node.machine)) {
        const std::string& name = plan_->facts.cast[node.machine.value].name;
        if (!cluster_.is_up(node.machine.value)) {
          return cut(
              name + " ended: " +
              last_line(cluster_.output(node.machine.value) + cluster_.log(node.machine.value)));
        }
        if (now() > sim_time(kFormingPatience))
          return cut("the cluster did not form within 60 s: " + name + " is not ready");
        if (!wait_until(now() + 20ms)) return false;
      }
    }
    set_origin();
    return true;
  }

  // From here on time is told from now.
  void set_origin() {
    origin_ = now().time_since_epoch();
    for (Record& record : records_) record.at = record.at - origin_;
    std::map<MachineId, event::Claim> claims;
    for (const PlannedNode& node : plan_->nodes) {
      tell_claim(node.machine);
      tell(now(), node.machine, event::HealthChanged{true, ""});
      if (const event::Claim* claim = directory_.claim(node.machine)) claims[node.machine] = *claim;
    }
    teller_.emplace(std::move(claims));
    tell(now(), kNoMachine, event::PhaseBegan{event::Phase::kFaults});
  }

  // What the node says of itself; nothing if it does not answer.
  void tell_claim(MachineId machine) {
    if (!levers_.is_up(machine)) return;
    for (const nodes_conf::Line& line : view_of(machine)) {
      if ((line.flags & bus::flag::kMyself) == 0) continue;
      event::Claim claim;
      claim.id = line.id;
      claim.role = (line.flags & bus::flag::kSlave) != 0 ? Role::kReplica : Role::kPrimary;
      claim.replica_of = line.replica_of;
      claim.slots = share_slots(line.slots);
      claim.config_epoch = claim.current_epoch = line.config_epoch;
      tell(now(), machine, claim);
    }
  }

  std::vector<nodes_conf::Line> view_of(MachineId machine) {
    const std::string text = ask(machine, {"CLUSTER", "NODES"});
    const auto parsed = nodes_conf::parse(text.empty() ? text : text.substr(1));
    const auto* file = std::get_if<nodes_conf::File>(&parsed);
    return file == nullptr ? std::vector<nodes_conf::Line>{} : file->lines;
  }

  // ---- The timeline ----

  bool carry_out() {
    for (const PlannedStep& planned : plan_->steps) {
      const Step* step = &planned.step;
      due_.emplace(sim_time(step->trigger.at), [this, step, &planned] { fire(*step, planned); });
    }
    const SimTime end = sim_time(plan_->scenario.duration);
    while (!due_.empty() && due_.begin()->first < end) {
      const auto [at, action] = *due_.begin();
      due_.erase(due_.begin());
      if (!wait_until(at)) return false;
      action();
    }
    return wait_until(end);
  }

  void fire(const Step& step, const PlannedStep& planned) {
    if (step.what == Step::What::kEnd) {
      for (std::size_t i = 0; i < faults_.size(); ++i) {
        if (faults_[i].step->id == step.ends) end_fault(i);
      }
      return;
    }
    const std::size_t index = faults_.size();
    faults_.push_back(
        {static_cast<std::uint32_t>(index + 1), &step, planned.fault->clone(), false});
    act(index);
    const ActiveFault& active = faults_[index];
    levers_.note(
        event::FaultBegan{active.id, step.fault, active.fault->text(), active.fault->targets()});
    if (step.lifetime.kind == Lifetime::Kind::kFor)
      due_.emplace(now() + step.lifetime.length, [this, index] { end_fault(index); });
  }

  void act(std::size_t index) {
    if (faults_[index].ended) return;
    if (const auto next = faults_[index].fault->act(*this))
      due_.emplace(*next, [this, index] { act(index); });
  }

  void end_fault(std::size_t index) {
    ActiveFault& active = faults_[index];
    if (std::exchange(active.ended, true)) return;
    active.fault->end(*this);
    const Fault::Effects effects = active.fault->effects(levers_);
    levers_.note(event::FaultEnded{active.id, effects.count, std::string(effects.unit),
                                   !find_fault(active.step->fault)->lasts, false});
  }

  // ---- Settling ----

  bool settle() {
    if (!plan_->scenario.heal) return true;
    std::vector<MachineId> stay_down;
    for (std::size_t i = 0; i < faults_.size(); ++i) {
      if (faults_[i].step->lifetime.kind != Lifetime::Kind::kForever) {
        end_fault(i);
        continue;
      }
      const std::vector<MachineId> targets = faults_[i].fault->targets();
      stay_down.insert(stay_down.end(), targets.begin(), targets.end());
    }
    for (const PlannedNode& node : plan_->nodes) {
      const bool stays =
          std::find(stay_down.begin(), stay_down.end(), node.machine) != stay_down.end();
      if (!stays) levers_.start(node.machine, {});
    }
    levers_.note(event::PhaseBegan{event::Phase::kSettling});
    const SimTime deadline = now() + plan_->scenario.settle_within;
    while (!agree()) {
      if (now() > deadline) return true;
      if (!wait_until(now() + kPoll)) return false;
    }
    levers_.note(event::Converged{});
    return wait_until(now() + plan_->facts.node_timeout + kQuietMargin);
  }

  // Every live node is ok, suspects no live one, and describes the cluster as the others do.
  bool agree() {
    std::optional<std::string> common;
    std::size_t dead = 0;
    for (const PlannedNode& node : plan_->nodes) dead += levers_.is_up(node.machine) ? 0 : 1;
    for (const PlannedNode& node : plan_->nodes) {
      if (!levers_.is_up(node.machine)) continue;
      if (!is_ready(node.machine)) return false;
      const auto [view, suspected] = belief_of(node.machine);
      if (suspected > dead || view != common.value_or(view)) return false;
      common = view;
    }
    return true;
  }

  std::pair<std::string, std::size_t> belief_of(MachineId machine) {
    std::vector<std::string> beliefs;
    std::size_t suspected = 0;
    for (nodes_conf::Line& line : view_of(machine)) {
      suspected += (line.flags & (bus::flag::kPfail | bus::flag::kFail)) != 0 ? 1 : 0;
      nodes_conf::Line belief;
      belief.id = line.id;
      belief.flags = line.flags & (bus::flag::kMaster | bus::flag::kSlave | bus::flag::kFail);
      belief.replica_of = line.replica_of;
      belief.slots = line.slots;
      beliefs.push_back(nodes_conf::print(belief));
    }
    std::sort(beliefs.begin(), beliefs.end());
    std::string all;
    for (const std::string& belief : beliefs) all += belief + "\n";
    return {all, suspected};
  }

  // ---- The end ----

  void tell_end() {
    for (const PlannedNode& node : plan_->nodes) {
      if (!levers_.is_up(node.machine)) continue;
      tell_claim(node.machine);
      event::ViewSnapshot view;
      view.id = plan_->facts.cast[node.machine.value].planned_id;
      view.counters = counters_in(ask(node.machine, {"CLUSTER", "INFO"}));
      tell(now(), node.machine, std::move(view));
    }
    tell(now(), kNoMachine, event::PhaseBegan{event::Phase::kDone});
  }

  // The logs of all, as records, in order of time.
  void add_logs() {
    std::vector<LogEntry> entries;
    for (const PlannedNode& node : plan_->nodes) {
      for (LogEntry& entry : read_server_log(cluster_.log(node.machine.value), node.machine))
        entries.push_back(std::move(entry));
    }
    std::stable_sort(entries.begin(), entries.end(),
                     [](const LogEntry& a, const LogEntry& b) { return a.wall_ms < b.wall_ms; });
    for (const LogEntry& entry : entries) {
      const auto since = std::chrono::milliseconds(entry.wall_ms - began_wall_ms_);
      for (Event& event : teller_->tell(entry))
        records_.push_back(
            {0, sim_time(since - origin_), entry.machine, Source::kLog, std::move(event)});
    }
  }

  RunResult result() {
    RunResult result;
    result.scenario = plan_->scenario.name;
    result.seed = plan_->seed;
    result.complete = cut_short_.empty();
    result.cut_short = cut_short_;
    result.end = now();
    result.forming = origin_;
    if (teller_) add_logs();
    std::stable_sort(records_.begin(), records_.end(),
                     [](const Record& a, const Record& b) { return a.at < b.at; });
    Judge judge(plan_);
    for (std::size_t i = 0; i < records_.size(); ++i) {
      records_[i].sequence = i;
      judge.see(records_[i]);
    }
    judge.finish(result.end);
    judge.report(result);
    return result;
  }

  std::shared_ptr<const Plan> plan_;
  const std::function<bool()>& interrupted_;
  std::uint16_t first_port_;
  WallCluster cluster_;
  Directory directory_;
  WallLevers levers_;
  ChoiceStream stream_;
  Choices choices_;
  std::int64_t began_ns_ = 0, began_wall_ms_ = 0;
  Duration origin_{};
  std::vector<Record> records_;
  std::optional<LogTeller> teller_;
  std::multimap<SimTime, std::function<void()>> due_;
  std::vector<ActiveFault> faults_;
  std::string cut_short_;
};

}  // namespace

RunResult run_on_the_wall(std::shared_ptr<const Plan> plan, const std::string& program,
                          const std::function<bool()>& interrupted) {
  return WallRun(std::move(plan), program, interrupted).run();
}

}  // namespace sim
