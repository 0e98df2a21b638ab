// Numbers and nouns as a sentence wants them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sim {

// "keys", "primaries", "switches".
std::string plural(std::string_view noun);
// "1 vote", "3 votes".
std::string counted(std::uint64_t count, std::string_view noun);
// "16,384".
std::string grouped(std::uint64_t number);

}  // namespace sim
