#include "sim/history/line_reader.h"

#include <algorithm>
#include <cstring>

#include "sim/history/form.h"

namespace sim::history {

bool LineReader::next(std::string_view& line) {
  for (;;) {
    const char* const from = buffer_.data() + searched_;
    const void* found = std::memchr(from, '\n', end_ - searched_);
    if (found != nullptr) {
      const auto stop = static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data());
      line = std::string_view(buffer_).substr(begin_, stop - begin_);
      begin_ = searched_ = stop + 1;
      break;
    }
    searched_ = end_;
    if (fill()) continue;
    if (begin_ == end_) return false;
    line = std::string_view(buffer_).substr(begin_, end_ - begin_);
    begin_ = searched_ = end_;
    unterminated_ = true;
    break;
  }
  ++number_;
  if (line.ends_with('\r')) line.remove_suffix(1);
  return true;
}

bool LineReader::fill() {
  constexpr std::size_t kPiece = std::size_t{256} << 10;
  if (end_ - begin_ > kLineMax) {
    throw HistoryError{number_ + 1, 1, "a line of more than 64 MiB is no operation of a history"};
  }
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  searched_ -= begin_;
  begin_ = 0;
  if (buffer_.size() - end_ < kPiece) buffer_.resize(std::max(end_ * 2, end_ + kPiece));
  const std::size_t got = source_(buffer_.data() + end_, buffer_.size() - end_);
  end_ += got;
  bytes_ += got;
  return got > 0;
}

}  // namespace sim::history
