#include "sim/trace/digest.h"

namespace sim {
namespace {
constexpr std::size_t kCheckpointsMax = 4096;
}

void Digest::disk(SimTime at, std::uint64_t node, DiskAct act, std::string_view file,
                  std::uint64_t offset, std::uint64_t content) {
  value_ = fold64(value_, static_cast<std::uint64_t>(to_ns(at)));
  value_ = fold64(value_, node ^ (std::uint64_t{0xd15c} + static_cast<std::uint64_t>(act)));
  value_ = fold64(value_, hash_text(file));
  value_ = fold64(value_, offset);
  value_ = fold64(value_, content);
}

void Digest::choices(std::uint64_t scope, std::uint64_t fingerprint) {
  value_ = fold64(fold64(value_, scope), fingerprint);
}

void Digest::remember(std::uint64_t number) {
  if (checkpoints_.size() == kCheckpointsMax) {
    stride_mask_ = stride_mask_ * 2 + 1;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> kept;
    kept.reserve(kCheckpointsMax);
    for (const auto& checkpoint : checkpoints_) {
      if ((checkpoint.first & stride_mask_) == 0) kept.push_back(checkpoint);
    }
    checkpoints_.swap(kept);
    if ((number & stride_mask_) != 0) return;
  }
  checkpoints_.emplace_back(number, value_);
}

}  // namespace sim
