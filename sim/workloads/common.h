// What all workloads have in common: the options of clients, keys and pace, and the clients made of
// them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/scenario/options.h"
#include "sim/workloads/key_choice.h"
#include "sim/workloads/workload.h"

namespace sim {

struct CommonOptions {
  std::uint32_t clients = 3;
  std::uint32_t processes = 4;
  std::uint32_t keys = 100;
  std::optional<std::string> key_prefix;  // "<instance>:" if not given
  std::uint32_t hash_tags = 0;
  bool zipf = false;
  std::uint32_t reads_ppm = 500'000;
  std::uint64_t value_size = 0;  // values are padded to this
  Pace pace;
  Patience patience;
  WaitForReplicas wait;
  Duration start{};
  Duration stop = Duration::max();
  ReadFrom read_from = ReadFrom::kPrimary;
  RoutingKind routing = RoutingKind::kCluster;
  // Client-side sharding: over the first so many servers (0: all), and when the next one joins.
  std::uint32_t nodes = 0;
  std::optional<Duration> add_node_at;

  KeySpace key_space(const std::string& instance) const {
    return {key_prefix.value_or(instance + ":"), keys, hash_tags};
  }
  KeyChoice key_choice() const { return zipf ? KeyChoice::zipf(keys) : KeyChoice::uniform(keys); }
};

// What a workload leaves out of the common options, and what they are if not given.
struct CommonDefaults {
  CommonOptions values;
  bool has_reads = true;       // "reads"
  bool has_values = true;      // "value_size"
  bool has_key_choice = true;  // "key_choice"
};
CommonOptions read_common(Options& options, const CommonDefaults& defaults);

// A workload whose clients differ only in their generators.
class CommonWorkload : public Workload {
 public:
  explicit CommonWorkload(CommonOptions common) : common_(std::move(common)) {}

  RoutingKind routing() const override { return common_.routing; }
  std::uint32_t client_count() const override { return common_.clients; }
  std::vector<ClientSetup> clients(const WorkloadPlace& place) const override;
  ClientSetup auditor(const WorkloadPlace& place) const override;

 protected:
  // The generator of one of the clients, 0..clients-1.
  virtual std::shared_ptr<const Generator> generator(const KeySpace& keys,
                                                     std::uint32_t client) const = 0;
  // How the auditor reads a key.
  virtual event::OpKind final_read() const { return event::OpKind::kRead; }
  // ClientSetup::done_note of the clients.
  virtual std::string done_note() const { return {}; }

  const CommonOptions& common() const { return common_; }

 private:
  ClientSetup setup(const WorkloadPlace& place) const;

  CommonOptions common_;
};

// The operations workloads are made of.
Operation read_key(std::string key);
Operation write_key(std::string key, std::string value);
Operation read_list(std::string key);
// The unique value of this operation, padded with '.' to `size`.
std::string unique_value(std::uint64_t operation, std::uint64_t size);

}  // namespace sim
