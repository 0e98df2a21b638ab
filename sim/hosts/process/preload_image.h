// The preload library, which is part of the slotsim binary, so that there is one file to install.
#pragma once

#include <string_view>

namespace sim::process {

std::string_view preload_image();

}  // namespace sim::process
