// What a cluster risks by where it stands: every single failure of a place or a link, double
// failures that do more than both of them alone, and what each comes to by the rules of Redis
// Cluster. Nothing is simulated: this is what is left when all failovers that can happen have
// happened, and nobody has mended anything.
//
// The rules (Cluster specification, "Failure detection" and "Replica election and promotion"):
// primaries that own slots vote, floor(n/2)+1 of all n are a majority whether they live or not; a
// replica takes over if it reaches that many living ones; a primary that does not reach them stops
// serving after cluster-node-timeout; a shard without a primary loses its slots, and with
// cluster-require-full-coverage every slot is then refused.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "viz/cluster_map.h"
#include "viz/weak_points.h"

namespace sim {

// One thing that fails.
struct Failing {
  enum class What : std::uint8_t { kPlace, kLink } what = What::kPlace;
  std::uint32_t index = 0;
  auto operator<=>(const Failing&) const = default;
};
using Failure = std::vector<Failing>;  // one or two
Broken broken_by(const Failure& failure);

// Counts; the shards are those of ClusterMap.
struct Consequence {
  bool majority = true;  // some servers left reach a majority of the votes
  std::uint32_t votes_left = 0, votes_needed = 0;  // of the best placed servers
  std::uint32_t slots_refused = 0;                 // in the end, for whatever reason
  std::uint32_t slots_down = 0;                    // of shards that have no primary
  std::uint32_t shards_gone = 0;                   // nobody of them lives
  std::uint32_t shards_down = 0;                   // likewise, or nobody of them can take over
  std::uint32_t failovers = 0;
  std::uint32_t primaries_lost = 0, replicas_lost = 0;  // no longer run
  std::uint32_t primaries_cut_off = 0,
                replicas_cut_off = 0;  // run, and reach no majority
  std::uint32_t shards_bare = 0;       // are served, and no replica can take over any more
  bool operator==(const Consequence&) const = default;

  bool loses_slots() const { return slots_refused > 0; }
  bool changes_nothing() const;
};
// Is the first worse? A strict weak order; the majority counts most, then slots, then shards.
bool worse_than(const Consequence& a, const Consequence& b);

// Failures of the same kinds of things with the same consequence. Slots do not divide evenly among
// shards: failures that differ by that alone are one risk.
struct Risk {
  std::vector<Failure> failures;           // in order; never empty
  Consequence consequence;                 // of slots, the most
  bool slots_vary = false;                 // by one a shard
  std::vector<std::uint32_t> shards_down;  // of the first of them
};

struct Risks {
  std::uint32_t votes = 0;  // primaries that own slots
  Consequence sound;        // how things stand when nothing has failed
  std::vector<Risk> single;
  std::vector<Risk> two;  // each worse than the two failures one by one
  std::uint64_t single_examined = 0, two_examined = 0, two_possible = 0;
  std::uint32_t uplinks = 0;                // whose loss is that of what hangs on them, not told
  std::vector<std::uint32_t> whole_places;  // in which all stand, and which are not told either
};
// Both lists worst first. At most `pairs_most` double failures are examined, and those of places
// that share a shard first.
Risks find_risks(const ClusterMap& map, std::uint64_t pairs_most);

// All copies of a shard, or some, in one place.
struct SharedPlace {
  std::uint32_t place = 0;
  std::uint32_t shard = 0;
  std::vector<std::uint32_t> servers;  // that stand there: the primary, and at least one replica
  bool all = false;                    // nobody of the shard stands elsewhere
};
// Of each shard the narrowest such place, of places that not all servers share; by shard.
std::vector<SharedPlace> shared_places(const ClusterMap& map);

// Which servers of each shard, primary first.
std::vector<std::vector<std::uint32_t>> shards_of(const ClusterMap& map);

}  // namespace sim
