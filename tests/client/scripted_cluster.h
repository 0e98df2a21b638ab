// A cluster of three scripted servers for tests of the client: who owns what, and what else a test
// has them answer.
#pragma once

#include <gmock/gmock.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/wire/crc16.h"
#include "tests/client/client_testing.h"

namespace sim::testing {

inline constexpr std::uint32_t kShards = 3;

inline ClientSetup setup_for(std::vector<resp::Command> commands) {
  ClientSetup setup;
  setup.name = "client-1";
  setup.workload = "test";
  for (std::uint32_t n = 1; n <= kShards; ++n) setup.servers.push_back(server(n));
  setup.generator = script(std::move(commands));
  setup.done_note = "done";
  return setup;
}

inline std::uint32_t owner_of(const std::string& key) {
  for (std::uint32_t n = 1; n <= kShards; ++n) {
    if (slot_of(key).value < n * kSlotCount / kShards) return n;
  }
  return 0;
}
inline std::string moved_to(const std::string& key, std::uint32_t n) {
  return "MOVED " + std::to_string(slot_of(key).value) + " " + format_endpoint(server_at(n));
}

// An override answers something, nothing at all (`silence`), or leaves it to the healthy cluster
// (nullopt).
using Override = std::function<std::optional<resp::Value>(std::uint32_t, const resp::Command&)>;
inline resp::Value silence() {
  return {resp::Simple{"(silence)"}};
}

inline ClientBench::Answer cluster(Override first = nullptr) {
  return [first](std::uint32_t n, const resp::Command& command) -> std::optional<resp::Value> {
    if (const auto special = first ? first(n, command) : std::nullopt) {
      return special == silence() ? std::nullopt : special;
    }
    if (command[0] == "CLUSTER") return slots_reply(kShards);
    if (owner_of(command[1]) != n) return resp::error(moved_to(command[1], owner_of(command[1])));
    if (command[0] == "GET") return resp::bulk("value of " + command[1]);
    if (command[0] == "INCR") return resp::integer(7);
    return resp::ok();
  };
}
// The same to every command but CLUSTER SLOTS.
inline ClientBench::Answer always(const resp::Value& answer) {
  return cluster([answer](std::uint32_t, const resp::Command& command) {
    return command[0] == "CLUSTER" ? std::nullopt : std::optional(answer);
  });
}

inline event::OpCompleted only_end(const ClientBench& bench) {
  const auto ends = bench.all<event::OpCompleted>();
  EXPECT_THAT(ends, ::testing::SizeIs(1));
  return ends.empty() ? event::OpCompleted{} : ends.front();
}

}  // namespace sim::testing
