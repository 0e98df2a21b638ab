// The words of the console: a typed command becomes a RESP request, and a reply reads as redis-cli
// would print it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/world/world.h"

namespace sim {

class RespConsole final : public ConsoleWords {
 public:
  PayloadRef request(const std::vector<std::string>& command) const override;
  std::optional<std::string> reply_text(const Payload& payload,
                                        std::string& so_far) const override;
};

// "SET a 1", with double quotes for arguments that hold spaces: how a scenario may write a command
// in one string.
std::vector<std::string> split_command(std::string_view text);

}  // namespace sim
