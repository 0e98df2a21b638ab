#include "sim/core/cluster_node.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "sim/core/busy.h"
#include "sim/core/charges.h"
#include "sim/core/cluster_cron.h"
#include "sim/core/data.h"
#include "sim/core/heartbeat.h"
#include "sim/core/idle.h"
#include "sim/core/links.h"
#include "sim/core/membership.h"
#include "sim/core/migrate.h"
#include "sim/core/nodes_file.h"
#include "sim/core/persistence.h"
#include "sim/core/replication.h"
#include "sim/core/shutdown.h"
#include "sim/core/slots_config.h"
#include "sim/core/view.h"

namespace sim {
namespace {

// A real server makes its cron due this long after its start, and then loads its data: so it has
// links to everybody, and has sent its first pings, before most of its peers dial it again.
constexpr Duration kFirstCron = 1ms;

// The monotonic clock of a real server shows whole microseconds.
MonotonicTime as_read(MonotonicTime time) {
  return std::chrono::floor<std::chrono::microseconds>(time);
}

bool is_turn(std::uint64_t runs, std::uint64_t every) {
  if (every == 1) return true;
  return every == 10 ? runs % 10 == 0 : runs % every == 0;  // the usual one without a division
}

struct Occasion {
  bool asked_only = false;
  bool woken_only = false;
  bool late = false;  // the program could not run when it should have, so no tick was run either
};
Occasion occasion_of(std::span<const Input> inputs) {
  Occasion occasion{!inputs.empty(), !inputs.empty(), false};
  for (const Input& input : inputs) {
    if (!std::holds_alternative<Probed>(input)) occasion.asked_only = false;
    const auto* passed = std::get_if<DeadlinePassed>(&input);
    if (passed == nullptr) occasion.woken_only = false;
    if (passed != nullptr && passed->late) occasion.late = true;
  }
  return occasion;
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
    } else if (is_migrate_socket(server, connected.conn)) {
      migrate_connected(server, pass, connected.conn);
    }
  }
  void operator()(const Received& received) const {
    if (const BusLink* link = find_link(server, received.conn); link != nullptr) {
      bus_received(server, pass, received.conn, *link, *received.payload);
    } else if (is_replication_link(server, received.conn)) {
      replication_link_received(server, pass, *received.payload);
    } else if (!received.conn.is_dialled()) {
      session_received(server, pass, received.conn, received.payload);
    } else if (is_migrate_socket(server, received.conn)) {
      migrate_received(server, pass, received.conn, *received.payload);
    }
  }
  void operator()(const Sent& sent) const {
    if (is_bus_link(server, sent.conn)) {
      link_unsent(server, pass, sent);
    } else if (is_migrate_socket(server, sent.conn)) {
      migrate_sent(server, pass, sent);
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
    } else if (is_migrate_socket(server, closed.conn)) {
      migrate_closed(server, pass, closed.conn, closed.why);
    }
  }
  void operator()(const DeadlinePassed&) const {}
  void operator()(const Probed& probed) const { pass.note(snapshot_view(server, probed.full)); }
  void operator()(const RunProgram&) const { CHECK(false); }  // there is no system to run it
};

// What it came by, if it is about a connection.
std::optional<ConnId> conn_of(const Input& input) {
  return std::visit(
      [](const auto& one) -> std::optional<ConnId> {
        if constexpr (requires { one.conn; }) return one.conn;
        return std::nullopt;
      },
      input);
}

// What a connection has brought is read at once, connection by connection, each where the first of
// it came: after a pause a link is read to its end before the next is looked at.
std::vector<std::pair<std::size_t, const Input*>> by_connection(std::span<const Input> inputs) {
  std::vector<std::pair<std::size_t, const Input*>> placed;
  std::map<ConnId, std::size_t> first;
  for (const Input& input : inputs) {
    const auto conn = conn_of(input);
    const std::size_t here = placed.size();
    placed.emplace_back(conn ? first.try_emplace(*conn, here).first->second : here, &input);
  }
  std::stable_sort(placed.begin(), placed.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  return placed;
}

// Whether it comes by one of the connections `accepted` in this pass; one more may be among them
// then.
bool is_read_later(const Input& input, std::vector<ConnId>& accepted) {
  if (const auto* connection = std::get_if<Accepted>(&input)) {
    accepted.push_back(connection->conn);
    return false;
  }
  const auto conn = accepted.empty() ? std::nullopt : conn_of(input);
  return conn && std::find(accepted.begin(), accepted.end(), *conn) != accepted.end();
}

bool passes_migrate(const Server& server, const Input& input) {
  if (const auto conn = conn_of(input)) return is_migrate_socket(server, *conn);
  return std::holds_alternative<Probed>(input) || std::holds_alternative<DeadlinePassed>(input);
}

}  // namespace

