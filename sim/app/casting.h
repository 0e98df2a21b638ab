// Casting: whom a selector means, at the moment it is asked.
#pragma once

#include <vector>

#include "sim/base/choices.h"
#include "sim/scenario/selector.h"
#include "sim/trace/directory.h"

namespace sim {

// Machines in order of their ids, each once; empty when nobody fits. Singular forms choose by
// `Site::kFaultTarget` among those who fit, the first one being the benign outcome.
std::vector<MachineId> resolve(const Selector& selector, const Directory& directory,
                               Choices& choices);

}  // namespace sim
