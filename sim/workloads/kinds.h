// How each kind of workload is made from its options; the table is in registry.cc.
#pragma once

#include <memory>

#include "sim/workloads/workload.h"

namespace sim {

std::unique_ptr<Workload> make_cache(Options& options);
std::unique_ptr<Workload> make_counter(Options& options);
std::unique_ptr<Workload> make_fill(Options& options);
std::unique_ptr<Workload> make_list_append(Options& options);
std::unique_ptr<Workload> make_register(Options& options);

}  // namespace sim
