// ClusterNode: the Redis Cluster node. The one there is: simulated, behind real ports, and beside
// real servers.
//
// This class only dispatches. Inputs go to the concern they belong to; timers run in Redis' order;
// then comes the work before sleeping, the saves, and last the sends. All state is in `Server`.
//
// The server cron ticks ten times a second and mostly finds nothing to do. Such ticks are not asked
// for: they are counted when something else happens (sim/core/idle.h). A driver that wants every
// one of them goes by `tick()`; both come to the same, which tests/idle_ticks_test.cc holds them
// to.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "sim/core/mutation.h"
#include "sim/core/pass.h"
#include "sim/core/server.h"
#include "sim/node/node.h"

namespace sim {

struct NodeSetup {
  Config config;
  NamesRef names;  // shared by the cluster nodes of a run
  Mutation mutation = Mutation::kNone;
  Deviations deviations{};
  Costs costs = {};
  // What it holds when it starts for the first time, beyond keys, and the id of the replication
  // history that the servers of its shard then share; none: it is alone with it.
  Weight dataset = {};
  NodeName history = {};
};

class ClusterNode final : public Node {
 public:
  explicit ClusterNode(const NodeSetup& setup);

  void step(const Clocks& now, std::span<const Input> inputs, Choices& choices,
            Effects& effects) override;
  std::optional<MonotonicTime> deadline() const override;
  std::optional<MonotonicTime> tick() const override;
  std::unique_ptr<Node> clone() const override;

  const Server& server() const { return server_; }  // for tests

 private:
  void boot(Pass& pass, const Booted& booted);
  void data_loaded(Pass& pass);
  bool waits_for_data(const Input& input);
  void take_loading(Pass& pass);
  void wake(const Clocks& now);
  void take(Pass& pass, const Input& input);
  void take_all(Pass& pass, std::span<const Input> inputs);
  void take_kept(Pass& pass);
  bool attends(const Pass& pass) const;
  void before_sleep(Pass& pass);
  bool goes_round_at_once() const;
  void read_accepted(Pass& pass);
  void run_cron(Pass& pass);
  void set_period();
  void plan_ticks(const Clocks& now);
  MonotonicTime next_tick() const;
  void count_idle_ticks(const Clocks& now);

  Server server_;
  Weight dataset_;
  NodeName history_;
  Outbox outbox_;                     // empty between steps, but while the program waits
  std::deque<Input> kept_;            // came while the program waited, and waits too
  std::vector<Input> unread_;         // of connections accepted in this pass; empty between steps
  std::optional<MonotonicTime> due_;  // the server cron; none before boot and after exit
  MonotonicTime polled_{};            // when the event loop last went to sleep
  std::int64_t period_hz_ = 0;        // the hz that `period_` is made of
  Duration period_{};                 // from one run of the cron to when the next is due
  std::uint64_t ticks_per_second_ = 1, ticks_per_cluster_cron_ = 1;
  std::uint32_t idle_ticks_ = 0;  // so many, the next one first, have nothing to do
  // While it loads what its disk has: that, and what the bus brings, which nobody looks at yet.
  std::shared_ptr<const DiskImage> disk_;
  std::vector<Input> unseen_;
  std::set<ConnId> unseen_conns_;
};

class ClusterNodeFactory final : public NodeFactory {
 public:
  explicit ClusterNodeFactory(NodeSetup setup) : setup_(std::move(setup)) {}
  std::unique_ptr<Node> make() const override { return std::make_unique<ClusterNode>(setup_); }

 private:
  NodeSetup setup_;
};

}  // namespace sim
