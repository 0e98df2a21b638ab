#include "tests/import/import_testing.h"

#include <gtest/gtest.h>

namespace sim {

std::string read_as_text(const std::string& pasted) {
  Problems problems("n.txt", "");
  const PastedCluster cluster = read_pasted_cluster(pasted, problems);
  if (!problems.empty()) return problems.text();
  std::string text;
  for (const PastedNode& node : cluster.nodes) {
    using Role = PastedNode::Role;
    text += node.id.substr(0, 4) + ' ' + node.address();
    if (!node.hostname.empty()) text += ' ' + node.hostname;
    text += node.role == Role::kPrimary   ? " primary"
            : node.role == Role::kReplica ? " replica"
                                          : " unknown";
    if (!node.follows.empty()) text += " of " + node.follows.substr(0, 4);
    if (node.failed) text += " failed";
    if (node.suspected) text += " suspected";
    if (node.handshake) text += " handshake";
    if (node.no_failover) text += " nofailover";
    if (node.slots.any()) text += ' ' + format_slots(node.slots);
    for (const PastedOpenSlot& open : node.open_slots) {
      text += ' ' + std::to_string(open.slot.value) + (open.importing ? " from " : " to ") +
              open.other.substr(0, 4);
    }
    text += '\n';
  }
  return text;
}

PastedCluster read_soundly(const std::string& pasted) {
  Problems problems("n.txt", pasted);
  PastedCluster cluster = read_pasted_cluster(pasted, problems);
  EXPECT_TRUE(problems.empty()) << problems.text();
  return cluster;
}

}  // namespace sim