ClusterNode::ClusterNode(const NodeSetup& setup) {
  server_.config = setup.config;
  server_.names = setup.names;
  server_.mutation = setup.mutation;
  server_.costs = setup.costs;
  dataset_ = setup.dataset;
  history_ = setup.history;
  server_.deviations = setup.deviations;
}

void ClusterNode::step(const Clocks& now, std::span<const Input> inputs, Choices& choices,
                       Effects& effects) {
  Pass pass(now, choices, effects, outbox_);
  const std::size_t first_effect = effects.size();
  // Being asked what one believes is not a pass of the event loop.
  const auto [asked_only, woken_only, late] = occasion_of(inputs);
  const bool was_loading = server_.loading.on();
  const bool polls = due_ && !is_busy(server_) && !was_loading;
  if (polls && !asked_only && !late) count_idle_ticks(now);
  // Nor is being woken before the poll is over, because the clocks are about to change.
  if (polls && woken_only && now.monotonic < next_tick()) return plan_ticks(now);
  wake(now);
  charge_inputs(server_, pass, inputs);
  take_all(pass, inputs);
  if (asked_only) return;
  migrate_check_time(server_, pass);
  take_kept(pass);
  if (was_loading && server_.loading.on() && !pass.exited()) take_loading(pass);
  if (is_busy(server_) && !pass.exited()) {
    for (Input& input : std::exchange(unread_, {})) kept_.push_back(std::move(input));
    charge_effects(server_, pass, first_effect, effects);
    return;
  }
  // Whatever wakes the poll, a cron that is due runs.
  if (attends(pass) && now.monotonic >= *due_) run_cron(pass);
  before_sleep(pass);
  if (goes_round_at_once()) {
    pass.flush();
    before_sleep(pass);
  }
  if (!unread_.empty()) read_accepted(pass);
  if (pass.exited()) due_.reset();
  pass.flush();
  polled_ = now.monotonic + charge_effects(server_, pass, first_effect, effects);
  if (due_) plan_ticks(now);
}

std::optional<MonotonicTime> ClusterNode::deadline() const {
  if (!due_ || is_busy(server_) || server_.loading.on()) return tick();
  return next_tick() + idle_ticks_ * period_;
}

std::optional<MonotonicTime> ClusterNode::tick() const {
  if (server_.loading.on() && !is_busy(server_)) return next_of(server_.loading);
  if (!due_) return std::nullopt;
  return is_busy(server_) ? end_of_wait(server_) : next_tick();
}

std::unique_ptr<Node> ClusterNode::clone() const {
  return std::make_unique<ClusterNode>(*this);
}

void ClusterNode::wake(const Clocks& now) {
  if (to_ns(now.monotonic) >= server_.debug.asleep_until_ns) server_.debug.asleep_until_ns = 0;
}

// While the program waits, only what it waits for gets through.
void ClusterNode::take_all(Pass& pass, std::span<const Input> inputs) {
  std::vector<ConnId> accepted;
  const auto take_or_keep = [&](const Input& input) {
    if (pass.exited()) return;
    if (is_read_later(input, accepted)) return unread_.push_back(input);
    const bool must_wait = is_busy(server_) || !kept_.empty();
    if (must_wait && !passes_migrate(server_, input)) {
      kept_.push_back(input);
    } else {
      take(pass, input);
    }
  };
  if (inputs.size() == 1) return take_or_keep(inputs.front());
  for (const auto& [place, input] : by_connection(inputs)) take_or_keep(*input);
}

bool ClusterNode::attends(const Pass& pass) const {
  return !pass.exited() && due_ && !server_.loading.on();
}

void ClusterNode::before_sleep(Pass& pass) {
  if (!attends(pass)) return;
  if (server_.config.cluster_enabled) cluster_before_sleep(server_, pass);
  data_before_sleep(server_, pass);
  if (server_.config.cluster_enabled) tell_claim(server_, pass);
}

// What was put on a link of the bus is written once the poll finds the link writable, which it does
// at once, and what the last hook has put off is done before the next poll: a replica whose manual
// failover may begin stands as soon as its PONG is out.
bool ClusterNode::goes_round_at_once() const {
  const bool put_off =
      (server_.cluster.todo & (todo::kHandleFailover | todo::kHandleManualFailover)) != 0;
  return put_off && std::any_of(outbox_.sends.begin(), outbox_.sends.end(),
                                [&](const Send& send) { return is_bus_link(server_, send.conn); });
}

// The loop goes round once more at once: only now are those read that it accepted. Who has slept
// sends its first pings before it hears what its peers have dialled it for.
void ClusterNode::read_accepted(Pass& pass) {
  pass.flush();
  take_all(pass, std::exchange(unread_, {}));
  before_sleep(pass);
}

void ClusterNode::take_kept(Pass& pass) {
  while (!kept_.empty() && !is_busy(server_) && !pass.exited()) {
    const Input input = std::move(kept_.front());
    kept_.pop_front();
    take(pass, input);
  }
}

