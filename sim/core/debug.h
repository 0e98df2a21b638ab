// DEBUG: what test suites do to a node. (Protocol §11.5.)
//
// Refused unless enable-debug-command allows it, as in 7.0. DEBUG SLEEP puts the whole program to
// sleep: nothing is read, nothing is written and no cron runs until it is over; see ClusterNode.
#pragma once

#include <string_view>

#include "sim/core/server.h"
#include "sim/core/session.h"

namespace sim {

inline constexpr std::string_view kDebugRefused =
    "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you "
    "can run it from a local connection, otherwise you need to set this option in the "
    "configuration file, and then restart the server.";

bool may_debug(const Server& server, const Session& session);
inline bool is_asleep(const Server& server) {
  return server.debug.asleep_until_ns != 0;
}

}  // namespace sim
