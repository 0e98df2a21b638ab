// Bus messages to test with.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sim/wire/bus.h"

namespace sim::bus {

NameRef name_of(Names& names, char filler);
SlotsRef slots_of(std::initializer_list<std::uint16_t> slots);

// The golden packets of the protocol notes (appendix B), as messages.
Message golden_ping(Names& names);
Message golden_fail(Names& names);
Message golden_update(Names& names);

// A message of every type, all fields set; the name is a file name.
std::vector<std::pair<std::string, Message>> one_of_every_type(Names& names);

// Compares field by field, without hash() or the codec. Both must use the same table of names.
bool same(const Message& a, const Message& b);

}  // namespace sim::bus
