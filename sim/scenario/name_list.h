// Names, each once, in the order in which they came; whether there is one of them is known without
// looking through all, for files that ask ten thousand times about ten thousand machines.
#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

template <class Less>
class OrderedNames {
 public:
  OrderedNames() = default;
  OrderedNames(std::initializer_list<std::string> names) {
    for (const std::string& name : names) add(name);
  }

  void add(const std::string& name) {
    if (sorted_.insert(name).second) in_order_.push_back(name);
  }
  bool has(std::string_view name) const { return sorted_.find(name) != sorted_.end(); }

  bool empty() const { return in_order_.empty(); }
  std::size_t size() const { return in_order_.size(); }
  auto begin() const { return in_order_.begin(); }
  auto end() const { return in_order_.end(); }
  // Preconditions: there are any.
  const std::string& front() const { return in_order_.front(); }
  const std::string& back() const { return in_order_.back(); }

 private:
  std::vector<std::string> in_order_;
  std::set<std::string, Less> sorted_;
};
using NameList = OrderedNames<std::less<>>;

}  // namespace sim
