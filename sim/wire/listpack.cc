// A listpack is its size (4 bytes) and count (2 bytes), elements, and 0xff. An element is its
// encoding, its data, and its own length once more, to be read backwards. Integers are
// little-endian.
#include "sim/wire/listpack.h"

#include <cstdint>
#include <limits>

namespace sim {
namespace {

constexpr std::size_t kHeader = 6;
constexpr std::uint8_t kEnd = 0xff;
constexpr std::uint64_t kUncounted = 0xffff;  // more elements than the count can say

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

// `bits` wide and in two's complement.
std::string signed_text(std::uint64_t value, unsigned bits) {
  const unsigned unused = 64 - bits;
  return std::to_string(static_cast<std::int64_t>(value << unused) >> unused);
}

// How many bytes the length that ends an element of `size` bytes takes, 7 bits each.
std::size_t back_length(std::size_t size) {
  std::size_t bytes = 1;
  for (; size > 127; size >>= 7) ++bytes;
  return bytes;
}

// What the first byte of an element says of it.
struct Form {
  std::size_t head = 1;  // bytes before the text of a string
  std::size_t data = 0;  // bytes of a number behind the first one
  bool text = false;
};
Form form_of(std::uint8_t first) {
  if (first < 0x80) return {};
  if (first < 0xc0) return {.text = true};
  if (first < 0xe0) return {.data = 1};
  if (first < 0xf0) return {.head = 2, .text = true};
  switch (first) {
    case 0xf0:
      return {.head = 5, .text = true};
    case 0xf1:
      return {.data = 2};
    case 0xf2:
      return {.data = 3};
    case 0xf3:
      return {.data = 4};
    case 0xf4:
      return {.data = 8};
    default:
      return {.head = 0};
  }
}

std::uint64_t text_length(std::string_view element, std::size_t head) {
  const auto first = static_cast<unsigned char>(element[0]);
  if (head == 1) return first & 0x3fu;
  if (head == 2) return (first & 0x0fu) << 8 | static_cast<unsigned char>(element[1]);
  return little_endian(element.substr(1, 4));
}

std::string number_text(std::string_view element, std::size_t data) {
  const auto first = static_cast<unsigned char>(element[0]);
  if (data == 0) return std::to_string(first);
  if (data > 1)
    return signed_text(little_endian(element.substr(1, data)), static_cast<unsigned>(data) * 8);
  return signed_text((first & 0x1fu) << 8 | static_cast<unsigned char>(element[1]), 13);
}

// Takes one element off `rest`.
bool take(std::string_view& rest, std::string& item) {
  const Form form = form_of(static_cast<unsigned char>(rest[0]));
  std::uint64_t size = form.head + form.data;
  if (form.head == 0 || size > rest.size()) return false;
  if (form.text) {
    const std::uint64_t length = text_length(rest, form.head);
    if (length > rest.size() - size) return false;
    item = rest.substr(form.head, length);
    size += length;
  } else {
    item = number_text(rest, form.data);
  }
  size += back_length(size);
  if (size > rest.size()) return false;
  rest.remove_prefix(size);
  return true;
}

}  // namespace

bool read_listpack(std::string_view bytes, std::vector<std::string>& items) {
  if (bytes.size() <= kHeader || little_endian(bytes.substr(0, 4)) != bytes.size()) return false;
  const std::uint64_t count = little_endian(bytes.substr(4, 2));
  std::string_view rest = bytes.substr(kHeader);
  std::uint64_t read = 0;
  while (!rest.empty() && static_cast<unsigned char>(rest[0]) != kEnd) {
    if (!take(rest, items.emplace_back())) return false;
    ++read;
  }
  return rest.size() == 1 && (count == kUncounted || count == read);
}

}  // namespace sim
