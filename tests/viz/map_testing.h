// Cluster maps for tests, made by hand: places by "zone:a", links, and servers that stand on hosts
// of their own.
#pragma once

#include <map>
#include <stdexcept>
#include <string>

#include "viz/cluster_map.h"

namespace sim {

class MapMaker {
 public:
  // Made when first named.
  std::uint32_t place(const std::string& name) {
    const auto [found, is_new] =
        numbers_.try_emplace(name, static_cast<std::uint32_t>(map_.places.size()));
    if (is_new) map_.places.push_back({kind_of(name), name.substr(name.find(':') + 1), {}});
    return found->second;
  }
  // The first stands in the second, and hangs on it by an uplink.
  MapMaker& within(const std::string& inner, const std::string& outer) {
    const std::uint32_t one = place(inner), other = place(outer);
    if (map_.places[one].within) return *this;
    map_.places[one].within = other;
    map_.links.push_back({.a = one, .b = other, .uplink = true});
    return *this;
  }
  MapMaker& link(const std::string& a, const std::string& b) {
    const std::uint32_t one = place(a), other = place(b);
    map_.links.push_back({.a = one, .b = other});
    return *this;
  }
  // "m1" on "host:m1" in the zone, unless a host is given.
  MapMaker& primary(const std::string& name, std::uint32_t shard, std::uint32_t slots,
                    const std::string& zone, const std::string& host = "") {
    return server(name, shard, true, slots, zone, host);
  }
  MapMaker& replica(const std::string& name, std::uint32_t shard, const std::string& zone,
                    const std::string& host = "") {
    return server(name, shard, false, 0, zone, host);
  }
  ClusterMap& map() { return map_; }

 private:
  static PlaceKind kind_of(const std::string& name) {
    for (const PlaceKind kind : {PlaceKind::kHost, PlaceKind::kRack, PlaceKind::kZone,
                                 PlaceKind::kRegion, PlaceKind::kSwitch}) {
      if (name.starts_with(std::string(word_of(kind)) + ":")) return kind;
    }
    throw std::invalid_argument(name);
  }
  MapMaker& server(const std::string& name, std::uint32_t shard, bool primary, std::uint32_t slots,
                   const std::string& zone, std::string host) {
    host = "host:" + (host.empty() ? name : host);
    within(host, zone);
    map_.servers.push_back({name, place(host), shard, primary, slots, true});
    return *this;
  }

  ClusterMap map_;
  std::map<std::string, std::uint32_t> numbers_;
};

}  // namespace sim
