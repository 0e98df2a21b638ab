// Numbers as text.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace sim {

// The whole of the text, a decimal number that the type can hold; nullopt: it is none.
template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number{};
  const char* const stop = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), stop, number);
  if (error != std::errc{} || end != stop) return std::nullopt;
  return number;
}

}  // namespace sim
