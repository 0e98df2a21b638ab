// A story told by hand: records of a make-believe cluster of three shards, m1-m3 with replicas
// m4-m6, a client "c" and an auditor, node timeout 2 s, tick 100 ms, longest one-way delay 1 ms.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/slot_set.h"
#include "sim/invariants/invariant.h"

namespace sim::story {

inline constexpr std::uint32_t m1 = 0, m2 = 1, m3 = 2, m4 = 3, m5 = 4, m6 = 5, client = 6;
inline constexpr std::uint32_t plan = 0xffffffff;

NodeName id(std::uint32_t machine);
// The slots of a shard: 0-5460, 5461-10922, 10923-16383.
SlotsRef shard(int number);
SlotsRef slots(std::uint16_t first, std::uint16_t last);

struct Judged {
  Judgement judgement{};
  std::vector<Finding> findings;
  std::uint64_t count = 0;
  std::string summary;
  // The first finding's sentence; empty if there is none.
  std::string what() const { return findings.empty() ? "" : findings.front().what; }
};

inline constexpr auto kNone = event::Suspicion::kNone;
inline constexpr auto kPfail = event::Suspicion::kPfail;
inline constexpr auto kFail = event::Suspicion::kFail;

class Story {
 public:
  Story();

  RunFacts facts;
  std::vector<Record> records;

  // From here on records happen at this time.
  Story& at(Duration time) {
    now_ = sim_time(time);
    return *this;
  }
  Story& say(std::uint32_t machine, Event event);

  // Everybody starts, claims what was planned, and is ok, at 0 s.
  Story& boot();
  Story& claim_primary(std::uint32_t machine, SlotsRef slots, std::uint64_t epoch);
  Story& claim_replica(std::uint32_t machine, std::uint32_t primary, std::uint64_t epoch = 0);
  Story& healthy(std::uint32_t machine, bool ok = true, std::string why = {});
  Story& crash(std::uint32_t machine) { return say(machine, event::MachineCrashed{}); }
  Story& start(std::uint32_t machine, std::uint32_t incarnation, std::string disk = "kept");
  Story& suspect(std::uint32_t observer, std::uint32_t peer, event::Suspicion from,
                 event::Suspicion to, std::uint32_t reports = 0, std::uint32_t quorum = 0);
  Story& vote(std::uint32_t voter, std::uint32_t candidate, std::uint32_t primary,
              std::uint64_t epoch, bool failed = true, bool forced = false);
  // The winner replaces `old`: Promoted and its new claim.
  Story& promote(std::uint32_t winner, std::uint32_t old, SlotsRef slots, std::uint64_t epoch,
                 std::uint32_t votes = 2, std::uint32_t quorum = 2);
  // Machine names in groups that do not reach each other; none: whole again.
  Story& cut(std::vector<std::vector<std::string>> groups);
  Story& phase(event::Phase phase) { return say(plan, event::PhaseBegan{phase}); }

  // A view that agrees with everybody's planned place; changed by `edit` before it is told.
  event::ViewSnapshot view(std::uint32_t machine) const;
  Story& views();  // full ones of m1-m6

  // Runs an invariant over the story. A copy taken at every seventh record must come to the same.
  Judged judge(std::string_view invariant) const;
  SimTime end() const { return end_ ? *end_ : now_; }
  Story& ends(Duration time) {
    end_ = sim_time(time);
    return *this;
  }

 private:
  SimTime now_;
  std::optional<SimTime> end_;
};

// Booted, ten seconds ago.
Story running();

}  // namespace sim::story
