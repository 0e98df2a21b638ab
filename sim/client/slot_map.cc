#include "sim/client/slot_map.h"

#include <algorithm>
#include <optional>
#include <string>

#include "sim/base/numbers.h"

namespace sim {

namespace {

std::optional<std::int32_t> number_up_to(std::int32_t max, std::string_view text) {
  const auto number = whole_number<std::int32_t>(text);
  return number && *number >= 0 && *number <= max ? number : std::nullopt;
}

// "10.0.0.2" and 6379; an empty host means the one that was asked (as redis-cli reads it).
std::optional<Endpoint> endpoint_of(std::string_view host, std::int64_t port, Endpoint asked) {
  if (port <= 0 || port > 65535) return std::nullopt;
  const std::uint32_t ipv4 = host.empty() ? asked.ipv4 : parse_ipv4(host);
  if (ipv4 == 0) return std::nullopt;
  return Endpoint{ipv4, static_cast<std::uint16_t>(port)};
}

// [ip, port, id, [metadata]] of CLUSTER SLOTS.
std::optional<Endpoint> endpoint_of(const resp::Value& node, Endpoint asked) {
  const auto* parts = std::get_if<resp::Array>(&node.data);
  if (!parts || parts->items.size() < 2) return std::nullopt;
  const auto* port = std::get_if<std::int64_t>(&parts->items[1].data);
  if (!port) return std::nullopt;
  if (const auto* host = std::get_if<resp::Bulk>(&parts->items[0].data)) {
    return endpoint_of(host->text, *port, asked);
  }
  const bool unknown = std::holds_alternative<resp::Null>(parts->items[0].data);
  return unknown ? endpoint_of("", *port, asked) : std::nullopt;
}

}  // namespace

const Endpoint* SlotMap::primary(SlotId slot) const {
  const std::uint16_t shard = shard_of_[slot.value];
  return shard == kNobody ? nullptr : &shards_[shard].primary;
}

const std::vector<Endpoint>& SlotMap::replicas(SlotId slot) const {
  static const std::vector<Endpoint> none;
  const std::uint16_t shard = shard_of_[slot.value];
  return shard == kNobody ? none : shards_[shard].replicas;
}

void SlotMap::moved(SlotId slot, Endpoint owner) {
  const auto shard = std::find_if(shards_.begin(), shards_.end(),
                                  [&](const Shard& s) { return s.primary == owner; });
  shard_of_[slot.value] = static_cast<std::uint16_t>(shard - shards_.begin());
  if (shard == shards_.end()) shards_.push_back({owner, {}});
}

bool SlotMap::learn(const resp::Value& reply, Endpoint asked) {
  const auto* ranges = std::get_if<resp::Array>(&reply.data);
  if (!ranges || ranges->items.empty()) return false;  // a node that knows nothing teaches nothing
  SlotMap learnt;
  for (const resp::Value& item : ranges->items) {
    const auto* range = std::get_if<resp::Array>(&item.data);
    if (!range || range->items.size() < 3) return false;
    const auto* first = std::get_if<std::int64_t>(&range->items[0].data);
    const auto* last = std::get_if<std::int64_t>(&range->items[1].data);
    if (!first || !last || *first < 0 || *last >= kSlotCount || *first > *last) return false;

    Shard shard;
    for (std::size_t i = 2; i < range->items.size(); ++i) {
      const std::optional<Endpoint> endpoint = endpoint_of(range->items[i], asked);
      if (i == 2 && !endpoint) return false;
      if (i == 2) shard.primary = *endpoint;
      if (i > 2 && endpoint) shard.replicas.push_back(*endpoint);
    }
    auto known = std::find_if(learnt.shards_.begin(), learnt.shards_.end(), [&](const Shard& s) {
      return s.primary == shard.primary && s.replicas == shard.replicas;
    });
    const auto index = static_cast<std::uint16_t>(known - learnt.shards_.begin());
    if (known == learnt.shards_.end()) learnt.shards_.push_back(std::move(shard));
    std::fill(learnt.shard_of_.begin() + *first, learnt.shard_of_.begin() + *last + 1, index);
  }
  *this = std::move(learnt);
  return true;
}

std::vector<Endpoint> SlotMap::endpoints() const {
  std::vector<Endpoint> all;
  const auto add = [&](Endpoint endpoint) {
    if (std::find(all.begin(), all.end(), endpoint) == all.end()) all.push_back(endpoint);
  };
  for (const Shard& shard : shards_) {
    add(shard.primary);
    for (const Endpoint replica : shard.replicas) add(replica);
  }
  return all;
}

bool parse_redirection(std::string_view error, std::string_view word, Endpoint asked, SlotId& slot,
                       Endpoint& owner) {
  if (!error.starts_with(word) || error.size() == word.size()) return false;
  error.remove_prefix(word.size());
  if (error.front() != ' ') return false;
  error.remove_prefix(1);
  const std::size_t space = error.find(' ');
  const std::size_t colon = error.rfind(':');
  if (space == error.npos || colon == error.npos || colon < space) return false;

  const auto number = number_up_to(kSlotCount - 1, error.substr(0, space));
  const auto port = number_up_to(65535, error.substr(colon + 1));
  if (!number || !port) return false;
  const std::optional<Endpoint> endpoint =
      endpoint_of(error.substr(space + 1, colon - space - 1), *port, asked);
  if (!endpoint) return false;
  slot = {static_cast<std::uint16_t>(*number)};
  owner = *endpoint;
  return true;
}

}  // namespace sim
