// nodes.conf: the file, and the lines CLUSTER NODES answers with. (Protocol §3.2.)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/base/slot_set.h"
#include "sim/base/types.h"
#include "sim/wire/names.h"

namespace sim::nodes_conf {

struct OpenSlot {
  SlotId slot;
  bool importing = false;  // else migrating
  NodeName other;
  bool operator==(const OpenSlot&) const = default;
};

struct LineHead {
  NodeName id;
  Address address;          // pport is not in the file
  std::string hostname;     // "" if none
  std::uint16_t flags = 0;  // bus::flag bits
  NodeName replica_of;
  std::int64_t ping_sent_ms = 0, pong_received_ms = 0;
  std::uint64_t config_epoch = 0;
  bool connected = false;
  bool operator==(const LineHead&) const = default;
};

struct Line : LineHead {
  SlotSet slots;
  std::vector<OpenSlot> open_slots;  // on the myself line only
  bool operator==(const Line&) const = default;
};

struct File {
  std::vector<Line> lines;
  std::uint64_t current_epoch = 0, last_vote_epoch = 0;
  bool operator==(const File&) const = default;
};

// One line, without '\n'. The first form is for who has the slots' text at hand: format_slots().
void append(std::string& out, const LineHead& head, std::string_view slots);
void append(std::string& out,
            const OpenSlot& open);  // what follows the slots, with a space before it
std::string print(const Line& line);
std::string print(const File& file);

// The node refuses to start: the fatal message a real server logs, with the line's number (from 1).
struct Corrupt {
  std::uint32_t line = 0;
  std::string why;
};
// Load rules of §3.2, as far as they need no clock: a replica's config epoch is 0, the current
// epoch is at least every config epoch, nodes that are only mentioned (as a master or in an open
// slot) get a line of their own ("noflags", no address). Left to the caller: non-zero times mean
// "now". An empty file parses to a File without lines (the caller then makes a new node).
std::variant<File, Corrupt> parse(std::string_view text);

// "myself,master", "slave,fail?", "noflags": tokens in Redis' order.
std::string flag_names(std::uint16_t flags);
// The reverse; nothing if a token is unknown.
std::optional<std::uint16_t> flags_of(std::string_view names);

}  // namespace sim::nodes_conf
