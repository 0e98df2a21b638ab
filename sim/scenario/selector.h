// Whom a step means: "m3", "primary:shard-0", "zone:b", "majority", or a list of these.
//
// A selector is only words until the step fires; then it means whoever fits *at that moment*.
// Singular forms
// ("primary:shard-0", "any-replica") mean one machine, chosen by `Site::kFaultTarget` where several
// fit; plural forms mean all of them. Machines that are down are meant too, unless the form says
// otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/name_list.h"

namespace sim {

struct Selector {
  enum class Kind : std::uint8_t {
    kMachine,     // "m3", "client-1", "auditor-1"          name
    kPrimaryOf,   // "primary:shard-0"                      number; the live claimant with the
                  // highest configEpoch
    kReplicaOf,   // "replica:shard-0"                      number; one of the shard's replicas that
                  // are up
    kReplicasOf,  // "replicas:shard-0"                     number; all of them
    kShard,       // "shard:0"                              number; primary and replicas
    kAnyPrimary,  // "any-primary"                          one primary that is up
    kAnyReplica,  // "any-replica"                          one replica that is up
    kAnyNode,     // "any-node"                             one node that is up
    kPrimaries,   // "primaries"
    kReplicas,    // "replicas"
    kMajority,    // "majority"                             floor(n/2)+1 of the n primaries that own
                  // slots
    kMinority,    // "minority"                             the other primaries: those no majority
                  // needs
    kAll,         // "all"                                  every server, no clients
    kClients,     // "clients"                              every client, no auditors
    kZone,        // "zone:b"                               name; servers there, no clients
    kRack,        // "rack:b1"                              name
    kHost,        // "host:h1"                              name
    kRegion,      // "region:eu"                            name
    kOwnerOfKey,  // "owner-of:user:42"                     name (the key); primary of the key's
                  // slot
    kOwnerOfSlot,  // "owner-of-slot:42"                     number
    kSpare,        // "spare:0"                              number; in or out of the cluster
    kHitBy,        // "hit-by:crash"                         name; whom the latest such fault hit
    kUnion,        // ["m1", "zone:b"]                       parts
    kNot,          // {"not": ...}                           parts[0]; every server it does not mean
  };
  Kind kind = Kind::kAll;
  std::string name;
  std::uint32_t number = 0;
  std::vector<Selector> parts;

  bool operator==(const Selector&) const = default;
  // Can mean more than one machine.
  bool plural() const;
};

// The names a scenario has, so that a selector for something that does not exist is an error when
// the file is read.
struct KnownNames {
  NameList machines;   // servers, clients, auditors, and those for programs
  NameList servers;    // m1 to mN
  NameList processes;  // the servers that run a program of the operating system
  NameList boxes;      // machines for programs: those of "machines", and those of steps
  NameList zones, racks, hosts, regions, switches;
  NameList faults;  // of the vocabulary
  std::uint32_t shards = 0, spares = 0;
};

// A mistake in a selector, as a sentence and a suggestion.
struct SelectorMistake {
  std::string what;
  std::string hint;
  bool guess = true;  // is to be looked for; said by the caller
};
// One word; lists and "not" are made by the options reader. On a mistake answers nullopt and fills
// `mistake`. Names are checked only where `known` is given.
std::optional<Selector> parse_selector(std::string_view word, const KnownNames* known,
                                       SelectorMistake& mistake);
// Up to 32 letters, digits, '-' and '_': what machines, zones and the like may be called.
bool is_name(std::string_view text);
// Why no server can be called so, as a sentence: it is no name, or it means somebody else. nullopt:
// one can.
std::optional<std::string> refuse_server_name(std::string_view name);
// Somebody whom the selector may mean and who is no process: its name, or "m2, which this may
// mean," where the moment decides. Empty: it means processes only.
std::string simulated_among(const Selector& selector, const KnownNames& known);
// As it is written in a scenario: "primary:shard-0"; a union "m1, zone:b"; "not m1".
std::string to_text(const Selector& selector);

struct SelectorForm {
  std::string_view form;         // "primary:shard-N"
  std::string_view description;  // one line
};
std::span<const SelectorForm> selector_forms();  // for `list selectors` and the docs

}  // namespace sim
