// Numbers and nouns as a sentence wants them; words whose case does not matter.
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

// Of ASCII only, as servers and protocols have it.
constexpr char lower_case(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
std::string lower_case(std::string_view text);
bool same_word(std::string_view a, std::string_view b);  // but for case

}  // namespace sim
