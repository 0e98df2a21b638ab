// The cluster at one moment, folded from the trace: who is up, who owns which slots, who follows
// whom, who is held to have failed, and where the network is cut. What graph.cc draws; plain data,
// so that tests need not read pictures.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/slot_set.h"
#include "sim/trace/directory.h"
#include "sim/trace/fold.h"
#include "sim/trace/record.h"
#include "viz/renderer.h"

namespace sim {

struct PictureNode {
  MachineInfo info;
  bool up = false, paused = false;
  bool healthy = false;  // cluster state ok, as the node itself holds
  bool known = true;     // false: the viewing node has not heard of it
  bool alone = false;    // a spare that has met nobody yet
  Role role{};
  SlotSet slots;  // what it owns, as far as nobody alive outranks its claim
  std::uint32_t stale =
      0;  // slots it still claims though a live node claims them with a greater epoch
  std::uint64_t config_epoch = 0;
  std::optional<MachineId> follows;
  event::Suspicion held_as{};  // by a majority of the nodes that run, or by the viewing node
  std::uint32_t held_by = 0,
                observers = 0;  // how many of how many hold it at least so (majority view only)
  std::optional<std::uint32_t> side;  // index of its side when the network is split
  bool shares_host = false;           // its primary, or a replica of it, stands on the same host
  // "rack" or "zone": the narrowest such place in which all of its shard stand, if others stand
  // elsewhere; empty: none.
  std::string shard_within;
  std::string slowed;  // by which fault its network is worse now: "delay"; empty: by none
};

struct ClusterPicture {
  std::string scenario;
  std::uint64_t seed = 0;
  Duration at{};     // since t = 0
  std::string view;  // empty: majority
  bool view_probed =
      true;  // false: the viewing node was never probed, so only its suspicions are its own
  std::map<MachineId, PictureNode> nodes;  // no clients
  // Who holds whom for failed or possibly failed, of those who run; in order.
  struct Belief {
    MachineId observer, peer;
    event::Suspicion held_as{};
  };
  std::vector<Belief> beliefs;
  std::uint32_t clients = 0;
  // The network, worst plane first ("all" if it is cut for all); empty when whole.
  std::string cut_plane;
  std::vector<std::vector<MachineId>> sides;
  std::vector<std::uint32_t> side_votes;  // primaries with slots that run, by side
  std::uint32_t votes = 0;                // all of them, as the nodes count them
  bool is_majority(std::uint32_t side) const { return 2 * side_votes.at(side) > votes; }
  std::vector<std::pair<MachineId, MachineId>> one_way_cuts;
  std::vector<std::string> faults;   // in force, in plain words
  std::vector<std::string> caption;  // what has just happened, of a picture among many
  std::vector<std::string> single_points;
};

// What there is to see in it, in a few words: "DOWN, X FAIL", "promoted"; empty: nothing. Of
// hundreds of nodes, those alike are drawn as one.
std::string what_stands_out(const ClusterPicture& picture, const PictureNode& node);
inline bool stands_out(const ClusterPicture& picture, const PictureNode& node) {
  return !what_stands_out(picture, node).empty();
}
// So many alike are drawn as one: of those in which there is nothing to see, and of the others.
inline constexpr std::size_t kAlikeLeast = 4, kOddAlikeLeast = 3;
inline bool are_drawn_as_one(std::size_t count, const std::string& standing_out) {
  return count >= (standing_out.empty() ? kAlikeLeast : kOddAlikeLeast);
}
// Is the cluster so large that they are?
bool is_summarised(const ClusterPicture& picture);

class PictureFold final : public TraceFold {
 public:
  explicit PictureFold(const Scene& scene);
  void see(const Record& record) override;
  ClusterPicture picture() const;

 private:
  void see_event(const Record& record);
  void add_nodes(ClusterPicture& picture) const;
  void add_slots(ClusterPicture& picture) const;
  void add_majority_suspicions(ClusterPicture& picture) const;
  void apply_view(ClusterPicture& picture, MachineId viewer) const;
  void add_network(ClusterPicture& picture) const;
  void add_beliefs(ClusterPicture& picture) const;

  Scene scene_;
  Directory who_;
  std::optional<SimTime> zero_;
  SimTime last_;
  std::map<std::pair<MachineId, NodeName>, event::Suspicion> held_;  // (observer, peer)
  std::map<MachineId, event::ViewSnapshot> snapshots_;  // the latest full one of each node
  std::map<std::string, event::Reachability> network_;  // by plane; absent: whole
  std::map<std::uint32_t, event::FaultBegan> faults_;
};

}  // namespace sim
