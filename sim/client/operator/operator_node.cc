#include "sim/client/operator/operator_node.h"

#include <algorithm>
#include <map>
#include <utility>
#include <variant>
#include <vector>

#include "sim/client/operator/job.h"

namespace sim {
namespace operation {

inline constexpr MonotonicTime kNever = MonotonicTime::max();

// To one server; once lost it stays so, for redis-cli connects but once.
struct Line {
  enum class State : std::uint8_t { kDialling, kUp, kLost } state = State::kDialling;
  ConnId conn;
  resp::ValueReader reader;  // of what comes as bytes
};

// A job that is under way, and the one task for which it waits.
struct Program {
  Job job;
  std::map<Endpoint, Line> lines;
  std::optional<Task> current;
  MonotonicTime wake = kNever;  // end of a pause
};

struct Operator {
  std::uint32_t incarnation = 0;
  std::uint32_t next_conn_serial = 1;
  std::vector<Program> programs;
};

namespace {

struct Pass {
  Operator& state;
  const Clocks& now;
  Effects& out;
};

void send(Pass& pass, const Line& line, const Task& task) {
  pass.out.emplace_back(Send{line.conn, PayloadRef(new resp::RequestPayload(task.command))});
}

// False: there is nothing to wait for. Either the task asks nobody, or nobody can be asked any
// more.
bool begin_to_wait(Pass& pass, Program& program) {
  const Task& task = *program.current;
  if (task.command.empty()) {
    if (task.pause > Duration{0}) program.wake = pass.now.monotonic + task.pause;
    return task.pause > Duration{0};
  }
  const auto [at, is_new] = program.lines.try_emplace(task.whom);
  Line& line = at->second;
  if (is_new) {
    line.conn = ConnId::dialled(pass.state.incarnation, pass.state.next_conn_serial++);
    pass.out.emplace_back(Dial{line.conn, task.whom});
  } else if (line.state == Line::State::kUp) {
    send(pass, line, task);
  }
  return line.state != Line::State::kLost;
}

void go_on(Pass& pass, Program& program) {
  Job& job = program.job;
  while (!job.failed && !program.current && !job.tasks.empty()) {
    program.current = std::move(job.tasks.front());
    job.tasks.pop_front();
    if (begin_to_wait(pass, program)) return;
    const Task task = *std::exchange(program.current, std::nullopt);
    task.then(job, task, std::nullopt);
  }
}

bool is_over(const Program& program) {
  return !program.current && (program.job.failed || program.job.tasks.empty());
}

void answer(Pass& pass, Program& program, const Reply& reply) {
  const Task task = *std::exchange(program.current, std::nullopt);
  task.then(program.job, task, reply);
  go_on(pass, program);
}

struct Found {
  Program* program = nullptr;
  Endpoint endpoint;
  Line* line = nullptr;
};

Found find(Operator& state, ConnId conn) {
  for (Program& program : state.programs) {
    for (auto& [endpoint, line] : program.lines) {
      if (line.conn == conn) return {&program, endpoint, &line};
    }
  }
  return {};
}

bool waits_for(const Found& found) {
  const std::optional<Task>& task = found.program->current;
  return task && !task->command.empty() && task->whom == found.endpoint;
}

struct Dispatch {
  Pass& pass;

  void operator()(const Booted& booted) const { pass.state.incarnation = booted.incarnation; }
  void operator()(const Terminated&) const { pass.out.emplace_back(Exit{0, ""}); }
  void operator()(const Accepted& accepted) const {
    pass.out.emplace_back(Close{accepted.conn, true});  // an operator serves nobody
  }
  void operator()(const Connected& connected) const {
    const Found found = find(pass.state, connected.conn);
    if (found.line == nullptr) return;
    found.line->state = Line::State::kUp;
    if (waits_for(found)) send(pass, *found.line, *found.program->current);
  }
  void operator()(const Received& received) const {
    const Found found = find(pass.state, received.conn);
    if (found.line == nullptr || !waits_for(found)) return;
    if (received.payload->kind() == PayloadKind::kReply) {
      const auto& reply = static_cast<const resp::ReplyPayload&>(*received.payload);
      return answer(pass, *found.program, reply.value());
    }
    found.line->reader.feed(received.payload->bytes());
    resp::Value value;
    if (found.line->reader.next(value)) {
      answer(pass, *found.program, value);
    } else if (!found.line->reader.broken().empty()) {
      pass.out.emplace_back(Close{received.conn, false});
      lose(found);
    }
  }
  void operator()(const Sent&) const {}
  void operator()(const Closed& closed) const {
    const Found found = find(pass.state, closed.conn);
    if (found.line != nullptr) lose(found);
  }
  void operator()(const DeadlinePassed&) const {}
  void operator()(const Probed&) const {}
  void operator()(const RunProgram& run) const {
    Program& program = pass.state.programs.emplace_back();
    program.job.ticket = run.ticket;
    auto read = read_command_line(run.words);
    if (auto* refused = std::get_if<CommandLineRefused>(&read)) return program.job.fail(*refused);
    program.job.line = std::get<CommandLine>(std::move(read));
    begin(program.job);
    go_on(pass, program);
  }

  void lose(const Found& found) const {
    found.line->state = Line::State::kLost;
    if (waits_for(found)) answer(pass, *found.program, std::nullopt);
  }
};

void wake(Pass& pass, Program& program) {
  if (program.wake > pass.now.monotonic) return;
  program.wake = kNever;
  answer(pass, program, std::nullopt);
}

void tell_lines(Pass& pass, Program& program) {
  for (std::string& line : std::exchange(program.job.lines, {})) {
    pass.out.emplace_back(
        Note{event::LogLine{event::LogLevel::kNotice, std::move(line)}, Source::kLog});
  }
}

void end(Pass& pass, Program& program) {
  for (const auto& [endpoint, line] : program.lines) {
    if (line.state != Line::State::kLost) pass.out.emplace_back(Close{line.conn, false});
  }
  Job& job = program.job;
  pass.out.emplace_back(ProgramEnded{job.ticket, job.failed ? 1 : 0, std::move(job.output)});
}

}  // namespace
}  // namespace operation

using namespace operation;

OperatorNode::OperatorNode() : state_(std::make_unique<Operator>()) {}
OperatorNode::OperatorNode(std::unique_ptr<Operator> state) : state_(std::move(state)) {}
OperatorNode::~OperatorNode() = default;

void OperatorNode::step(const Clocks& now, std::span<const Input> inputs, Choices&,
                        Effects& effects) {
  Pass pass{*state_, now, effects};
  for (const Input& input : inputs) std::visit(Dispatch{pass}, input);
  for (Program& program : state_->programs) {
    wake(pass, program);
    tell_lines(pass, program);
    if (is_over(program)) end(pass, program);
  }
  std::erase_if(state_->programs, is_over);
}

std::optional<MonotonicTime> OperatorNode::deadline() const {
  MonotonicTime next = kNever;
  for (const Program& program : state_->programs) next = std::min(next, program.wake);
  return next == kNever ? std::nullopt : std::optional(next);
}

std::unique_ptr<Node> OperatorNode::clone() const {
  return std::unique_ptr<Node>(new OperatorNode(std::make_unique<Operator>(*state_)));
}

}  // namespace sim
