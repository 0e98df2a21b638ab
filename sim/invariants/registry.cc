// The table of invariants. One is two adjacent lines here and a file of its own.
#include "sim/invariants/invariant.h"

namespace sim {

#define INVARIANT(name) std::unique_ptr<Invariant> make_##name(const RunFacts& facts)
INVARIANT(election_safety);
INVARIANT(epochs_monotone);
INVARIANT(config_epochs_unique);
INVARIANT(slot_ownership_agrees);
INVARIANT(converges_after_heal);
#undef INVARIANT

namespace {
constexpr InvariantKind kInvariants[] = {
    {"election_safety",
     "A primary votes at most once in an epoch, an epoch has at most one winner, and the winner "
     "has the votes of a "
     "majority.",
     "Cluster spec, \"Replica election and promotion\"; protocol §15.8, 9, 33, 34", "always",
     "vote-twice-per-epoch, win-without-majority", false, make_election_safety},
    {"epochs_monotone", "Epochs never go back, also across restarts that keep the disk.",
     "Cluster spec, \"Configuration epochs\"; protocol §15.23-25", "always", "epoch-goes-back",
     false, make_epochs_monotone},
    {"config_epochs_unique", "No two live primaries keep the same configEpoch.",
     "Cluster spec, \"configEpoch conflicts resolution algorithm\"; protocol §15.15", "after heal",
     "skip-collision-resolution", false, make_config_epochs_unique},
    {"slot_ownership_agrees",
     "All live nodes name one owner for every slot: the claimant with the greatest configEpoch.",
     "Cluster spec, \"Hash slots configuration propagation\"; protocol §15.1, 29, 30", "after heal",
     "ignore-slot-epoch, no-demotion", false, make_slot_ownership_agrees},
    {"converges_after_heal",
     "Within the scenario's bound after the heal all live nodes agree, are healthy, and hold no "
     "live node for failed.",
     "protocol §15.1, 29; Cluster spec, \"Availability\"", "after heal", "fail-never-clears", true,
     make_converges_after_heal},
};
}  // namespace

std::span<const InvariantKind> invariants() {
  return kInvariants;
}

const InvariantKind* find_invariant(std::string_view name) {
  for (const InvariantKind& kind : kInvariants) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

}  // namespace sim
