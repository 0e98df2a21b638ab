// Times, ratios and sizes as people write them, in integers throughout.
#include <algorithm>
#include <array>

#include "sim/scenario/options.h"

namespace sim {
namespace {

// "12.5ms" cut in two: digits as one whole number, how many of them stood behind the point, and the
// unit.
struct Quantity {
  bool negative = false;
  std::uint64_t digits = 0;
  std::uint32_t decimals = 0;
  std::string_view unit;
};

std::optional<Quantity> parse_quantity(std::string_view text) {
  Quantity quantity;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    quantity.negative = text[0] == '-';
    text.remove_prefix(1);
  }
  std::size_t at = 0, count = 0;
  bool point = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.' && !point && count > 0) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      if (++count > 15) return std::nullopt;  // 10^15 of the largest unit still fit in 128 bits
      quantity.digits = quantity.digits * 10 + static_cast<std::uint64_t>(c - '0');
      quantity.decimals += point ? 1 : 0;
    } else {
      break;
    }
  }
  if (count == 0 || text[at - 1] == '.') return std::nullopt;
  text.remove_prefix(at);
  if (!text.empty() && text[0] == ' ') text.remove_prefix(1);
  quantity.unit = text;
  return quantity;
}

// digits * unit / 10^decimals; nullopt if that is not whole or too large.
std::optional<std::uint64_t> scaled(const Quantity& quantity, std::uint64_t unit) {
  __extension__ using Wide = unsigned __int128;
  Wide value = Wide{quantity.digits} * unit;
  for (std::uint32_t i = 0; i < quantity.decimals; ++i) {
    if (value % 10 != 0) return std::nullopt;
    value /= 10;
  }
  if (value >= Wide{1} << 63) return std::nullopt;
  return static_cast<std::uint64_t>(value);
}

struct UnitName {
  std::string_view name;
  std::uint64_t value;
};

constexpr std::array<UnitName, 6> kTimes{{{"h", 3'600'000'000'000},
                                          {"m", 60'000'000'000},
                                          {"s", 1'000'000'000},
                                          {"ms", 1'000'000},
                                          {"us", 1'000},
                                          {"ns", 1}}};
constexpr std::array<UnitName, 10> kSizes{{{"", 1},
                                           {"B", 1},
                                           {"kB", 1'000},
                                           {"KB", 1'000},
                                           {"MB", 1'000'000},
                                           {"GB", 1'000'000'000},
                                           {"TB", 1'000'000'000'000},
                                           {"KiB", 1 << 10},
                                           {"MiB", 1 << 20},
                                           {"GiB", 1 << 30}}};
// In bits, because that is what links are sold in; divided by eight below.
constexpr std::array<UnitName, 9> kRates{{{"bit", 1},
                                          {"kbit", 1'000},
                                          {"Mbit", 1'000'000},
                                          {"Gbit", 1'000'000'000},
                                          {"Tbit", 1'000'000'000'000},
                                          {"B", 8},
                                          {"kB", 8'000},
                                          {"MB", 8'000'000},
                                          {"GB", 8'000'000'000}}};

template <std::size_t N>
std::optional<std::uint64_t> unit_value(const std::array<UnitName, N>& units,
                                        std::string_view name) {
  const auto* found = std::find_if(units.begin(), units.end(),
                                   [&](const UnitName& unit) { return unit.name == name; });
  if (found == units.end()) return std::nullopt;
  return found->value;
}

template <std::size_t N>
std::optional<std::uint64_t> parse_in(const std::array<UnitName, N>& units, std::string_view text) {
  const std::optional<Quantity> quantity = parse_quantity(text);
  if (!quantity || quantity->negative) return std::nullopt;
  const std::optional<std::uint64_t> unit = unit_value(units, quantity->unit);
  return unit ? scaled(*quantity, *unit) : std::nullopt;
}

// 1500 in thousandths is "1.5".
std::string decimal(std::uint64_t value, std::uint64_t unit) {
  std::string text = std::to_string(value / unit);
  std::uint64_t rest = value % unit;
  if (rest == 0) return text;
  text += '.';
  while (rest != 0) {
    unit /= 10;
    text += static_cast<char>('0' + rest / unit);
    rest %= unit;
  }
  return text;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  const std::optional<Quantity> quantity = parse_quantity(text);
  if (!quantity) return std::nullopt;
  const std::optional<std::uint64_t> unit = unit_value(kTimes, quantity->unit);
  if (!unit) return std::nullopt;
  const std::optional<std::uint64_t> value = scaled(*quantity, *unit);
  if (!value) return std::nullopt;
  const auto count = static_cast<std::int64_t>(*value);
  return Duration{quantity->negative ? -count : count};
}

std::string format_duration(Duration duration) {
  const std::string sign = duration.count() < 0 ? "-" : "";
  const auto count =
      static_cast<std::uint64_t>(duration.count() < 0 ? -duration.count() : duration.count());
  if (count == 0) return "0s";
  // Hours and minutes only where they come out even; otherwise 90 s reads better than 1.5 m.
  for (const UnitName& unit : {kTimes[0], kTimes[1]}) {
    if (count % unit.value == 0)
      return sign + std::to_string(count / unit.value) + std::string(unit.name);
  }
  for (const UnitName& unit : {kTimes[2], kTimes[3], kTimes[4]}) {
    if (count >= unit.value) return sign + decimal(count, unit.value) + std::string(unit.name);
  }
  return sign + std::to_string(count) + "ns";
}

std::optional<std::uint32_t> parse_ratio_ppm(std::string_view text) {
  const std::optional<Quantity> quantity = parse_quantity(text);
  if (!quantity || quantity->negative || quantity->unit != "%") return std::nullopt;
  const std::optional<std::uint64_t> ppm = scaled(*quantity, 10'000);
  if (!ppm || *ppm > 1'000'000'000) return std::nullopt;
  return static_cast<std::uint32_t>(*ppm);
}

std::string format_ratio(std::uint32_t ppm) {
  return decimal(ppm, 10'000) + '%';
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  return parse_in(kSizes, text);
}

std::optional<std::uint64_t> parse_bandwidth(std::string_view text) {
  if (text == "unlimited") return 0;
  const std::optional<std::uint64_t> bits = parse_in(kRates, text);
  if (!bits || *bits < 8) return std::nullopt;
  return *bits / 8;
}

}  // namespace sim
