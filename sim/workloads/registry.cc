#include <algorithm>
#include <array>

#include "sim/workloads/kinds.h"
#include "sim/workloads/workload.h"

namespace sim {

namespace {

constexpr std::array<WorkloadKind, 5> kWorkloads{{
    {"cache", "GET, and on a miss SET with a time to live; tells the hit rate",
     R"({"type": "cache", "clients": 4, "keys": 10000, "key_choice": "zipf", "ttl": "30s", "rate": 500})",
     make_cache},
    {"counter", "INCR and GET on shared counters",
     R"({"type": "counter", "clients": 3, "keys": 20, "reads": "20%", "think": "10ms"})",
     make_counter},
    {"fill", "writes every key once, as fast as it may, then idles",
     R"({"type": "fill", "clients": 2, "keys": 100000, "processes": 16, "value_size": 100})",
     make_fill},
    {"list-append", "RPUSH of unique values and LRANGE, over a window of keys that moves on",
     R"({"type": "list-append", "clients": 4, "keys": 200, "window": 8, "appends_per_key": 50, "rate": 100})",
     make_list_append},
    {"register", "SET of unique values and GET",
     R"({"type": "register", "clients": 3, "keys": 100, "reads": "50%", "rate": 50})",
     make_register},
}};

}  // namespace

std::span<const WorkloadKind> workloads() {
  return kWorkloads;
}

const WorkloadKind* find_workload(std::string_view name) {
  const auto* found = std::find_if(kWorkloads.begin(), kWorkloads.end(),
                                   [name](const WorkloadKind& kind) { return kind.name == name; });
  return found == kWorkloads.end() ? nullptr : found;
}

}  // namespace sim
