// The words in which risks are told: numbers, subjects and outcomes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "viz/risks.h"

namespace sim {

// "1 primary", "4 primaries", "16,384 slots".
std::string grouped_count(std::uint64_t count, std::string_view noun);

// "zone b", "any of the hosts m1, m2 and m3", "the link zone a - zone b", "hosts m1 and m4", "any
// of 6 pairs of a zone and a host (zone a and host m2, ...)".
std::string subject_of(const ClusterMap& map, const Risk& risk);
// "no majority (2 votes, 4 needed), no failover, 16,384 slots down"
std::string outcome_of(const Consequence& consequence, bool slots_vary = false);
std::uint64_t pairs_that_lose(const Risks& risks);

}  // namespace sim
