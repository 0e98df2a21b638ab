// Claim: a replica stands for a primary that it holds for failed, 500 to 1000 ms and a second a
// rank after it set out to, and sets out again no sooner than max(4T, 4 s) after that start; its
// rank counts the siblings that have told of more data; whose data are too old does not stand.
// - Source: Cluster spec, "Replica election and promotion", "Replica rank"; protocol §7.1, §15.13,
//   D15 (11).
// - Scope: always.
// - Kills: no-election-delay, retry-at-once, stand-on-suspicion, rank-inverted, stale-data-stand.
//
// A manual failover waits for none of this but the time between two attempts. Of a real server its
// log tells when it set out, with delay and rank; whether it holds its primary for failed may be
// told late, and is not asked.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/invariants/bounds.h"
#include "sim/invariants/sent_again.h"
#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"

namespace sim {
namespace {

constexpr std::int64_t kDelayMinMs = 500, kDelayMaxMs = 1000, kRankMs = 1000;
constexpr Duration kManualMax = 5s;

class ElectionsKeepTime final : public CopyableVerdict<ElectionsKeepTime> {
 public:
  explicit ElectionsKeepTime(const RunFacts& facts)
      : CopyableVerdict("no replica had a reason to stand for election"),
        facts_(facts),
        disorder_(clock_slack(facts)),
        retry_(std::max<Duration>(4 * facts.node_timeout, 4s)),
        replicas_(facts.cast.size()) {}

  void see(const Record& record, const Stage& stage) override {
    if (const auto* fault = std::get_if<event::FaultBegan>(&record.event)) {
      reconfigured_ |= fault->kind == "config-set";
    }
    see_network(record.at, stage);
    if (record.machine.value >= replicas_.size()) return;
    Replica& replica = replicas_[record.machine.value];
    if (const auto* started = std::get_if<event::NodeStarted>(&record.event)) {
      replica = {};
      replica.loaded = started->incarnation > 0;
    } else if (const auto* change = std::get_if<event::SuspicionChanged>(&record.event)) {
      replica.held[change->peer] = change->to;
    } else if (const auto* learned = std::get_if<event::PeerLearned>(&record.event)) {
      replica.introduced.insert(learned->peer);
    } else if (std::holds_alternative<event::ElectionHindered>(record.event)) {
      evidence();
    } else if (const auto* manual = std::get_if<event::ManualFailover>(&record.event)) {
      if (manual->phase == "requested")
        replica.manual_until = record.at + kManualMax + 2 * facts_.tick;
    } else if (const auto* set_out = std::get_if<event::ElectionScheduled>(&record.event)) {
      see_scheduled(record, *set_out, replica, stage);
    } else if (const auto* election = std::get_if<event::ElectionStarted>(&record.event)) {
      see_started(record, *election, replica, stage);
    } else {
      see_data(record, replica);
    }
  }

  std::string numbers() const override {
    return counted(scheduled_, "time") + " a replica set out to stand, " +
           counted(started_, "election") + ", shortest wait " +
           words(shortest_ == Duration::max() ? Duration{} : shortest_);
  }

 private:
  struct SetOut {
    SimTime at;
    NodeName primary;
    std::int64_t delay_ms = 0, offset = 0;
    bool manual = false;
    SimTime start() const { return at + std::chrono::milliseconds(delay_ms); }
  };
  struct Replica {
    std::map<NodeName, event::Suspicion> held;
    std::set<NodeName> introduced;  // by gossip, which may have called them failed
    std::optional<SetOut> last;
    std::optional<SimTime> data_until;  // since when its replication is down; none: it is up, or
    bool synced = false;                // has never been up since the program started or won
    bool loaded = false;                // suspicions may have come from nodes.conf
    SimTime manual_until{Duration::min()};
  };

  std::string who(const Record& record, const Stage& stage) const {
    return std::string{stage.name(record.machine)};
  }

  void see_network(SimTime now, const Stage& stage) {
    if (stage.disturbed() || !stage.connectivity().whole()) {
      if (!keeps_back_since_) keeps_back_since_ = now;
    } else if (keeps_back_since_) {
      sent_again_.see_outage(*keeps_back_since_, now);
      keeps_back_since_.reset();
    }
  }

  static void see_data(const Record& record, Replica& replica) {
    if (std::holds_alternative<event::ReplicationUp>(record.event)) {
      replica.synced = true;
      replica.data_until.reset();
    } else if (std::holds_alternative<event::ReplicationDown>(record.event)) {
      if (replica.synced && !replica.data_until) replica.data_until = record.at;
    } else if (std::holds_alternative<event::Promoted>(record.event)) {
      replica.synced = false;
      replica.data_until.reset();
    }
  }

  void see_scheduled(const Record& record, const event::ElectionScheduled& set_out,
                     Replica& replica, const Stage& stage) {
    evidence();
    ++scheduled_;
    const bool manual = set_out.manual || record.at <= replica.manual_until;
    const std::string sets_out =
        who(record, stage) + " sets out to replace " + stage.directory().label(set_out.primary);
    if (!manual) {
      check_held(record, set_out.primary, replica, sets_out);
      check_delay(record, set_out, sets_out);
      check_age(record, replica, sets_out);
    }
    check_retry(record, replica, sets_out, stage);
    replica.last = {record.at, set_out.primary, set_out.delay_ms, set_out.offset, manual};
  }

