// From a cluster of ours to what its own node says of it, and from that back to the same cluster.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "sim/app/plan.h"
#include "sim/app/vocabulary.h"
#include "sim/base/choices.h"
#include "sim/core/cluster_node.h"
#include "sim/core/print.h"
#include "sim/import/layout.h"
#include "sim/import/scenario_file.h"
#include "tests/read_file.h"

namespace sim {
namespace {

std::shared_ptr<const Plan> plan_of(const std::string& cluster) {
  const Loaded loaded = load_scenario("made.json",
                                      R"({"version": 1, "name": "made",
      "workload": [{"type": "register"}], "cluster": )" +
                                          cluster + "}",
                                      vocabulary());
  EXPECT_TRUE(loaded.problems.empty()) << loaded.problems.text();
  return make_plan(loaded.variants.at(0), {.seed = 5});
}

// A server of the plan, started with its nodes.conf.
std::unique_ptr<Node> booted(const Plan& plan, std::size_t index) {
  const MachineSpec& machine = plan.world.machines.at(index);
  auto disk = std::make_shared<DiskImage>();
  for (const auto& [name, slices] : machine.disk) {
    std::string text;
    for (const Slice& slice : slices) text += slice.view();
    disk->emplace(name, share(std::move(text)));
  }
  std::unique_ptr<Node> node = machine.factory->make();
  ChoiceStream stream(5, "import");
  Choices choices(stream);
  Effects effects;
  const std::vector<Input> inputs = {Booted{0, std::move(disk), machine.info.endpoint, ""}};
  node->step({WallTime{kWallStart}, MonotonicTime{}}, inputs, choices, effects);
  return node;
}

const Server& server_of(const Node& node) {
  return dynamic_cast<const ClusterNode&>(node).server();
}

// As redis-cli shows a reply on a terminal. (redis 7.0 redis-cli.c, cliFormatReplyTTY.)
std::string on_a_terminal(const resp::Value& value, const std::string& prefix) {
  if (const auto* number = std::get_if<std::int64_t>(&value.data))
    return "(integer) " + std::to_string(*number) + '\n';
  if (const auto* text = std::get_if<resp::Bulk>(&value.data)) return '"' + text->text + "\"\n";
  const std::vector<resp::Value>& items = std::get<resp::Array>(value.data).items;
  if (items.empty()) return "(empty array)\n";
  const std::size_t width = std::to_string(items.size()).size();
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string number = std::to_string(i + 1);
    text += (i == 0 ? "" : prefix) + std::string(width - number.size(), ' ') + number + ") " +
            on_a_terminal(items[i], prefix + std::string(width + 2, ' '));
  }
  return text;
}

// "10.0.0.1:6379" -> "leads 0-99", or "is of 10.0.0.1:6379".
using Described = std::map<std::string, std::string>;

Described topology_of(const Plan& plan) {
  Described topology;
  for (const PlannedNode& node : plan.nodes) {
    SlotSet slots;
    for (const SlotRange& range : node.slots) {
      for (std::size_t slot = range.first.value; slot <= range.last.value; ++slot) slots.set(slot);
    }
    topology[format_endpoint(node.endpoint)] =
        node.primary < 0
            ? "leads " + format_slots(slots)
            : "is of " +
                  format_endpoint(plan.nodes[static_cast<std::size_t>(node.primary)].endpoint);
  }
  return topology;
}

// The scenario that a text becomes, as a plan, and the topology of that under the old addresses.
Described imported(const std::string& text) {
  Problems problems("nodes.txt", text);
  const PastedCluster cluster = read_pasted_cluster(text, problems);
  EXPECT_TRUE(problems.empty()) << problems.text();
  const Layout layout = lay_out(cluster, {}, problems);
  EXPECT_TRUE(layout.remarks.empty());
  const Loaded loaded = load_scenario(
      "imported.json", scenario_file(layout, {"imported", "nodes.txt", 15s, false}), vocabulary());
  EXPECT_TRUE(loaded.problems.empty()) << loaded.problems.text();
  const auto plan = make_plan(loaded.variants.at(0), {.seed = 9});
  std::map<std::string, std::string> old;  // address, by the new one
  for (const PlannedNode& node : plan->nodes) {
    // "10-0-0-1"
    std::string address = plan->facts.cast[node.machine.value].name;
    std::replace(address.begin(), address.end(), '-', '.');
    old[format_endpoint(node.endpoint)] = address + ":6379";
  }
  Described topology;
  for (const auto& [address, role] : topology_of(*plan)) {
    topology[old.at(address)] =
        role.starts_with("is of ") ? "is of " + old.at(role.substr(6)) : role;
  }
  return topology;
}

TEST(Import, FindsTheClusterThatANodeOfOursTellsOf) {
  for (const char* cluster :
       {R"({"shards": 3, "replicas": 0})", R"({"shards": 3, "replicas": 1})",
        R"({"shards": 4, "replicas": [0, 3, 1, 2],
            "slots": ["0-99 16000-16383", "100-200 300", "201-299 301-15999", ""]})",
        R"({"shards": 20, "replicas": 2})", R"({"shards": 250, "replicas": 3})",
        R"({"shards": 500, "replicas": 1})"}) {
    const auto plan = plan_of(cluster);
    const Described wanted = topology_of(*plan);
    for (const std::size_t asked : {std::size_t{0}, plan->nodes.size() - 1}) {
      const std::unique_ptr<Node> node = booted(*plan, asked);
      EXPECT_EQ(imported(print_nodes(server_of(*node))), wanted) << cluster;
      EXPECT_EQ(imported(on_a_terminal(print_shards(server_of(*node)), "")), wanted) << cluster;
    }
  }
}

TEST(Import, OfTheShippedClusterIsTheClusterOfTheFile) {
  const std::string text =
      read(std::filesystem::path(SLOTSIM_SOURCE_DIR) / "tests" / "testdata" / "nodes-60.txt");
  Problems problems("nodes-60.txt", text);
  const Layout layout = lay_out(read_pasted_cluster(text, problems), {}, problems);
  ASSERT_TRUE(problems.empty()) << problems.text();
  EXPECT_EQ(layout.nodes(), 60u);
  EXPECT_EQ(layout.shards.size(), 20u);
  EXPECT_EQ(layout.shards[5].size(), 4u) << "one has more replicas than the others";
  EXPECT_EQ(layout.shards[14].size(), 2u) << "and one has fewer";
  EXPECT_TRUE(layout.unowned.none());
}

}  // namespace
}  // namespace sim
