#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "sim/base/check.h"
#include "sim/wire/resp.h"
#include "sim/wire/split_arguments.h"

namespace sim::resp {
namespace {

// Of redis 7.0.15. The bulk limit is the default of proto-max-bulk-len.
constexpr std::size_t kLineMax = 64 * 1024;
constexpr std::int64_t kBulkMax = 512 * 1024 * 1024;
constexpr std::int64_t kCountMax = std::numeric_limits<std::int32_t>::max();

// Decimal as the real server insists on it: no plus sign, no leading zeros, nothing behind.
std::optional<std::int64_t> strict_integer(std::string_view text) {
  const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  if (digits.empty() || (digits[0] == '0' && text.size() > 1)) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// A lone CR or LF cannot be sent back in a line; it reads as the space it would be written as.
std::string line_text(std::string_view line) {
  std::string text(line);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
  return text;
}

}  // namespace

void Stream::skip(std::size_t count) {
  at_ += count;
  taken_ += count;
  CHECK(at_ <= buffer_.size());
  if (2 * at_ >= buffer_.size()) {
    buffer_.erase(0, at_);
    at_ = 0;
  }
  searched_ = at_;
}

std::size_t Stream::find(char mark) {
  const std::size_t found = buffer_.find(mark, std::max(searched_, at_));
  if (found == std::string::npos) {
    searched_ = buffer_.size();
    return found;
  }
  searched_ = found;
  return found - at_;
}

CommandReader::Step CommandReader::fail(std::string why) {
  broken_ = "Protocol error: " + std::move(why);
  return Step::kStarved;
}

bool CommandReader::next(Command& command) {
  while (broken_.empty() && !stream_.rest().empty()) {
    const Step step = missing_ > 0 ? (length_ < 0 ? read_length() : read_argument(command))
                      : stream_.rest()[0] == '*' ? read_count()
                                                 : read_inline(command);
    if (step != Step::kAgain) return step == Step::kDone;
  }
  return false;
}

CommandReader::Step CommandReader::read_inline(Command& command) {
  const std::size_t end = stream_.find('\n');
  if (end == std::string_view::npos) {
    return stream_.rest().size() > kLineMax ? fail("too big inline request") : Step::kStarved;
  }
  auto words = split_arguments(stream_.rest().substr(0, end));
  if (!words) return fail("unbalanced quotes in request");
  stream_.skip(end + 1);
  if (words->empty()) return Step::kAgain;
  command = std::move(*words);
  return Step::kDone;
}

CommandReader::Step CommandReader::read_count() {
  const std::size_t end = stream_.find('\r');
  if (end == std::string_view::npos) {
    return stream_.rest().size() > kLineMax ? fail("too big mbulk count string") : Step::kStarved;
  }
  // What follows the CR is taken for a LF unseen, here and below, as the real server does.
  if (stream_.rest().size() < end + kLineEnd) return Step::kStarved;
  const auto count = strict_integer(stream_.rest().substr(1, end - 1));
  if (!count || *count > kCountMax) return fail("invalid multibulk length");
  stream_.skip(end + kLineEnd);
  missing_ = std::max<std::int64_t>(*count, 0);
  partial_.clear();
  return Step::kAgain;
}

CommandReader::Step CommandReader::read_length() {
  const std::size_t end = stream_.find('\r');
  if (end == std::string_view::npos) {
    return stream_.rest().size() > kLineMax ? fail("too big bulk count string") : Step::kStarved;
  }
  if (stream_.rest().size() < end + kLineEnd) return Step::kStarved;
  if (const char type = stream_.rest()[0]; type != '$') {
    return fail(line_text(std::string("expected '$', got '") + type + "'"));
  }
  const auto length = strict_integer(stream_.rest().substr(1, end - 1));
  if (!length || *length < 0 || *length > kBulkMax) return fail("invalid bulk length");
  stream_.skip(end + kLineEnd);
  length_ = *length;
  return Step::kAgain;
}

CommandReader::Step CommandReader::read_argument(Command& command) {
  const auto length = static_cast<std::size_t>(length_);
  if (stream_.rest().size() < length + kLineEnd) return Step::kStarved;
  partial_.emplace_back(stream_.rest().substr(0, length));
  stream_.skip(length + kLineEnd);
  length_ = -1;
  if (--missing_ > 0) return Step::kAgain;
  command = std::exchange(partial_, {});
  return Step::kDone;
}

ValueReader::Step ValueReader::fail(std::string why) {
  broken_ = "Protocol error, " + std::move(why);
  return Step::kStarved;
}

bool ValueReader::next(Value& value) {
  while (broken_.empty() && !stream_.rest().empty()) {
    Value read;
    const Step step = bulk_length_ < 0 ? read_one(read) : read_bulk(read);
    if (step == Step::kStarved) return false;
    if (step == Step::kValue && close_arrays(read)) {
      value = std::move(read);
      return true;
    }
  }
  return false;
}

ValueReader::Step ValueReader::read_one(Value& value) {
  const char type = stream_.rest()[0];
  if (std::string_view("+-:$*").find(type) == std::string_view::npos) {
    return fail("got " + describe(bulk(std::string(1, type))) + " as reply type byte");
  }
  const std::size_t end = stream_.find('\n');
  if (end == std::string_view::npos) {
    return stream_.rest().size() > kLineMax ? fail("too long a line") : Step::kStarved;
  }
  const std::string_view line = stream_.rest().substr(0, end);
  if (!line.ends_with('\r')) return fail("a line without CR");
  const std::string_view text = line.substr(1, line.size() - 2);
  const auto number = type == '+' || type == '-' ? std::int64_t{0} : strict_integer(text);
  if (!number) return fail("bad integer value");
  if (type == '+') value.data = Simple{line_text(text)};
  if (type == '-') value.data = Error{line_text(text)};
  if (type == ':') value.data = *number;
  stream_.skip(end + 1);
  if (type == '$') return read_length(*number, value);
  return type == '*' ? open_array(*number, value) : Step::kValue;
}

ValueReader::Step ValueReader::read_length(std::int64_t length, Value& value) {
  if (length < -1 || length > kBulkMax) return fail("bulk string length out of range");
  if (length >= 0) {
    bulk_length_ = length;
    return Step::kAgain;
  }
  value.data = Null{};
  return Step::kValue;
}

ValueReader::Step ValueReader::read_bulk(Value& value) {
  const auto length = static_cast<std::size_t>(bulk_length_);
  if (stream_.rest().size() < length + kLineEnd) return Step::kStarved;
  if (stream_.rest().substr(length, kLineEnd) != "\r\n") return fail("a bulk string without CRLF");
  value.data = Bulk{std::string(stream_.rest().substr(0, length))};
  stream_.skip(length + kLineEnd);
  bulk_length_ = -1;
  return Step::kValue;
}

ValueReader::Step ValueReader::open_array(std::int64_t count, Value& value) {
  if (count < -1 || count > kCountMax) return fail("multi-bulk length out of range");
  if (count > 0) {
    if (open_.size() == kDepthMax) return fail("arrays nested too deep");
    open_.push_back({{}, count});
    return Step::kAgain;
  }
  if (count == 0) value.data = Array{};
  if (count < 0) value.data = NullArray{};
  return Step::kValue;
}

// Puts `value` where it belongs. True if it is a whole reply: by itself, or by filling the
// outermost array.
bool ValueReader::close_arrays(Value& value) {
  while (!open_.empty()) {
    open_.back().array.items.push_back(std::move(value));
    if (--open_.back().missing > 0) return false;
    value.data = std::move(open_.back().array);
    open_.pop_back();
  }
  return true;
}

}  // namespace sim::resp
