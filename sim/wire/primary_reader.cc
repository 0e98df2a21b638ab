#include "sim/wire/primary_reader.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace sim {
namespace {

constexpr std::size_t kLineMax = 1024;
constexpr std::size_t kMarkSize = 40;
constexpr std::string_view kMarked = "$EOF:";

bool is_word(const resp::Command& command, std::string_view word) {
  const std::string& first = command[0];
  return std::equal(first.begin(), first.end(), word.begin(), word.end(), [](char a, char b) {
    return (a >= 'a' && a <= 'z' ? static_cast<char>(a - 'a' + 'A') : a) == b;
  });
}

}  // namespace

bool PrimaryReader::fail(std::string why) {
  broken_ = std::move(why);
  return false;
}

void PrimaryReader::feed(std::string_view bytes) {
  commands_ ? commands_->feed(bytes) : stream_.feed(bytes);
}

// Without its end, which may be a lone line feed.
bool PrimaryReader::next_line(std::string& line) {
  while (broken_.empty()) {
    const std::size_t end = stream_.find('\n');
    if (std::min(end, stream_.rest().size()) > kLineMax) return fail("too long a line");
    if (end == std::string_view::npos) return false;
    line = stream_.rest().substr(0, end);
    stream_.skip(end + 1);
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) return true;
  }
  return false;
}

bool PrimaryReader::next_reply(resp::Value& reply) {
  std::string line;
  if (!next_line(line)) return false;
  if (line[0] == '+') {
    reply.data = resp::Simple{line.substr(1)};
  } else {
    reply.data = resp::Error{line[0] == '-' ? line.substr(1) : line};
  }
  return true;
}

bool PrimaryReader::next_preamble() {
  if (size_ || !mark_.empty()) return true;
  std::string line;
  if (!next_line(line)) return false;
  if (line.starts_with(kMarked) && line.size() >= kMarked.size() + kMarkSize) {
    mark_ = line.substr(kMarked.size(), kMarkSize);
    return true;
  }
  std::int64_t size = 0;
  const char* const last = line.data() + line.size();
  const auto [end, error] = std::from_chars(line.data() + 1, last, size);
  if (line[0] != '$' || error != std::errc{} || end != last || size < 0) {
    return fail(line[0] == '-' ? "the primary gave up: " + line.substr(1)
                               : "no snapshot where one was due");
  }
  size_ = size;
  return true;
}

bool PrimaryReader::next_snapshot(std::string& rdb) {
  if (!next_preamble()) return false;
  const std::string_view rest = stream_.rest();
  std::size_t end = size_ ? static_cast<std::size_t>(*size_) : rest.find(mark_, searched_);
  if (end > rest.size()) {
    // A mark may have begun in the last bytes.
    searched_ = rest.size() < kMarkSize ? 0 : rest.size() - kMarkSize + 1;
    return false;
  }
  rdb = rest.substr(0, end);
  stream_.skip(end + mark_.size());
  size_.reset();
  mark_.clear();
  searched_ = 0;
  return true;
}

// A server writes its commands one way only. Offsets count bytes, so whatever is written otherwise
// (inline, or with blank lines between) would put them in doubt.
bool PrimaryReader::next_commands(std::vector<resp::Command>& commands) {
  if (!commands_) {
    commands_.emplace();
    commands_->feed(stream_.rest());
    stream_ = {};
  }
  commands.clear();
  resp::Command command;
  while (broken_.empty() && commands_->next(command)) {
    read_ += resp::encoded_size(command);
    if (read_ != commands_->taken()) {
      broken_ = "a command written as no server writes it";
      break;
    }
    const bool inside = !transaction_.empty();
    const bool over = inside ? is_word(command, "EXEC") : !is_word(command, "MULTI");
    transaction_.push_back(std::exchange(command, {}));
    if (!over) continue;
    std::move(transaction_.begin(), transaction_.end(), std::back_inserter(commands));
    transaction_.clear();
  }
  if (broken_.empty()) broken_ = commands_->broken();
  return !commands.empty();
}

}  // namespace sim
