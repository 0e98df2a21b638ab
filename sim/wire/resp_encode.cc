#include <algorithm>
#include <charconv>

#include "sim/base/hash.h"
#include "sim/wire/resp.h"

namespace sim::resp {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

// Decimal digits without an allocation: this runs for every argument of every request.
struct Decimal {
  explicit Decimal(std::int64_t number)
      : size(static_cast<std::size_t>(std::to_chars(text, text + sizeof text, number).ptr - text)) {
  }
  std::string_view view() const { return {text, size}; }
  char text[24];
  std::size_t size;
};

std::size_t line_size(std::int64_t number) {
  return 1 + Decimal(number).size + kLineEnd;
}
std::size_t bulk_size(std::string_view text) {
  return line_size(static_cast<std::int64_t>(text.size())) + text.size() + kLineEnd;
}
void append_line(char type, std::int64_t number, std::string& out) {
  out += type;
  out += Decimal(number).view();
  out += "\r\n";
}
void append_bulk(std::string_view text, std::string& out) {
  append_line('$', static_cast<std::int64_t>(text.size()), out);
  out += text;
  out += "\r\n";
}
// A line cannot hold a line end: like the real server, spaces go out instead.
void append_text(char type, std::string_view text, std::string& out) {
  out += type;
  const std::size_t at = out.size();
  out += text;
  std::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(at), out.end(),
      [](char c) { return c == '\r' || c == '\n'; }, ' ');
  out += "\r\n";
}

std::string quoted(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c >= ' ' && c <= '~') {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out + '"';
}

std::string describe_items(const Array& array) {
  if (array.items.empty()) return "(empty array)";
  std::string out;
  for (std::size_t i = 0; i < array.items.size(); ++i) {
    const Value& item = array.items[i];
    const auto* nested = std::get_if<Array>(&item.data);
    const bool bracketed = nested != nullptr && !nested->items.empty();
    if (i > 0) out += ' ';
    out += std::to_string(i + 1) + ") ";
    out += bracketed ? "[" + describe(item) + "]" : describe(item);
  }
  return out;
}

}  // namespace

std::size_t encoded_size(const Command& command) {
  std::size_t size = line_size(static_cast<std::int64_t>(command.size()));
  for (const std::string& argument : command) size += bulk_size(argument);
  return size;
}

void append_encoded(const Command& command, std::string& out) {
  append_line('*', static_cast<std::int64_t>(command.size()), out);
  for (const std::string& argument : command) append_bulk(argument, out);
}

std::size_t encoded_size(const Value& value) {
  const auto size = Overloaded{
      [](const Simple& simple) { return 1 + simple.text.size() + kLineEnd; },
      [](const Error& failure) { return 1 + failure.text.size() + kLineEnd; },
      [](std::int64_t number) { return line_size(number); },
      [](const Bulk& text) { return bulk_size(text.text); },
      [](const Null&) { return line_size(-1); },
      [](const Array& array) {
        std::size_t total = line_size(static_cast<std::int64_t>(array.items.size()));
        for (const Value& item : array.items) total += encoded_size(item);
        return total;
      },
      [](const NullArray&) { return line_size(-1); },
  };
  return std::visit(size, value.data);
}

void append_encoded(const Value& value, std::string& out) {
  const auto append = Overloaded{
      [&](const Simple& simple) { append_text('+', simple.text, out); },
      [&](const Error& failure) { append_text('-', failure.text, out); },
      [&](std::int64_t number) { append_line(':', number, out); },
      [&](const Bulk& text) { append_bulk(text.text, out); },
      [&](const Null&) { append_line('$', -1, out); },
      [&](const Array& array) {
        append_line('*', static_cast<std::int64_t>(array.items.size()), out);
        for (const Value& item : array.items) append_encoded(item, out);
      },
      [&](const NullArray&) { append_line('*', -1, out); },
  };
  std::visit(append, value.data);
}

std::uint64_t hash(const Command& command) {
  std::uint64_t folded = command.size();
  for (const std::string& argument : command) folded = fold64(folded, hash_text(argument));
  return folded;
}

std::uint64_t hash(const Value& value) {
  const auto hash_data = Overloaded{
      [](const Simple& simple) { return hash_text(simple.text); },
      [](const Error& failure) { return hash_text(failure.text); },
      [](std::int64_t number) { return static_cast<std::uint64_t>(number); },
      [](const Bulk& text) { return hash_text(text.text); },
      [](const Null&) { return std::uint64_t{0}; },
      [](const Array& array) {
        std::uint64_t folded = array.items.size();
        for (const Value& item : array.items) folded = fold64(folded, hash(item));
        return folded;
      },
      [](const NullArray&) { return std::uint64_t{0}; },
  };
  return fold64(value.data.index(), std::visit(hash_data, value.data));
}

std::string describe(const Value& value) {
  const auto text = Overloaded{
      [](const Simple& simple) { return simple.text; },
      [](const Error& failure) { return "(error) " + failure.text; },
      [](std::int64_t number) { return "(integer) " + std::to_string(number); },
      [](const Bulk& bulk_text) { return quoted(bulk_text.text); },
      [](const Null&) { return std::string("(nil)"); },
      [](const Array& array) { return describe_items(array); },
      [](const NullArray&) { return std::string("(nil)"); },
  };
  return std::visit(text, value.data);
}

}  // namespace sim::resp
