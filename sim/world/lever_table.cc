#include "sim/world/lever_table.h"

#include <algorithm>
#include <utility>

#include "sim/base/check.h"
#include "sim/base/hash.h"

namespace sim {
namespace {

constexpr std::size_t kFew = 16;

bool is_among(MachineId machine, const std::vector<MachineId>& machines) {
  return machines.empty() || std::find(machines.begin(), machines.end(), machine) != machines.end();
}

// Marks are sums over the directions of a machine, in whatever order these come.
std::uint64_t mark_of_one_from(MachineId to) {
  return mix64(std::uint64_t{to.value} * 2);
}
std::uint64_t mark_of_one_to(MachineId from) {
  return mix64(std::uint64_t{from.value} * 2 + 1);
}

}  // namespace

DirectionSet::DirectionSet(std::vector<Direction> directions, std::size_t machines)
    : machines_(machines) {
  if (directions.size() <= kFew) {
    few_ = std::move(directions);
    std::sort(few_.begin(), few_.end());
    few_.erase(std::unique(few_.begin(), few_.end()), few_.end());
    return;
  }
  many_.assign(machines * machines, false);
  marks_.resize(machines);
  for (const auto& [from, to] : directions) {
    auto place = many_.at(from.value * machines + to.value);
    if (place) continue;
    place = true;
    marks_[from.value] += mark_of_one_from(to);
    marks_[to.value] += mark_of_one_to(from);
  }
}

bool DirectionSet::contains(MachineId from, MachineId to) const {
  if (many_.empty()) return std::binary_search(few_.begin(), few_.end(), Direction{from, to});
  return many_[from.value * machines_ + to.value];
}

std::uint64_t DirectionSet::mark(MachineId machine) const {
  if (!many_.empty()) return marks_[machine.value];
  std::uint64_t mark = 0;
  for (const auto& [from, to] : few_) {
    if (from == machine) mark += mark_of_one_from(to);
    if (to == machine) mark += mark_of_one_to(from);
  }
  return mark;
}

std::vector<LeverId>* LeverTable::list_of(LeverKind kind) {
  switch (kind) {
    case LeverKind::kCut:
    case LeverKind::kClog:
    case LeverKind::kDelay:
    case LeverKind::kLose:
    case LeverKind::kThrottle:
      return &on_directions_;
    case LeverKind::kMessage:
      return &rules_;
    case LeverKind::kLinkCut:
      return &cut_links_;
    case LeverKind::kPause:
    case LeverKind::kSlow:
    case LeverKind::kStepClock:
    case LeverKind::kSkewClock:
    case LeverKind::kDriftClock:
      return nullptr;
  }
  return nullptr;
}

LeverId LeverTable::add(Lever lever) {
  const LeverId id{static_cast<std::uint32_t>(levers_.size()) + 1};
  if (auto* list = list_of(lever.kind)) list->push_back(id);
  levers_.push_back(std::move(lever));
  return id;
}

void LeverTable::retire(LeverId id) {
  Lever& lever = (*this)[id];
  CHECK(lever.active);
  lever.active = false;
  lever.directions = DirectionSet();
  if (auto* list = list_of(lever.kind)) list->erase(std::find(list->begin(), list->end(), id));
}

bool matches(const MessageRule& rule, std::string_view label, MachineId from, MachineId to,
             Plane plane) {
  if ((rule.planes & plane_set(plane)) == 0) return false;
  if (!is_among(from, rule.from) || !is_among(to, rule.to)) return false;
  if (!rule.label.empty() && rule.label.back() == '*') {
    const std::string_view prefix = std::string_view(rule.label).substr(0, rule.label.size() - 1);
    return label.substr(0, prefix.size()) == prefix;
  }
  return label == rule.label;
}

}  // namespace sim
