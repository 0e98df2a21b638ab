// Progress: once everything is healed, a key of each slot is written and read back, again and again
// until it is there.
#pragma once

#include <cstdint>
#include <memory>

#include "sim/client/generator.h"

namespace sim {

// One slot in `every`, from slot 0 on. Keys say their slot after their tag ("{3007}12182"), and are
// no data that anybody audits: both operations are kOther. Precondition: 0 < every <= kSlotCount.
std::shared_ptr<const Generator> make_progress(std::uint32_t every);

}  // namespace sim
