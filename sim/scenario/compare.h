// "<20s", ">= 3": how a value is compared with the one it is held against.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sim {

enum class Compare : std::uint8_t { kLess, kLessEqual, kEqual, kNotEqual, kGreaterEqual, kGreater };

bool holds(std::int64_t value, Compare compare, std::int64_t bound);
std::string_view sign_of(Compare compare);  // "<="

// Cuts the comparison, and the spaces behind it, off the front of `text`. nullopt: it begins with
// none.
std::optional<Compare> cut_compare(std::string_view& text);

}  // namespace sim
