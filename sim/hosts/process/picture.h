// What a real server believes, as pieced together by its witness.
//
// Every function that changes the picture tells the event which a ClusterNode tells of the same
// change, and tells nothing if there is no change: that is how a moment that two sources show is
// told once, by the first.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/node/node.h"
#include "sim/trace/record.h"
#include "sim/wire/bus.h"
#include "sim/wire/nodes_conf.h"

namespace sim {

using Notes = std::vector<Note>;

// Where what is being read was seen, and where to tell what it shows.
struct Seen {
  Notes& out;
  Source source;
  void tell(Event event) const { out.push_back({std::move(event), source}); }
};

struct PictureOfNode {
  Role role = Role::kPrimary;
  std::uint16_t flags = 0;  // bus::flag bits as last shown, but for those of suspicion
  NodeName primary;         // of a replica
  SlotsRef slots = no_slots();
  std::uint64_t config_epoch = 0;
  event::Suspicion suspicion = event::Suspicion::kNone;
  bool linked = false;
  std::set<NodeName> reporters;  // primaries that gossip it PFAIL or FAIL to this server
  // Seconds of the PING whose silence made it suspect, and of the last such that was lifted: gossip
  // that still speaks of that one is old.
  std::uint32_t suspect_ping_s = 0, lifted_ping_s = 0;
};

struct PictureOfElection {
  std::uint64_t epoch = 0;  // 0: it has never stood
  std::uint32_t rank = 0, votes = 0;
  bool open = false;  // asked for votes, and neither won nor given up
  std::string hindrance;
};

// The replica's link to its primary.
struct PictureOfLink {
  bool up = false;
  NodeName replid;
  std::int64_t offset = 0;
  std::uint64_t keys = 0;  // that the last RDB brought
  std::string trouble;     // why it will break, if the log has said so
};

struct Picture {
  NodeName id;  // none until it is known
  std::uint32_t incarnation = 0;
  bool started = false;
  std::map<NodeName, PictureOfNode> nodes;  // the server itself included
  std::set<NodeName> forgotten;             // gossip does not bring them back, nodes.conf does
  std::map<SlotId, nodes_conf::OpenSlot> open_slots;  // the server's own
  std::uint64_t current_epoch = 0, config_epoch = 0, last_vote_epoch = 0;
  bool ok = false;
  bool writes_paused = false;
  std::int64_t offset = 0;
  std::uint64_t keys_loaded = 0;
  bool logs_suspicion = false;  // it runs at loglevel debug
  bool manual = false;          // a manual failover is on, this server being the replica
  bool taking_over = false;     // the log has announced a takeover that is not through yet
  PictureOfElection election;
  PictureOfLink link;
  std::map<NodeName, std::pair<std::uint64_t, bool>> requests;  // candidate: epoch, forced
  std::array<std::uint64_t, bus::kTypeCount> sent{}, received{};
  event::Claim told;
  bool has_told = false;

  PictureOfNode& me() { return nodes[id]; }
  bool is_primary() const;
  bool knows(const NodeName& node) const { return nodes.count(node) > 0; }
  NodeName my_primary() const;
  std::uint32_t voters() const;  // primaries with slots
  std::uint32_t quorum() const { return voters() / 2 + 1; }
};

// The table as a file has it, without a word: what a starting program loads.
void load(Picture& picture, const nodes_conf::File& file);
// The program is up: NodeStarted and its first Claim, once.
void start(Picture& picture, const Seen& seen);
// Whatever of the Claim has changed since it was last told. Ends everything that is read.
void tell_claim(Picture& picture, const Seen& seen);

void rename_myself(Picture& picture, const NodeName& id);
// As they were seen, also if they have gone back: that is for invariants to judge.
void set_epochs(Picture& picture, std::uint64_t current, std::uint64_t config,
                event::EpochCause cause, const Seen& seen);
void set_health(Picture& picture, bool ok, const Seen& seen);
void learn(Picture& picture, const NodeName& node, const Seen& seen);
void forget(Picture& picture, const NodeName& node, std::string why, const Seen& seen);
// `reports`: primaries that said so, when it was counted; else 0.
void set_suspicion(Picture& picture, const NodeName& node, event::Suspicion to,
                   std::uint32_t reports, const Seen& seen);
// How many primaries hold `node` for failing, as far as this server has heard, and itself. Reports
// that have expired since are still counted.
std::uint32_t reports_about(const Picture& picture, const NodeName& node);
// Slots go to `owner` (none: to nobody).
void rebind(Picture& picture, const SlotSet& slots, const NodeName& owner, std::uint64_t epoch,
            const Seen& seen);
// What the server's own line says of slots on their way.
void set_open_slots(Picture& picture, const std::vector<nodes_conf::OpenSlot>& open,
                    const Seen& seen);
void follow(Picture& picture, const NodeName& primary, const Seen& seen);
void promote(Picture& picture, bool takeover, const Seen& seen);
void begin_election(Picture& picture, std::uint64_t epoch, const Seen& seen);
void hinder(Picture& picture, const std::string& why, const Seen& seen);
void link_up(Picture& picture, event::SyncKind how, const Seen& seen);
void link_down(Picture& picture, const Seen& seen);

event::ViewSnapshot view_of(const Picture& picture, bool full);

// ---- What changes it ----

// The text of a log line, behind time and level.
void read_log(Picture& picture, std::string_view text, const Seen& seen);
void read_nodes_conf(Picture& picture, std::string_view content, const Seen& seen);
void read_sent(Picture& picture, const bus::Message& message, const Names& names, const Seen& seen);
void read_received(Picture& picture, const bus::Message& message, const Names& names,
                   const Seen& seen);

}  // namespace sim
