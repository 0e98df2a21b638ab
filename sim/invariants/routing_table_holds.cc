// Claim: a command that names keys is served, redirected or refused as the routing table says, and
// a redirection never names the node that gives it.
// - Source: Cluster spec, "MOVED Redirection", "ASK redirection", "Multi-key operations"; protocol
//   §9.2.
// - Scope: always.
// - Kills: serve-when-down, asking-ignored, importer-needs-no-asking, moved-for-ask, never-ask,
//   never-try-again, cross-slot-allowed, reads-without-readonly.
//
// The table below is the protocol's, row by row, over the facts that the node tells with its
// answer. Commands for slots of its own at rest, in a cluster that is ok, are served without a
// word.
#include <array>
#include <string>
#include <string_view>

#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"
#include "sim/trace/directory.h"

namespace sim {
namespace {

enum class Answer : std::uint8_t { kServe, kMoved, kAsk, kTryAgain, kCrossSlot, kDown };
constexpr std::array<std::string_view, 6> kWords = {"",         "MOVED",     "ASK",
                                                    "TRYAGAIN", "CROSSSLOT", "CLUSTERDOWN"};

std::string_view first_word(std::string_view reply) {
  return reply.substr(0, reply.find(' '));
}

Answer expected(const event::Routed& asked, const NodeName& me) {
  const bool mine = asked.owner == me;
  const bool am_primary = asked.primary.is_none();
  // On replicas too, in Valkey 8, for readers who have said READONLY.
  const bool migrating = !asked.migrating_to.is_none();
  const bool importing = !migrating && !asked.importing_from.is_none();
  if (asked.owner.is_none()) return Answer::kDown;
  if (asked.crossing) return Answer::kCrossSlot;
  if (!asked.ok && !asked.when_down) return Answer::kDown;
  if ((migrating || importing) && asked.moves_keys && am_primary) return Answer::kServe;
  if (migrating && asked.missing > 0) return asked.existing > 0 ? Answer::kTryAgain : Answer::kAsk;
  if (importing && asked.asking) {
    return asked.several && asked.missing > 0 ? Answer::kTryAgain : Answer::kServe;
  }
  const bool of_my_primary = !am_primary && asked.primary == asked.owner;
  if ((asked.readonly || asked.channels) && !asked.writes && of_my_primary) return Answer::kServe;
  return mine ? Answer::kServe : Answer::kMoved;
}

class RoutingTableHolds final : public CopyableVerdict<RoutingTableHolds> {
 public:
  explicit RoutingTableHolds(const RunFacts& facts)
      : CopyableVerdict(facts.processes.empty()
                            ? "no command was refused, and no slot was open"
                            : "a real server does not tell how it came to its answers") {}

  void see(const Record& record, const Stage& stage) override {
    const Directory& directory = stage.directory();
    const auto* asked = std::get_if<event::Routed>(&record.event);
    const event::Claim* claim = directory.claim(record.machine);
    if (asked == nullptr || claim == nullptr) return;
    evidence();
    const Answer right = expected(*asked, claim->id);
    ++counts_[static_cast<std::size_t>(right)];
    const std::string_view word = first_word(asked->refusal);
    if (word != kWords[static_cast<std::size_t>(right)]) {
      violation(record, situation(record.machine, *asked, directory) + " it " +
                            told(asked->refusal) + " instead of " + wanted(right));
    } else if (right == Answer::kMoved || right == Answer::kAsk) {
      check_target(record, *asked, directory);
    }
  }

  std::string numbers() const override {
    return std::to_string(counts_[1]) + " MOVED, " + std::to_string(counts_[2]) + " ASK, " +
           std::to_string(counts_[3]) + " TRYAGAIN, " + std::to_string(counts_[4]) +
           " CROSSSLOT, " + std::to_string(counts_[5]) + " CLUSTERDOWN, " +
           std::to_string(counts_[0]) + " served all the same";
  }

 private:
  static std::string told(const std::string& refusal) {
    return refusal.empty() ? "served it" : "answered \"" + refusal + "\"";
  }
  static std::string wanted(Answer right) {
    return right == Answer::kServe ? "serving it" : std::string(kWords[std::size_t(right)]);
  }

  std::string situation(MachineId machine, const event::Routed& asked,
                        const Directory& directory) const {
    const auto who = [&](const NodeName& id) {
      return id.is_none() ? "nobody" : directory.label(id);
    };
    std::string text = std::string(directory.name(machine)) + " was asked for a " +
                       (asked.writes ? "write" : "read") + " in slot " +
                       std::to_string(asked.slot.value) + " of " + who(asked.owner);
    if (!asked.migrating_to.is_none()) text += ", migrating to " + who(asked.migrating_to);
    if (!asked.importing_from.is_none()) text += ", importing from " + who(asked.importing_from);
    if (asked.missing + asked.existing > 0) {
      text += ", " + std::to_string(asked.existing) + " of " +
              counted(asked.missing + asked.existing, "key") + " there";
    }
    if (asked.crossing) text += ", with keys of other slots";
    if (asked.asking) text += ", after ASKING";
    if (!asked.ok) text += ", the cluster being down";
    return text + ":";
  }

  void check_target(const Record& record, const event::Routed& asked, const Directory& directory) {
    const std::string start =
        std::string(first_word(asked.refusal)) + " " + std::to_string(asked.slot.value) + " ";
    const std::string mine = format_endpoint(directory.cast()[record.machine.value].endpoint);
    if (asked.refusal.starts_with(start) && asked.refusal.substr(start.size()) != mine) return;
    violation(record, situation(record.machine, asked, directory) + " it answered \"" +
                          asked.refusal + "\", which names " +
                          (asked.refusal.starts_with(start) ? "the node itself" : "another slot"));
  }

  std::array<std::uint64_t, kWords.size()> counts_{};
};

}  // namespace

std::unique_ptr<Invariant> make_routing_table_holds(const RunFacts& facts) {
  return std::make_unique<RoutingTableHolds>(facts);
}

}  // namespace sim
