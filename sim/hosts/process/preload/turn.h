// Who this thread is, and how it gives the turn away and gets it back.
#pragma once

#include <cstdint>

#include "sim/hosts/process/kernel.h"
#include "sim/hosts/process/region.h"

namespace sim::process {

// Null in a program that was started outside any machine: then nothing is interposed.
extern Region* region;

TaskIndex self();
void become(TaskIndex task);
inline Task& own_task() {
  return region->tasks[self()];
}
inline Process& own_process() {
  return region->processes[own_task().process];
}
inline ProcessIndex own_process_index() {
  return own_task().process;
}

// What the clocks say to this thread. Time stands still in a slice but for what the slice itself
// takes (`spend`).
std::int64_t monotonic_now();
std::int64_t wall_now();
void spend(std::int64_t ns);
// A thread that goes on and on in one slice (a loop that polls or reads the clock) has time pass.
void count_call();
void count_reading();

// Gives the turn away for good: the caller ends next.
void give_up_turn(Reason reason);
// Gives it away until it comes back.
void hand_over(Reason reason);
// Until somebody wakes it or `deadline` (monotonic) is there.
Wake block(std::int64_t deadline);
// Lets others run, and the time pass that this slice has taken.
void yield();
// The same for a thread that asks again and again and goes on at once, whatever the answer.
void yield_if_long();
// A new thread or process waits here for its first turn.
void wait_for_turn();

// Signals that this thread would take now, by bit.
inline std::uint64_t due_signals() {
  return (own_process().pending | own_task().pending) & ~own_task().blocked_signals;
}
// Signals that were sent meanwhile and are not blocked take effect here. False: a handler ran that
// interrupts system calls.
bool take_signals();
// What the real kernel knows a signal's handler by.
long real_signal(int signal);

// Ends the program, and tells why, loudly and by name.
[[noreturn]] void unsupported(const char* what);

}  // namespace sim::process
