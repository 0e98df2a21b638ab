#include "sim/app/cli.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace sim {
namespace {

std::uint64_t parse_number(std::string_view text, int base) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) {
    throw UsageError{fmt::format(
        "'{}' is not a seed: expected a number such as 7, 0x2a, or a commit hash", text)};
  }
  return value;
}

}  // namespace

std::uint64_t parse_seed(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) return parse_number(text.substr(2), 16);
  const bool hex_digits = text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (hex_digits && text.size() >= 16 && text.size() <= 40 &&
      text.find_first_of("abcdef") != std::string_view::npos) {
    return parse_number(text.substr(0, 16), 16);
  }
  return parse_number(text, 10);
}

SeedRange parse_seeds(std::string_view text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) {
    const std::uint64_t seed = parse_seed(text);
    return {seed, seed};
  }
  const SeedRange range{parse_seed(text.substr(0, dots)), parse_seed(text.substr(dots + 2))};
  if (range.last < range.first) {
    throw UsageError{
        fmt::format("seeds '{}' are backwards: the first must not be greater than the last", text)};
  }
  if (range.count() == 0 || range.count() > 10'000'000) {
    throw UsageError{fmt::format("seeds '{}': at most 10,000,000 in one go", text)};
  }
  return range;
}

void write_file(const std::filesystem::path& path, std::string_view content) {
  std::ofstream file(path, std::ios::binary);
  file << content;
  if (!file.flush()) throw UsageError{"cannot write " + path.string()};
}

Paint::Paint() : on_(isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr) {}

std::string Paint::wrap(std::string_view code, std::string_view text) const {
  return on_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

}  // namespace sim
