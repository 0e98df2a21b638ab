// The trace as JSON lines, version 1, and back: a run recorded yesterday can be judged by an
// invariant written today.
//
//   {"slotsim_trace":1,"scenario":"failover","seed":7,"cast":[{"name":"m1",...},...]}
//   {"n":0,"at":1500000,"machine":"m1","source":"internal","kind":"NodeStarted","id":"2f...","incarnation":0,...}
//
// `at` is virtual nanoseconds; slots are text ("0-5460 10922"); hashes are hex text, because not
// every reader has 64-bit integers; machines go by name. Text that is not UTF-8 is {"hex":"..."}. A
// field that is absent has its default, and a kind the reader does not know is skipped and counted:
// that is how versions 1 of different ages get along.
#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <stdexcept>
#include <string>

#include "sim/trace/fold.h"
#include "sim/trace/record.h"

namespace sim {

struct TraceHeader {
  std::string scenario;  // its name
  std::uint64_t seed = 0;
  Cast cast;
};

// Both append one line, newline included.
void append_json(const TraceHeader& header, std::string& out);
void append_json(const Record& record, const Cast& cast, std::string& out);

// A saved trace that is none, or a damaged one. `what()` is "line 7: expected ...".
class TraceError : public std::runtime_error {
 public:
  TraceError(std::uint64_t line, const std::string& why)
      : std::runtime_error("line " + std::to_string(line) + ": " + why) {}
};

// Reads a saved trace record by record, in bounded memory.
class TraceReader {
 public:
  // Reads the header; throws TraceError if there is none, or one of another version. `in` must
  // outlive the reader.
  explicit TraceReader(std::istream& in);
  TraceReader(const TraceReader&) = delete;
  TraceReader& operator=(const TraceReader&) = delete;

  const TraceHeader& header() const { return header_; }
  // The next record of a known kind; nullopt at the end. Throws TraceError.
  std::optional<Record> next();
  // Records passed over so far because their kind is unknown.
  std::uint64_t skipped() const { return skipped_; }

 private:
  std::istream& in_;
  std::uint64_t line_ = 0;
  std::uint64_t skipped_ = 0;
  TraceHeader header_;
};

}  // namespace sim
