// CLUSTER and its subcommands. (Protocol §11.1.)
//
// Not here, and answered as unknown: SETSLOT.
#pragma once

#include "sim/core/pass.h"
#include "sim/core/server.h"
#include "sim/wire/resp.h"

namespace sim {

// `command[0]` is CLUSTER. Errors are replies, in redis 7.0.15's words.
resp::Value cluster_command(Server& server, Pass& pass, const resp::Command& command);
// CLUSTER HELP.
resp::Value cluster_help();

}  // namespace sim
