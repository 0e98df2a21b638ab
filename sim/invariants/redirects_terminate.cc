// Claim: redirections lead somewhere. While nothing changes in a healthy cluster an operation is
// redirected at most twice (once by a stale slot cache, once more by the node that cache named);
// at no time does one follow a hundred.
// - Source: Cluster spec, "MOVED Redirection"; protocol §9.
// - Scope: always.
// - Kills: redirect-to-self.
//
// "Nothing changes" is strict: from T before the operation began until it ended no slot moved in
// any view, no node changed its role, health or opinion of a peer, every server ran, and nothing
// was cut: who is sent to a dead server asks around until it is replaced.
#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"
#include "sim/trace/directory.h"

namespace sim {
namespace {

constexpr std::uint32_t kCalmMax = 2;
constexpr std::uint32_t kEndless = 100;

class RedirectsTerminate final : public CopyableVerdict<RedirectsTerminate> {
 public:
  explicit RedirectsTerminate(const RunFacts& facts)
      : CopyableVerdict("no client asked anything"), calm_for_(facts.node_timeout) {}

  void before(const Record& record, const Stage& stage) override {
    if (changes_cluster(record, stage.directory())) last_change_ = record.at;
  }

  void see(const Record& record, const Stage& stage) override {
    if (const auto* cuts = std::get_if<event::Reachability>(&record.event)) {
      if (cuts->plane == "all") cut_planes_.clear();
      cut_planes_.erase(cuts->plane);
      if (!cuts->groups.empty() || !cuts->cut.empty()) cut_planes_.insert(cuts->plane);
    }
    if (const auto* invoked = std::get_if<event::OpInvoked>(&record.event)) {
      evidence();
      in_flight_[invoked->operation] = {record.at, 0, 0, {}, invoked->key};
    } else if (const auto* redirected = std::get_if<event::Redirected>(&record.event)) {
      see_redirect(record, *redirected, stage.directory());
    } else if (const auto* done = std::get_if<event::OpCompleted>(&record.event)) {
      in_flight_.erase(done->operation);
    }
  }

  std::string numbers() const override {
    return counted(redirects_, "redirection") + ", at most " + std::to_string(longest_) +
           " for one operation";
  }

 private:
  struct Operation {
    SimTime began;
    std::uint32_t followed = 0;
    std::uint32_t calm = 0;  // of these, since the cluster last changed
    std::string last;
    std::string key;
  };

  bool changes_cluster(const Record& record, const Directory& directory) const {
    if (const auto* claim = std::get_if<event::Claim>(&record.event)) {
      const event::Claim* before = directory.claim(record.machine);
      return before == nullptr || before->role != claim->role ||
             !same_slots(before->slots, claim->slots);
    }
    return std::holds_alternative<event::HealthChanged>(record.event) ||
           std::holds_alternative<event::SlotsRebound>(record.event) ||
           std::holds_alternative<event::SuspicionChanged>(record.event) ||
           Directory::changes_serving(record.event) ||
           std::holds_alternative<event::Reachability>(record.event) ||
           std::holds_alternative<event::NodeStarted>(record.event);
  }

  bool all_healthy(const Directory& directory) const {
    if (!cut_planes_.empty()) return false;
    for (const MachineId machine : directory.cluster_nodes()) {
      if (!directory.is_serving(machine) || !directory.is_healthy(machine)) return false;
    }
    return true;
  }

  void see_redirect(const Record& record, const event::Redirected& redirected,
                    const Directory& directory) {
    if (!redirected.reply.starts_with("MOVED") && !redirected.reply.starts_with("ASK")) return;
    ++redirects_;
    const auto found = in_flight_.find(redirected.operation);
    if (found == in_flight_.end()) return;
    Operation& operation = found->second;
    ++operation.followed;
    longest_ = std::max(longest_, operation.followed);
    const bool calm = last_change_ + calm_for_ <= operation.began && all_healthy(directory);
    operation.calm = calm ? operation.calm + 1 : 0;
    operation.last = redirected.reply;
    const std::string client{directory.name(record.machine)};
    if (operation.calm == kCalmMax + 1) {
      violation(record, client + "'s operation on key \"" + operation.key + "\" was redirected " +
                            std::to_string(operation.calm) +
                            " times in a healthy cluster in which nothing changed (allowed " +
                            std::to_string(kCalmMax) + "), last by " + operation.last);
    }
    if (operation.followed == kEndless) {
      violation(record, client + "'s operation on key \"" + operation.key + "\" was redirected " +
                            std::to_string(kEndless) + " times within " +
                            words(record.at - operation.began) + ", last by " + operation.last);
    }
  }

  Duration calm_for_;
  SimTime last_change_{-1h};
  std::map<std::uint64_t, Operation> in_flight_;
  std::set<std::string> cut_planes_;
  std::uint64_t redirects_ = 0;
  std::uint32_t longest_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_redirects_terminate(const RunFacts& facts) {
  return std::make_unique<RedirectsTerminate>(facts);
}

}  // namespace sim