  void check_delay(const Record& record, const event::ElectionScheduled& set_out,
                   const std::string& sets_out) {
    const std::int64_t ranked = kRankMs * set_out.rank;
    if (set_out.delay_ms >= kDelayMinMs + ranked && set_out.delay_ms < kDelayMaxMs + ranked) return;
    violation(record, sets_out + " in " + std::to_string(set_out.delay_ms) + " ms; with rank " +
                          std::to_string(set_out.rank) + " it is " +
                          std::to_string(kDelayMinMs + ranked) + " to " +
                          std::to_string(kDelayMaxMs + ranked) + " ms");
  }

  // Whole seconds are compared, so the bound may be overshot by one.
  void check_age(const Record& record, const Replica& replica, const std::string& sets_out) {
    if (facts_.data_age_max == Duration{} || reconfigured_) return;
    const Duration allowed = facts_.data_age_max + 1s + facts_.tick + disorder_;
    if (!replica.synced) {
      if (facts_.processes.count(record.machine) > 0) return;
      violation(record, sets_out + " although it has had no data of it since it started");
    } else if (replica.data_until && record.at - *replica.data_until > allowed) {
      violation(record, sets_out + " with data that are " + words(record.at - *replica.data_until) +
                            " old (allowed " + words(allowed) + ")");
    }
  }

  void check_retry(const Record& record, const Replica& replica, const std::string& sets_out,
                   const Stage& stage) {
    if (!replica.last || reconfigured_ || facts_.deviations.count("new-primary-new-election") > 0)
      return;
    const Duration waited = record.at - replica.last->start();
    if (waited >= retry_ - 1ms - disorder_) return;
    if (stage.disturbed() || stage.undisturbed_since() > replica.last->at) return;
    violation(record, sets_out + " " + words(waited) + " after its last election was to start (" +
                          words(retry_) + " is the least)");
  }

  void see_started(const Record& record, const event::ElectionStarted& election, Replica& replica,
                   const Stage& stage) {
    evidence();
    ++started_;
    if (election.manual || record.at <= replica.manual_until) return;
    const std::string stands = who(record, stage) + " stands in epoch " +
                               std::to_string(election.epoch) + " to replace " +
                               stage.directory().label(election.primary);
    check_held(record, election.primary, replica, stands);
    if (!replica.last || replica.last->manual) return;
    const Duration waited = record.at - replica.last->at;
    shortest_ = std::min(shortest_, waited);
    const Duration least =
        std::chrono::milliseconds(kDelayMinMs + kRankMs * election.rank) - 1ms - disorder_;
    // While faults bend delays, a slow pass may tell late when it set out.
    const bool bent = stage.disturbed() || stage.undisturbed_since() > replica.last->at;
    if (waited < least && !bent) {
      violation(record, stands + " after " + words(waited) + "; with rank " +
                            std::to_string(election.rank) + " " + words(least) + " is the least");
    }
    check_rank(record, election, *replica.last, stands, stage);
  }

  void check_held(const Record& record, const NodeName& primary, const Replica& replica,
                  const std::string& stands) {
    if (facts_.processes.count(record.machine) > 0) return;
    const auto held = replica.held.find(primary);
    const bool may_have = replica.loaded || replica.introduced.count(primary) > 0;
    if (held == replica.held.end() ? may_have : held->second == event::Suspicion::kFail) return;
    violation(record, stands + " although it does not hold it for failed");
  }

  // Since when nothing has come from the primary, provided that all it had sent had come by then.
  std::optional<SimTime> last_word(const NodeName& primary, const Stage& stage) const {
    const auto machine = stage.directory().machine_of(primary);
    if (!machine) return std::nullopt;
    const auto silent = stage.silent_since(*machine);
    const bool all_came = !keeps_back_since_ && silent && sent_again_.by() < *silent;
    return all_came ? silent : std::nullopt;
  }

  // Who sets out tells its siblings at once. Their offsets can be compared if they stand still.
  void check_rank(const Record& record, const event::ElectionStarted& election, const SetOut& mine,
                  const std::string& stands, const Stage& stage) {
    const auto last = last_word(mine.primary, stage);
    const auto stood_still = [&](MachineId machine, const SetOut& set_out) {
      const auto serving = stage.serving_since(machine);
      return last && *last < set_out.at && serving && *serving < *last;
    };
    if (!stood_still(record.machine, mine)) return;
    const Duration heard = 2 * (facts_.one_way_max + facts_.tick + facts_.stall_max);
    std::uint32_t ahead = 0;
    std::string names;
    for (std::uint32_t i = 0; i < replicas_.size(); ++i) {
      const auto& other = replicas_[i].last;
      if (MachineId{i} == record.machine || !other || other->manual) continue;
      if (other->primary != mine.primary || other->offset <= mine.offset) continue;
      if (other->at + retry_ < record.at || other->at + heard > record.at) continue;
      if (!stood_still(MachineId{i}, *other)) continue;
      ++ahead;
      names += " " + std::string{stage.name(MachineId{i})};
    }
    if (ahead <= election.rank) return;
    violation(record, stands + " with rank " + std::to_string(election.rank) + " although" + names +
                          (ahead == 1 ? " has" : " have") + " more of its data than offset " +
                          std::to_string(mine.offset));
  }

  RunFacts facts_;
  Duration disorder_, retry_;
  std::vector<Replica> replicas_;  // by machine
  std::uint64_t scheduled_ = 0, started_ = 0;
  Duration shortest_ = Duration::max();
  std::optional<SimTime> keeps_back_since_;  // the network does
  SentAgain sent_again_;                     // what it kept back before
  bool reconfigured_ = false;
};

}  // namespace

std::unique_ptr<Invariant> make_elections_keep_time(const RunFacts& facts) {
  return std::make_unique<ElectionsKeepTime>(facts);
}

}  // namespace sim
