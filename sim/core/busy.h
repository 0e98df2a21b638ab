// The program waits, and does nothing else meanwhile: for the other end of a MIGRATE, or for a
// DEBUG SLEEP to be over.
#pragma once

#include "sim/core/debug.h"
#include "sim/core/migrate.h"

namespace sim {

inline bool is_busy(const Server& server) {
  return migrating(server) || is_asleep(server);
}
// When it has waited long enough. Precondition: it is busy.
inline MonotonicTime end_of_wait(const Server& server) {
  return is_asleep(server) ? MonotonicTime{Duration{server.debug.asleep_until_ns}}
                           : migrate_deadline(server);
}

}  // namespace sim
