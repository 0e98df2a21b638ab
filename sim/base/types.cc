#include "sim/base/types.h"

#include <charconv>

#include "sim/base/numbers.h"

namespace sim {

std::string format_ipv4(std::uint32_t ipv4) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) {
    text += std::to_string((ipv4 >> shift) & 0xff);
    if (shift > 0) text += '.';
  }
  return text;
}

std::uint32_t parse_ipv4(std::string_view text) {
  std::uint32_t ipv4 = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (int part = 0; part < 4; ++part) {
    unsigned value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc{} || value > 255 || next - at > 3) return 0;
    ipv4 = (ipv4 << 8) | value;
    at = next;
    if (part == 3) break;
    if (at == end || *at != '.') return 0;
    ++at;
  }
  return at == end ? ipv4 : 0;
}

std::string format_endpoint(Endpoint endpoint) {
  return format_ipv4(endpoint.ipv4) + ":" + std::to_string(endpoint.port);
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::uint32_t ipv4 = parse_ipv4(text.substr(0, colon));
  const auto port = whole_number<std::uint16_t>(text.substr(colon + 1));
  if (ipv4 == 0 || !port) return std::nullopt;
  return Endpoint{ipv4, *port};
}

}  // namespace sim
