#include "sim/workloads/key_choice.h"

#include <algorithm>

#include "sim/base/check.h"

namespace sim {

KeyChoice KeyChoice::zipf(std::uint32_t keys) {
  CHECK(keys > 0);
  auto weights = std::make_shared<std::vector<std::uint64_t>>();
  weights->reserve(keys);
  std::uint64_t sum = 0;
  for (std::uint64_t rank = 1; rank <= keys; ++rank) {
    sum += (std::uint64_t{1} << 32) / rank;
    weights->push_back(sum);
  }
  return KeyChoice(keys, std::move(weights));
}

std::uint32_t KeyChoice::choose(Choices& choices) const {
  if (!weights_) return static_cast<std::uint32_t>(choices.choose(Site::kKey, keys_));
  const std::uint64_t drawn = choices.choose(Site::kKey, weights_->back());
  const auto above = std::upper_bound(weights_->begin(), weights_->end(), drawn);
  return static_cast<std::uint32_t>(above - weights_->begin());
}

}  // namespace sim
