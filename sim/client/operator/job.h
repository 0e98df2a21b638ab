// A run of `redis-cli --cluster ...`, as data: what it knows of the cluster, and what it has still
// to do.
//
// redis-cli sends one command, waits for its reply as long as the connection lives, and goes on; on
// the first reply that it does not expect it stops and leaves everything as it is. So a run is a
// list of tasks. Carrying one out may put others before the rest of the list.
//
//   load.cc         who is in the cluster, and is it sound
//   move.cc         one slot goes from one node to another
//   reshard.cc      which slots go: reshard and rebalance
//   fix.cc          slots that somebody left open are closed
//   membership.cc   add-node, del-node, call
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/time.h"
#include "sim/client/operator/command_line.h"
#include "sim/wire/nodes_conf.h"
#include "sim/wire/resp.h"

namespace sim::operation {

using NodeIndex = std::uint32_t;  // into Job::nodes
inline constexpr NodeIndex kNobody = 0xffffffff;

// A node of the cluster, as it described itself when it was asked first.
struct KnownNode {
  Endpoint endpoint;
  NodeName id;
  std::uint16_t flags = 0;  // bus::flag bits: its own, and those the entry node has for it
  NodeName replica_of;
  SlotSet slots;
  std::vector<nodes_conf::OpenSlot> open_slots;
  std::uint32_t replicas = 0;
  std::int64_t weight = 1;
  std::int64_t balance = 0;  // slots it has too many; negative: too few

  bool is_replica() const;
};

struct SlotMove {
  SlotId slot;
  NodeIndex source = kNobody, target = kNobody;
};

struct Job;
struct Task;
// None: nobody could be asked, or nobody answered.
using Reply = std::optional<resp::Value>;
using Then = void (*)(Job& job, const Task& task, const Reply& reply);

struct Task {
  Then then = nullptr;
  Endpoint whom;          // with a command: who is asked
  resp::Command command;  // empty: nobody is asked, and `then` comes at once, without a reply
  Duration pause{};       // without a command: so much later
  SlotMove move;          // what it is about, for `then`
  std::uint16_t flags = 0;
};

struct Job {
  std::uint32_t ticket = 0;
  CommandLine line;
  std::deque<Task> tasks;
  bool failed = false;

  std::vector<KnownNode> nodes;   // the entry node first
  bool unsound = false;           // the check found what must be mended first
  std::string agreed;             // what the first node says of who owns what
  bool agree = true;              // and so do the others
  std::vector<resp::Value> keys;  // that are just being migrated
  std::uint32_t unreachable_primaries = 0;
  std::vector<std::int64_t> counts;  // of keys in the slot that is being fixed, by node

  std::string output;              // the end of what it printed
  std::string half_line;           // printed, and not ended
  std::vector<std::string> lines;  // printed and not yet told

  // Put before all that is still to be done, in this order.
  void next(std::vector<Task> first);
  void print(std::string_view text);
  void fail(std::string_view why);  // the program ends with code 1 having said so
};

// The first tasks of a command line. Where it makes no sense the job has failed.
void begin(Job& job);

Task local(Then then, SlotMove move = {});
Task ask(const KnownNode& node, resp::Command command, Then then, SlotMove move = {});
// A `then` for commands that must be answered, and not by an error.
void must_work(Job& job, const Task& task, const Reply& reply);
void end_line(Job& job, const Task& task, const Reply& reply);
// CLUSTER SETSLOT <slot> <what> <the node's id>.
Task set_slot(const Job& job, NodeIndex whom, SlotId slot, std::string_view what, NodeIndex node,
              Then then = must_work);
const std::string* error_in(const Reply& reply);  // null: it is none
// The reply as what it should be; null: it is not, or there is none.
template <class What>
const What* as(const Reply& reply) {
  return reply ? std::get_if<What>(&reply->data) : nullptr;
}
// "Node 10.0.0.1:6379 replied with error:" and the error, or that nothing came.
std::string complaint(const Task& task, const Reply& reply);

// ---- load.cc ----
// Fills `nodes` from the entry node. Who is failed or cannot be reached is left out.
void load(Job& job, Endpoint entry);
// Sets `unsound` where nodes disagree, slots are open or not covered.
void check(Job& job, const Task& task, const Reply& reply);
// Once a second until all describe one cluster.
void wait_for_join(Job& job, const Task& task, const Reply& reply);
NodeIndex find_node(const Job& job, std::string_view id);
// Takes a node's own line of CLUSTER NODES; false if the reply has none.
bool learn(KnownNode& node, const Reply& reply);

// ---- move.cc ----
// The move of the task, whole.
void move_slot(Job& job, const Task& task, const Reply& reply);
// Its keys only: who owns the slot is settled otherwise.
void move_keys(Job& job, const Task& task, const Reply& reply);

// ---- reshard.cc ----
void begin_reshard(Job& job, Endpoint entry);
void begin_rebalance(Job& job, Endpoint entry);
// So many of the sources' slots, from each in proportion to what it has.
std::vector<SlotMove> slots_to_move(const std::vector<KnownNode>& nodes,
                                    std::vector<NodeIndex> sources, NodeIndex target,
                                    std::uint32_t count);

// ---- fix.cc ----
void begin_fix(Job& job, Endpoint entry);

// ---- membership.cc ----
void begin_add_node(Job& job, Endpoint newcomer, Endpoint entry);
void begin_del_node(Job& job, Endpoint entry);
void begin_call(Job& job, Endpoint entry);

}  // namespace sim::operation
