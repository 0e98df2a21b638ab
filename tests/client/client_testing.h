// A bench for one client: fake servers that answer after a fixed delay, and a clock that only moves
// when told.
//
// It is a small driver of nodes, so that a test can say exactly what a server answers to which
// command, and refuse, silence or cut it, without any cluster behind it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/client/client_node.h"
#include "sim/wire/resp.h"

namespace sim::testing {

inline Endpoint server_at(std::uint32_t n) {
  return {0x0a000000u + n, 6379};
}  // 10.0.0.n
ServerAddress server(std::uint32_t n);  // "m<n>"

// "[0, 8191, [10.0.0.1, 6379]], ..." for servers 1..n with even slots; replicas[i] are added to
// server i's shard.
resp::Value slots_reply(std::uint32_t shards,
                        const std::map<std::uint32_t, std::vector<std::uint32_t>>& replicas = {});

// Generates what a test lists, one operation after the other, for whichever process asks.
std::shared_ptr<const Generator> script(std::vector<resp::Command> commands);

struct Asked {
  Duration at;
  std::uint32_t server = 0;
  resp::Command command;
  bool operator==(const Asked&) const = default;
};

class ClientBench {
 public:
  // What a server answers; nullopt: never.
  using Answer =
      std::function<std::optional<resp::Value>(std::uint32_t server, const resp::Command&)>;

  explicit ClientBench(ClientSetup setup, Answer answer, std::uint64_t seed = 1);
  ClientBench(const ClientBench& other);

  // Lets this much time pass.
  void run(Duration time);
  // A command arrives at the client's console; its answer appears in `console_replies`.
  void console(resp::Command command);
  // Ends all connections to this server, as a crash of its program does.
  void reset(std::uint32_t server);

  std::set<std::uint32_t> refusing;  // dials are refused
  std::set<std::uint32_t> silent;    // dials and requests vanish
  bool raw = false;  // servers answer in bytes, which come one by one, as a real one may

  std::vector<Asked> asked;  // commands that reached a server, but CLUSTER SLOTS
  std::vector<std::pair<Duration, Event>> notes;
  std::vector<resp::Value> console_replies;
  std::uint64_t choices_fingerprint() const { return stream_.fingerprint(); }
  std::uint64_t steps() const { return steps_; }

  template <class T>
  std::vector<T> all() const {
    std::vector<T> found;
    for (const auto& [at, event] : notes) {
      if (const T* one = std::get_if<T>(&event)) found.push_back(*one);
    }
    return found;
  }
  std::optional<std::int64_t> measured(const std::string& name) const;

 private:
  void step(std::vector<Input> inputs);
  void carry_out(Effects effects);
  void later(Input input) { pending_.emplace(now_ + kDelay, std::move(input)); }

  static constexpr Duration kDelay = 1ms;  // there and back
  Answer answer_;
  ChoiceStream stream_;
  std::unique_ptr<Node> node_;
  Duration now_{};
  std::uint64_t steps_ = 0;
  std::multimap<Duration, Input> pending_;
  std::map<ConnId, std::uint32_t> open_;  // connection to server
};

}  // namespace sim::testing
