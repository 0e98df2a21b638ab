#include "viz/risks.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

namespace sim {
namespace {

using Servers = std::vector<std::uint32_t>;

// Works out consequences. The network is asked once for what concerns it: hosts pass nothing on, so
// that losing some changes no way of others.
class Oracle {
 public:
  explicit Oracle(const ClusterMap& map) : map_(map), shards_(shards_of(map)) {
    for (const MapServer& server : map.servers) {
      slots_ += server.slots;
      votes_ += server.slots > 0 ? 1 : 0;
    }
  }
  std::uint32_t votes() const { return votes_; }

  Consequence ask(const Failure& failure, std::vector<std::uint32_t>* shards_down = nullptr) {
    const Broken broken = broken_by(failure);
    look(broken);
    Consequence seen;
    seen.votes_needed = votes_ / 2 + 1;
    count_servers(seen);
    for (std::uint32_t shard = 0; shard < shards_.size(); ++shard)
      see_shard(shard, seen, shards_down);
    seen.majority = seen.votes_left >= seen.votes_needed;
    const bool all = !seen.majority || (map_.full_coverage && seen.slots_down > 0);
    seen.slots_refused = all ? slots_ : seen.slots_down;
    return seen;
  }

 private:
  // Who lives, and who of them reaches a majority.
  void look(const Broken& broken) {
    const std::vector<OpenWays>& ways = ways_without(broken);
    std::map<OpenWays, std::uint32_t> votes_at;
    alive_.assign(map_.servers.size(), false);
    for (std::uint32_t i = 0; i < map_.servers.size(); ++i) {
      const MapServer& server = map_.servers[i];
      alive_[i] =
          std::none_of(broken.places.begin(), broken.places.end(),
                       [&](std::uint32_t place) { return stands_in(map_, server.host, place); });
      if (alive_[i]) votes_at[ways[server.host]] += server.slots > 0 ? 1 : 0;
    }
    std::map<OpenWays, std::uint32_t> reached;
    for (const auto& [mine, own] : votes_at) {
      for (const auto& [others, votes] : votes_at)
        reached[mine] += share_a_way(mine, others) ? votes : 0;
    }
    reached_.assign(map_.servers.size(), 0);
    for (std::uint32_t i = 0; i < map_.servers.size(); ++i) {
      if (alive_[i]) reached_[i] = reached.at(ways[map_.servers[i].host]);
    }
  }

  const std::vector<OpenWays>& ways_without(const Broken& broken) {
    Broken network = broken;
    std::erase_if(network.places,
                  [&](std::uint32_t at) { return map_.places[at].kind == PlaceKind::kHost; });
    if (!ways_ || network.places != asked_.places || network.links != asked_.links) {
      ways_ = open_ways(map_, network);
      asked_ = network;
    }
    return *ways_;
  }

  bool in_majority(std::uint32_t server) const {
    return alive_[server] && reached_[server] >= votes_ / 2 + 1;
  }

  void count_servers(Consequence& seen) const {
    for (std::uint32_t i = 0; i < map_.servers.size(); ++i) {
      const bool primary = map_.servers[i].primary;
      seen.votes_left = std::max(seen.votes_left, reached_[i]);
      if (!alive_[i]) {
        ++(primary ? seen.primaries_lost : seen.replicas_lost);
      } else if (!in_majority(i)) {
        ++(primary ? seen.primaries_cut_off : seen.replicas_cut_off);
      }
    }
  }

  void see_shard(std::uint32_t shard, Consequence& seen,
                 std::vector<std::uint32_t>* shards_down) const {
    const Servers& servers = shards_[shard];
    const std::uint32_t slots = map_.servers[servers.front()].slots;
    if (slots == 0) return;
    const auto candidates = std::count_if(servers.begin() + 1, servers.end(), [&](auto server) {
      return map_.servers[server].may_stand && in_majority(server);
    });
    if (in_majority(servers.front())) {
      seen.shards_bare += candidates == 0 ? 1 : 0;
      return;
    }
    if (candidates > 0) {
      ++seen.failovers;
      seen.shards_bare += candidates == 1 ? 1 : 0;
      return;
    }
    const bool any =
        std::any_of(servers.begin(), servers.end(), [&](auto server) { return alive_[server]; });
    seen.shards_gone += any ? 0 : 1;
    ++seen.shards_down;
    seen.slots_down += slots;
    if (shards_down != nullptr) shards_down->push_back(shard);
  }

