#include "sim/wire/lzf.h"

namespace sim {
namespace {

constexpr unsigned kLiteral = 32;  // a control byte below: so many bytes and one follow as they are
constexpr std::size_t kLongest = 7;  // in three bits; then one more byte adds to it

std::size_t byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

// A repetition of what was written before, which may run into itself.
bool repeat(std::string& out, std::size_t distance, std::size_t length) {
  if (distance > out.size()) return false;
  for (std::size_t from = out.size() - distance; length > 0; --length) out += out[from++];
  return true;
}

}  // namespace

std::optional<std::string> lzf_expand(std::string_view packed, std::uint64_t size) {
  std::string out;
  for (std::size_t at = 0; at < packed.size() && out.size() <= size;) {
    const std::size_t control = byte_at(packed, at++);
    if (control < kLiteral) {
      if (control + 1 > packed.size() - at) return std::nullopt;
      out += packed.substr(at, control + 1);
      at += control + 1;
      continue;
    }
    std::size_t length = control >> 5;
    const std::size_t more = length == kLongest ? 2 : 1;
    if (more > packed.size() - at) return std::nullopt;
    if (length == kLongest) length += byte_at(packed, at++);
    const std::size_t distance = ((control & 0x1f) << 8) + byte_at(packed, at++) + 1;
    if (!repeat(out, distance, length + 2)) return std::nullopt;
  }
  if (out.size() != size) return std::nullopt;
  return out;
}

}  // namespace sim
