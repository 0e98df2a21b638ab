#include "sim/app/seed_nodes.h"

#include "sim/base/choices.h"
#include "sim/wire/bus.h"
#include "sim/wire/nodes_conf.h"

namespace sim {

NodeName seed_node_id(std::uint64_t seed, const std::string& machine) {
  ChoiceStream stream(seed, "plan:node-id:" + machine);
  Choices choices(stream);
  NodeName id;
  for (char& digit : id.text) digit = "0123456789abcdef"[choices.choose(Site::kNodeId, 16)];
  return id;
}

std::vector<SlotSet> even_slots(std::size_t shards) {
  std::vector<SlotSet> layout(shards);
  // redis-cli rounds the ends of the ranges: shard i ends at round((i + 1) * 16384 / shards) - 1.
  std::size_t first = 0;
  for (std::size_t shard = 0; shard < shards; ++shard) {
    const std::size_t end =
        shard + 1 == shards ? kSlotCount : (2 * (shard + 1) * kSlotCount + shards) / (2 * shards);
    for (; first < end; ++first) layout[shard].set(first);
  }
  return layout;
}

std::vector<Slices> seed_files(const std::vector<SeedNode>& nodes) {
  nodes_conf::File vars;
  std::string lines;
  std::vector<std::string> own_lines;
  std::vector<std::size_t> begins;
  for (const SeedNode& node : nodes) {
    nodes_conf::Line line;
    line.id = node.id;
    line.address = {format_ipv4(node.endpoint.ipv4), node.endpoint.port, node.bus_port, 0};
    line.flags = node.primary < 0 ? bus::flag::kMaster : bus::flag::kSlave;
    if (node.primary < 0) {
      line.config_epoch = ++vars.current_epoch;
      line.slots = node.slots;
    } else {
      line.replica_of = nodes[static_cast<std::size_t>(node.primary)].id;
    }
    begins.push_back(lines.size());
    // They have met before: whoever reads a time here takes the peer for alive at his start, and
    // has nothing to hurry about. (Protocol §3.2.)
    line.pong_received_ms = to_ms(kWallStart);
    lines += nodes_conf::print(line) + "\n";
    line.pong_received_ms = 0;
    line.flags |= bus::flag::kMyself;
    own_lines.push_back(nodes_conf::print(line) + "\n");
  }
  begins.push_back(lines.size());
  lines += nodes_conf::print(vars);
  const SharedBytes others = share(std::move(lines));
  std::vector<Slices> files;
  for (std::size_t self = 0; self < nodes.size(); ++self) {
    const std::size_t after = begins[self + 1];
    files.push_back({{others, 0, begins[self]},
                     share(std::move(own_lines[self])),
                     {others, after, others->size() - after}});
  }
  return files;
}

}  // namespace sim
