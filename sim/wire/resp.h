// RESP: what clients, replicas and primaries say to each other on the client port. RESP2 replies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sim/node/payload.h"

namespace sim::resp {

// What ends every line: CR LF.
inline constexpr std::size_t kLineEnd = 2;

// A command: its name and arguments, binary-safe.
using Command = std::vector<std::string>;

// A reply. Errors carry their code word: "MOVED 3999 10.0.0.2:6381", "ERR syntax error".
struct Value;
struct Simple {
  std::string text;
  bool operator==(const Simple&) const = default;
};
struct Error {
  std::string text;
  bool operator==(const Error&) const = default;
};
struct Bulk {
  std::string text;
  bool operator==(const Bulk&) const = default;
};
struct Null {
  bool operator==(const Null&) const = default;
};
// "*-1": RESP2 has two kinds of nothing.
struct NullArray {
  bool operator==(const NullArray&) const = default;
};
struct Array {
  std::vector<Value> items;
  bool operator==(const Array&) const;
};
struct Value {
  std::variant<Simple, Error, std::int64_t, Bulk, Null, Array, NullArray> data;
  bool operator==(const Value&) const = default;
};
inline bool Array::operator==(const Array& other) const {
  return items == other.items;
}

inline Value ok() {
  return {Simple{"OK"}};
}
inline Value error(std::string text) {
  return {Error{std::move(text)}};
}
inline Value bulk(std::string text) {
  return {Bulk{std::move(text)}};
}
inline Value integer(std::int64_t number) {
  return {number};
}
// For people: redis-cli's way of printing, in one line.
std::string describe(const Value& value);

std::size_t encoded_size(const Command& command);
std::size_t encoded_size(const Value& value);
void append_encoded(const Command& command, std::string& out);
void append_encoded(const Value& value, std::string& out);
std::uint64_t hash(const Command& command);
std::uint64_t hash(const Value& value);

// A byte stream with a place in it. What has been read is given back in strokes, and a search for
// the end of a line remembers how far it got, so that reading costs the same however the bytes
// arrive.
class Stream {
 public:
  void feed(std::string_view bytes) { buffer_ += bytes; }
  std::string_view rest() const { return std::string_view(buffer_).substr(at_); }
  void skip(std::size_t count);
  // Where `mark` first occurs in rest(), or npos.
  std::size_t find(char mark);
  std::uint64_t taken() const { return taken_; }  // bytes read so far

 private:
  std::string buffer_;
  std::size_t at_ = 0;
  std::size_t searched_ = 0;  // the mark looked for does not occur in buffer_ from at_ to here
  std::uint64_t taken_ = 0;
};

// Incremental readers of a byte stream. `next` answers one whole item, or nothing yet; `broken()`
// explains a protocol error in the words a real server uses ("Protocol error: invalid multibulk
// length") and is empty while all is well. After an error nothing more is read. Inline commands are
// understood, and empty commands passed over.
class CommandReader {
 public:
  void feed(std::string_view bytes) { stream_.feed(bytes); }
  bool next(Command& command);
  const std::string& broken() const { return broken_; }
  // Nothing half-read is left over.
  bool idle() const { return missing_ == 0 && stream_.rest().empty(); }
  // Bytes read so far. Right after a command: up to its end.
  std::uint64_t taken() const { return stream_.taken(); }

 private:
  enum class Step { kDone, kAgain, kStarved };
  Step read_inline(Command& command);
  Step read_count();
  Step read_length();
  Step read_argument(Command& command);
  Step fail(std::string why);

  Stream stream_;
  Command partial_;
  std::int64_t missing_ = 0;  // arguments of partial_ still to come
  std::int64_t length_ = -1;  // of the argument being read; -1 while not yet known
  std::string broken_;
};

// Arrays nested deeper than this are a protocol error.
inline constexpr std::size_t kDepthMax = 32;

class ValueReader {
 public:
  void feed(std::string_view bytes) { stream_.feed(bytes); }
  bool next(Value& value);
  const std::string& broken() const { return broken_; }
  bool idle() const { return open_.empty() && stream_.rest().empty(); }

 private:
  enum class Step { kValue, kAgain, kStarved };
  Step read_one(Value& value);
  Step read_length(std::int64_t length, Value& value);
  Step read_bulk(Value& value);
  Step open_array(std::int64_t count, Value& value);
  bool close_arrays(Value& value);
  Step fail(std::string why);

  struct Open {
    Array array;
    std::int64_t missing;
  };
  Stream stream_;
  std::vector<Open> open_;         // arrays begun and not yet full, outermost first
  std::int64_t bulk_length_ = -1;  // of the bulk string being read; -1 if none is
  std::string broken_;
};

// One command in flight, client to server (or primary to replica when not part of the counted
// stream). `operation` is a client's operation id riding along for the trace; it is not on the
// wire, not hashed, and lost by `bytes()`: behaviour never depends on it. `through_wire` keeps it.
class RequestPayload final : public Payload {
 public:
  explicit RequestPayload(Command command, std::uint64_t operation = 0);
  PayloadKind kind() const override { return PayloadKind::kRequest; }
  std::size_t size() const override { return size_; }
  std::string bytes() const override;
  std::string_view label() const override { return label_; }  // "cmd:SET"
  std::uint64_t hash() const override { return resp::hash(command_); }
  PayloadRef through_wire() const override;
  const Command& command() const { return command_; }
  std::uint64_t operation() const { return operation_; }

 private:
  Command command_;
  std::uint64_t operation_;
  std::size_t size_;
  std::string label_;
};

class ReplyPayload final : public Payload {
 public:
  explicit ReplyPayload(Value value);
  PayloadKind kind() const override { return PayloadKind::kReply; }
  std::size_t size() const override { return size_; }
  std::string bytes() const override;
  std::string_view label() const override;  // "reply", "reply:MOVED", "reply:error"
  std::uint64_t hash() const override { return resp::hash(value_); }
  PayloadRef through_wire() const override;
  const Value& value() const { return value_; }

 private:
  Value value_;
  std::size_t size_;
};

}  // namespace sim::resp
