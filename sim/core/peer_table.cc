#include "sim/core/peer_table.h"

#include <algorithm>

#include "sim/base/check.h"

namespace sim {

PeerId PeerTable::add(NameRef name) {
  CHECK(!name.is_none());
  CHECK(find(name).is_none());
  PeerId peer{static_cast<std::uint32_t>(hot_.size())};
  if (free_.empty()) {
    hot_.emplace_back();
    cold_.emplace_back();
    marks_.resize(hot_.size() / 64 + 1);
  } else {
    const auto lowest = std::min_element(free_.begin(), free_.end());
    peer.value = *lowest;
    free_.erase(lowest);
  }
  hot(peer).name_ = name;
  if (name.index >= by_name_.size()) by_name_.resize(name.index + 1);
  by_name_[name.index] = peer;
  ++known_;
  return peer;
}

void PeerTable::remove(PeerId peer) {
  CHECK(peer != kMyself);
  CHECK(hot(peer).used());
  by_name_[hot(peer).name_.index] = kNoPeer;
  hot(peer) = PeerHot{};
  cold(peer) = PeerCold{};
  free_.push_back(peer.value);
  --known_;
}

void PeerTable::rename(PeerId peer, NameRef name) {
  CHECK(find(name).is_none());
  by_name_[hot(peer).name_.index] = kNoPeer;
  if (name.index >= by_name_.size()) by_name_.resize(name.index + 1);
  by_name_[name.index] = peer;
  hot(peer).name_ = name;
  hot(peer).profile_ = {};
}

void PeerTable::set_address(PeerId peer, AddressRef address) {
  cold(peer).address_ = address;
  hot(peer).profile_ = {};
}

ProfileRef PeerTable::make_profile(PeerId peer, Names& names) {
  PeerHot& row = hot(peer);
  row.profile_ = names.intern(Profile{row.name_, cold(peer).address_, row.flags()});
  return row.profile_;
}

std::size_t SlotOwners::run_of(std::uint32_t slot) const {
  const auto after =
      std::upper_bound(runs_.begin(), runs_.end(), slot,
                       [](std::uint32_t wanted, const Run& run) { return wanted < run.first; });
  return static_cast<std::size_t>(after - runs_.begin()) - 1;
}

PeerId SlotOwners::owner(SlotId slot) const {
  return runs_[run_of(slot.value)].owner;
}

void SlotOwners::assign(SlotId slot, PeerId owner) {
  SlotSet one;
  one.set(slot.value);
  assign(one, owner);
}

void SlotOwners::assign(const SlotSet& slots, PeerId owner) {
  std::vector<Run> result;
  result.reserve(runs_.size() + 2);
  const auto append = [&](std::uint32_t first, PeerId to) {
    if (result.empty() || result.back().owner != to) result.push_back({first, to});
  };
  // The borders of the new map are those of the old one and those of the ranges that change.
  const std::vector<SlotRange> ranges = slot_ranges(slots);
  auto range = ranges.begin();
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    const std::uint32_t end = i + 1 < runs_.size() ? runs_[i + 1].first : kSlotCount;
    for (std::uint32_t at = runs_[i].first; at < end;) {
      while (range != ranges.end() && range->last.value < at) ++range;
      if (range == ranges.end() || range->first.value >= end) {
        append(at, runs_[i].owner);
        at = end;
      } else if (range->first.value > at) {
        append(at, runs_[i].owner);
        at = range->first.value;
      } else {
        append(at, owner);
        at = std::min<std::uint32_t>(end, range->last.value + 1u);
      }
    }
  }
  runs_ = std::move(result);
}

}  // namespace sim
