#include "sim/scenario/profile.h"

#include <algorithm>
#include <array>

namespace sim {
namespace {

constexpr std::array<std::string_view, 18> kDeviationsOfValkey8{
    "distinct-ranks",
    "rank-may-improve",
    "new-primary-new-election",
    "empty-shard-fails-over",
    "serving-primaries-report",
    "sole-primary-declares",
    "primaries-only-tell-epochs",
    "update-only-primaries",
    "demotion-keeps-slots",
    "lost-keys-replicated",
    "meet-until-answered",
    "migration-starts-afresh",
    "config-by-rename",
    "claim-bit-cleared",
    "force-at-once",
    "open-slots-replicated",
    "open-slots-repointed",
    "replicas-ask",
};

constexpr std::array<ServerProfile, 2> kProfiles{{
    {"redis-7.0", "redis-server", {}},
    {"valkey-8", "valkey-server", kDeviationsOfValkey8},
}};

}  // namespace

std::span<const ServerProfile> profiles() {
  return kProfiles;
}

const ServerProfile* find_profile(std::string_view name) {
  const auto* found =
      std::find_if(kProfiles.begin(), kProfiles.end(),
                   [&](const ServerProfile& profile) { return profile.name == name; });
  return found == kProfiles.end() ? nullptr : found;
}

}  // namespace sim
