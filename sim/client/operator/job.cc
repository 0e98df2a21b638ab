#include "sim/client/operator/job.h"

#include <algorithm>
#include <array>
#include <utility>

#include "sim/wire/bus.h"

namespace sim::operation {
namespace {

constexpr std::size_t kOutputKept = 4'000;

void begin_add(Job& job, Endpoint newcomer) {
  const auto entry =
      job.line.arguments.size() < 2 ? std::nullopt : parse_endpoint(job.line.arguments[1]);
  if (!entry) return job.fail("[ERR] add-node needs the new node's address and one of the cluster");
  begin_add_node(job, newcomer, *entry);
}

struct Known {
  std::string_view command;
  void (*begin)(Job& job, Endpoint first);
};
constexpr std::array<Known, 6> kCommands{{{"add-node", begin_add},
                                          {"call", begin_call},
                                          {"del-node", begin_del_node},
                                          {"fix", begin_fix},
                                          {"rebalance", begin_rebalance},
                                          {"reshard", begin_reshard}}};

}  // namespace

bool KnownNode::is_replica() const {
  return (flags & bus::flag::kSlave) != 0;
}

void Job::next(std::vector<Task> first) {
  tasks.insert(tasks.begin(), std::make_move_iterator(first.begin()),
               std::make_move_iterator(first.end()));
}

void Job::print(std::string_view text) {
  output += text;
  if (output.size() > kOutputKept) output.erase(0, output.size() - kOutputKept);
  half_line += text;
  for (std::size_t end; (end = half_line.find('\n')) != std::string::npos;) {
    if (end > 0) lines.push_back(half_line.substr(0, end));
    half_line.erase(0, end + 1);
  }
}

void Job::fail(std::string_view why) {
  failed = true;
  if (!half_line.empty()) print("\n");
  print(std::string(why) + "\n");
}

void begin(Job& job) {
  const auto known = std::find_if(kCommands.begin(), kCommands.end(), [&](const Known& command) {
    return command.command == job.line.command;
  });
  if (known == kCommands.end())
    return job.fail("an operator of this world knows no --cluster " + job.line.command);
  const auto first =
      job.line.arguments.empty() ? std::nullopt : parse_endpoint(job.line.arguments.front());
  if (!first)
    return job.fail(
        "[ERR] Invalid arguments: you need to pass either a valid address "
        "(ie. 120.0.0.1:7000) or space separated IP and port");
  known->begin(job, *first);
}

Task local(Then then, SlotMove move) {
  Task task;
  task.then = then;
  task.move = move;
  return task;
}

Task ask(const KnownNode& node, resp::Command command, Then then, SlotMove move) {
  Task task;
  task.then = then;
  task.whom = node.endpoint;
  task.command = std::move(command);
  task.move = move;
  return task;
}

const std::string* error_in(const Reply& reply) {
  const auto* error = as<resp::Error>(reply);
  return error == nullptr ? nullptr : &error->text;
}

std::string complaint(const Task& task, const Reply& reply) {
  const std::string who = "Node " + format_endpoint(task.whom);
  const std::string* error = error_in(reply);
  return error == nullptr ? who + " did not answer " + task.command.front()
                          : who + " replied with error:\n" + *error;
}

void end_line(Job& job, const Task&, const Reply&) {
  job.print("\n");
}

Task set_slot(const Job& job, NodeIndex whom, SlotId slot, std::string_view what, NodeIndex node,
              Then then) {
  return ask(job.nodes[whom],
             {"CLUSTER", "SETSLOT", std::to_string(slot.value), std::string(what),
              std::string(job.nodes[node].id.view())},
             then);
}

void must_work(Job& job, const Task& task, const Reply& reply) {
  if (!reply || error_in(reply) != nullptr) job.fail(complaint(task, reply));
}

}  // namespace sim::operation
