#include "viz/template.h"

#include <cstddef>

extern "C" {
extern const char slotsim_template_begins[];
extern const char slotsim_template_ends[];
}

asm(R"(
  .section .rodata
  .globl slotsim_template_begins, slotsim_template_ends
slotsim_template_begins:
  .incbin ")" SLOTSIM_TEMPLATE R"("
slotsim_template_ends:
  .previous
)");

namespace sim {

std::string_view report_template() {
  return {slotsim_template_begins,
          static_cast<std::size_t>(slotsim_template_ends - slotsim_template_begins)};
}

}  // namespace sim
