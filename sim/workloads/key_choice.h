// Which key an operation is about: all alike, or a few favourites (zipf).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/base/choices.h"

namespace sim {

class KeyChoice {
 public:
  // Every key as often as any other. Precondition: keys > 0.
  static KeyChoice uniform(std::uint32_t keys) { return KeyChoice(keys, nullptr); }
  // The k-th key 1/k as often as the first (Zipf's law, exponent 1). The weights are whole numbers,
  // 2^32/k, so that the choice is the same on every machine; rounding costs the last of a million
  // keys less than a thousandth of its share.
  static KeyChoice zipf(std::uint32_t keys);

  std::uint32_t choose(Choices& choices) const;

 private:
  using Cumulative = std::shared_ptr<const std::vector<std::uint64_t>>;
  KeyChoice(std::uint32_t keys, Cumulative weights) : keys_(keys), weights_(std::move(weights)) {}

  std::uint32_t keys_;
  Cumulative weights_;  // [i] is the weight of keys 0..i together; null: uniform
};

}  // namespace sim
