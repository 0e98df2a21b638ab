#include "sim/core/peer_table.h"

#include <algorithm>

#include "sim/base/check.h"

namespace sim {

void PeerTable::put_name(NameRef name, PeerId peer) {
  const std::size_t size = by_name_.size();
  if (name.index >= size) {
    if (name.index >= by_name_.capacity()) by_name_.reserve(name.index + size / 8 + 8);
    by_name_.resize(name.index + 1);
  }
  by_name_[name.index] = peer;
}

void PeerTable::reserve(std::size_t peers) {
  hot_.reserve(hot_.size() + peers);
  cold_.reserve(cold_.size() + peers);
}

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
  cold(peer).name_ = name;
  hot(peer).put(PeerHot::kUsed, true);
  put_name(name, peer);
  ++known_;
  return peer;
}

void PeerTable::remove(PeerId peer) {
  CHECK(peer != kMyself);
  CHECK(hot(peer).used());
  by_name_[cold(peer).name_.index] = kNoPeer;
  hot(peer) = PeerHot{};
  cold(peer) = PeerCold{};
  free_.push_back(peer.value);
  --known_;
}

void PeerTable::rename(PeerId peer, NameRef name) {
  CHECK(find(name).is_none());
  by_name_[cold(peer).name_.index] = kNoPeer;
  put_name(name, peer);
  cold(peer).name_ = name;
  hot(peer).profile_ = {};
}

void PeerTable::set_address(PeerId peer, AddressRef address) {
  cold(peer).address_ = address;
  hot(peer).profile_ = {};
}

std::int64_t PeerTable::ping_sent_ms(PeerId peer) const {
  if (!hot(peer).pinged()) return 0;
  const PeerCold& row = cold(peer);
  const std::int64_t seconds =
      std::int64_t{row.ping_sent_high_} * (std::int64_t{1} << 32) + hot(peer).ping_sent_s_;
  return seconds * 1000 + row.ping_sent_rest_ms_;
}

void PeerTable::set_ping_sent(PeerId peer, std::int64_t ms) {
  const std::int64_t seconds = ms / 1000 - (ms % 1000 < 0 ? 1 : 0);
  hot(peer).put(PeerHot::kPinged, ms != 0);
  hot(peer).ping_sent_s_ = static_cast<std::uint32_t>(seconds);
  if (ms == 0) return;
  cold(peer).ping_sent_rest_ms_ = static_cast<std::int16_t>(ms - seconds * 1000);
  cold(peer).ping_sent_high_ = static_cast<std::int16_t>(seconds >> 32);
}

ProfileRef PeerTable::make_profile(PeerId peer, Names& names) {
  PeerHot& row = hot(peer);
  row.profile_ = names.intern(Profile{name(peer), cold(peer).address_, row.flags()});
  return row.profile_;
}

SlotOwners::Run::Run(std::uint32_t first_slot, PeerId owner)
    : first(static_cast<std::uint16_t>(first_slot)),
      row_(owner.is_none() ? kNobody : static_cast<std::uint16_t>(owner.value)) {
  CHECK(owner.is_none() || owner.value < kNobody);
}

std::size_t SlotOwners::run_of(std::uint32_t slot) const {
  const auto after =
      std::upper_bound(runs_.begin(), runs_.end(), slot,
                       [](std::uint32_t wanted, const Run& run) { return wanted < run.first; });
  return static_cast<std::size_t>(after - runs_.begin()) - 1;
}

PeerId SlotOwners::owner(SlotId slot) const {
  return runs_[run_of(slot.value)].owner();
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
    if (result.empty() || result.back().owner() != to) result.emplace_back(first, to);
  };
  // The borders of the new map are those of the old one and those of the ranges that change.
  const std::vector<SlotRange> ranges = slot_ranges(slots);
  auto range = ranges.begin();
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    const std::uint32_t end = i + 1 < runs_.size() ? runs_[i + 1].first : kSlotCount;
    for (std::uint32_t at = runs_[i].first; at < end;) {
      while (range != ranges.end() && range->last.value < at) ++range;
      if (range == ranges.end() || range->first.value >= end) {
        append(at, runs_[i].owner());
        at = end;
      } else if (range->first.value > at) {
        append(at, runs_[i].owner());
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
