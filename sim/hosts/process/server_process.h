// An unmodified program as a Node: the same seam that our own server stands behind.
//
// What arrives becomes bytes in the program's sockets; then it runs until it waits for something;
// what it sent, wrote and logged meanwhile becomes effects. Its deadline is the timeout it waits
// with. It cannot be copied, and a world that holds one says so.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/hosts/process/tree.h"
#include "sim/node/node.h"

namespace sim {

// What runs on the machine, and how it is held.
struct ProgramSetup {
  std::uint32_t machine = 0;             // its number in this run
  std::vector<std::string> arguments;    // the first is the program: a path, or looked up in PATH
  std::vector<std::string> environment;  // "NAME=value"
  // Where it starts. Empty: a folder of its own in the sandbox, filled from the machine's disk at
  // each start, its changes told as file effects.
  std::string directory;
  std::map<std::string, std::string> files;  // put there at each start beside those of the disk
  bool is_server = false;    // its output is log, its connections carry known protocols
  std::uint16_t bus_port = 0;  // of a cluster node
  bool alone = false;          // can reach nobody but its own machine
  Duration fork_time{};        // a fork child (RDB, AOF rewrite) lives at least so long
  Duration fork_cost{}, exec_cost{}, cost_per_wakeup{};
};

class ServerProcess final : public Node {
 public:
  explicit ServerProcess(std::shared_ptr<const ProgramSetup> setup) : setup_(std::move(setup)) {}

  void step(const Clocks& now, std::span<const Input> inputs, Choices& choices,
            Effects& effects) override;
  std::optional<MonotonicTime> deadline() const override;
  std::unique_ptr<Node> clone() const override { return nullptr; }
  std::uint64_t fingerprint() const override;

 private:
  class Teller;

  void boot(const Booted& booted, const Clocks& now, Choices& choices, Effects& effects);
  void take(const Input& input, Effects& effects);
  void accept(const Accepted& accepted, Effects& effects);
  void close(const Closed& closed);
  void log(std::string_view bytes, Effects& effects);
  void log_whole_line(std::string line, Effects& effects);
  process::ObjectIndex socket_of(ConnId conn) const;

  std::shared_ptr<const ProgramSetup> setup_;
  std::unique_ptr<process::ProcessTree> tree_;
  std::unordered_map<std::uint64_t, process::ObjectIndex> sockets_;  // looked up, never iterated
  std::string log_line_;     // the beginning of one that is not yet whole
  std::string last_output_;  // tail of what it said, for when it dies
};

class ServerProcessFactory final : public NodeFactory {
 public:
  explicit ServerProcessFactory(ProgramSetup setup)
      : setup_(std::make_shared<const ProgramSetup>(std::move(setup))) {}
  std::unique_ptr<Node> make() const override { return std::make_unique<ServerProcess>(setup_); }

 private:
  std::shared_ptr<const ProgramSetup> setup_;
};

}  // namespace sim
