// Lines of a file that is read piece by piece.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace sim::history {

// Fills up to `room` bytes and says how many; 0 at the end.
using Source = std::function<std::size_t(char* into, std::size_t room)>;

class LineReader {
 public:
  static constexpr std::size_t kLineMax = std::size_t{64} << 20;

  explicit LineReader(Source source) : source_(std::move(source)) {}
  // The next line without its end (LF or CRLF), until the next call. False at the end of the file.
  // Throws HistoryError for a line of more than kLineMax bytes.
  bool next(std::string_view& line);
  std::uint32_t number() const { return number_; }     // of the line just read, from 1
  bool unterminated() const { return unterminated_; }  // it is the last one and has no end
  std::uint64_t bytes() const { return bytes_; }       // read so far

 private:
  bool fill();

  Source source_;
  std::string buffer_;
  std::size_t begin_ = 0, searched_ = 0,
              end_ = 0;  // in buffer_: not handed out, known to hold no LF
  std::uint32_t number_ = 0;
  std::uint64_t bytes_ = 0;
  bool unterminated_ = false;
};

}  // namespace sim::history
