#include "sim/base/choices.h"

namespace sim {
namespace {
constexpr std::array<std::string_view, kSiteCount> kSiteNames = {"node_id",
                                                                 "replication_id",
                                                                 "boot_offset",
                                                                 "cron_phase",
                                                                 "random_ping",
                                                                 "gossip_pick",
                                                                 "election_jitter",
                                                                 "expire_sample",
                                                                 "latency_jitter",
                                                                 "loss",
                                                                 "tie_break",
                                                                 "torn_write",
                                                                 "fault_target",
                                                                 "fault_time",
                                                                 "fault_kind",
                                                                 "swarm",
                                                                 "key",
                                                                 "operation",
                                                                 "arrival",
                                                                 "client_node",
                                                                 "backoff",
                                                                 "program-seed",
                                                                 "peer_order",
                                                                 "migrate_socket"};
}  // namespace

std::string_view site_name(Site site) {
  return kSiteNames.at(static_cast<std::size_t>(site));
}

std::uint64_t Choices::by_policy(Site site, std::uint32_t index, std::uint64_t n,
                                 std::uint64_t outcome) const {
  if (policy_->overrides != nullptr) {
    const auto found = policy_->overrides->find({stream_.scope_, site, index});
    if (found != policy_->overrides->end() && found->second < n) outcome = found->second;
  }
  if (policy_->recording != nullptr) {
    policy_->recording->push_back({stream_.scope_, site, index, n, outcome});
  }
  return outcome;
}

}  // namespace sim
