// Making workloads from JSON, and running their generators without any client.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/options.h"
#include "sim/workloads/workload.h"

namespace sim::testing {

// The problems an entry of "workload" has; empty if it is fine. `workload` may be null.
inline std::string problems_of(std::string_view json,
                               std::unique_ptr<Workload>* workload = nullptr) {
  Problems problems("test.json", std::string(json));
  const JsonRef node = parse_json(json, problems);
  if (!node) return problems.text();
  Options options(node, "/workload/0", problems);
  const WorkloadKind* kind = find_workload(options.text("type"));
  if (!kind) return "no such workload";
  std::unique_ptr<Workload> made = kind->make(options);
  options.finish();
  if (workload) *workload = std::move(made);
  return problems.text();
}

inline std::unique_ptr<Workload> workload(std::string_view json) {
  std::unique_ptr<Workload> made;
  EXPECT_EQ(problems_of(json, &made), "");
  return made;
}

inline WorkloadPlace place(std::uint32_t servers = 3) {
  WorkloadPlace place;
  place.name = "w";
  place.first_index = 1;
  for (std::uint32_t n = 1; n <= servers; ++n) {
    place.servers.push_back({"m" + std::to_string(n), {0x0a000000u + n, 6379}});
  }
  return place;
}

// What a client would ask, one operation after the other; ids as a client mints them.
class Generating {
 public:
  Generating(const ClientSetup& setup, std::uint64_t seed)
      : index_(setup.index), generator_(setup.generator->clone()), stream_(seed, setup.name) {}
  Generating(const Generating& other)
      : index_(other.index_),
        serial_(other.serial_),
        generator_(other.generator_->clone()),
        stream_(other.stream_) {}

  std::optional<Operation> next() {
    Choices choices(stream_);
    return generator_->next(0, id(serial_++), choices);
  }
  std::vector<Operation> take(std::size_t count) {
    std::vector<Operation> operations;
    for (std::size_t i = 0; i < count; ++i) {
      std::optional<Operation> operation = next();
      if (!operation) break;
      operations.push_back(std::move(*operation));
    }
    return operations;
  }
  std::optional<Operation> end(const Operation& operation, event::OpOutcome outcome,
                               const resp::Value* reply, std::vector<Event>& notes) {
    return generator_->ended(0, {id(serial_ - 1), id(serial_), operation.command, outcome, reply},
                             notes);
  }
  void finish(std::vector<Event>& notes) { generator_->finished(notes); }

 private:
  std::uint64_t id(std::uint64_t serial) const {
    return (std::uint64_t{index_} + 1) << 40 | serial;
  }

  std::uint32_t index_;
  std::uint64_t serial_ = 1;
  std::unique_ptr<Generator> generator_;
  ChoiceStream stream_;
};

inline std::vector<resp::Command> commands(const std::vector<Operation>& operations) {
  std::vector<resp::Command> result;
  for (const Operation& operation : operations) result.push_back(operation.command);
  return result;
}

}  // namespace sim::testing
