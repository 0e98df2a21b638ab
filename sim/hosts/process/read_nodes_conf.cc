// What nodes.conf tells each time the server writes it: the whole table, as it was before anything
// that was sent afterwards. It is not written when a peer becomes PFAIL, nor when a node or a
// greater currentEpoch is heard of. (Protocol §3.3.)
#include <algorithm>

#include "sim/hosts/process/picture.h"

namespace sim {
namespace {

using event::Suspicion;

constexpr std::uint16_t kSuspicion = bus::flag::kPfail | bus::flag::kFail;

Suspicion suspicion_of(std::uint16_t flags) {
  if ((flags & bus::flag::kFail) != 0) return Suspicion::kFail;
  return (flags & bus::flag::kPfail) != 0 ? Suspicion::kPfail : Suspicion::kNone;
}

bool is_me(const nodes_conf::Line& line) {
  return (line.flags & bus::flag::kMyself) != 0;
}

// The loader makes lines of its own for nodes that are only mentioned.
bool is_in_file(const nodes_conf::Line& line) {
  return line.flags != 0;
}

void read_members(Picture& picture, const nodes_conf::File& file, const Seen& seen) {
  std::set<NodeName> members;
  for (const nodes_conf::Line& line : file.lines) {
    if (is_in_file(line)) members.insert(line.id);
  }
  for (const NodeName& member : members) learn(picture, member, seen);
  std::vector<NodeName> gone;
  for (const auto& [id, node] : picture.nodes) {
    if (members.count(id) == 0) gone.push_back(id);
  }
  for (const NodeName& id : gone) forget(picture, id, "it left nodes.conf", seen);
}

// The reports are counted here only for who hears no log: a log tells first.
void read_suspicion(Picture& picture, const nodes_conf::Line& line, const Seen& seen) {
  const Suspicion to = suspicion_of(line.flags);
  set_suspicion(picture, line.id, to, 0, seen);
}

void read_slots(Picture& picture, const nodes_conf::File& file, const Seen& seen) {
  SlotSet owned;
  for (const nodes_conf::Line& line : file.lines) {
    owned |= line.slots;
    if (line.slots.any()) rebind(picture, line.slots, line.id, line.config_epoch, seen);
  }
  SlotSet left;
  for (const auto& [id, node] : picture.nodes) left |= node.slots->slots();
  rebind(picture, left & ~owned, NodeName{}, 0, seen);
}

void read_my_role(Picture& picture, const nodes_conf::Line& mine, const Seen& seen) {
  if ((mine.flags & bus::flag::kSlave) != 0) return follow(picture, mine.replica_of, seen);
  if (picture.is_primary()) return;
  const bool elected = picture.election.open && mine.config_epoch == picture.election.epoch;
  if (picture.taking_over || elected) return promote(picture, picture.taking_over, seen);
  picture.me().role = Role::kPrimary;  // CLUSTER RESET: it has won nothing
  picture.me().primary = {};
}

void read_line(Picture& picture, const nodes_conf::Line& line) {
  PictureOfNode& node = picture.nodes[line.id];
  node.flags = line.flags & static_cast<std::uint16_t>(~kSuspicion);
  node.role = (line.flags & bus::flag::kSlave) != 0 ? Role::kReplica : Role::kPrimary;
  node.primary = line.replica_of;
  node.config_epoch = line.config_epoch;
  node.linked = line.connected;
}

void read_epochs(Picture& picture, const nodes_conf::File& file, const nodes_conf::Line& mine,
                 const Seen& seen) {
  // A replica's line shows its primary's epoch.
  const bool replica = (mine.flags & bus::flag::kSlave) != 0;
  const std::uint64_t config = replica ? picture.config_epoch : mine.config_epoch;
  const bool elected = picture.election.open && config == picture.election.epoch;
  const event::EpochCause cause = config == picture.config_epoch ? event::EpochCause::kSeen
                                  : elected                      ? event::EpochCause::kElection
                                                                 : event::EpochCause::kCommand;
  set_epochs(picture, file.current_epoch, config, cause, seen);
  picture.last_vote_epoch = file.last_vote_epoch;
}

}  // namespace

void read_nodes_conf(Picture& picture, std::string_view content, const Seen& seen) {
  const auto parsed = nodes_conf::parse(content);
  const auto* file = std::get_if<nodes_conf::File>(&parsed);
  if (file == nullptr) return;
  const auto mine = std::find_if(file->lines.begin(), file->lines.end(), is_me);
  if (mine == file->lines.end()) return;
  if (!picture.started) {
    load(picture, *file);
    set_open_slots(picture, mine->open_slots, seen);
    return seen.tell(event::ConfigSaved{false});
  }
  rename_myself(picture, mine->id);
  read_epochs(picture, *file, *mine, seen);
  read_members(picture, *file, seen);
  for (const nodes_conf::Line& line : file->lines) {
    if (!is_me(line)) read_suspicion(picture, line, seen);
  }
  read_my_role(picture, *mine, seen);
  for (const nodes_conf::Line& line : file->lines) {
    if (is_in_file(line)) read_line(picture, line);
  }
  read_slots(picture, *file, seen);
  set_open_slots(picture, mine->open_slots, seen);
  seen.tell(event::ConfigSaved{false});
  tell_claim(picture, seen);
}

}  // namespace sim
