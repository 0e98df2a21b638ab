// What can be waited for ("when"), demanded ("reached") and forbidden ("not_reached"): moments in
// the life of a cluster.
//
// The words of the scenario language; which trace record is which milestone is decided where runs
// are driven.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace sim {

enum class Milestone : std::uint8_t {
  kPfail,              // a node suspects a peer
  kFail,               // a node holds a peer failed; `node` and `shard` mean the peer
  kFailCleared,        // a node no longer suspects a peer
  kElectionScheduled,  // a replica intends to stand
  kElectionStarted,    // it asks for votes
  kElectionExpired,    // it did not get them in time
  kElectionHindered,   // it does not stand although its primary failed
  kVoteGranted,
  kVoteRefused,
  kPromoted,        // a replica became primary, however
  kTakeover,        // ... without votes
  kManualFailover,  // a manual failover was requested of a replica
  kDemoted,         // a primary became a replica
  kRejoined,        // a replica's link to its primary came up
  kFullSync,
  kPartialSync,
  kReplicationDown,
  kEpochCollision,  // two primaries claimed one configEpoch and one of them gave way
  kSlotsMoved,      // slots changed hands in some node's view
  kKeysDropped,     // a node threw keys away
  kClusterDown,     // a node's cluster state turned to fail
  kClusterOk,       // ... and back to ok
  kPeerLearned,
  kPeerForgotten,
  kCrashed,
  kStarted,
  kExited,
  kPaused,
  kResumed,
  kClockStepped,
  kRedirected,  // a client was told to go elsewhere
  kWriteLost,   // an acknowledged write was missing from the final data
  kOperationFailed,
  kOperationUnknown,  // a client cannot know whether its operation happened
  kMessageTouched,    // a message-level fault acted
  kHealed,            // everything was mended: the settling phase began
  kConverged,         // every view agrees and is healthy
  kCount
};

struct MilestoneInfo {
  Milestone milestone;
  std::string_view name;         // "promoted"
  std::string_view description;  // one line, for the docs
};
std::span<const MilestoneInfo> milestones();  // in order of the enum
std::string_view milestone_name(Milestone milestone);
std::optional<Milestone> find_milestone(std::string_view name);

}  // namespace sim
