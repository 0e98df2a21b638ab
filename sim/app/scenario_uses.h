// What a scenario will do, as far as it can be told before it runs: what invariants may hold
// against a run depends on it.
#pragma once

#include <initializer_list>
#include <string_view>

#include "sim/base/time.h"
#include "sim/scenario/scenario.h"

namespace sim {

// A step or the nemesis has one of these faults.
bool uses_fault(const Scenario& scenario, std::initializer_list<std::string_view> names);
bool nemesis_uses(const Scenario& scenario, std::string_view fault);
// A step whose options say so in a word: {"do": "failover", "mode": "takeover"}.
bool uses_word(const Scenario& scenario, std::string_view fault,
               std::initializer_list<std::string_view> words);
// The longest delay of a message by a step or the nemesis.
Duration messages_late(const Scenario& scenario);
// A step gives another machine the address of this one. Whoever asks there in the end may be asking
// another cluster.
bool hands_on(const Scenario& scenario, std::string_view machine);
// A command of the timeline changes slots, epochs or roles by hand.
bool edits_slots(const Scenario& scenario);

}  // namespace sim
