// Values kept once, by index. What `Names` is made of.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "sim/base/check.h"

namespace sim {

// Index 0 is the value given to the constructor. Indices are dense and never reused; values never
// move, unless they are small enough to be kept in a vector. `T` comes with
// `std::uint64_t content_hash(const T&)`, found by argument-dependent lookup.
template <class T, class Values = std::deque<T>>
class Interned {
 public:
  explicit Interned(T none) { intern(std::move(none)); }

  std::uint32_t intern(T value) {
    if (2 * (values_.size() + 1) > buckets_.size()) grow();
    const std::uint64_t hash = content_hash(value);
    std::size_t at = hash & (buckets_.size() - 1);
    for (; buckets_[at] != kEmpty; at = (at + 1) & (buckets_.size() - 1)) {
      const std::uint32_t index = buckets_[at];
      if (hashes_[index] == hash && values_[index] == value) return index;
    }
    const auto index = static_cast<std::uint32_t>(values_.size());
    CHECK(index != kEmpty);
    buckets_[at] = index;
    values_.push_back(std::move(value));
    hashes_.push_back(hash);
    return index;
  }
  const T& value(std::uint32_t index) const {
    CHECK(index < hashes_.size());
    return values_[index];
  }
  std::uint64_t hash(std::uint32_t index) const {
    CHECK(index < hashes_.size());
    return hashes_[index];
  }
  std::uint32_t size() const { return static_cast<std::uint32_t>(hashes_.size()); }

 private:
  static constexpr std::uint32_t kEmpty = 0xffffffff;

  void grow() {
    buckets_.assign(buckets_.empty() ? 64 : 2 * buckets_.size(), kEmpty);
    for (std::uint32_t index = 0; index < hashes_.size(); ++index) {
      std::size_t at = hashes_[index] & (buckets_.size() - 1);
      while (buckets_[at] != kEmpty) at = (at + 1) & (buckets_.size() - 1);
      buckets_[at] = index;
    }
  }

  Values values_;
  // Apart from the values: a 1,000-node cluster looks up hashes all the time, and these fit into
  // the first cache.
  std::vector<std::uint64_t> hashes_;
  // Open addressing over indices: a power of two of them, at most half full. Only ever probed,
  // never walked, so its layout is nobody's business.
  std::vector<std::uint32_t> buckets_;
};

}  // namespace sim
