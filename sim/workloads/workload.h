// A workload: what clients do to a cluster, and how its final data are read.
//
// One file each, registered in registry.cc. A workload reads its options when the scenario is
// loaded; the plan then asks it for the clients of one run, makes a machine of each
// (ClientNodeFactory), and boots the auditor after everything has settled.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/time.h"
#include "sim/client/client_setup.h"

namespace sim {

class Options;

// What the plan knows and the workload does not.
struct WorkloadPlace {
  std::string name;  // of this instance, unique in the run: "register", "register-2"
  std::vector<ServerAddress>
      servers;  // cluster nodes, or standalone nodes for client-side sharding
  std::uint32_t first_index =
      0;  // the first client's index; the auditor takes the one after the last client's
  Duration boot_at{};  // when its machines boot; "start" and "stop" of the scenario are in
                       // simulated time
  // When the run heals: generating ends then, or at "stop" if that is earlier.
  Duration stop_at = Duration::max();
};

class Workload {
 public:
  virtual ~Workload() = default;

  virtual RoutingKind routing() const = 0;
  // How many client machines there are, the auditor not counted.
  virtual std::uint32_t client_count() const = 0;
  // Named "<instance>-1" and so on.
  virtual std::vector<ClientSetup> clients(const WorkloadPlace& place) const = 0;
  // "<instance>-audit": once booted, reads every key the workload may have touched (final_read),
  // patiently, tells Measured "audit_keys", "audit_absent", "audit_unread" and last "audit_done",
  // and idles from then on.
  virtual ClientSetup auditor(const WorkloadPlace& place) const = 0;
};

struct WorkloadKind {
  std::string_view name;         // "register"
  std::string_view description;  // one line, for `list workloads` and the docs
  std::string_view example;      // an entry of "workload" as JSON, complete and valid
  // Reads and checks the options of one entry ("type" and "name" are already taken).
  std::unique_ptr<Workload> (*make)(Options& options);
};
std::span<const WorkloadKind> workloads();
const WorkloadKind* find_workload(std::string_view name);

}  // namespace sim
