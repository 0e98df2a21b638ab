// CHECK: the third kind of wrong, our own bug.
//
// Always on, in every build. A failed CHECK prints the expression, the place, and whatever context
// the run has registered (scenario, seed, virtual time, last records), then ends the process with
// exit code 70.
#pragma once

#include <functional>
#include <string>

namespace sim {

[[noreturn]] void check_failed(const char* expression, const char* file, int line);

// The run that is in progress registers how to describe itself; empty when nothing runs. The one
// piece of process-wide state in the product: it exists only to make a crash tell where it
// happened, and nothing ever reads it back.
void set_check_context(std::function<std::string()> describe);

}  // namespace sim

#define CHECK(expression) \
  ((expression) ? static_cast<void>(0) : ::sim::check_failed(#expression, __FILE__, __LINE__))
