#include "sim/import/layout.h"

#include <algorithm>
#include <map>
#include <set>

#include "sim/scenario/json.h"
#include "sim/scenario/selector.h"

namespace sim {
namespace {

using Role = PastedNode::Role;

class LayoutMaker {
 public:
  LayoutMaker(const PastedCluster& cluster, const LayoutOptions& options, Problems& problems)
      : options_(options), problems_(problems), nodes_(cluster.nodes) {
    std::sort(nodes_.begin(), nodes_.end(),
              [](const PastedNode& a, const PastedNode& b) { return a.id < b.id; });
    for (PastedNode& node : nodes_) by_id_[node.id] = &node;
    for (const PastedNode& node : nodes_) {
      if (!node.follows.empty()) followed_.insert(node.follows);
    }
  }

  Layout make() {
    choose();
    name();
    group();
    stand();
    put_on_hosts();
    note_slots();
    note_suspects();
    return std::move(layout_);
  }

 private:
  void remark(std::string text) { layout_.remarks.push_back(std::move(text)); }

  // ---- Who is in it ----

  // A primary that failed and was replaced has no slots any more. Where its shard is known, it will
  // come back as a replica there.
  const PastedNode* successor_of(const PastedNode& node) const {
    if (node.shard_id.empty()) return nullptr;
    for (const PastedNode& other : nodes_) {
      if (other.shard_id == node.shard_id && other.slots.any()) return &other;
    }
    return nullptr;
  }

  // Why a node is left out; "": it is not.
  std::string why_not(PastedNode& node) {
    if (node.handshake) return "it is in a handshake, and no member yet";
    const bool is_followed = followed_.count(node.id) > 0;
    if (node.role == Role::kUnknown && !is_followed) return "nothing is known of it but its id";
    if (node.role == Role::kReplica) {
      if (node.follows.empty()) return "it is a replica, and nobody knows of whom";
      const PastedNode* const head = head_of(node);
      if (head == nullptr) return "it is a replica of a node that is no member";
      if (head->id != node.follows) {
        remark(node.label() + " follows a replica: it is taken for a replica of " + head->label());
        node.follows = head->id;
      }
      return {};
    }
    if (!node.failed || node.slots.any() || is_followed) return {};
    if (const PastedNode* const successor = successor_of(node)) {
      remark(node.label() + " has failed and lost its slots to " + successor->label() +
             ": it is taken for a replica of it");
      node.role = Role::kReplica;
      node.follows = successor->id;
      return {};
    }
    return "it has failed, has no slots, and nobody follows it";
  }

  // The primary at the end of a chain of replicas; null: there is none.
  const PastedNode* head_of(const PastedNode& node) const {
    const PastedNode* head = &node;
    for (std::size_t steps = 0; steps <= nodes_.size(); ++steps) {
      if (head->role != Role::kReplica) return head->handshake ? nullptr : head;
      const auto next = by_id_.find(head->follows);
      if (next == by_id_.end()) return nullptr;
      head = next->second;
    }
    return nullptr;
  }

  void choose() {
    for (PastedNode& node : nodes_) {
      const std::string why = why_not(node);
      if (why.empty()) {
        kept_.push_back(&node);
      } else {
        remark(node.label() + " is left out: " + why);
      }
    }
  }

  // ---- In which order, and by what names ----

  void name() {
    const std::vector<std::string> names = names_for({kept_.begin(), kept_.end()});
    for (std::size_t i = 0; i < kept_.size(); ++i) names_[kept_[i]->id] = names[i];
  }

  void group() {
    std::vector<const PastedNode*> sorted(kept_.begin(), kept_.end());
    std::sort(sorted.begin(), sorted.end(), [&](const PastedNode* a, const PastedNode* b) {
      const std::size_t first = a->slots._Find_first(), other = b->slots._Find_first();
      if (first != other) return first < other;
      return sorts_before(names_.at(a->id), names_.at(b->id));
    });
    for (const PastedNode* node : sorted) {
      if (node->role == Role::kReplica) continue;
      shard_of_[node->id] = layout_.shards.size();
      layout_.shards.push_back({laid_out(*node)});
    }
    for (const PastedNode* node : sorted) {
      if (node->role == Role::kReplica)
        layout_.shards[shard_of_.at(node->follows)].push_back(laid_out(*node));
    }
  }

  LaidOutNode laid_out(const PastedNode& node) const {
    return {node, options_.anonymise ? "" : names_.at(node.id), "", "", ""};
  }

  template <class Visit>
  void each(Visit visit) {
    for (auto& shard : layout_.shards) {
      for (LaidOutNode& node : shard) visit(node);
    }
  }

  // ---- Where everybody stands ----

