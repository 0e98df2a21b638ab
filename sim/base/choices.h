// One oracle for every choice.
//
// Everything random goes through `choose(site, n)`: a counter-based draw from the stream of that
// site, so that a draw added in one place never disturbs another. A `ChoiceStream` belongs to a
// scope with a stable name ("node:m1#0", "link:a>b", "workload:counter/client-3"); inside it every
// site counts for itself. Outcome 0 is the benign one at every site (a 3-in-100 drop is n >= 97),
// so minimising a run means zeroing its choices.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <tuple>
#include <vector>

#include "sim/base/check.h"
#include "sim/base/hash.h"

namespace sim {

// Every place in the product where something is left to chance. Names are part of recorded choices:
// add, never rename.
enum class Site : std::uint8_t {
  kNodeId,          // one nibble of a node id or replication id
  kReplicationId,   //
  kBootOffset,      // when, within its first 100 ms, a node boots
  kCronPhase,       // where in its first period a timer starts
  kRandomPing,      // which peers the once-a-second ping samples
  kGossipPick,      // which peers a packet gossips about
  kElectionJitter,  // the random part of the election delay
  kExpireSample,    // which keys the active expiry looks at
  kLatencyJitter,   // network: delay beyond the base
  kLoss,            // network: is this segment lost
  kTieBreak,        // order of simultaneous events, when the plan asks for it to be random
  kTornWrite,       // disk: at which byte a write tears
  kFaultTarget,     // which node or link a fault hits
  kFaultTime,       // when the nemesis acts, and for how long
  kFaultKind,       // what the nemesis does
  kSwarm,           // the configuration a swarm seed draws
  kKey,             // workload: which key
  kOperation,       // workload: which operation
  kArrival,         // workload: when the next operation starts
  kClientNode,      // client: which node to ask
  kBackoff,         // client: how long to wait
  kProgramSeed,     // what an unmodified program takes for randomness
  kPeerOrder,       // in which order a node walks through its peers
  kMigrateSocket,   // which kept connection of MIGRATE makes room for another
  kCount
};
inline constexpr std::size_t kSiteCount = static_cast<std::size_t>(Site::kCount);
std::string_view site_name(Site site);

// A choice as it was made: enough to make it again.
struct Choice {
  std::uint64_t scope = 0;  // hash of the scope's name
  Site site{};
  std::uint32_t index = 0;  // how many choices this scope made at this site before
  std::uint64_t outcomes = 0;
  std::uint64_t outcome = 0;
};

// How choices are answered beyond the seed, shared by all streams of a run. Both parts may be
// absent.
struct ChoicePolicy {
  std::vector<Choice>* recording = nullptr;  // every choice is appended here
  const std::map<std::tuple<std::uint64_t, Site, std::uint32_t>, std::uint64_t>* overrides =
      nullptr;
};

class ChoiceStream {
 public:
  ChoiceStream() = default;
  // `scope` is a stable name, never a dense index: adding a node must not reshuffle the others'
  // luck.
  ChoiceStream(std::uint64_t seed, std::string_view scope)
      : scope_(hash_text(scope)), key_(fold64(mix64(seed), scope_)) {}

  std::uint64_t scope() const { return scope_; }
  // Changes with every choice made; folded into the run's digest.
  std::uint64_t fingerprint() const { return fingerprint_; }

 private:
  friend class Choices;
  std::uint64_t scope_ = 0;
  std::uint64_t key_ = 0;
  std::uint64_t fingerprint_ = 0;
  std::array<std::uint32_t, kSiteCount> counters_{};
};

// The view through which a node, fault or workload draws. Cheap to make; hand it down by reference.
class Choices {
 public:
  explicit Choices(ChoiceStream& stream, const ChoicePolicy* policy = nullptr)
      : stream_(stream), policy_(policy) {}

  // Uniform in 0..n-1. Precondition: n > 0. Always counts, even for n == 1.
  std::uint64_t choose(Site site, std::uint64_t n) {
    std::uint64_t outcome = 0;
    choose_each(site, n, std::span<std::uint64_t>(&outcome, 1));
    return outcome;
  }
  // The same as so many calls of `choose`.
  template <class Int>
  void choose_each(Site site, std::uint64_t n, std::span<Int> outcomes) {
    CHECK(n > 0);
    const auto site_index = static_cast<std::size_t>(site);
    std::uint32_t index = stream_.counters_[site_index];
    std::uint64_t fingerprint = stream_.fingerprint_;
    for (Int& chosen : outcomes) {
      // The n-th output of a SplitMix64 that starts at the stream's key: cheap, since a 1,000-node
      // cluster draws seven million times a virtual second.
      const std::uint64_t draw =
          mix64(stream_.key_ + ((std::uint64_t{index} << 8) | site_index) * kGoldenGamma);
      // Multiply-shift (Lemire): maps 64 random bits onto 0..n-1 without a division. The bias is
      // below n / 2^64.
      auto outcome = static_cast<std::uint64_t>((static_cast<Wide>(draw) * n) >> 64);
      if (policy_ != nullptr) outcome = by_policy(site, index, n, outcome);
      ++index;
      // A bijection of the fingerprint for each outcome, and of the outcome for each fingerprint.
      const std::uint64_t word =
          (fingerprint ^ ((outcome << 8) ^ site_index ^ (n << 32))) * kGoldenGamma;
      fingerprint = word ^ (word >> 32);
      chosen = static_cast<Int>(outcome);
    }
    stream_.counters_[site_index] = index;
    stream_.fingerprint_ = fingerprint;
  }
  // True `numerator` times in `denominator`; outcome 0 means false unless it is certain.
  bool chance(Site site, std::uint64_t numerator, std::uint64_t denominator) {
    return choose(site, denominator) >= denominator - numerator;
  }

 private:
  __extension__ using Wide = unsigned __int128;

  // The outcome after overrides; recorded if somebody wants to know.
  std::uint64_t by_policy(Site site, std::uint32_t index, std::uint64_t n,
                          std::uint64_t outcome) const;

  ChoiceStream& stream_;
  const ChoicePolicy* policy_;
};

}  // namespace sim
