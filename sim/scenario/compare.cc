#include "sim/scenario/compare.h"

#include <algorithm>
#include <array>
#include <utility>

#include "sim/base/check.h"

namespace sim {
namespace {

// Longer ones first: "<=" begins with "<".
constexpr std::array<std::pair<std::string_view, Compare>, 6> kSigns{
    {{"<=", Compare::kLessEqual},
     {">=", Compare::kGreaterEqual},
     {"==", Compare::kEqual},
     {"!=", Compare::kNotEqual},
     {"<", Compare::kLess},
     {">", Compare::kGreater}}};

}  // namespace

bool holds(std::int64_t value, Compare compare, std::int64_t bound) {
  switch (compare) {
    case Compare::kLess:
      return value < bound;
    case Compare::kLessEqual:
      return value <= bound;
    case Compare::kEqual:
      return value == bound;
    case Compare::kNotEqual:
      return value != bound;
    case Compare::kGreaterEqual:
      return value >= bound;
    case Compare::kGreater:
      return value > bound;
  }
  CHECK(false);
}

std::string_view sign_of(Compare compare) {
  return std::find_if(kSigns.begin(), kSigns.end(),
                      [compare](const auto& sign) { return sign.second == compare; })
      ->first;
}

std::optional<Compare> cut_compare(std::string_view& text) {
  for (const auto& [word, compare] : kSigns) {
    if (!text.starts_with(word)) continue;
    text.remove_prefix(word.size());
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    return compare;
  }
  return std::nullopt;
}

}  // namespace sim
