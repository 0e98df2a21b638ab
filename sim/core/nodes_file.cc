#include "sim/core/nodes_file.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sim/core/broken.h"
#include "sim/core/epochs.h"
#include "sim/core/membership.h"
#include "sim/core/mutation.h"
#include "sim/core/open_slots.h"
#include "sim/core/role.h"
#include "sim/core/shards.h"

namespace sim {
namespace {

void make_myself(Server& server, Pass& pass, const NodeName& name, std::uint16_t flags) {
  ClusterState& cluster = server.cluster;
  const NameRef ref = server.names->intern(name);
  if (!admit_name(server, pass, ref)) return;
  cluster.peers.add(ref);
  cluster.peers.hot(kMyself).set_flags(flags);
}

// The row of a node the file mentions, made if it is new.
PeerId row_of(Server& server, const NodeName& name) {
  const NameRef ref = server.names->intern(name);
  const PeerId known = server.cluster.peers.find(ref);
  return known.is_none() ? server.cluster.peers.add(ref) : known;
}

// What the lines before have said.
struct Loaded {
  SlotSet bound;
  bool replicas = false;  // some primary has one
};

void take_line(Server& server, Pass& pass, const nodes_conf::Line& line, Loaded& loaded) {
  ClusterState& cluster = server.cluster;
  const PeerId peer = row_of(server, line.id);
  const PeerId primary = line.replica_of.is_none() ? kNoPeer : row_of(server, line.replica_of);
  PeerHot& hot = cluster.peers.hot(peer);
  hot.set(line.flags);
  cluster.peers.set_address(peer, server.names->intern(line.address));
  cluster.peers.cold(peer).primary = primary;
  if (!primary.is_none()) join_shard(server, peer, primary);
  // Times of another life mean nothing, but that there was one does.
  if (line.ping_sent_ms != 0) cluster.peers.set_ping_sent(peer, pass.wall_ms());
  if (line.pong_received_ms != 0) hot.set_pong_received(pass.wall_ms());
  if ((line.flags & bus::flag::kFail) != 0) cluster.failed_ms[peer] = pass.wall_ms();
  if (!line.hostname.empty() && peer != kMyself) cluster.hostnames[peer] = line.hostname;
  if (!primary.is_none()) {
    cluster.peers.hot(primary).set(bus::flag::kMigrateTo);
    loaded.replicas |= !cluster.peers.hot(primary).is_replica();
  }
  // A replica's line shows its primary's epoch.
  const bool replica = (line.flags & bus::flag::kSlave) != 0 && !primary.is_none();
  PeerCold& cold = cluster.peers.cold(peer);
  cold.config_epoch = replica ? 0 : line.config_epoch;
  for (const nodes_conf::OpenSlot& open : line.open_slots) {  // on whichever line they stand
    const PeerId other = row_of(server, open.other);
    if (open.importing) {
      open_importing(server, pass, open.slot, other);
    } else {
      open_migrating(server, pass, open.slot, other);
    }
  }
  const SlotSet free = line.slots & ~loaded.bound;  // listed twice: it stays with the first line
  if (free.none()) return;
  // Getting its first slot it wants replicas, where others have some. (Protocol §7.9.)
  if (loaded.replicas) hot.set(bus::flag::kMigrateTo);
  loaded.bound |= free;
  cluster.owners.assign(free, peer);
  cold.slots = server.names->share(cold.slots->slots() | free);
  hot.set_serving(true);
}

// A real server keeps its peers in a hash table whose seed each process draws: in an order of its
// own each dials them, and hears their answers. Who is told of an old claim, and by whom, hangs on
// it.
void make_rows(Server& server, Pass& pass, const nodes_conf::File& file) {
  std::vector<const NodeName*> names;
  names.reserve(file.lines.size());
  for (const nodes_conf::Line& line : file.lines) names.push_back(&line.id);
  for (std::size_t at = 0; at < names.size(); ++at) {
    std::swap(names[at], names[at + pass.choices.choose(Site::kPeerOrder, names.size() - at)]);
    row_of(server, *names[at]);
  }
}

// As if each replica's own line had counted, which shows that.
void give_replicas_their_primarys_epoch(ClusterState& cluster) {
  cluster.peers.each([&](PeerId peer) {
    PeerCold& cold = cluster.peers.cold(peer);
    if (cold.primary.is_none()) return;
    cold.config_epoch = cluster.peers.cold(cold.primary).config_epoch;
  });
}

void take_file(Server& server, Pass& pass, const nodes_conf::File& file) {
  ClusterState& cluster = server.cluster;
  const auto mine = std::find_if(
      file.lines.begin(), file.lines.end(),
      [](const nodes_conf::Line& line) { return (line.flags & bus::flag::kMyself) != 0; });
  make_myself(server, pass, mine->id, mine->flags);
  Loaded loaded;
  cluster.peers.reserve(file.lines.size());
  make_rows(server, pass, file);
  for (const nodes_conf::Line& line : file.lines) take_line(server, pass, line, loaded);
  if (deviates(server, Deviation::kPrimaryEpochLoaded)) give_replicas_their_primarys_epoch(cluster);
  cluster.current_epoch = file.current_epoch;
  if (server.mutation != Mutation::kForgetLastVote) cluster.last_vote_epoch = file.last_vote_epoch;
  cluster.peers.each([&](PeerId peer) {
    cluster.current_epoch = std::max(cluster.current_epoch, cluster.peers.cold(peer).config_epoch);
  });
}

nodes_conf::LineHead line_head(const Server& server, PeerId peer) {
  const ClusterState& cluster = server.cluster;
  const PeerHot& hot = cluster.peers.hot(peer);
  const PeerId primary = cluster.peers.cold(peer).primary;
  const PeerId epoch_of = hot.is_replica() && !primary.is_none() ? primary : peer;
  nodes_conf::LineHead head;
  head.id = peer_name(server, peer);
  if (!hot.has(bus::flag::kNoAddr)) head.address = peer_address(server, peer);
  if (!cluster.hostnames.empty() || peer == kMyself) head.hostname = peer_hostname(server, peer);
  head.flags = hot.flags();
  head.replica_of = peer_name(server, primary);
  head.ping_sent_ms = cluster.peers.ping_sent_ms(peer);
  head.pong_received_ms = hot.pong_received_ms();
  head.config_epoch = cluster.peers.cold(epoch_of).config_epoch;
  head.connected = hot.linked() || peer == kMyself;
  return head;
}

std::string print_file(const Server& server) {
  nodes_conf::File file;
  const PeerTable& peers = server.cluster.peers;
  std::string text;
  text.reserve(server.cluster.file_size + 128);
  peers.each([&](PeerId peer) {
    const PeerHot& hot = peers.hot(peer);
    if (hot.has(bus::flag::kHandshake)) return;
    const SlotsRef& slots = hot.serving() ? peers.cold(peer).slots : no_slots();
    nodes_conf::append(text, line_head(server, peer), slots->text());
    if (peer == kMyself && server.mutation != Mutation::kOpenSlotsNotSaved) {
      for (const auto& open : list_open_slots(server)) nodes_conf::append(text, open);
    }
    text += '\n';
  });
  file.current_epoch = server.cluster.current_epoch;
  file.last_vote_epoch = server.cluster.last_vote_epoch;
  text += nodes_conf::print(file);
  text.shrink_to_fit();  // it stays on the disk as it is; a thousand of these are 100 MB
  return text;
}

}  // namespace

nodes_conf::Line peer_line(const Server& server, PeerId peer) {
  const PeerTable& peers = server.cluster.peers;
  nodes_conf::Line line{line_head(server, peer), {}, {}};
  if (peers.hot(peer).serving()) line.slots = peers.cold(peer).slots->slots();
  if (peer == kMyself) line.open_slots = list_open_slots(server);
  return line;
}

void load_nodes_file(Server& server, Pass& pass, const DiskImage& disk) {
  ClusterState& cluster = server.cluster;
  const auto found = disk.find(server.config.cluster_config_file);
  const std::string_view text = found == disk.end() ? std::string_view{} : *found->second;
  cluster.file_size = text.size();
  auto parsed = nodes_conf::parse(text);
  if (const auto* corrupt = std::get_if<nodes_conf::Corrupt>(&parsed)) {
    return pass.exit(kFatalExit, server.config.cluster_config_file + ":" +
                                     std::to_string(corrupt->line) + ": " + corrupt->why);
  }
  const auto& file = std::get<nodes_conf::File>(parsed);
  if (!file.lines.empty()) {
    take_file(server, pass, file);
    return refresh_own_row(server);
  }
  make_myself(server, pass, random_node_name(pass), bus::flag::kMyself | bus::flag::kMaster);
  refresh_own_row(server);
  save_nodes_file(server, pass, true);
}

void make_standalone(Server& server, Pass& pass) {
  make_myself(server, pass, random_node_name(pass), bus::flag::kMyself | bus::flag::kMaster);
  refresh_own_row(server);
}

namespace {

// As later versions save: beside the old file, then in its place.
// Synced whatever is asked for: a name is moved for good at once, bytes are not there for good.
void replace_file(Server& server, Pass& pass, std::shared_ptr<const std::string> text) {
  const std::string& file = server.config.cluster_config_file;
  // Named anew each time: what a crash left there must not shine through.
  const std::string beside = file + ".tmp-" + std::to_string(pass.wall_ms());
  server.cluster.file_size = text->size();
  pass.write(beside, 0, std::move(text));
  pass.sync(beside);
  pass.rename(beside, file);
  pass.note(event::ConfigSaved{true});
}

}  // namespace

void save_nodes_file(Server& server, Pass& pass, bool sync) {
  ClusterState& cluster = server.cluster;
  const std::string& file = server.config.cluster_config_file;
  cluster.todo &= static_cast<std::uint8_t>(~todo::kSaveConfig);
  std::string text = print_file(server);
  if (deviates(server, Deviation::kConfigByRename)) {
    return replace_file(server, pass, share(std::move(text)));
  }
  const std::uint64_t size = text.size();
  // One write call that also overwrites the old tail, so that a crash before the truncation leaves
  // blank lines only.
  const bool shorter = size < cluster.file_size;
  if (shorter) text.resize(cluster.file_size, '\n');
  pass.write(file, 0, share(std::move(text)));
  if (sync) pass.sync(file);
  if (shorter) pass.truncate(file, size);
  cluster.file_size = size;
  pass.note(event::ConfigSaved{sync});
}

}  // namespace sim