  const ClusterMap& map_;
  std::vector<Servers> shards_;
  std::uint32_t slots_ = 0, votes_ = 0;
  std::optional<std::vector<OpenWays>> ways_;
  Broken asked_;
  std::vector<bool> alive_;
  std::vector<std::uint32_t> reached_;  // votes
};

bool holds_servers(const ClusterMap& map, std::uint32_t place) {
  return std::any_of(map.servers.begin(), map.servers.end(),
                     [&](const MapServer& server) { return stands_in(map, server.host, place); });
}

bool holds_all(const ClusterMap& map, std::uint32_t place) {
  return std::all_of(map.servers.begin(), map.servers.end(),
                     [&](const MapServer& server) { return stands_in(map, server.host, place); });
}

// A zone, rack or region in which all stand is the cluster itself; a host is a mistake.
bool is_the_whole(const ClusterMap& map, std::uint32_t place) {
  const PlaceKind kind = map.places[place].kind;
  return kind != PlaceKind::kHost && kind != PlaceKind::kSwitch && holds_all(map, place);
}

class Search {
 public:
  explicit Search(const ClusterMap& map) : map_(map), oracle_(map) {
    found_.votes = oracle_.votes();
  }

  Risks search(std::uint64_t pairs_most) {
    found_.sound = oracle_.ask({});
    find_things();
    for (const Failing& thing : things_) alone_.push_back(oracle_.ask({thing}));
    for (std::size_t i = 0; i < things_.size(); ++i) add(found_.single, {things_[i]}, alone_[i]);
    found_.single_examined = things_.size();
    look_at_pairs(pairs_most);
    for (std::vector<Risk>* risks : {&found_.single, &found_.two}) {
      std::stable_sort(risks->begin(), risks->end(), [](const Risk& a, const Risk& b) {
        return worse_than(a.consequence, b.consequence);
      });
      for (Risk& risk : *risks) oracle_.ask(risk.failures.front(), &risk.shards_down);
    }
    return std::move(found_);
  }

 private:
  void find_things() {
    for (const PlaceKind kind : {PlaceKind::kRegion, PlaceKind::kZone, PlaceKind::kRack,
                                 PlaceKind::kHost, PlaceKind::kSwitch}) {
      for (std::uint32_t i = 0; i < map_.places.size(); ++i) {
        if (map_.places[i].kind != kind) continue;
        if (kind != PlaceKind::kSwitch && !holds_servers(map_, i)) continue;
        if (is_the_whole(map_, i)) {
          found_.whole_places.push_back(i);
        } else {
          things_.push_back({Failing::What::kPlace, i});
        }
      }
    }
    for (std::uint32_t i = 0; i < map_.links.size(); ++i) {
      const Failing link{Failing::What::kLink, i};
      if (!map_.links[i].uplink) {
        things_.push_back(link);
      } else if (oracle_.ask({link}) != found_.sound) {
        ++found_.uplinks;  // what hangs on it is told of as lost
      }
    }
  }

  void look_at_pairs(std::uint64_t most) {
    std::vector<std::set<std::uint32_t>> shards;  // by thing: who stands in it
    for (const Failing& thing : things_) {
      auto& mine = shards.emplace_back();
      if (thing.what != Failing::What::kPlace) continue;
      for (const MapServer& server : map_.servers) {
        if (stands_in(map_, server.host, thing.index)) mine.insert(server.shard);
      }
    }
    const auto related = [&](std::size_t a, std::size_t b) {
      const auto has = [&](std::uint32_t shard) { return shards[b].contains(shard); };
      return std::any_of(shards[a].begin(), shards[a].end(), has);
    };
    for (const bool first_turn : {true, false}) {
      for (std::size_t a = 0; a < things_.size(); ++a) {
        for (std::size_t b = a + 1; b < things_.size(); ++b) {
          if (within_each_other(things_[a], things_[b])) continue;
          if (first_turn) ++found_.two_possible;
          if (found_.two_examined < most && related(a, b) == first_turn) look_at(a, b);
        }
      }
    }
  }

  bool within_each_other(const Failing& a, const Failing& b) const {
    return a.what == Failing::What::kPlace && b.what == Failing::What::kPlace &&
           (stands_in(map_, a.index, b.index) || stands_in(map_, b.index, a.index));
  }

