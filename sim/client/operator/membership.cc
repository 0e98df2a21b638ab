// Nodes come and go: add-node, del-node, and one command for all. (Protocol §11.4.)
#include <utility>

#include "sim/client/operator/job.h"

namespace sim::operation {
namespace {

// The primary with the fewest replicas, the first of equal ones.
NodeIndex least_followed(const Job& job) {
  NodeIndex found = kNobody;
  for (NodeIndex i = 0; i < job.nodes.size(); ++i) {
    if (job.nodes[i].is_replica()) continue;
    if (found == kNobody || job.nodes[i].replicas < job.nodes[found].replicas) found = i;
  }
  return found;
}

// ---- add-node: the newcomer is the last of the nodes ----

void say_added(Job& job, const Task&, const Reply&) {
  job.print("[OK] New node added correctly.\n");
}

void replicate(Job& job, const Task&, const Reply&) {
  job.print(">>> Configure node as replica of " + job.line.master_id + ".\n");
  job.next({ask(job.nodes.back(), {"CLUSTER", "REPLICATE", job.line.master_id}, must_work)});
}

void introduce(Job& job, const Task&, const Reply&) {
  const Endpoint first = job.nodes.front().endpoint;
  const KnownNode& newcomer = job.nodes.back();
  job.print(">>> Send CLUSTER MEET to node " + format_endpoint(newcomer.endpoint) +
            " to make it join the cluster.\n");
  std::vector<Task> tasks{
      ask(newcomer, {"CLUSTER", "MEET", format_ipv4(first.ipv4), std::to_string(first.port)},
          must_work)};
  if (!job.line.master_id.empty()) {
    Task later = local(wait_for_join);
    later.pause = std::chrono::seconds{1};
    tasks.push_back(std::move(later));
    tasks.push_back(local(replicate));
  }
  tasks.push_back(local(say_added));
  job.next(std::move(tasks));
}

void must_know_nobody(Job& job, const Task& task, const Reply& reply) {
  const auto* text = as<resp::Bulk>(reply);
  if (text == nullptr) return job.fail(complaint(task, reply));
  if (text->text.find("cluster_known_nodes:1\r") != std::string::npos) return;
  job.fail("[ERR] Node " + format_endpoint(task.whom) +
           " is not empty. Either the node already knows other nodes (check with CLUSTER NODES) or "
           "contains some key in database 0.");
}

void must_be_empty(Job& job, const Task& task, const Reply& reply) {
  const auto* text = as<resp::Bulk>(reply);
  if (text == nullptr) {
    job.fail("[ERR] Sorry, can't connect to node " + format_endpoint(task.whom));
  } else if (text->text.find("cluster_enabled:1") == std::string::npos) {
    job.fail("[ERR] Node " + format_endpoint(task.whom) + " is not configured as a cluster node.");
  } else if (text->text.find("db0:") != std::string::npos) {
    job.fail("[ERR] Node " + format_endpoint(task.whom) + " is not empty.");
  }
}

void take_newcomer(Job& job, const Task& task, const Reply& reply) {
  if (!learn(job.nodes.back(), reply)) job.fail(complaint(task, reply));
}

// ---- Functions, which a primary does not get from anybody else ----

void must_have_none(Job& job, const Task& task, const Reply& reply) {
  const auto* list = as<resp::Array>(reply);
  if (list == nullptr) return job.fail(complaint(task, reply));
  if (!list->items.empty()) {
    job.fail(
        ">>> New node already contains functions and can not be added to the cluster. Use "
        "FUNCTION FLUSH and try again.");
  }
}

void take_functions(Job& job, const Task&, const Reply& reply) {
  const auto* dump = as<resp::Bulk>(reply);
  if (dump == nullptr) return job.print(">>> Failed retrieving Functions from the cluster\n");
  const KnownNode& newcomer = job.nodes.back();
  job.next({ask(newcomer, {"FUNCTION", "LIST"}, must_have_none),
            ask(newcomer, {"FUNCTION", "RESTORE", dump->text}, must_work)});
}

// Its address was kept in the task.
void visit_newcomer(Job& job, const Task& task, const Reply&) {
  if (job.unsound) return job.fail("");
  std::string& primary = job.line.master_id;
  if (!primary.empty() && find_node(job, primary) == kNobody)
    return job.fail("[ERR] No such master ID " + primary);
  if (job.line.as_replica && primary.empty()) {
    const NodeIndex least = least_followed(job);
    if (least == kNobody) return job.fail("[ERR] There is no master to replicate");
    primary = job.nodes[least].id.view();
    job.print("Automatically selected master " + format_endpoint(job.nodes[least].endpoint) + "\n");
  }
  KnownNode newcomer;
  newcomer.endpoint = task.whom;
  std::vector<Task> tasks{ask(newcomer, {"INFO"}, must_be_empty),
                          ask(newcomer, {"CLUSTER", "NODES"}, take_newcomer),
                          ask(newcomer, {"CLUSTER", "INFO"}, must_know_nobody)};
  if (primary.empty())
    tasks.push_back(ask(job.nodes.front(), {"FUNCTION", "DUMP"}, take_functions));
  tasks.push_back(local(introduce));
  job.nodes.push_back(newcomer);
  job.next(std::move(tasks));
}

// ---- del-node ----

void forget(Job& job, const Task&, const Reply&) {
  const std::string id =
      job.line.arguments.size() > 1 ? job.line.arguments[1] : std::string("(none given)");
  const NodeIndex leaver = find_node(job, id);
  if (leaver == kNobody) return job.fail("[ERR] No such node ID " + id);
  if (job.nodes[leaver].slots.any()) {
    return job.fail("[ERR] Node " + format_endpoint(job.nodes[leaver].endpoint) +
                    " is not empty! Reshard data away and try again.");
  }
  job.print(">>> Sending CLUSTER FORGET messages to the cluster...\n");
  std::vector<Task> tasks;
  for (NodeIndex i = 0; i < job.nodes.size(); ++i) {
    const KnownNode& node = job.nodes[i];
    if (i == leaver) continue;
    if (node.replica_of.view() == id) {
      const NodeIndex primary = least_followed(job);
      if (primary == kNobody) return job.fail("[ERR] There is no master to replicate");
      tasks.push_back(ask(node, {"CLUSTER", "REPLICATE", std::string(job.nodes[primary].id.view())},
                          must_work));
    }
    tasks.push_back(ask(node, {"CLUSTER", "FORGET", id}, must_work));
  }
  tasks.push_back(ask(job.nodes[leaver], {"CLUSTER", "RESET", "SOFT"}, must_work));
  job.next(std::move(tasks));
}

// ---- call ----

void say_reply(Job& job, const Task& task, const Reply& reply) {
  const std::string* error = error_in(reply);
  job.print(format_endpoint(task.whom) + ": " +
            (!reply             ? "Failed!"
             : error != nullptr ? *error
                                : resp::describe(*reply)) +
            "\n");
}

void call_all(Job& job, const Task&, const Reply&) {
  const resp::Command command(job.line.arguments.begin() + 1, job.line.arguments.end());
  if (command.empty()) return job.fail("[ERR] call needs a command");
  std::vector<Task> tasks;
  for (const KnownNode& node : job.nodes) tasks.push_back(ask(node, command, say_reply));
  job.next(std::move(tasks));
}

}  // namespace

void begin_add_node(Job& job, Endpoint newcomer, Endpoint entry) {
  job.print(">>> Adding node " + format_endpoint(newcomer) + " to cluster " +
            format_endpoint(entry) + "\n");
  Task visit = local(visit_newcomer);
  visit.whom = newcomer;
  job.next({local(check), std::move(visit)});
  load(job, entry);
}

void begin_del_node(Job& job, Endpoint entry) {
  job.next({local(forget)});
  load(job, entry);
}

void begin_call(Job& job, Endpoint entry) {
  job.next({local(call_all)});
  load(job, entry);
}

}  // namespace sim::operation
