// Slots that an interrupted move has left open are closed, the way redis-cli does it: by finishing
// the move where that is clear, otherwise by gathering the keys at one owner. (Protocol §11.4.)
//
// Slots without an owner are left to people: nothing here covers them.
#include <set>
#include <utility>

#include "sim/client/operator/job.h"

namespace sim::operation {
namespace {

using Nodes = std::vector<NodeIndex>;

Task say(const KnownNode& node, resp::Command command) {
  return ask(node, std::move(command), must_work);
}

Task set_stable(const Job& job, NodeIndex whom, SlotId slot) {
  return say(job.nodes[whom], {"CLUSTER", "SETSLOT", std::to_string(slot.value), "STABLE"});
}

const nodes_conf::OpenSlot* opening(const KnownNode& node, SlotId slot, bool importing) {
  for (const nodes_conf::OpenSlot& open : node.open_slots) {
    if (open.slot == slot && open.importing == importing) return &open;
  }
  return nullptr;
}

// Who claims the slot or has keys of it, and who has it open. `importing` are also those that have
// keys and no other excuse.
struct Situation {
  SlotId slot;
  Nodes owners, migrating, importing;
  NodeIndex owner = kNobody;
};

Situation look(const Job& job, SlotId slot) {
  Situation now;
  now.slot = slot;
  for (NodeIndex i = 0; i < job.nodes.size(); ++i) {
    if (job.nodes[i].is_replica()) continue;
    if (job.nodes[i].slots.test(slot.value) || job.counts[i] > 0) now.owners.push_back(i);
  }
  if (now.owners.size() == 1) now.owner = now.owners.front();
  for (NodeIndex i = 0; i < job.nodes.size(); ++i) {
    const KnownNode& node = job.nodes[i];
    if (node.is_replica()) continue;
    if (opening(node, slot, false) != nullptr) {
      now.migrating.push_back(i);
    } else if (opening(node, slot, true) != nullptr || (i != now.owner && job.counts[i] > 0)) {
      now.importing.push_back(i);
    }
  }
  return now;
}

// An error is no reason to stop: only that the slot could be added is, and EXEC tells.
void whatever(Job&, const Task&, const Reply&) {}

// Nobody owns it clearly: whoever has most of its keys shall, and the others bring theirs.
void settle_owner(Job& job, Situation& now, std::vector<Task>& tasks) {
  for (NodeIndex i = 0; i < job.nodes.size(); ++i) {
    if (job.nodes[i].is_replica()) continue;
    if (now.owner == kNobody || job.counts[i] > job.counts[now.owner]) now.owner = i;
  }
  const KnownNode& owner = job.nodes[now.owner];
  const std::string slot = std::to_string(now.slot.value);
  job.print("*** Configuring " + format_endpoint(owner.endpoint) + " as the slot owner\n");
  tasks.push_back(set_stable(job, now.owner, now.slot));
  tasks.push_back(say(owner, {"MULTI"}));
  tasks.push_back(ask(owner, {"CLUSTER", "DELSLOTS", slot}, whatever));
  tasks.push_back(ask(owner, {"CLUSTER", "ADDSLOTS", slot}, whatever));
  tasks.push_back(ask(owner, {"CLUSTER", "BUMPEPOCH"}, whatever));
  tasks.push_back(say(owner, {"EXEC"}));
  std::erase(now.migrating, now.owner);
  std::erase(now.importing, now.owner);
  for (const NodeIndex other : now.owners) {
    if (other == now.owner) continue;
    tasks.push_back(ask(job.nodes[other], {"CLUSTER", "DELSLOTS", slot}, whatever));
    tasks.push_back(set_slot(job, other, now.slot, "node", now.owner));
    tasks.push_back(set_slot(job, other, now.slot, "importing", now.owner));
    std::erase(now.importing, other);
    std::erase(now.migrating, other);
    now.importing.push_back(other);
  }
}

// Case 2: only importing. Their keys go to the owner, who is told to all.
void gather(Job& job, const Situation& now, std::vector<Task>& tasks) {
  for (const NodeIndex node : now.importing) {
    if (node == now.owner) continue;
    tasks.push_back(local(move_keys, {now.slot, node, now.owner}));
    tasks.push_back(set_stable(job, node, now.slot));
  }
  for (NodeIndex i = 0; i < job.nodes.size(); ++i) {
    if (i == now.owner || job.nodes[i].is_replica()) continue;
    tasks.push_back(set_slot(job, i, now.slot, "NODE", now.owner));
  }
}

// Case 3: one migrating, several importing that have no keys. False: they have.
bool finish_to_the_one_named(Job& job, const Situation& now, std::vector<Task>& tasks) {
  const NodeIndex source = now.migrating.front();
  const NodeName named = opening(job.nodes[source], now.slot, false)->other;
  NodeIndex target = kNobody;
  for (const NodeIndex node : now.importing) {
    if (job.counts[node] > 0) return false;
    if (job.nodes[node].id == named) target = node;
  }
  if (target == kNobody) {
    tasks.push_back(set_stable(job, source, now.slot));
  } else {
    tasks.push_back(local(move_slot, {now.slot, source, target}));
  }
  for (const NodeIndex node : now.importing) {
    if (node != target) tasks.push_back(set_stable(job, node, now.slot));
  }
  return true;
}

void decide(Job& job, const Task& task, const Reply&) {
  Situation now = look(job, task.move.slot);
  std::vector<Task> tasks;
  if (now.owner == kNobody) settle_owner(job, now, tasks);
  bool clear = true;
  if (now.migrating.size() == 1 && now.importing.size() == 1) {
    tasks.push_back(local(move_slot, {now.slot, now.migrating.front(), now.importing.front()}));
  } else if (now.migrating.empty() && !now.importing.empty()) {
    gather(job, now, tasks);
  } else if (now.migrating.size() == 1 && now.importing.size() > 1) {
    clear = finish_to_the_one_named(job, now, tasks);
  } else if (now.migrating.size() == 1 &&
             (now.owner == now.migrating.front() || job.counts[now.migrating.front()] == 0)) {
    tasks.push_back(set_stable(job, now.migrating.front(), now.slot));
  } else {
    clear = now.migrating.empty();
  }
  if (!clear) {
    return job.fail("[ERR] Sorry, redis-cli can't fix this slot yet: " +
                    std::to_string(now.slot.value));
  }
  tasks.push_back(local(end_line));
  job.next(std::move(tasks));
}

// In the order in which the primaries were asked.
void take_count(Job& job, const Task& task, const Reply& reply) {
  const auto* count = as<std::int64_t>(reply);
  if (count == nullptr) return job.fail(complaint(task, reply));
  job.counts[task.move.source] = *count;
}

void fix_slot(Job& job, const Task& task, const Reply&) {
  job.print(">>> Fixing open slot " + std::to_string(task.move.slot.value) + "\n");
  job.counts.assign(job.nodes.size(), 0);
  std::vector<Task> tasks;
  for (NodeIndex i = 0; i < job.nodes.size(); ++i) {
    if (job.nodes[i].is_replica()) continue;
    tasks.push_back(ask(job.nodes[i],
                        {"CLUSTER", "COUNTKEYSINSLOT", std::to_string(task.move.slot.value)},
                        take_count, {task.move.slot, i, kNobody}));
  }
  tasks.push_back(local(decide, task.move));
  job.next(std::move(tasks));
}

void fix_all(Job& job, const Task&, const Reply&) {
  std::set<SlotId> open;
  SlotSet covered;
  for (const KnownNode& node : job.nodes) {
    covered |= node.slots;
    for (const nodes_conf::OpenSlot& slot : node.open_slots) open.insert(slot.slot);
  }
  if (!open.empty() && job.unreachable_primaries > 0) {
    return job.fail("*** Fixing open slots with " + std::to_string(job.unreachable_primaries) +
                    " unreachable masters is dangerous");
  }
  std::vector<Task> tasks;
  for (const SlotId slot : open) tasks.push_back(local(fix_slot, {slot}));
  if (!covered.all()) {
    tasks.push_back(local([](Job& of, const Task&, const Reply&) {
      of.fail("[ERR] Not all 16384 slots are covered by nodes.");
    }));
  }
  job.next(std::move(tasks));
}

}  // namespace

void begin_fix(Job& job, Endpoint entry) {
  job.next({local(check), local(fix_all)});
  load(job, entry);
}

}  // namespace sim::operation
