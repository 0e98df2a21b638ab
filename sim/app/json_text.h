// For files that are written as JSON piece by piece, since the whole would not fit memory.
#pragma once

#include <string>
#include <string_view>

namespace sim {

// A string as it stands in JSON, quotes included; bytes that are no UTF-8 are replaced.
std::string json_text(std::string_view text);

}  // namespace sim
