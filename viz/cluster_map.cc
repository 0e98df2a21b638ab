#include "viz/cluster_map.h"

#include <algorithm>
#include <numeric>

namespace sim {
namespace {

// Places that pass messages on to each other, each part of the network named by the first of it.
class Parts {
 public:
  explicit Parts(std::size_t places) : towards_first_(places) {
    std::iota(towards_first_.begin(), towards_first_.end(), 0u);
  }
  std::uint32_t first(std::uint32_t place) {
    while (towards_first_[place] != place)
      place = towards_first_[place] = towards_first_[towards_first_[place]];
    return place;
  }
  void join(std::uint32_t a, std::uint32_t b) {
    const std::uint32_t one = first(a), other = first(b);
    towards_first_[std::max(one, other)] = std::min(one, other);
  }

 private:
  std::vector<std::uint32_t> towards_first_;
};

bool holds(const std::vector<std::uint32_t>& some, std::uint32_t one) {
  return std::find(some.begin(), some.end(), one) != some.end();
}

}  // namespace

std::string_view word_of(PlaceKind kind) {
  switch (kind) {
    case PlaceKind::kHost:
      return "host";
    case PlaceKind::kRack:
      return "rack";
    case PlaceKind::kZone:
      return "zone";
    case PlaceKind::kRegion:
      return "region";
    case PlaceKind::kSwitch:
      break;
  }
  return "switch";
}

bool stands_in(const ClusterMap& map, std::uint32_t place, std::uint32_t wider) {
  std::optional<std::uint32_t> at = place;
  while (at && *at != wider) at = map.places[*at].within;
  return at.has_value();
}

std::string name_of_place(const ClusterMap& map, std::uint32_t place) {
  return std::string(word_of(map.places[place].kind)) + " " + map.places[place].name;
}

std::string name_of_link(const ClusterMap& map, std::uint32_t link) {
  return name_of_place(map, map.links[link].a) + " - " + name_of_place(map, map.links[link].b);
}

std::vector<OpenWays> open_ways(const ClusterMap& map, const Broken& broken) {
  const auto places = static_cast<std::uint32_t>(map.places.size());
  const auto links = static_cast<std::uint32_t>(map.links.size());
  std::vector<bool> gone(places);
  for (std::uint32_t place = 0; place < places; ++place) {
    gone[place] = std::any_of(broken.places.begin(), broken.places.end(),
                              [&](std::uint32_t lost) { return stands_in(map, place, lost); });
  }
  const auto is_host = [&](std::uint32_t at) { return map.places[at].kind == PlaceKind::kHost; };
  std::vector<bool> open(links);
  Parts parts(places);
  for (std::uint32_t i = 0; i < links; ++i) {
    const MapLink& link = map.links[i];
    open[i] = link.up && !gone[link.a] && !gone[link.b] && !holds(broken.links, i);
    if (open[i] && !is_host(link.a) && !is_host(link.b)) parts.join(link.a, link.b);
  }
  std::vector<OpenWays> ways(places);
  for (std::uint32_t place = 0; place < places; ++place) {
    if (!gone[place] && !is_host(place)) ways[place].push_back(parts.first(place));
  }
  for (std::uint32_t i = 0; i < links; ++i) {
    if (!open[i]) continue;
    const MapLink& link = map.links[i];
    for (const auto& [end, other] : {std::pair{link.a, link.b}, std::pair{link.b, link.a}}) {
      if (!is_host(end)) continue;
      ways[end].push_back(is_host(other) ? places + i : parts.first(other));
    }
  }
  for (std::uint32_t place = 0; place < places; ++place) {
    OpenWays& mine = ways[place];
    // A host that nothing leads to still reaches itself.
    if (mine.empty() && !gone[place]) mine.push_back(places + links + place);
    std::sort(mine.begin(), mine.end());
    mine.erase(std::unique(mine.begin(), mine.end()), mine.end());
  }
  return ways;
}

bool share_a_way(const OpenWays& a, const OpenWays& b) {
  for (auto one = a.begin(), other = b.begin(); one != a.end() && other != b.end();) {
    if (*one == *other) return true;
    *one < *other ? ++one : ++other;
  }
  return false;
}

}  // namespace sim
