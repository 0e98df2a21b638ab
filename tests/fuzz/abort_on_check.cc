// A failed CHECK leaves by _Exit, which libFuzzer does not notice; to save the input that did it,
// it needs a signal.
#include <cstdlib>
#include <string>

#include "sim/base/check.h"

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv);

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  sim::set_check_context([]() -> std::string { std::abort(); });
  return 0;
}