  void look_at(std::size_t a, std::size_t b) {
    ++found_.two_examined;
    const Consequence both = oracle_.ask({things_[a], things_[b]});
    const auto says_more_than = [&](const Consequence& one) {
      return (one.majority && !both.majority) || both.slots_refused > one.slots_refused;
    };
    if (says_more_than(alone_[a]) && says_more_than(alone_[b]))
      add(found_.two, {things_[a], things_[b]}, both);
  }

  void add(std::vector<Risk>& risks, Failure failure, const Consequence& consequence) const {
    for (Risk& risk : risks) {
      if (!same_but_for_rounding(risk.consequence, consequence) ||
          !alike(risk.failures.front(), failure))
        continue;
      Consequence& most = risk.consequence;
      risk.slots_vary = risk.slots_vary || most != consequence;
      most.slots_down = std::max(most.slots_down, consequence.slots_down);
      most.slots_refused = std::max(most.slots_refused, consequence.slots_refused);
      risk.failures.push_back(std::move(failure));
      return;
    }
    risks.push_back({{std::move(failure)}, consequence, false, {}});
  }

  static bool same_but_for_rounding(const Consequence& a, const Consequence& b) {
    const auto near = [&](std::uint32_t one, std::uint32_t other) {
      return std::max(one, other) - std::min(one, other) <= a.shards_down;
    };
    Consequence rounded = b;
    rounded.slots_down = a.slots_down;
    rounded.slots_refused = a.slots_refused;
    return a == rounded && near(a.slots_down, b.slots_down) &&
           near(a.slots_refused, b.slots_refused);
  }

  bool alike(const Failure& a, const Failure& b) const {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](const Failing& one, const Failing& other) {
                        if (one.what != other.what) return false;
                        return one.what == Failing::What::kLink ||
                               map_.places[one.index].kind == map_.places[other.index].kind;
                      });
  }

  const ClusterMap& map_;
  Oracle oracle_;
  std::vector<Failing> things_;
  std::vector<Consequence> alone_;  // by thing
  Risks found_;
};

}  // namespace

Broken broken_by(const Failure& failure) {
  Broken broken;
  for (const Failing& thing : failure)
    (thing.what == Failing::What::kPlace ? broken.places : broken.links).push_back(thing.index);
  return broken;
}

bool Consequence::changes_nothing() const {
  return !loses_slots() && failovers == 0 && primaries_lost + replicas_lost == 0 &&
         primaries_cut_off + replicas_cut_off == 0;
}

bool worse_than(const Consequence& a, const Consequence& b) {
  const auto weight = [](const Consequence& c) {
    return std::tuple(!c.majority, c.slots_refused, c.slots_down, c.shards_gone, c.failovers,
                      c.primaries_lost + c.primaries_cut_off, c.shards_bare,
                      c.replicas_lost + c.replicas_cut_off);
  };
  return weight(a) > weight(b);
}

Risks find_risks(const ClusterMap& map, std::uint64_t pairs_most) {
  return Search(map).search(pairs_most);
}

std::vector<std::vector<std::uint32_t>> shards_of(const ClusterMap& map) {
  std::vector<Servers> shards;
  for (std::uint32_t i = 0; i < map.servers.size(); ++i) {
    const MapServer& server = map.servers[i];
    if (server.shard >= shards.size()) shards.resize(server.shard + 1);
    Servers& servers = shards[server.shard];
    servers.insert(server.primary ? servers.begin() : servers.end(), i);
  }
  std::erase_if(shards, [](const Servers& servers) { return servers.empty(); });
  return shards;
}

std::vector<SharedPlace> shared_places(const ClusterMap& map) {
  std::vector<SharedPlace> shared;
  for (const Servers& servers : shards_of(map)) {
    const MapServer& primary = map.servers[servers.front()];
    std::optional<SharedPlace> narrowest;
    for (std::optional<std::uint32_t> at = primary.host; at; at = map.places[*at].within) {
      if (is_the_whole(map, *at)) break;
      SharedPlace here{*at, primary.shard, {}, false};
      for (const std::uint32_t server : servers) {
        if (stands_in(map, map.servers[server].host, *at)) here.servers.push_back(server);
      }
      if (here.servers.size() < 2) continue;
      here.all = here.servers.size() == servers.size();
      // A place of all copies outweighs a narrower one of some.
      if (!narrowest || (here.all && !narrowest->all)) narrowest = std::move(here);
    }
    if (narrowest) shared.push_back(std::move(*narrowest));
  }
  return shared;
}

}  // namespace sim
