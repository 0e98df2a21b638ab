// Which lines of a server's log belong in a timeline.
#pragma once

#include "sim/trace/record.h"

namespace sim {

// Warnings, but for what every start says and for the small print of a crash report; and of the
// rest what tells of suspicion, elections, roles and synchronisation, in the words of redis 7.0 and
// Valkey 8. The trace has all lines.
bool is_worth_telling(const event::LogLine& line);

}  // namespace sim
