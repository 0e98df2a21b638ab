// What a client does next: the seam between a workload and the client that carries it out.
//
// A generator is a value: it is cloned with its client, draws only from `Choices`, and may not look
// at a clock. When operations start is the client's business (`Pace`); what they are is the
// generator's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/choices.h"
#include "sim/client/key_space.h"
#include "sim/trace/record.h"
#include "sim/wire/resp.h"

namespace sim {

struct Operation {
  event::OpKind kind = event::OpKind::kOther;
  resp::Command command;    // name, key, arguments: the key is always command[1]
  std::string value;        // what is written, appended or added, for the history; empty for reads
  bool final_read = false;  // an auditor reading the final data
};

// How an operation ended, as the generator is told.
struct OperationEnd {
  std::uint64_t operation = 0;
  std::uint64_t next_operation = 0;  // the id of what follows straight after, if anything does
  const resp::Command& command;
  event::OpOutcome outcome = event::OpOutcome::kUnknown;
  const resp::Value* reply = nullptr;  // null unless answered; may be an error
};

class Generator {
 public:
  virtual ~Generator() = default;

  // The next operation of logical process `process` (0..). `operation` is the id it will have:
  // unique in the run and in all incarnations of the client, which makes it the source of unique
  // values. nullopt: nothing more, ever.
  virtual std::optional<Operation> next(std::uint32_t process, std::uint64_t operation,
                                        Choices& choices) = 0;
  // An operation of `process` ended. Appends what the workload has to say to `notes` (CacheRead,
  // Measured). Answers what the same process does straight after, as part of the same piece of
  // work: a cache stores what it missed.
  virtual std::optional<Operation> ended(std::uint32_t process, const OperationEnd& end,
                                         std::vector<Event>& notes) = 0;
  // Everything is done and nothing is in flight: last words. Called once, if `next` ever answers
  // nullopt or the client stops.
  virtual void finished(std::vector<Event>& notes) = 0;
  virtual std::unique_ptr<Generator> clone() const = 0;
};

// Text for a unique value, short enough to need no heap: "3-17" is the 17th operation of client 3.
std::string unique_value(std::uint64_t operation);

}  // namespace sim
