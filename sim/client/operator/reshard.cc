// Which slots go where: `reshard` takes what it is told, `rebalance` what each has too many of.
// (Protocol §11.4.)
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "sim/client/operator/job.h"

namespace sim::operation {
namespace {

void move_all(Job& job, const std::vector<SlotMove>& moves) {
  std::vector<Task> tasks;
  for (const SlotMove move : moves) tasks.push_back(local(move_slot, move));
  job.next(std::move(tasks));
}

NodeIndex primary_called(Job& job, std::string_view id) {
  const NodeIndex node = find_node(job, id);
  if (node != kNobody && !job.nodes[node].is_replica()) return node;
  job.fail("*** The specified node (" + std::string(id) +
           ") is not known or not a master, please retry.");
  return kNobody;
}

std::vector<NodeIndex> sources_of(Job& job, NodeIndex target) {
  std::vector<NodeIndex> sources;
  if (job.line.from == "all") {
    for (NodeIndex i = 0; i < job.nodes.size(); ++i) {
      if (i != target && !job.nodes[i].is_replica()) sources.push_back(i);
    }
    return sources;
  }
  std::string_view rest = job.line.from;
  while (!rest.empty() && !job.failed) {
    const std::size_t comma = rest.find(',');
    const NodeIndex source = primary_called(job, rest.substr(0, comma));
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    if (source == target) {
      job.print("*** It is not possible to use the target node as source node.\n");
    } else {
      sources.push_back(source);
    }
  }
  return sources;
}

// Of these slots those that somebody else has.
std::vector<SlotMove> moves_of(const Job& job, const std::vector<SlotRange>& ranges,
                               NodeIndex target) {
  std::vector<SlotMove> moves;
  for (const SlotRange& range : ranges) {
    for (std::uint32_t slot = range.first.value; slot <= range.last.value; ++slot) {
      for (NodeIndex i = 0; i < job.nodes.size(); ++i) {
        if (i != target && !job.nodes[i].is_replica() && job.nodes[i].slots.test(slot))
          moves.push_back({SlotId{static_cast<std::uint16_t>(slot)}, i, target});
      }
    }
  }
  return moves;
}

void plan_reshard(Job& job, const Task&, const Reply&) {
  if (job.unsound) return job.fail("*** Please fix your cluster problems before resharding");
  const NodeIndex target = primary_called(job, job.line.to);
  if (job.failed) return;
  if (!job.line.ranges.empty()) return move_all(job, moves_of(job, job.line.ranges, target));
  const std::vector<NodeIndex> sources = sources_of(job, target);
  if (job.failed) return;
  if (sources.empty()) return job.fail("*** No source nodes given, operation aborted.");
  job.print("\nReady to move " + std::to_string(job.line.slots) + " slots.\n");
  move_all(job, slots_to_move(job.nodes, sources, target, job.line.slots));
}

// ---- Rebalance ----

// A weight may be given to the beginning of an id.
bool take_weights(Job& job) {
  for (const auto& [name, weight] : job.line.weights) {
    const auto fits = [&begins = name](const KnownNode& known) {
      return !known.is_replica() && known.id.view().starts_with(begins);
    };
    const auto node = std::find_if(job.nodes.begin(), job.nodes.end(), fits);
    if (node == job.nodes.end()) {
      job.fail("*** No such master node " + name);
      return false;
    }
    node->weight = weight;
  }
  return true;
}

std::vector<NodeIndex> involved_in(Job& job) {
  std::vector<NodeIndex> involved;
  for (NodeIndex i = 0; i < job.nodes.size(); ++i) {
    KnownNode& node = job.nodes[i];
    if (node.is_replica() || (!job.line.use_empty && node.slots.none())) continue;
    involved.push_back(i);
  }
  return involved;
}

bool is_far_off(const KnownNode& node, std::int64_t threshold) {
  if (threshold <= 0) return false;
  const auto has = static_cast<std::int64_t>(node.slots.count());
  if (has == 0) return node.balance < -1;
  return std::abs(node.balance) * 100 > threshold * has;
}

// Fills the balances; false if nobody is far enough off to do anything.
bool weigh(Job& job, const std::vector<NodeIndex>& involved) {
  std::int64_t total_weight = 0, total_balance = 0;
  for (const NodeIndex i : involved) total_weight += job.nodes[i].weight;
  bool off = false;
  for (const NodeIndex i : involved) {
    KnownNode& node = job.nodes[i];
    const std::int64_t expected =
        total_weight == 0 ? 0 : std::int64_t{kSlotCount} * node.weight / total_weight;
    node.balance = static_cast<std::int64_t>(node.slots.count()) - expected;
    total_balance += node.balance;
    off |= is_far_off(node, job.line.threshold);
  }
  // What rounding has left over goes to those that get slots.
  const bool anybody_gets = std::any_of(involved.begin(), involved.end(),
                                        [&](NodeIndex i) { return job.nodes[i].balance <= 0; });
  while (off && anybody_gets && total_balance > 0) {
    for (const NodeIndex i : involved) {
      if (job.nodes[i].balance > 0 || total_balance == 0) continue;
      --job.nodes[i].balance;
      --total_balance;
    }
  }
  return off;
}

void say_pair(Job& job, const Task& task, const Reply&) {
  const auto [slot, source, target] = task.move;
  job.print("Moving slots from " + format_endpoint(job.nodes[source].endpoint) + " to " +
            format_endpoint(job.nodes[target].endpoint) + "\n");
}

// From who has most too many to who has most too few, until all have theirs.
void pair_off(Job& job, const std::vector<NodeIndex>& sorted) {
  std::vector<Task> tasks;
  std::vector<KnownNode> nodes = job.nodes;  // as they will be
  std::size_t to = 0, from = sorted.size() - 1;
  while (to < from) {
    KnownNode& target = nodes[sorted[to]];
    KnownNode& source = nodes[sorted[from]];
    const std::int64_t count = std::min(std::abs(target.balance), std::abs(source.balance));
    if (count > 0) {
      tasks.push_back(local(say_pair, {{}, sorted[from], sorted[to]}));
      for (const SlotMove& move :
           slots_to_move(nodes, {sorted[from]}, sorted[to], static_cast<std::uint32_t>(count))) {
        tasks.push_back(local(move_slot, move));
        source.slots.reset(move.slot.value);
        target.slots.set(move.slot.value);
      }
      tasks.push_back(local(end_line));
    }
    target.balance += count;
    source.balance -= count;
    if (target.balance == 0) ++to;
    if (source.balance == 0) --from;
  }
  job.next(std::move(tasks));
}

void plan_rebalance(Job& job, const Task&, const Reply&) {
  if (!take_weights(job)) return;
  std::vector<NodeIndex> involved = involved_in(job);
  if (job.unsound) return job.fail("*** Please fix your cluster problems before rebalancing");
  if (!weigh(job, involved)) {
    return job.print("*** No rebalancing needed! All nodes are within the " +
                     std::to_string(job.line.threshold) + ".00% threshold.\n");
  }
  std::stable_sort(involved.begin(), involved.end(), [&](NodeIndex a, NodeIndex b) {
    return job.nodes[a].balance < job.nodes[b].balance;
  });
  job.print(">>> Rebalancing across " + std::to_string(involved.size()) + " nodes.\n");
  pair_off(job, involved);
}

}  // namespace

std::vector<SlotMove> slots_to_move(const std::vector<KnownNode>& nodes,
                                    std::vector<NodeIndex> sources, NodeIndex target,
                                    std::uint32_t count) {
  std::uint64_t total = 0;
  for (const NodeIndex source : sources) total += nodes[source].slots.count();
  std::stable_sort(sources.begin(), sources.end(), [&](NodeIndex a, NodeIndex b) {
    return nodes[a].slots.count() > nodes[b].slots.count();
  });
  std::vector<SlotMove> moves;
  for (const NodeIndex source : sources) {
    const SlotSet& slots = nodes[source].slots;
    if (slots.none()) continue;
    // The first gives what is missing from a whole number, the others what is whole of theirs.
    const std::uint64_t share = std::uint64_t{count} * slots.count();
    std::uint64_t quota = (share + (source == sources.front() ? total - 1 : 0)) / total;
    for (std::uint32_t slot = 0; slot < kSlotCount && quota > 0 && moves.size() < count; ++slot) {
      if (!slots.test(slot)) continue;
      moves.push_back({SlotId{static_cast<std::uint16_t>(slot)}, source, target});
      --quota;
    }
  }
  return moves;
}

void begin_reshard(Job& job, Endpoint entry) {
  job.next({local(check), local(plan_reshard)});
  load(job, entry);
}

void begin_rebalance(Job& job, Endpoint entry) {
  job.next({local(check), local(plan_rebalance)});
  load(job, entry);
}

}  // namespace sim::operation
