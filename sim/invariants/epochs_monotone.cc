// Claim: a node's currentEpoch and lastVoteEpoch never decrease, nor does a primary's configEpoch
// while it stays primary; configEpoch and lastVoteEpoch never exceed currentEpoch; a restart that
// keeps the disk brings back at least what was saved. (What a node merely heard in a header is not
// saved, so a restart may take currentEpoch back to the last save.)
// - Source: Cluster spec, "Configuration epochs"; protocol §15.23-25, §3.3.
// - Scope: always.
// - Kills: epoch-goes-back.
//
// CLUSTER RESET HARD and the like are told as EpochCause::kCommand and are the operator's
// business.
#include <algorithm>
#include <string>
#include <vector>

#include "sim/invariants/verdict.h"

namespace sim {
namespace {

struct Epochs {
  std::uint64_t current = 0, vote = 0;
};

class EpochsMonotone final : public CopyableVerdict<EpochsMonotone> {
 public:
  explicit EpochsMonotone(const RunFacts& facts)
      : CopyableVerdict("no node told its epochs"), cast_(facts.cast), nodes_(facts.cast.size()) {}

  void see(const Record& record, const Stage&) override {
    if (record.machine.value >= nodes_.size()) return;
    Known& node = nodes_[record.machine.value];
    if (const auto* started = std::get_if<event::NodeStarted>(&record.event)) {
      see_start(record, *started, node);
    } else if (const auto* machine = std::get_if<event::MachineStarted>(&record.event)) {
      node.disk = machine->disk;
    } else if (const auto* crash = std::get_if<event::MachineCrashed>(&record.event)) {
      node.power_lost = crash->power_lost;
    } else if (const auto* change = std::get_if<event::EpochChanged>(&record.event)) {
      see_change(record, *change, node);
    } else if (const auto* claim = std::get_if<event::Claim>(&record.event)) {
      see_claim(record, *claim, node);
    } else if (const auto* vote = std::get_if<event::VoteGranted>(&record.event)) {
      see_vote(record, *vote, node);
    } else if (const auto* view = std::get_if<event::ViewSnapshot>(&record.event)) {
      see_view(record, *view, node);
    } else if (const auto* saved = std::get_if<event::ConfigSaved>(&record.event)) {
      node.written = node.now;
      if (saved->synced) node.synced = node.now;
    }
  }

  std::string numbers() const override {
    return "greatest currentEpoch " + std::to_string(greatest_) + ", " +
           counted(changes_, "change") + ", " + counted(restarts_, "restart");
  }

 private:
  struct Known {
    Epochs now, written, synced;
    std::uint64_t config = 0;
    bool primary = false, power_lost = false;
    std::string disk;
  };

  std::string who(const Record& record) const { return cast_[record.machine.value].name; }

  void below(const Record& record, const char* what, std::uint64_t from, std::uint64_t to) {
    if (to >= from) return;
    violation(record, who(record) + "'s " + what + " went back from " + std::to_string(from) +
                          " to " + std::to_string(to));
  }
  void above(const Record& record, const char* what, std::uint64_t value, std::uint64_t current) {
    if (value <= current) return;
    violation(record, who(record) + "'s " + what + " " + std::to_string(value) +
                          " exceeds its currentEpoch " + std::to_string(current));
  }
  void raise(std::uint64_t& known, std::uint64_t seen) {
    known = std::max(known, seen);
    greatest_ = std::max(greatest_, seen);
  }

  void see_start(const Record& record, const event::NodeStarted& started, Known& node) {
    evidence();
    restarts_ += started.incarnation > 0 ? 1 : 0;
    if (started.incarnation > 0 && node.disk == "kept") {
      const Epochs& promised = node.power_lost ? node.synced : node.written;
      check_start(record, started, promised);
    } else if (started.incarnation > 0 && node.disk == "unsynced lost") {
      check_start(record, started, node.synced);
    }
    node.now = node.written = node.synced = {started.current_epoch, started.last_vote_epoch};
    node.config = 0;
    node.primary = node.power_lost = false;
    above(record, "lastVoteEpoch", started.last_vote_epoch, started.current_epoch);
  }

  void check_start(const Record& record, const event::NodeStarted& started,
                   const Epochs& promised) {
    const auto lost = [&](const char* what, std::uint64_t saved, std::uint64_t loaded) {
      if (loaded >= saved) return;
      violation(record, who(record) + " had saved " + what + " " + std::to_string(saved) +
                            " and came back with " + std::to_string(loaded));
    };
    lost("currentEpoch", promised.current, started.current_epoch);
    lost("lastVoteEpoch", promised.vote, started.last_vote_epoch);
  }

  void see_change(const Record& record, const event::EpochChanged& change, Known& node) {
    evidence();
    ++changes_;
    if (change.cause == event::EpochCause::kCommand) {
      node.now.current = change.current_to;
      node.now.vote = std::min(node.now.vote, change.current_to);
      node.config = change.config_to;
      return;
    }
    below(record, "currentEpoch", std::max(change.current_from, node.now.current),
          change.current_to);
    raise(node.now.current, change.current_to);
  }

  void see_claim(const Record& record, const event::Claim& claim, Known& node) {
    evidence();
    const bool primary = claim.role == Role::kPrimary;
    below(record, "currentEpoch", node.now.current, claim.current_epoch);
    raise(node.now.current, claim.current_epoch);
    if (primary) above(record, "configEpoch", claim.config_epoch, claim.current_epoch);
    if (primary && node.primary) below(record, "configEpoch", node.config, claim.config_epoch);
    node.config = primary ? claim.config_epoch : 0;
    node.primary = primary;
  }

  void see_vote(const Record& record, const event::VoteGranted& vote, Known& node) {
    if (vote.epoch < node.now.vote) below(record, "lastVoteEpoch", node.now.vote, vote.epoch);
    raise(node.now.vote, vote.epoch);
  }

  void see_view(const Record& record, const event::ViewSnapshot& view, Known& node) {
    evidence();
    below(record, "currentEpoch", node.now.current, view.current_epoch);
    below(record, "lastVoteEpoch", node.now.vote, view.last_vote_epoch);
    above(record, "lastVoteEpoch", view.last_vote_epoch, view.current_epoch);
    raise(node.now.current, view.current_epoch);
    raise(node.now.vote, view.last_vote_epoch);
  }

  Cast cast_;
  std::vector<Known> nodes_;
  std::uint64_t greatest_ = 0, changes_ = 0, restarts_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_epochs_monotone(const RunFacts& facts) {
  return std::make_unique<EpochsMonotone>(facts);
}

}  // namespace sim
