// A machine's programs, driven: whose turn it is, and what became of them. One tree is one root
// program and all it starts; the tree is over when the root is.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/hosts/process/region.h"

namespace sim::process {

struct TreeSetup {
  std::uint32_t machine = 0;  // its number; no two trees of a sandbox share one
  std::vector<std::string> arguments;    // of the root program; the first is what is looked up
  std::vector<std::string> environment;  // "NAME=value"
  std::string directory;                 // where it starts, and whose files are mirrored
  std::uint32_t address = 0;             // the machine's own IPv4
  std::uint32_t incarnation = 0;
  std::uint64_t seed = 1;
  bool mirrors_disk = false;
  bool alone = false;  // no network but itself
  bool logs = false;   // what the root writes to stdout and stderr is told as log
  std::int64_t monotonic_ns = 0, wall_ns = 0;  // when it starts
  std::int64_t fork_child_ns = 0, fork_cost_ns = 0, exec_cost_ns = 0, wakeup_cost_ns = 0;
};

struct TreeEnd {
  std::int32_t code = 0;  // of the root; 128 + signal if it was killed
  bool by_signal = false;
  std::string complaint;  // a call that the host does not do
};

class ProcessTree {
 public:
  using Take = std::function<void(const OutRecord&, std::string_view name, std::string_view bytes)>;

  // Throws ProcessError if the program cannot be started.
  explicit ProcessTree(const TreeSetup& setup);
  ~ProcessTree();
  ProcessTree(const ProcessTree&) = delete;
  ProcessTree& operator=(const ProcessTree&) = delete;

  Region& region() { return *region_; }
  const Region& region() const { return *region_; }
  // Lets everybody run who can at this moment, in turns, until nobody can. `take` gets what they
  // tell, in order.
  void run(std::int64_t monotonic_ns, std::int64_t wall_ns, const Take& take);
  // When somebody wants to run again by himself; kNoDeadline: never.
  std::int64_t deadline() const;
  const std::optional<TreeEnd>& ended() const { return ended_; }
  void terminate();  // SIGTERM to the root

 private:
  void map_region(const TreeSetup& setup);
  void start_root(const TreeSetup& setup);
  void give_turn(TaskIndex task, const Take& take);
  void grant(TaskIndex task);
  bool wait_for_turn(ProcessIndex process);
  void slice_over(TaskIndex task, const Take& take);
  void process_gone(ProcessIndex process, bool by_itself);
  void thread_gone(TaskIndex task);
  void reap_orphans();
  void drain(const Take& take);
  [[noreturn]] void stuck(ProcessIndex process);

  Region* region_ = nullptr;
  std::string file_;
  ProcessIndex root_ = 0;
  bool root_started_ = false;  // its first turn is under way from its start on
  std::optional<TreeEnd> ended_;
};

// A program that cannot be started, or that does what the host cannot.
struct ProcessError {
  std::string what;
};

}  // namespace sim::process
