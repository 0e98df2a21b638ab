// A graceful shutdown, by SIGTERM, which the next cron notices, or by SHUTDOWN: a primary lets its
// replicas catch up before it goes.
#pragma once

#include "sim/core/pass.h"
#include "sim/core/server.h"

namespace sim {

// SIGTERM came.
void ask_to_shut_down(Server& server);
// SHUTDOWN, of which `leave_now` does not wait for replicas. False: it has to wait, so the cron
// will end the program.
bool shut_down(Server& server, Pass& pass, Shutdown::Save save, bool leave_now);
// SHUTDOWN ABORT: whoever waits is told. False: there is none in progress.
bool abort_shutdown(Server& server, Pass& pass);
// First thing of every server cron: begins the shutdown that was asked for, and ends the program
// once replicas have acknowledged everything or shutdown-timeout is over.
void shutdown_cron(Server& server, Pass& pass);

}  // namespace sim
