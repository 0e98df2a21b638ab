// Runs tasks in child processes, so that a CHECK or a crash ends one run and not the campaign.
//
// Each task is a forked child of its own: it computes a string, writes it into a pipe, and exits.
// Results come back in task order whatever the order of finishing, so output does not depend on the
// number of jobs.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace sim {

struct ChildResult {
  std::size_t task = 0;
  bool finished = false;  // the child wrote a whole result and exited with 0
  std::string result;
  std::string complaint;  // if not: how it ended, and the last of what it said on stderr
  int exit_code = 0;      // 128 + signal when killed by one
};

// Calls `work(task)` in children for task 0..count-1, at most `jobs` at a time, and `done` in the
// parent for each, in order. `work` runs in the child only. Stops starting tasks once `stop`
// answers true (Ctrl-C); those under way are killed, and tasks never finished are not told.
void run_in_children(std::size_t count, unsigned jobs,
                     const std::function<std::string(std::size_t)>& work,
                     const std::function<void(const ChildResult&)>& done,
                     const std::function<bool()>& stop);

// In a child of the above: which of the `jobs` places it has, from 0. nullopt: it is none.
std::optional<unsigned> job_place();

// Calls `work` in a child that has this process's standard streams; nullopt if it ended without a
// result.
std::optional<std::string> run_in_child(const std::function<std::string()>& work);

// Ctrl-C and SIGTERM set a flag instead of killing this process; a second one kills it.
void catch_interrupts();
bool interrupted();

}  // namespace sim
