// Words of a line the way redis-server splits inline commands and the lines of nodes.conf.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

// Words are parted by white space. "…" understands \n \r \t \b \a \xHH, and \c as c for any other
// c; '…' understands \' only; a closing quote must be followed by white space or the end. Nothing
// if quotes are unbalanced. A NUL outside quotes ends the line.
std::optional<std::vector<std::string>> split_arguments(std::string_view line);

}  // namespace sim