  void stand() {
    if (!options_.stands) {
      layout_.zones = {options_.anonymise ? "zone-1" : "a"};
      each([&](LaidOutNode& node) { node.zone = layout_.zones[0]; });
      return;
    }
    std::map<std::string, std::set<std::string>> zones_of_rack;
    std::set<std::string> zones;
    each([&](LaidOutNode& node) {
      const auto standpoint = options_.stands(node.node);
      if (!standpoint) {
        problems_.add({node.node.place, "",
                       node.node.label() + " stands nowhere: " + options_.stands_by +
                           " does not tell its zone",
                       ""});
        return;
      }
      node.zone = standpoint->zone;
      node.rack = standpoint->rack;
      zones.insert(node.zone);
      if (!node.rack.empty()) zones_of_rack[node.rack].insert(node.zone);
    });
    each([&](LaidOutNode& node) {
      if (!node.rack.empty() && zones_of_rack[node.rack].size() > 1)
        node.rack = node.zone + '-' + node.rack;
    });
    const auto zone_names = spoken("zone", {zones.begin(), zones.end()});
    std::set<std::string> racks;
    each([&](LaidOutNode& node) { racks.insert(node.rack); });
    racks.erase("");
    const auto rack_names = spoken("rack", {racks.begin(), racks.end()});
    each([&](LaidOutNode& node) {
      if (node.zone.empty()) return;
      check_name("zone", node, node.zone = zone_names.at(node.zone));
      if (!node.rack.empty()) check_name("rack", node, node.rack = rack_names.at(node.rack));
    });
    for (const std::string& zone : zones) layout_.zones.push_back(zone_names.at(zone));
    if (layout_.zones.empty()) layout_.zones = {"a"};
  }

  // What they are called in the scenario.
  std::map<std::string, std::string> spoken(const std::string& what,
                                            std::vector<std::string> names) const {
    std::sort(names.begin(), names.end(), sorts_before);
    std::map<std::string, std::string> spoken;
    for (std::size_t i = 0; i < names.size(); ++i)
      spoken[names[i]] = options_.anonymise ? what + '-' + std::to_string(i + 1) : names[i];
    return spoken;
  }

  void check_name(const std::string& what, const LaidOutNode& node, const std::string& name) {
    if (is_name(name)) return;
    problems_.add({node.node.place, "",
                   what + ' ' + quote(name) + " of " + node.node.label() +
                       " is no name: up to 32 letters, digits, '-' and '_'",
                   ""});
  }

  // Who has the same IP address is on the same host.
  void put_on_hosts() {
    std::map<std::string, std::vector<LaidOutNode*>> by_ip;
    std::vector<std::string> order;
    std::set<std::string> taken;
    each([&](LaidOutNode& node) {
      taken.insert(node.name);
      if (node.node.ip.empty()) return;
      if (by_ip[node.node.ip].empty()) order.push_back(node.node.ip);
      by_ip[node.node.ip].push_back(&node);
    });
    std::size_t hosts = 0;
    for (const std::string& ip : order) {
      const std::vector<LaidOutNode*>& together = by_ip[ip];
      if (together.size() < 2) continue;
      ++hosts;
      std::string name = ip;
      std::replace_if(
          name.begin(), name.end(),
          [](char c) {
            return !is_name({&c, 1});
          },
          '-');
      if (options_.anonymise || !is_name(name)) name = "host-" + std::to_string(hosts);
      while (!taken.insert(name).second) name = "host-" + name;
      const LaidOutNode& first = *together.front();
      for (LaidOutNode* node : together) {
        node->host = name;
        if (node->zone == first.zone && node->rack == first.rack) continue;
        problems_.add({node->node.place, "",
                       node->node.label() + " and " + first.node.label() +
                           " are on one host, and would stand in two places: zone " +
                           quote(node->zone) + " and zone " + quote(first.zone),
                       ""});
      }
    }
  }

  // ---- What of the slots ----

  void note_slots() {
    layout_.unowned.set();
    for (const auto& shard : layout_.shards) layout_.unowned &= ~shard.front().node.slots;
    if (layout_.unowned.any())
      remark("slots " + format_slots(layout_.unowned) +
             " belong to nobody: cluster-require-full-coverage is set to no, or nothing would be "
             "served");
    each([&](LaidOutNode& node) {
      for (const PastedOpenSlot& open : node.node.open_slots) note_open_slot(node, open);
    });
  }

  void note_open_slot(const LaidOutNode& node, const PastedOpenSlot& open) {
    const std::string& from = open.importing ? open.other : node.node.id;
    const std::string& to = open.importing ? node.node.id : open.other;
    const auto giver = shard_of_.find(from), taker = shard_of_.find(to);
    if (giver == shard_of_.end() || taker == shard_of_.end() || giver == taker ||
        !layout_.shards[giver->second].front().node.slots.test(open.slot.value)) {
      remark("slot " + std::to_string(open.slot.value) + " is open at " + node.node.label() +
             ", but not between its owner and another primary: it is taken as closed");
      return;
    }
    layout_.moving.push_back({open.slot, giver->second, taker->second});
  }

  void note_suspects() {
    each([&](LaidOutNode& node) {
      if (node.node.suspected && !node.node.failed)
        remark(node.node.label() + " is only suspected (fail?): it is taken as running");
    });
  }

  const LayoutOptions& options_;
  Problems& problems_;
  std::vector<PastedNode> nodes_;  // by id
  std::map<std::string, PastedNode*> by_id_;
  std::set<std::string> followed_;
  std::vector<const PastedNode*> kept_;
  std::map<std::string, std::string> names_;
  std::map<std::string, std::size_t> shard_of_;  // of primaries
  Layout layout_;
};

}  // namespace

std::size_t Layout::nodes() const {
  std::size_t count = 0;
  for (const auto& shard : shards) count += shard.size();
  return count;
}

Layout lay_out(const PastedCluster& cluster, const LayoutOptions& options, Problems& problems) {
  Layout layout = LayoutMaker(cluster, options, problems).make();
  if (layout.shards.empty() && problems.empty())
    problems.add({cluster.nodes.front().place, "", "there is no primary among these nodes", ""});
  return layout;
}

}  // namespace sim
