// What a primary says on a replication link, cut out of a byte stream: one-line replies while it
// shakes hands, then perhaps a snapshot, then commands for as long as the link lives. (Protocol
// §10.1.)
//
// Only the reader of the link knows which of these is due, because the same bytes mean different
// things; so it asks for one of them, and gets it once it is whole.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/wire/resp.h"

namespace sim {

class PrimaryReader {
 public:
  void feed(std::string_view bytes);

  // A line, as the status or error it is; what is neither is an error too. Empty lines keep a
  // connection alive and are passed over.
  bool next_reply(resp::Value& reply);
  // An RDB file: "$<size>" and so many bytes, or "$EOF:<mark>" and bytes up to the mark.
  bool next_snapshot(std::string& rdb);
  // From now on everything is the stream. Whole commands; a transaction only together, because
  // offsets do not move inside one (protocol §10.3).
  bool next_commands(std::vector<resp::Command>& commands);
  // Why nothing more can be read; empty while all is well.
  const std::string& broken() const { return broken_; }

 private:
  bool next_line(std::string& line);
  bool next_preamble();
  bool fail(std::string why);

  resp::Stream stream_;
  std::optional<std::int64_t> size_;  // of the snapshot, once its first line was read
  std::string mark_;                  // or what ends it
  std::size_t searched_ = 0;          // how much of what is at hand does not contain the mark
  std::optional<resp::CommandReader> commands_;  // the stream has begun
  std::vector<resp::Command> transaction_;
  std::uint64_t read_ = 0;  // bytes that the commands read so far are written in
  std::string broken_;
};

}  // namespace sim
