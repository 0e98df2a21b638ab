// ClusterNode: the Redis Cluster node. The one there is: simulated, behind real ports, and beside real servers.
//
// This class only dispatches. Inputs go to the concern they belong to; timers run in Redis' order; then comes the work
// before sleeping, the saves, and last the sends. All state is in `Server`.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "sim/core/mutation.h"
#include "sim/core/pass.h"
#include "sim/core/server.h"
#include "sim/node/node.h"

namespace sim {

struct NodeSetup {
  Config config;
  NamesRef names;  // shared by the cluster nodes of a run
  Mutation mutation = Mutation::kNone;
};

class ClusterNode final : public Node {
 public:
  explicit ClusterNode(const NodeSetup& setup);

  void step(const Clocks& now, std::span<const Input> inputs, Choices& choices, Effects& effects) override;
  std::optional<MonotonicTime> deadline() const override;
  std::unique_ptr<Node> clone() const override;

  const Server& server() const { return server_; }  // for tests

 private:
  void boot(Pass& pass, const Booted& booted);
  void take(Pass& pass, const Input& input);
  void run_cron(Pass& pass);

  Server server_;
  Outbox outbox_;  // empty between steps
  std::optional<MonotonicTime> next_cron_;  // none before boot and after exit
  MonotonicTime last_pass_{};               // when the event loop went to sleep last
};

class ClusterNodeFactory final : public NodeFactory {
 public:
  explicit ClusterNodeFactory(NodeSetup setup) : setup_(std::move(setup)) {}
  std::unique_ptr<Node> make() const override { return std::make_unique<ClusterNode>(setup_); }

 private:
  NodeSetup setup_;
};

}  // namespace sim
