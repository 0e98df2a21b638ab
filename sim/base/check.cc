#include "sim/base/check.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace sim {
namespace {
std::function<std::string()>& context() {
  static std::function<std::string()> describe;
  return describe;
}
}  // namespace

void set_check_context(std::function<std::string()> describe) {
  context() = std::move(describe);
}

void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "slotsim: internal error: CHECK(%s) failed at %s:%d\n", expression, file,
               line);
  // Taken away first: if describing the run fails a CHECK too, we must not come here for ever.
  const std::function<std::string()> describe = std::exchange(context(), nullptr);
  if (describe) std::fprintf(stderr, "%s\n", describe().c_str());
  std::fprintf(stderr, "This is a bug in slotsim itself; please report it with the lines above.\n");
  std::fflush(stdout);
  std::_Exit(70);
}

}  // namespace sim
