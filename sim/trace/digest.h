// Digest v1: what makes two runs the same run.
//
// 64 bits that fold, in the order in which things happened, every input delivered to a node (time,
// stable name of the node, incarnation, connection, kind, size, hash of all decoded fields), every
// effect on a disk, and the fingerprint of every stream of choices that moved. Notes and probes are
// never part of it, so a new record changes no golden. The definition is versioned: a change of any
// rule here is a new version, because goldens depend on it.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/hash.h"
#include "sim/base/time.h"
#include "sim/base/types.h"

namespace sim {

inline constexpr int kDigestVersion = 1;

// One input as the digest sees it. Fields that an input does not have are zero.
struct DigestedInput {
  SimTime at;
  std::uint64_t node = 0;  // hash of the machine's stable name
  std::uint32_t incarnation = 0;
  std::uint32_t kind = 0;  // which alternative of Input
  ConnId conn;
  std::uint64_t size = 0;  // bytes of the payload; unsent bytes; reason of a close
  std::uint64_t content =
      0;  // hash of the payload's decoded fields; of endpoints; of the disk found at boot
};

enum class DiskAct : std::uint8_t { kWrite, kTruncate, kRename, kRemove, kSync, kLost };

class Digest {
 public:
  void input(const DigestedInput& input);
  // `offset`: where a write begins, or the size truncated to. `content`: hash of what was written,
  // or of the new name.
  void disk(SimTime at, std::uint64_t node, DiskAct act, std::string_view file,
            std::uint64_t offset, std::uint64_t content);
  void choices(std::uint64_t scope, std::uint64_t fingerprint);

  std::uint64_t value() const { return value_; }

  // To be called after each event of the run, with its number from 1 on: remembers the digest at
  // every 2^k-th, k growing so that no more than 4,096 are kept.
  void event_done(std::uint64_t number) {
    if ((number & stride_mask_) == 0) remember(number);
  }
  const std::vector<std::pair<std::uint64_t, std::uint64_t>>& checkpoints() const {
    return checkpoints_;
  }

 private:
  void remember(std::uint64_t number);

  std::uint64_t value_ = kDigestVersion;
  std::uint64_t stride_mask_ = 0;  // 2^k - 1
  std::vector<std::pair<std::uint64_t, std::uint64_t>> checkpoints_;
};

// Inline, because it is on the path of every message: one multiplication per field and one mixing.
// Each multiplier is odd, so a change of any single field always changes the word that is folded.
inline void Digest::input(const DigestedInput& in) {
  std::uint64_t word = static_cast<std::uint64_t>(to_ns(in.at)) * 0x9e3779b97f4a7c15u;
  word += in.node * 0xc2b2ae3d27d4eb4fu;
  word += ((std::uint64_t{in.incarnation} << 8) | in.kind) * 0x165667b19e3779f9u;
  word += in.conn.value * 0xd6e8feb86659fd93u;
  word += in.size * 0xff51afd7ed558ccdu;
  word += in.content * 0xa0761d6478bd642fu;
  value_ = fold64(value_, word);
}

}  // namespace sim
