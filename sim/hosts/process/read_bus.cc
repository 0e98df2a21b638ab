// What the cluster bus tells. A message is older than the moment it leaves: it may have lain in the
// server's buffer while the log and the disk told newer things. So it only adds what they do not
// show: a greater currentEpoch, nodes and suspicions that are gossiped, and what is counted.
#include <algorithm>

#include "sim/hosts/process/picture.h"

namespace sim {
namespace {

using event::Suspicion;

void count(std::array<std::uint64_t, bus::kTypeCount>& counters, bus::Type type) {
  const auto index = static_cast<std::size_t>(type);
  if (index < counters.size()) ++counters[index];
}

// A node that gossip brought has, at first, just what gossip says of it.
void learn_from_gossip(Picture& picture, const Profile& profile, const NodeName& id,
                       const Seen& seen) {
  learn(picture, id, seen);
  PictureOfNode& node = picture.nodes[id];
  node.flags = profile.flags & static_cast<std::uint16_t>(~(bus::flag::kPfail | bus::flag::kFail));
  node.role = (profile.flags & bus::flag::kSlave) != 0 ? Role::kReplica : Role::kPrimary;
  if ((profile.flags & bus::flag::kFail) != 0) {
    set_suspicion(picture, id, Suspicion::kFail, 0, seen);
  }
}

void read_own_gossip(Picture& picture, const bus::Gossip& gossip, const Names& names,
                     const Seen& seen) {
  const Profile profile = names.profile(gossip.profile);
  const NodeName& id = names.name(profile.node);
  if ((profile.flags & (bus::flag::kHandshake | bus::flag::kNoAddr)) != 0) return;
  if (picture.forgotten.count(id) > 0) return;
  if (!picture.knows(id)) learn_from_gossip(picture, profile, id, seen);
  if ((profile.flags & bus::flag::kPfail) == 0) return;
  PictureOfNode& node = picture.nodes[id];
  if (node.suspicion == Suspicion::kNone) {
    if (picture.logs_suspicion || gossip.ping_sent_s <= node.lifted_ping_s) return;
    set_suspicion(picture, id, Suspicion::kPfail, 0, seen);
  }
  node.suspect_ping_s = std::max(node.suspect_ping_s, gossip.ping_sent_s);
}

// Who is a primary in this message: its role is taken from the header before its gossip is read.
void read_reports(Picture& picture, const bus::Message& message, const NodeName& sender,
                  const Names& names) {
  if (!message.header.replica_of.is_none() || !picture.knows(sender)) return;
  for (const bus::Gossip& gossip : std::get<bus::Heartbeat>(message.body).gossip) {
    const Profile profile = names.profile(gossip.profile);
    const auto found = picture.nodes.find(names.name(profile.node));
    if (found == picture.nodes.end()) continue;
    if ((profile.flags & (bus::flag::kPfail | bus::flag::kFail)) != 0) {
      found->second.reporters.insert(sender);
    } else {
      found->second.reporters.erase(sender);
    }
  }
}

// Only primaries with slots count, and only in the epoch that was asked for or a later one. Who
// votes is one by its own header, which the candidate has read before the file shows it.
void read_vote(Picture& picture, const bus::Header& header, const NodeName& voter,
               const Seen& seen) {
  PictureOfElection& election = picture.election;
  if (election.epoch == 0 || header.current_epoch < election.epoch) return;
  if (!picture.knows(voter) || !header.replica_of.is_none() || header.slots->count() == 0) return;
  ++election.votes;
  seen.tell(event::VoteCounted{voter, header.current_epoch, election.votes, picture.quorum()});
}

}  // namespace

void read_sent(Picture& picture, const bus::Message& message, const Names& names,
               const Seen& seen) {
  const bus::Header& header = message.header;
  if (picture.id.is_none()) rename_myself(picture, names.name(header.sender));
  start(picture, seen);
  count(picture.sent, header.type);
  picture.offset = static_cast<std::int64_t>(header.offset);
  picture.writes_paused = (header.mflags[0] & bus::mflag::kPaused) != 0;
  if (header.type == bus::Type::kAuthRequest) {
    begin_election(picture, header.current_epoch, seen);
  }
  set_epochs(picture, std::max(header.current_epoch, picture.current_epoch), picture.config_epoch,
             event::EpochCause::kSeen, seen);
  if (const auto* beat = std::get_if<bus::Heartbeat>(&message.body)) {
    for (const bus::Gossip& gossip : beat->gossip) read_own_gossip(picture, gossip, names, seen);
  }
  tell_claim(picture, seen);
}

void read_received(Picture& picture, const bus::Message& message, const Names& names,
                   const Seen& seen) {
  const bus::Header& header = message.header;
  const NodeName& sender = names.name(header.sender);
  count(picture.received, header.type);
  if (header.type == bus::Type::kAuthRequest) {
    const bool forced = (header.mflags[0] & bus::mflag::kForceAck) != 0;
    picture.requests[sender] = {header.current_epoch, forced};
  } else if (header.type == bus::Type::kAuthAck) {
    read_vote(picture, header, sender, seen);
  } else if (std::holds_alternative<bus::Heartbeat>(message.body)) {
    read_reports(picture, message, sender, names);
  }
}

}  // namespace sim
