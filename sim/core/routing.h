// Whether this node serves a command, or whom it sends the client to. (Protocol §9.2.)
#pragma once

#include <optional>
#include <span>
#include <string>

#include "sim/core/commands.h"

namespace sim {

struct Routing {
  std::optional<SlotId> slot;  // of all keys; none: the command has no keys, or the node no slots
  std::string refusal;         // the error text; empty: serve
  std::optional<event::Routed> remarkable;  // to be told
};

// A command whose keys count.
struct RoutedCommand {
  const CommandSpec& spec;
  const resp::Command& words;
};

// Where `spec` goes, which acts on the keys of all of `commands`: a plain command on its own, EXEC
// on those of the whole transaction. A pure function of its arguments: no key is touched, nothing
// expires.
Routing route(const Server& server, const Session& session, const CommandSpec& spec,
              std::span<const RoutedCommand> commands);
// A plain command.
Routing route(const Server& server, const Session& session, const CommandSpec& spec,
              const resp::Command& command);
// Whom a client is sent to that waits for lists in this slot; empty: it waits at the right place.
std::string redirect_of_slot(const Server& server, SlotId slot);

}  // namespace sim
