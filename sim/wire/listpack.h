// Listpack, the packed form of small collections in an RDB file. Only read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sim {

// Appends what it holds, numbers as text. False: rubbish.
bool read_listpack(std::string_view bytes, std::vector<std::string>& items);

}  // namespace sim
