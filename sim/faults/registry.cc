// Every fault there is: a declaration and a row each.
#include <algorithm>
#include <array>

#include "sim/faults/fault.h"

namespace sim {

using FaultRef = std::unique_ptr<Fault>;

// clang-format off
FaultRef make_partition(Options&);        FaultRef random_partition(Choices&, const Cast&);
FaultRef make_message(Options&);          FaultRef random_message(Choices&, const Cast&);
FaultRef make_clog(Options&);             FaultRef random_clog(Choices&, const Cast&);
FaultRef make_swizzle_clog(Options&);     FaultRef random_swizzle_clog(Choices&, const Cast&);
FaultRef make_delay(Options&);            FaultRef random_delay(Choices&, const Cast&);
FaultRef make_loss(Options&);             FaultRef random_loss(Choices&, const Cast&);
FaultRef make_bandwidth(Options&);        FaultRef random_bandwidth(Choices&, const Cast&);
FaultRef make_reset(Options&);            FaultRef random_reset(Choices&, const Cast&);
FaultRef make_flap(Options&);             FaultRef random_flap(Choices&, const Cast&);
FaultRef make_cut_link(Options&);
FaultRef make_crash(Options&);            FaultRef random_crash(Choices&, const Cast&);
FaultRef make_restart(Options&);          FaultRef random_restart(Choices&, const Cast&);
FaultRef make_pause(Options&);            FaultRef random_pause(Choices&, const Cast&);
FaultRef make_slow(Options&);             FaultRef random_slow(Choices&, const Cast&);
FaultRef make_zone_outage(Options&);      FaultRef random_zone_outage(Choices&, const Cast&);
FaultRef make_rolling_restart(Options&);
FaultRef make_clock_jump(Options&);       FaultRef random_clock_jump(Choices&, const Cast&);
FaultRef make_clock_skew(Options&);       FaultRef random_clock_skew(Choices&, const Cast&);
FaultRef make_clock_drift(Options&);      FaultRef random_clock_drift(Choices&, const Cast&);
FaultRef make_failover(Options&);         FaultRef random_failover(Choices&, const Cast&);
FaultRef make_meet(Options&);
FaultRef make_forget(Options&);
FaultRef make_config_set(Options&);

namespace {

constexpr bool kLasts = true, kMomentary = false;

constexpr std::array kFaults{
    FaultKind{"partition", "silence between groups, or round one machine, or in a chosen shape",
              R"({"at": "5s", "do": "partition", "shape": "isolate", "node": "primary:shard-0", "for": "10s"})",
              kLasts, make_partition, random_partition},
    FaultKind{"message", "holds, delays or drops messages by their label, direction and number",
              R"({"at": "5s", "do": "message", "label": "bus:PONG", "act": "hold", "from": "m2", )"
              R"("to": "m3", "skip": 1, "count": 1, "for": "3s"})",
              kLasts, make_message, random_message},
    FaultKind{"clog", "traffic waits and comes through at the end; nothing is lost",
              R"({"at": "5s", "do": "clog", "node": "any-primary", "planes": ["bus"], "for": "3s"})",
              kLasts, make_clog, random_clog},
    FaultKind{"swizzle-clog", "machines fall silent one by one and come back in another order",
              R"({"at": "5s", "do": "swizzle-clog", "node": "all", "planes": ["bus"], "over": "10s", "for": "10s"})",
              kLasts, make_swizzle_clog, random_swizzle_clog},
    FaultKind{"delay", "traffic takes longer",
              R"({"at": "5s", "do": "delay", "from": "m1", "to": "m2", "both_ways": true, )"
              R"("extra": "200ms", "jitter": "50ms", "for": "10s"})",
              kLasts, make_delay, random_delay},
    FaultKind{"loss", "segments get lost and are sent again, later and later",
              R"({"at": "5s", "do": "loss", "node": "primaries", "ratio": "10%", "for": "10s"})",
              kLasts, make_loss, random_loss},
    FaultKind{"bandwidth", "traffic is throttled to a rate",
              R"({"at": "5s", "do": "bandwidth", "node": "m1", "direction": "out", "rate": "1Mbit", "for": "10s"})",
              kLasts, make_bandwidth, random_bandwidth},
    FaultKind{"reset", "resets the open connections of a machine or between two",
              R"({"at": "5s", "do": "reset", "node": "any-primary"})",
              kMomentary, make_reset, random_reset},
    FaultKind{"flap", "a machine's network goes down and up again and again",
              R"({"at": "5s", "do": "flap", "node": "any-replica", "down": "2s", "up": "1s", "for": "20s"})",
              kLasts, make_flap, random_flap},
    FaultKind{"cut-link", "a link of the topology goes down; traffic is routed round it if it can be",
              R"({"at": "5s", "do": "cut-link", "between": ["m1", "zone:a"], "for": "10s"})",
              kLasts, make_cut_link, nullptr},
    FaultKind{"crash", "programs die at once, with \"power\" their boxes too, and start again at the end",
              R"({"at": "5s", "do": "crash", "node": "primary:shard-0", "power": true, "for": "20s"})",
              kLasts, make_crash, random_crash},
    FaultKind{"restart", "programs are stopped and started, with their disk or without, at their address or another",
              R"({"at": "5s", "do": "restart", "node": "m1", "how": "kill", "down": "1s", "disk": "lose-nodes-conf"})",
              kMomentary, make_restart, random_restart},
    FaultKind{"pause", "programs stand still (SIGSTOP); their kernels go on",
              R"({"at": "5s", "do": "pause", "node": "primary:shard-0", "for": "10s"})",
              kLasts, make_pause, random_pause},
    FaultKind{"slow", "every pass of a program's event loop takes longer",
              R"({"at": "5s", "do": "slow", "node": "any-primary", "by": "20ms", "for": "10s"})",
              kLasts, make_slow, random_slow},
    FaultKind{"zone-outage", "a zone loses its power, or its network",
              R"({"at": "5s", "do": "zone-outage", "zone": "a", "means": "power", "for": "20s"})",
              kLasts, make_zone_outage, random_zone_outage},
    FaultKind{"rolling-restart", "machines are restarted one after the other, as for an upgrade",
              R"({"at": "5s", "do": "rolling-restart", "node": "all", "order": "replicas-first", )"
              R"("down": "1s", "gap": "10s"})",
              kMomentary, make_rolling_restart, nullptr},
    FaultKind{"clock-jump", "a wall clock is set and stays so",
              R"({"at": "5s", "do": "clock-jump", "node": "m1", "by": "-1h"})",
              kMomentary, make_clock_jump, random_clock_jump},
    FaultKind{"clock-skew", "a wall clock is off for a while",
              R"({"at": "5s", "do": "clock-skew", "node": "m1", "by": "+2s", "for": "10s"})",
              kLasts, make_clock_skew, random_clock_skew},
    FaultKind{"clock-drift", "a machine's clocks run too fast or too slow",
              R"({"at": "5s", "do": "clock-drift", "node": "m1", "ppm": 500, "for": "30s"})",
              kLasts, make_clock_drift, random_clock_drift},
    FaultKind{"failover", "manual failover at a replica: default, force or takeover",
              R"({"at": "5s", "do": "failover", "node": "replica:shard-0", "mode": "default"})",
              kMomentary, make_failover, random_failover},
    FaultKind{"meet", "CLUSTER MEET: introduces a node to others",
              R"({"at": "5s", "do": "meet", "node": "m1", "with": "m2"})",
              kMomentary, make_meet, nullptr},
    FaultKind{"forget", "CLUSTER FORGET: nodes are told to forget one",
              R"({"at": "5s", "do": "forget", "node": "m6", "by": "all"})",
              kMomentary, make_forget, nullptr},
    FaultKind{"config-set", "CONFIG SET on nodes",
              R"({"at": "5s", "do": "config-set", "node": "all", "config": {"cluster-node-timeout": 2000}})",
              kMomentary, make_config_set, nullptr},
};
// clang-format on

}  // namespace

std::span<const FaultKind> faults() {
  return kFaults;
}

const FaultKind* find_fault(std::string_view name) {
  const auto* found = std::find_if(kFaults.begin(), kFaults.end(),
                                   [&](const FaultKind& kind) { return kind.name == name; });
  return found == kFaults.end() ? nullptr : found;
}

}  // namespace sim
