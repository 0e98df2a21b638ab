// What redis-cli --cluster looks at before it does anything. (Protocol §11.4.)
#include <algorithm>

#include "sim/client/operator/job.h"
#include "sim/wire/bus.h"

namespace sim::operation {
namespace {

constexpr std::string_view kNobodyAnswers = "Could not connect to Redis at ";

std::optional<nodes_conf::File> nodes_in(const Reply& reply) {
  const auto* text = as<resp::Bulk>(reply);
  if (text == nullptr) return std::nullopt;
  auto parsed = nodes_conf::parse(text->text);
  auto* file = std::get_if<nodes_conf::File>(&parsed);
  return file == nullptr ? std::nullopt : std::optional(std::move(*file));
}

void take_line(KnownNode& node, const nodes_conf::Line& line) {
  node.id = line.id;
  node.flags = static_cast<std::uint16_t>(node.flags | line.flags);
  node.replica_of = line.replica_of;
  node.slots = line.slots;
  node.open_slots = line.open_slots;
}

const nodes_conf::Line* myself(const nodes_conf::File& file) {
  for (const nodes_conf::Line& line : file.lines) {
    if ((line.flags & bus::flag::kMyself) != 0) return &line;
  }
  return nullptr;
}

// Once all friends have been asked.
void count_replicas(Job& job, const Task&, const Reply&) {
  for (const KnownNode& node : job.nodes) {
    if (node.replica_of.is_none()) continue;
    const NodeIndex primary = find_node(job, node.replica_of.view());
    if (primary != kNobody) ++job.nodes[primary].replicas;
  }
}

// A friend says who it is. Whom the entry node holds for failed is asked all the same, and left out
// whatever it says.
void take_friend(Job& job, const Task& task, const Reply& reply) {
  KnownNode node;
  node.endpoint = task.whom;
  node.flags = task.flags;
  const bool spoke = learn(node, reply);
  if (!spoke) job.print("[ERR] Unable to load info for node " + format_endpoint(task.whom) + "\n");
  if (spoke && (node.flags & (bus::flag::kFail | bus::flag::kNoAddr)) == 0) {
    job.nodes.push_back(std::move(node));
  } else {
    job.unreachable_primaries += node.is_replica() ? 0 : 1;
  }
}

void take_entry(Job& job, const Task& task, const Reply& reply) {
  const auto file = nodes_in(reply);
  const nodes_conf::Line* mine = file ? myself(*file) : nullptr;
  if (mine == nullptr) return job.fail(complaint(task, reply));
  job.nodes.emplace_back().endpoint = task.whom;
  take_line(job.nodes.front(), *mine);
  std::vector<Task> friends;
  for (const nodes_conf::Line& line : file->lines) {
    if (&line == mine) continue;
    const Endpoint endpoint{parse_ipv4(line.address.ip), line.address.port};
    const bool is_replica = (line.flags & bus::flag::kSlave) != 0;
    if (endpoint.ipv4 == 0 || endpoint.port == 0) {
      job.unreachable_primaries += is_replica ? 0 : 1;
      continue;
    }
    Task visit;
    visit.then = take_friend;
    visit.whom = endpoint;
    visit.command = {"CLUSTER", "NODES"};
    visit.flags = line.flags & (bus::flag::kFail | bus::flag::kNoAddr | bus::flag::kSlave);
    friends.push_back(std::move(visit));
  }
  friends.push_back(local(count_replicas));
  job.next(std::move(friends));
}

void take_info(Job& job, const Task& task, const Reply& reply) {
  if (!reply) return job.fail(std::string(kNobodyAnswers) + format_endpoint(task.whom));
  const auto* text = std::get_if<resp::Bulk>(&reply->data);
  if (text == nullptr || text->text.find("cluster_enabled:1") == std::string::npos)
    job.fail("[ERR] Node " + format_endpoint(task.whom) + " is not configured as a cluster node.");
}

// ---- Do they agree? ----

// Who owns what, in this node's view; open slots apart.
std::string signature(const nodes_conf::File& file) {
  std::vector<std::string> owners;
  for (const nodes_conf::Line& line : file.lines) {
    if (line.slots.none()) continue;
    owners.push_back(std::string(line.id.view()) + ':' + format_slots(line.slots));
  }
  std::sort(owners.begin(), owners.end());
  std::string text;
  for (const std::string& owner : owners) text += (text.empty() ? "" : "|") + owner;
  return text;
}

void compare(Job& job, const Task&, const Reply& reply) {
  const auto file = nodes_in(reply);
  const std::string says = file ? signature(*file) : std::string();
  if (job.agreed.empty()) job.agreed = says;
  if (!says.empty() && says == job.agreed) return;
  job.agree = false;  // and nobody else is asked
  while (job.tasks.front().then == compare) job.tasks.pop_front();
}

// Everybody is asked, then `then` comes.
void ask_whether_they_agree(Job& job, Then then) {
  job.agreed.clear();
  job.agree = true;
  std::vector<Task> asked;
  for (const KnownNode& node : job.nodes) asked.push_back(ask(node, {"CLUSTER", "NODES"}, compare));
  asked.push_back(local(then));
  job.next(std::move(asked));
}

void conclude(Job& job, const Task&, const Reply&) {
  job.print(job.agree ? "[OK] All nodes agree about slots configuration.\n"
                      : "[ERR] Nodes don't agree about configuration!\n");
  job.print(">>> Check for open slots...\n");
  bool open = false;
  SlotSet covered;
  for (const KnownNode& node : job.nodes) {
    covered |= node.slots;
    for (const nodes_conf::OpenSlot& slot : node.open_slots) {
      open = true;
      job.print("[WARNING] Node " + format_endpoint(node.endpoint) + " has slots in " +
                (slot.importing ? "importing" : "migrating") + " state " +
                std::to_string(slot.slot.value) + ".\n");
    }
  }
  job.print(">>> Check slots coverage...\n");
  job.print(covered.all() ? "[OK] All 16384 slots covered.\n"
                          : "[ERR] Not all 16384 slots are covered by nodes.\n");
  job.unsound = !job.agree || open || !covered.all();
}

void joined(Job& job, const Task&, const Reply&) {
  if (job.agree) return job.print("\n");
  job.print(".");
  Task later = local(wait_for_join);
  later.pause = std::chrono::seconds{1};
  job.next({std::move(later)});
}

}  // namespace

void load(Job& job, Endpoint entry) {
  KnownNode node;
  node.endpoint = entry;
  job.next({ask(node, {"INFO"}, take_info), ask(node, {"CLUSTER", "NODES"}, take_entry)});
}

void check(Job& job, const Task&, const Reply&) {
  job.print(">>> Performing Cluster Check (using node " +
            format_endpoint(job.nodes.front().endpoint) + ")\n");
  ask_whether_they_agree(job, conclude);
}

void wait_for_join(Job& job, const Task&, const Reply&) {
  ask_whether_they_agree(job, joined);
}

NodeIndex find_node(const Job& job, std::string_view id) {
  for (NodeIndex i = 0; i < job.nodes.size(); ++i) {
    if (job.nodes[i].id.view() == id) return i;
  }
  return kNobody;
}

bool learn(KnownNode& node, const Reply& reply) {
  const auto file = nodes_in(reply);
  const nodes_conf::Line* mine = file ? myself(*file) : nullptr;
  if (mine != nullptr) take_line(node, *mine);
  return mine != nullptr;
}

}  // namespace sim::operation
