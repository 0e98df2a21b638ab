#include "sim/invariants/connectivity.h"

#include <numeric>

namespace sim {

Connectivity::Connectivity(const Cast& cast) : size_(static_cast<std::uint32_t>(cast.size())) {
  for (std::uint32_t i = 0; i < size_; ++i) by_name_[cast[i].name] = MachineId{i};
}

void Connectivity::see(const Record& record) {
  changed_ = false;
  const auto* reach = std::get_if<event::Reachability>(&record.event);
  if (reach == nullptr) return;
  if (reach->plane != "bus" && reach->plane != "all" && !reach->plane.empty()) return;
  apply(*reach);
  changed_ = true;
}

// A machine that no group names stands in a group with the others that are not named.
void Connectivity::apply(const event::Reachability& reach) {
  groups_.clear();
  cut_.clear();
  component_.clear();
  if (reach.groups.size() > 1) {
    groups_.assign(size_, 0);
    std::uint32_t number = 0;
    for (const std::vector<std::string>& group : reach.groups) {
      ++number;
      for (const std::string& name : group) {
        if (const auto found = by_name_.find(name); found != by_name_.end()) {
          groups_[found->second.value] = number;
        }
      }
    }
  }
  for (const auto& [from, to] : reach.cut) {
    const auto a = by_name_.find(from), b = by_name_.find(to);
    if (a != by_name_.end() && b != by_name_.end()) cut_.insert({a->second, b->second});
  }
  if (!whole()) join_components();
}

void Connectivity::join_components() {
  if (cut_.empty()) {
    component_ = groups_;
    return;
  }
  component_.resize(size_);
  std::iota(component_.begin(), component_.end(), 0U);
  const auto root = [this](std::uint32_t i) {
    while (component_[i] != i) i = component_[i] = component_[component_[i]];
    return i;
  };
  for (std::uint32_t a = 0; a < size_; ++a) {
    for (std::uint32_t b = a + 1; b < size_; ++b) {
      if (mutual(MachineId{a}, MachineId{b})) component_[root(b)] = root(a);
    }
  }
  for (std::uint32_t i = 0; i < size_; ++i) component_[i] = root(i);
}

bool Connectivity::reaches(MachineId from, MachineId to) const {
  if (from == to) return true;
  if (from.value >= size_ || to.value >= size_) return false;
  if (!groups_.empty() && groups_[from.value] != groups_[to.value]) return false;
  return cut_.empty() || cut_.count({from, to}) == 0;
}

bool Connectivity::connected(MachineId a, MachineId b) const {
  if (a == b || component_.empty()) return true;
  if (a.value >= size_ || b.value >= size_) return false;
  return component_[a.value] == component_[b.value];
}

}  // namespace sim
