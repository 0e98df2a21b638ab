// A slab: objects named by small indices that stay put. No allocation once it has grown to the
// run's high-water mark, and freed places are reused in a fixed order, so that indices are the same
// in every run.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "sim/base/check.h"

namespace sim {

inline constexpr std::uint32_t kNil = 0xffffffff;  // no index

template <class T>
class Slab {
 public:
  Slab() = default;
  Slab(const Slab& other) : free_(other.free_), size_(other.size_) {
    chunks_.reserve(other.chunks_.size());
    for (const auto& chunk : other.chunks_) chunks_.push_back(std::make_unique<Chunk>(*chunk));
  }
  Slab(Slab&&) noexcept = default;
  Slab& operator=(const Slab&) = delete;

  // A place whose content is whatever was left there by `release`; new places are
  // value-initialised.
  std::uint32_t take() {
    if (!free_.empty()) {
      const std::uint32_t index = free_.back();
      free_.pop_back();
      return index;
    }
    if (size_ == chunks_.size() * kChunk) chunks_.push_back(std::make_unique<Chunk>());
    return size_++;
  }
  void release(std::uint32_t index) { free_.push_back(index); }

  T& operator[](std::uint32_t index) { return (*chunks_[index / kChunk])[index % kChunk]; }
  const T& operator[](std::uint32_t index) const {
    return (*chunks_[index / kChunk])[index % kChunk];
  }
  // Places ever taken; released ones among them are told apart by their content.
  std::uint32_t high_water() const { return size_; }
  std::uint32_t in_use() const { return size_ - static_cast<std::uint32_t>(free_.size()); }

 private:
  static constexpr std::uint32_t kChunk = 256;
  using Chunk = std::array<T, kChunk>;
  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::vector<std::uint32_t> free_;
  std::uint32_t size_ = 0;
};

}  // namespace sim
