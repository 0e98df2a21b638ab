#include "sim/hosts/process/preload_image.h"

#include <cstddef>

extern "C" {
extern const char slotsim_preload_begins[];
extern const char slotsim_preload_ends[];
}

asm(R"(
  .section .rodata
  .globl slotsim_preload_begins, slotsim_preload_ends
  .balign 16
slotsim_preload_begins:
  .incbin ")" SLOTSIM_PRELOAD R"("
slotsim_preload_ends:
  .previous
)");

namespace sim::process {

std::string_view preload_image() {
  return {slotsim_preload_begins,
          static_cast<std::size_t>(slotsim_preload_ends - slotsim_preload_begins)};
}

}  // namespace sim::process
