// One slot goes from one node to another. (Protocol §9.4.)
//
//   target: IMPORTING    source: MIGRATING    source: MIGRATE what it has, a few keys at a time
//   target: NODE         source: NODE         every other primary: NODE
//
// Clients are served all the while: what has left the source is found by ASK.
#include <utility>

#include "sim/client/operator/job.h"

namespace sim::operation {
namespace {

// The source lost its last slot, heard so from the target, and follows it by now.
constexpr std::string_view kBecameReplica = "ERR Please use SETSLOT only with masters.";

void slot_failed(Job& job, const Task& task, const Reply& reply) {
  job.print("\n");
  job.fail(complaint(task, reply) + "\nclusterManagerMoveSlot failed");
}

void must_be_set(Job& job, const Task& task, const Reply& reply) {
  if (!reply || error_in(reply) != nullptr) slot_failed(job, task, reply);
}

void must_be_set_or_replica(Job& job, const Task& task, const Reply& reply) {
  const std::string* error = error_in(reply);
  if (error == nullptr || !error->starts_with(kBecameReplica)) must_be_set(job, task, reply);
}

// ---- Its keys ----

void ask_for_keys(Job& job, SlotMove move);

bool moves_quietly(const Job& job) {
  return job.line.command == "rebalance";
}

resp::Command migrate(const Job& job, SlotMove move, bool replace) {
  const Endpoint target = job.nodes[move.target].endpoint;
  resp::Command command{
      "MIGRATE", format_ipv4(target.ipv4),           std::to_string(target.port), "",
      "0",       std::to_string(job.line.timeout_ms)};
  if (replace) command.emplace_back("REPLACE");
  command.emplace_back("KEYS");
  for (const resp::Value& key : job.keys) command.push_back(std::get<resp::Bulk>(key.data).text);
  return command;
}

void went(Job& job, SlotMove move) {
  if (!moves_quietly(job)) job.print(std::string(job.keys.size(), '.'));
  ask_for_keys(job, move);
}

void replaced(Job& job, const Task& task, const Reply& reply) {
  if (!reply || error_in(reply) != nullptr) return slot_failed(job, task, reply);
  went(job, task.move);
}

void replace(Job& job, SlotMove move) {
  job.print("*** Replacing target keys...\n");
  job.next({ask(job.nodes[move.source], migrate(job, move, true), replaced, move)});
}

// Both have been asked for the digests of the keys; the source first.
void compare_digests(Job& job, const Task& task, const Reply& reply) {
  const bool of_source = task.whom == job.nodes[task.move.source].endpoint;
  const bool known = reply && std::holds_alternative<resp::Array>(reply->data);
  if (!known) return job.fail(complaint(task, reply) + "\n*** Value check failed!");
  if (of_source) {
    job.agreed = resp::describe(*reply);
  } else if (job.agreed == resp::describe(*reply)) {
    replace(job, task.move);
  } else {
    job.fail("*** Found keys in both source node and target node having different values.");
  }
}

void ask_for_digests(Job& job, SlotMove move) {
  resp::Command command{"DEBUG", "DIGEST-VALUE"};
  for (const resp::Value& key : job.keys) command.push_back(std::get<resp::Bulk>(key.data).text);
  job.print("*** Checking key values on both nodes...\n");
  job.next({ask(job.nodes[move.source], command, compare_digests, move),
            ask(job.nodes[move.target], command, compare_digests, move)});
}

void migrated(Job& job, const Task& task, const Reply& reply) {
  const std::string* error = error_in(reply);
  if (error == nullptr && reply) return went(job, task.move);
  if (error == nullptr || error->find("BUSYKEY") == std::string::npos)
    return slot_failed(job, task, reply);
  job.print("\n*** Target key exists\n");
  job.line.replace ? replace(job, task.move) : ask_for_digests(job, task.move);
}

void take_keys(Job& job, const Task& task, const Reply& reply) {
  const auto* keys = as<resp::Array>(reply);
  if (keys == nullptr) return slot_failed(job, task, reply);
  job.keys = keys->items;
  if (job.keys.empty()) return;
  job.next({ask(job.nodes[task.move.source], migrate(job, task.move, false), migrated, task.move)});
}

void ask_for_keys(Job& job, SlotMove move) {
  job.next({ask(job.nodes[move.source],
                {"CLUSTER", "GETKEYSINSLOT", std::to_string(move.slot.value),
                 std::to_string(job.line.pipeline)},
                take_keys, move)});
}

void moved(Job& job, const Task& task, const Reply&) {
  job.print(moves_quietly(job) ? "#" : "\n");
  job.nodes[task.move.source].slots.reset(task.move.slot.value);
  job.nodes[task.move.target].slots.set(task.move.slot.value);
}

}  // namespace

void move_keys(Job& job, const Task& task, const Reply&) {
  ask_for_keys(job, task.move);
}

void move_slot(Job& job, const Task& task, const Reply&) {
  const SlotMove move = task.move;
  const auto [slot, source, target] = move;
  if (!moves_quietly(job)) {
    job.print("Moving slot " + std::to_string(slot.value) + " from " +
              format_endpoint(job.nodes[source].endpoint) + " to " +
              format_endpoint(job.nodes[target].endpoint) + ": ");
  }
  std::vector<Task> all{set_slot(job, target, slot, "importing", source, must_be_set),
                        set_slot(job, source, slot, "migrating", target, must_be_set),
                        local(move_keys, move),
                        set_slot(job, target, slot, "node", target, must_be_set),
                        set_slot(job, source, slot, "node", target, must_be_set_or_replica)};
  for (NodeIndex other = 0; other < job.nodes.size(); ++other) {
    if (other == source || other == target || job.nodes[other].is_replica()) continue;
    all.push_back(set_slot(job, other, slot, "node", target, must_be_set));
  }
  all.push_back(local(moved, move));
  job.next(std::move(all));
}

}  // namespace sim::operation
