// Percentiles of many times without keeping them: a histogram of integers whose buckets are at most
// 1/64 of their values wide, so that what it answers is too great by less than 1.6 %.
#pragma once

#include <cstdint>
#include <vector>

namespace sim {

class Histogram {
 public:
  void add(std::int64_t value);  // not negative
  std::uint64_t count() const { return count_; }
  std::int64_t max() const { return max_; }
  // By nearest rank: at least so many percent of the values are no greater. 0 of nothing.
  std::int64_t percentile(std::uint32_t percent) const;

 private:
  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::int64_t max_ = 0;
};

}  // namespace sim
