// Whether this node serves a command, or whom it sends the client to. (Protocol §9; slots are never
// open here, so the rows that answer ASK and TRYAGAIN cannot apply.)
#pragma once

#include <optional>
#include <string>

#include "sim/core/commands.h"

namespace sim {

struct Routing {
  std::optional<SlotId> slot;  // of all keys; none: the command has no keys, or the node no slots
  std::string refusal;         // the error text; empty: serve
};

// A pure function of its arguments: no key is touched, nothing expires.
Routing route(const Server& server, const Session& session, const CommandSpec& spec,
              const resp::Command& command);
// Whom a client is sent to that waits for keys of this slot; empty: it waits at the right place.
std::string redirect_of_slot(const Server& server, const Session& session, const CommandSpec& spec,
                             SlotId slot);

}  // namespace sim
