// A machine's programs, driven: whose turn it is, and what became of them. What the driver starts
// is a root; it and all it starts are the tree of the machine.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/hosts/process/region.h"

namespace sim::process {

struct TreeSetup {
  std::uint32_t machine = 0;  // its number; no two trees of a sandbox share one
  std::string directory;      // where programs start, and whose files are mirrored
  std::uint32_t address = 0;  // the machine's own IPv4
  std::uint32_t incarnation = 0;
  std::int64_t monotonic_ns = 0, wall_ns = 0;  // now
  bool mirrors_disk = false;
  bool alone = false;         // no network but itself
  bool hushes_debug = false;  // as of ProgramSetup
  std::int64_t fork_child_ns = 0, fork_cost_ns = 0, exec_cost_ns = 0, wakeup_cost_ns = 0;
};

struct StartSetup {
  std::vector<std::string> arguments;    // the first is what is looked up
  std::vector<std::string> environment;  // "NAME=value"
  std::uint64_t seed = 1;
  bool logs = false;  // what it writes to stdout and stderr is told as log
};

// A program that was started here is over.
struct ProgramEnd {
  std::int32_t pid = 0;
  std::int32_t code = 0;  // 128 + signal if it was killed
  bool by_signal = false;
  std::string complaint;  // a call that the host does not do
};

class ProcessTree {
 public:
  using Take = std::function<void(const OutRecord&, std::string_view name, std::string_view bytes)>;

  explicit ProcessTree(const TreeSetup& setup);
  ~ProcessTree();
  ProcessTree(const ProcessTree&) = delete;
  ProcessTree& operator=(const ProcessTree&) = delete;

  Region& region() { return *region_; }
  const Region& region() const { return *region_; }
  // Starts a program, which runs until it waits for something; answers its process id. Throws
  // ProcessError if it cannot be started.
  std::int32_t start(const StartSetup& setup, const Take& take);
  // Lets everybody run who can at this moment, in turns, until nobody can. `take` gets what they
  // tell, in order.
  void run(std::int64_t monotonic_ns, std::int64_t wall_ns, const Take& take);
  // When somebody wants to run again by himself; kNoDeadline: never.
  std::int64_t deadline() const;
  // The programs started here that have ended since the last call, in order.
  std::vector<ProgramEnd> take_ended() { return std::exchange(ended_, {}); }
  void terminate(std::int32_t pid);  // SIGTERM

 private:
  void map_region(const TreeSetup& setup);
  void give_turn(TaskIndex task, const Take& take);
  void grant(TaskIndex task);
  bool wait_for_turn(ProcessIndex process);
  void slice_over(TaskIndex task, const Take& take);
  void slept(ProcessIndex process);
  void process_gone(ProcessIndex process, bool by_itself);
  void root_gone(ProcessIndex process);
  void unsupported(ProcessIndex process);
  void thread_gone(TaskIndex task);
  void reap_orphans();
  void drain(const Take& take);
  [[noreturn]] void stuck(ProcessIndex process);

  Region* region_ = nullptr;
  std::string file_, directory_;
  std::vector<ProgramEnd> ended_;
};

// A program that cannot be started, or that does what the host cannot.
struct ProcessError {
  std::string what;
};

}  // namespace sim::process
