#include "sim/invariants/histogram.h"

#include <algorithm>
#include <bit>

#include "sim/base/check.h"

namespace sim {
namespace {

// Below 64 every value has a bucket; above, every power of two has 64 of them.
constexpr std::uint32_t kBits = 6;
constexpr std::uint64_t kSteps = std::uint64_t{1} << kBits;

std::size_t bucket_of(std::uint64_t value) {
  const auto width = static_cast<std::uint32_t>(std::bit_width(value));
  if (width <= kBits) return value;
  const std::uint32_t shift = width - kBits - 1;
  return shift * kSteps + (value >> shift);
}

std::uint64_t greatest_in(std::size_t bucket) {
  if (bucket < 2 * kSteps) return bucket;
  const std::size_t shift = bucket / kSteps - 1;
  return ((bucket - shift * kSteps + 1) << shift) - 1;
}

}  // namespace

void Histogram::add(std::int64_t value) {
  CHECK(value >= 0);
  const std::size_t bucket = bucket_of(static_cast<std::uint64_t>(value));
  if (bucket >= buckets_.size()) buckets_.resize(bucket + 1);
  ++buckets_[bucket];
  ++count_;
  max_ = std::max(max_, value);
}

std::int64_t Histogram::percentile(std::uint32_t percent) const {
  std::uint64_t rank = (count_ * percent + 99) / 100;
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    if (buckets_[bucket] >= rank)
      return std::min(max_, static_cast<std::int64_t>(greatest_in(bucket)));
    rank -= buckets_[bucket];
  }
  return max_;
}

}  // namespace sim
