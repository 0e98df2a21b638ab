// A place in an RDB file: reads lengths and strings, and remembers the first thing that was wrong.
// After that every read answers nothing, so that callers check once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sim::rdb {

class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_(bytes) {}

  const std::string& wrong() const { return wrong_; }
  bool ok() const { return wrong_.empty(); }
  void fail(std::string why);

  std::string_view raw(std::uint64_t size);
  std::uint8_t byte();
  std::uint64_t little_endian(std::size_t bytes);
  std::uint64_t length();
  std::string text();  // plain, as an integer or compressed
  std::size_t rest() const { return rest_.size(); }

 private:
  // The number behind a first byte that has been read; `encoded`: it is the form of a string.
  std::uint64_t length_behind(std::uint8_t first, bool& encoded);
  std::string encoded_text(std::uint64_t form);

  std::string_view rest_;
  std::string wrong_;
};

}  // namespace sim::rdb
