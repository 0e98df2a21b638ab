#include "sim/base/words.h"

#include <algorithm>

namespace sim {

std::string plural(std::string_view noun) {
  constexpr std::string_view kVowels = "aeiou";
  const bool after_vowel =
      noun.size() > 1 && kVowels.find(noun[noun.size() - 2]) != std::string_view::npos;
  if (noun.ends_with('y') && !after_vowel)
    return std::string{noun.substr(0, noun.size() - 1)} + "ies";
  return std::string{noun} + (noun.ends_with("ch") ? "es" : "s");
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return std::to_string(count) + " " + (count == 1 ? std::string{noun} : plural(noun));
}

std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

std::string lower_case(std::string_view text) {
  std::string lowered;
  for (const char c : text) lowered += lower_case(c);
  return lowered;
}

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower_case(x) == lower_case(y); });
}

}  // namespace sim