void ClusterNode::take(Pass& pass, const Input& input) {
  if (const auto* booted = std::get_if<Booted>(&input)) return boot(pass, *booted);
  if (waits_for_data(input)) return unseen_.push_back(input);
  if (due_ || server_.loading.on()) std::visit(Deliver{server_, pass}, input);
}

// A server that starts does not accept on its bus before it has its data.
bool ClusterNode::waits_for_data(const Input& input) {
  if (server_.loading.from != Loading::From::kDisk || !server_.config.cluster_enabled) return false;
  if (const auto* accepted = std::get_if<Accepted>(&input)) {
    if (accepted->local.port != server_.config.bus_port()) return false;
    unseen_conns_.insert(accepted->conn);
    return true;
  }
  const auto conn = conn_of(input);
  return conn && unseen_conns_.contains(*conn);
}

void ClusterNode::take_loading(Pass& pass) {
  const bool from_disk = server_.loading.from == Loading::From::kDisk;
  if (!load_on(server_, pass)) return;
  if (!from_disk) return replication_loaded(server_, pass);
  data_loaded(pass);
  unseen_conns_.clear();
  for (const Input& input : std::exchange(unseen_, {})) {
    if (!pass.exited()) take(pass, input);
  }
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
  pass.listen(server_.config.port);
  disk_ = booted.disk;
  const Stored stored = persistence_stored(server_, *disk_);
  const bool loads =
      begin_loading(server_, pass, Loading::From::kDisk, stored.real_bytes, stored.virtual_bytes);
  if (!loads) data_loaded(pass);
}

void ClusterNode::data_loaded(Pass& pass) {
  const bool as_replica = !am_primary(server_.cluster);
  // The data set is not from the disk: it was there before the time of this world began.
  const bool first = server_.incarnation == 0;
  if (first) server_.weight = dataset_;
  persistence_load(server_, pass, *std::exchange(disk_, nullptr), as_replica);
  if (pass.exited()) return;
  if (first && !history_.is_none()) adopt_history(server_, {history_, 0, 0, {}}, as_replica);
  if (server_.config.cluster_enabled) match_slots_with_data(server_, pass);
  const ClusterState& cluster = server_.cluster;
  pass.note(event::NodeStarted{my_name(server_), server_.incarnation, cluster.current_epoch,
                               cluster.last_vote_epoch, server_.keyspace.size()});
  set_period();
  due_ = as_read(pass.now.monotonic) + kFirstCron;
}

void ClusterNode::set_period() {
  period_hz_ = server_.config.hz;
  const std::int64_t tick_ms = 1000 / period_hz_;
  period_ = std::chrono::milliseconds(tick_ms);
  ticks_per_second_ = static_cast<std::uint64_t>(std::max<std::int64_t>(1, 1000 / tick_ms));
  ticks_per_cluster_cron_ = static_cast<std::uint64_t>(std::max<std::int64_t>(1, 100 / tick_ms));
}

// The poll takes whole milliseconds, rounded up, counted from when it is entered: so a server
// oversleeps its cron by what its last packet left of a millisecond, and crons drift apart.
// (Protocol §4.)
MonotonicTime ClusterNode::next_tick() const {
  if (*due_ <= polled_) return polled_;
  return polled_ + std::chrono::ceil<std::chrono::milliseconds>(*due_ - as_read(polled_));
}

void ClusterNode::plan_ticks(const Clocks& now) {
  if (server_.config.hz != period_hz_) set_period();
  idle_ticks_ = idle_ticks(server_, now, next_tick() - period_, period_);
}

// Those that have passed by now without being asked for: nothing came in between, so the first is
// as late as the poll makes it, and the others follow at whole periods.
void ClusterNode::count_idle_ticks(const Clocks& now) {
  if (idle_ticks_ == 0) return;
  MonotonicTime tick = next_tick();
  if (now.monotonic <= tick) return;
  std::uint32_t counted = 0;  // one by one: there are few, and a division takes longer
  for (; counted < idle_ticks_ && tick < now.monotonic; ++counted) {
    polled_ = tick;
    tick += period_;
  }
  due_ = as_read(polled_) + period_;
  idle_ticks_ -= counted;
  skip_ticks(server_, counted, to_ms(now.wall - (now.monotonic - polled_)));
}

void ClusterNode::run_cron(Pass& pass) {
  server_.cached_wall_ms = pass.wall_ms();
  shutdown_cron(server_, pass);
  if (pass.exited()) return;
  data_cron(server_, pass);
  // Jobs count runs of the server cron, they do not time them. (Protocol §4.)
  const std::uint64_t runs = server_.cron_runs++;
  if (is_turn(runs, ticks_per_second_)) replication_cron(server_, pass);
  if (server_.config.cluster_enabled && is_turn(runs, ticks_per_cluster_cron_)) {
    cluster_cron(server_, pass);
  }
  if (is_turn(runs, ticks_per_second_)) migrate_cron(server_, pass);
  due_ = as_read(pass.now.monotonic + pass.spent()) + period_;
}

}  // namespace sim
