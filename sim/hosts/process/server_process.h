// An unmodified program as a Node: the same seam that our own server stands behind.
//
// What arrives becomes bytes in the program's sockets; then it runs until it waits for something;
// what it sent, wrote and logged meanwhile becomes effects. Its deadline is the timeout it waits
// with. It cannot be copied, and a world that holds one says so.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/hosts/process/tree.h"
#include "sim/hosts/process/witness.h"
#include "sim/node/node.h"
#include "sim/wire/bus.h"
#include "sim/wire/names.h"

namespace sim {

// What starting programs costs on a usual machine. With nothing, loops that start programs until
// something has happened would never see time pass.
inline constexpr Duration kUsualForkCost = std::chrono::microseconds{500};
inline constexpr Duration kUsualExecCost = std::chrono::milliseconds{2};

// What runs on the machine, and how it is held.
struct ProgramSetup {
  std::uint32_t machine = 0;             // its number in this run
  std::vector<std::string> arguments;    // the first is the program: a path, or looked up in PATH;
                                         // empty: a machine for programs that it is asked to run
  std::vector<std::string> environment;  // "NAME=value"
  // Where it starts. Empty: a folder of its own in the sandbox, filled from the machine's disk at
  // each start, its changes told as file effects.
  std::string directory;
  // Put there at each start beside those of the disk; "{address}" in them is the machine's own.
  std::map<std::string, std::string> files;
  std::uint64_t disk_bytes = 0;  // so much fits into a folder of its own; 0: any
  bool is_server = false;        // its output is log, its connections carry known protocols
  // Of a server in a cluster: where its kind has its bus, and what a witness must know of it.
  std::vector<std::uint16_t> bus_ports;
  NamesRef names;
  NodeName planned_id;
  bool alone = false;  // can reach nobody but its own machine
  // It logs at debug level for its suspicions only: what else it says there is lost at once. Of a
  // hundred servers that is millions of lines.
  bool hushes_debug = false;
  Duration fork_time{};  // a fork child (RDB, AOF rewrite) lives at least so long
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
  struct Program {
    std::uint32_t ticket = 0;  // 0: the one the machine is there for
    std::string output;        // the end of what it said
    std::string crash;         // why it dies by itself; "" while it does not
  };

  void boot(const Booted& booted, const Clocks& now, Choices& choices, Effects& effects);
  void take(const Input& input, Effects& effects);
  void accept(const Accepted& accepted, Effects& effects);
  void close(const Closed& closed);
  void start(const std::vector<std::string>& arguments, std::uint32_t ticket, bool logs,
             Choices& choices, Effects& effects);
  void ended(const process::ProgramEnd& end, Effects& effects);
  void log(std::int32_t pid, std::string_view bytes, Effects& effects);
  void log_whole_line(std::string line, Program& program, Effects& effects);
  void read_bus(ConnId conn, const Payload& payload, Effects& effects);
  void write_bus(ConnId conn, std::string_view bytes, Effects& effects);
  void let_send_again();
  void tell_unread(Effects& effects);
  void tell(Notes& notes, Effects& effects);
  void file_changed(const process::OutRecord& record, std::string_view name, std::string_view bytes,
                    Effects& effects);
  bool is_bus_port(std::uint16_t port) const;

  // An open connection, or one that is being dialled.
  struct Line {
    process::ObjectIndex socket = 0;
    bool is_bus = false, dialled = false;
    bool filled = false;  // it is in `filled_`
    std::uint64_t told_unread = 0;
    bus::Framer in, out;
  };
  Line* line_of(ConnId conn);

  std::shared_ptr<const ProgramSetup> setup_;
  std::unique_ptr<process::ProcessTree> tree_;
  std::unordered_map<std::uint64_t, Line> lines_;  // looked up, never iterated
  std::vector<ConnId> filled_;                     // given bytes, or told to hold some
  std::vector<ConnId> wrote_;                      // in the last step
  std::optional<MonotonicTime> go_on_;             // for who wrote all that he could
  std::optional<Witness> witness_;
  std::string nodes_conf_;                    // as it is on the disk now
  std::string log_line_;                      // the beginning of one that is not yet whole
  std::uint32_t starting_ = 0;                // ticket of the one that is just being started
  std::map<std::int32_t, Program> programs_;  // by process id: started here, and not over
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
