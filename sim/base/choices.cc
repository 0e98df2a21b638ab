#include "sim/base/choices.h"

#include "sim/base/check.h"

namespace sim {
namespace {
__extension__ using Wide = unsigned __int128;

constexpr std::array<std::string_view, kSiteCount> kSiteNames = {
    "node_id",    "replication_id", "boot_offset", "cron_phase",   "random_ping", "gossip_pick", "election_jitter",
    "expire_sample", "latency_jitter", "loss",     "tie_break",    "torn_write",  "fault_target", "fault_time",
    "fault_kind", "swarm",          "key",         "operation",    "arrival",     "client_node", "backoff"};
}  // namespace

std::string_view site_name(Site site) { return kSiteNames.at(static_cast<std::size_t>(site)); }

std::uint64_t Choices::choose(Site site, std::uint64_t n) {
  CHECK(n > 0);
  const auto site_index = static_cast<std::size_t>(site);
  const std::uint32_t index = stream_.counters_[site_index]++;
  const std::uint64_t draw = mix64(stream_.key_ ^ mix64((std::uint64_t{index} << 8) | site_index));
  // Multiply-shift (Lemire): maps 64 random bits onto 0..n-1 without a division. The bias is below n / 2^64.
  auto outcome = static_cast<std::uint64_t>((static_cast<Wide>(draw) * n) >> 64);
  if (policy_ != nullptr) {
    if (policy_->overrides != nullptr) {
      const auto found = policy_->overrides->find({stream_.scope_, site, index});
      if (found != policy_->overrides->end() && found->second < n) outcome = found->second;
    }
    if (policy_->recording != nullptr) policy_->recording->push_back({stream_.scope_, site, index, n, outcome});
  }
  stream_.fingerprint_ = fold64(stream_.fingerprint_, (outcome << 8) ^ site_index ^ (n << 32));
  return outcome;
}

}  // namespace sim
