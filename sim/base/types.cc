#include "sim/base/types.h"

#include <charconv>

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
  Endpoint endpoint{parse_ipv4(text.substr(0, colon)), 0};
  const char* const stop = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data() + colon + 1, stop, endpoint.port);
  if (endpoint.ipv4 == 0 || error != std::errc{} || end != stop) return std::nullopt;
  return endpoint;
}

}  // namespace sim
