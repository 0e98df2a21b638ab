#include "sim/core/cluster_node.h"

#include <algorithm>
#include <chrono>
#include <variant>

#include "sim/core/cluster_cron.h"
#include "sim/core/data.h"
#include "sim/core/heartbeat.h"
#include "sim/core/links.h"
#include "sim/core/membership.h"
#include "sim/core/nodes_file.h"
#include "sim/core/replication.h"
#include "sim/core/shutdown.h"
#include "sim/core/slots_config.h"
#include "sim/core/view.h"

namespace sim {
namespace {

constexpr std::uint64_t kCronPhases = 100;  // ms in which the first cron falls

// Keys in slots that nodes.conf gives to nobody: a primary that has them serves them. (Protocol §8,
// startup. What nodes.conf gives to others would be marked as importing, which is not modelled.)
void adopt_orphan_slots(Server& server, Pass& pass) {
  ClusterState& cluster = server.cluster;
  if (!am_primary(cluster) || server.keyspace.empty()) return;
  SlotSet unbound;
  cluster.owners.each_run([&](SlotId first, SlotId last, PeerId owner) {
    if (!owner.is_none()) return;
    for (std::uint32_t slot = first.value; slot <= last.value; ++slot) unbound.set(slot);
  });
  unbound &= server.keyspace.occupied_slots();
  if (unbound.none()) return;
  bind_slots(server, pass, unbound, kMyself, cluster.peers.cold(kMyself).config_epoch);
  save_nodes_file(server, pass, true);
}

// The period of a job, in runs of the server cron: they are counted, not timed. (Protocol §4.)
bool due(const Server& server, std::int64_t period_ms) {
  const std::int64_t tick_ms = 1000 / server.config.hz;
  if (period_ms <= tick_ms) return true;
  return server.cron_runs % static_cast<std::uint64_t>(period_ms / tick_ms) == 0;
}

bool only_probes(std::span<const Input> inputs) {
  return !inputs.empty() && std::all_of(inputs.begin(), inputs.end(), [](const Input& input) {
    return std::holds_alternative<Probed>(input);
  });
}

struct Deliver {
  Server& server;
  Pass& pass;

  void operator()(const Booted&) const {}
  void operator()(const Terminated&) const { ask_to_shut_down(server); }
  void operator()(const Accepted& accepted) const {
    const bool bus =
        server.config.cluster_enabled && accepted.local.port == server.config.bus_port();
    if (bus) {
      link_accepted(server, pass, accepted);
    } else {
      session_accepted(server, accepted);
    }
  }
  void operator()(const Connected& connected) const {
    if (is_bus_link(server, connected.conn)) {
      link_connected(server, pass, connected.conn);
    } else if (is_replication_link(server, connected.conn)) {
      replication_link_connected(server, pass, connected);
    }
  }
  void operator()(const Received& received) const {
    if (is_bus_link(server, received.conn)) {
      bus_received(server, pass, received.conn, *received.payload);
    } else if (is_replication_link(server, received.conn)) {
      replication_link_received(server, pass, *received.payload);
    } else if (!received.conn.is_dialled()) {
      session_received(server, pass, received.conn, received.payload);
    }
  }
  void operator()(const Sent& sent) const {
    if (is_bus_link(server, sent.conn)) {
      link_unsent(server, pass, sent);
    } else {
      session_sent(server, pass, sent);
    }
  }
  void operator()(const Closed& closed) const {
    if (is_bus_link(server, closed.conn)) {
      link_closed(server, pass, closed.conn, closed.why);
    } else if (is_replication_link(server, closed.conn)) {
      replication_link_closed(server, pass, closed.why);
    } else if (!closed.conn.is_dialled()) {
      session_closed(server, pass, closed.conn);
    }
  }
  void operator()(const DeadlinePassed&) const {}
  void operator()(const Probed& probed) const { pass.note(snapshot_view(server, probed.full)); }
};

}  // namespace

ClusterNode::ClusterNode(const NodeSetup& setup) {
  server_.config = setup.config;
  server_.names = setup.names;
  server_.mutation = setup.mutation;
}

void ClusterNode::step(const Clocks& now, std::span<const Input> inputs, Choices& choices,
                       Effects& effects) {
  Pass pass(now, choices, effects, outbox_);
  for (const Input& input : inputs) {
    if (!pass.exited()) take(pass, input);
  }
  // Being asked what one believes is not a pass of the event loop.
  if (only_probes(inputs)) return;
  if (!pass.exited() && next_cron_ && now.monotonic >= *next_cron_) run_cron(pass);
  if (!pass.exited() && next_cron_) {
    if (server_.config.cluster_enabled) cluster_before_sleep(server_, pass);
    data_before_sleep(server_, pass);
    if (server_.config.cluster_enabled) tell_claim(server_, pass);
  }
  if (pass.exited()) next_cron_.reset();
  last_pass_ = now.monotonic;
  pass.flush();
}

// The poll takes whole milliseconds, rounded up, counted from when it is entered: a node that hears
// much oversleeps its cron by half a millisecond on average, an idle one hardly. So crons drift,
// and those of a cluster apart. (Protocol §4.)
std::optional<MonotonicTime> ClusterNode::deadline() const {
  if (!next_cron_ || *next_cron_ <= last_pass_) return next_cron_;
  return last_pass_ + std::chrono::ceil<std::chrono::milliseconds>(*next_cron_ - last_pass_);
}

std::unique_ptr<Node> ClusterNode::clone() const {
  return std::make_unique<ClusterNode>(*this);
}

void ClusterNode::take(Pass& pass, const Input& input) {
  if (const auto* booted = std::get_if<Booted>(&input)) return boot(pass, *booted);
  if (next_cron_) std::visit(Deliver{server_, pass}, input);
}

void ClusterNode::boot(Pass& pass, const Booted& booted) {
  server_.incarnation = booted.incarnation;
  server_.self = booted.self;
  server_.cached_wall_ms = pass.wall_ms();
  if (server_.config.cluster_enabled) {
    load_nodes_file(server_, pass, *booted.disk);
    if (pass.exited()) return;
    pass.listen(server_.config.bus_port());
  } else {
    make_standalone(server_, pass);
  }
  persistence_load(server_, pass, *booted.disk, !am_primary(server_.cluster));
  if (pass.exited()) return;
  if (server_.config.cluster_enabled) adopt_orphan_slots(server_, pass);
  pass.listen(server_.config.port);
  const ClusterState& cluster = server_.cluster;
  pass.note(event::NodeStarted{my_name(server_), booted.incarnation, cluster.current_epoch,
                               cluster.last_vote_epoch, server_.keyspace.size()});
  const auto phase = pass.choices.choose(Site::kCronPhase, kCronPhases);
  next_cron_ = pass.now.monotonic + std::chrono::milliseconds(phase);
}

void ClusterNode::run_cron(Pass& pass) {
  server_.cached_wall_ms = pass.wall_ms();
  shutdown_cron(server_, pass);
  if (pass.exited()) return;
  data_cron(server_, pass);
  if (due(server_, 1000)) replication_cron(server_, pass);
  if (server_.config.cluster_enabled && due(server_, 100)) cluster_cron(server_, pass);
  ++server_.cron_runs;
  next_cron_ = pass.now.monotonic + std::chrono::milliseconds(1000 / server_.config.hz);
}

}  // namespace sim
