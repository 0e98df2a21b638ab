// A graceful shutdown: SIGTERM is noticed by the next cron, and a primary lets its replicas catch
// up before it goes.
#pragma once

#include "sim/core/pass.h"
#include "sim/core/server.h"

namespace sim {

// SIGTERM came.
void ask_to_shut_down(Server& server);
// First thing of every server cron: begins the shutdown that was asked for, and ends the program
// once replicas have acknowledged everything or shutdown-timeout is over.
void shutdown_cron(Server& server, Pass& pass);

}  // namespace sim
