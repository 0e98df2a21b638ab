#include "tests/client/client_testing.h"

#include <gtest/gtest.h>

namespace sim::testing {

namespace {

class Script final : public Generator {
 public:
  explicit Script(std::vector<resp::Command> commands) : commands_(std::move(commands)) {}

  std::optional<Operation> next(std::uint32_t, std::uint64_t, Choices&) override {
    if (at_ == commands_.size()) return std::nullopt;
    const resp::Command& command = commands_[at_++];
    Operation operation;
    operation.command = command;
    if (command[0] == "GET") operation.kind = event::OpKind::kRead;
    if (command[0] == "SET") operation.kind = event::OpKind::kWrite;
    if (command[0] == "INCR") operation.kind = event::OpKind::kIncrement;
    if (command[0] == "LRANGE") operation.kind = event::OpKind::kReadList;
    if (command[0] == "RPUSH") operation.kind = event::OpKind::kAppend;
    return operation;
  }
  std::optional<Operation> ended(std::uint32_t, const OperationEnd&, std::vector<Event>&) override {
    return std::nullopt;
  }
  void finished(std::vector<Event>&) override {}
  std::unique_ptr<Generator> clone() const override { return std::make_unique<Script>(*this); }

 private:
  std::vector<resp::Command> commands_;
  std::size_t at_ = 0;
};

constexpr ConnId kConsole = ConnId::accepted(0, 1);

}  // namespace

ServerAddress server(std::uint32_t n) {
  return {"m" + std::to_string(n), server_at(n)};
}

resp::Value slots_reply(std::uint32_t shards,
                        const std::map<std::uint32_t, std::vector<std::uint32_t>>& replicas) {
  const auto node = [](std::uint32_t n) {
    return resp::Value{resp::Array{{resp::bulk("10.0.0." + std::to_string(n)), resp::integer(6379),
                                    resp::bulk(std::string(40, 'a'))}}};
  };
  resp::Array all;
  for (std::uint32_t n = 1; n <= shards; ++n) {
    resp::Array range{{resp::integer((n - 1) * kSlotCount / shards),
                       resp::integer(n * kSlotCount / shards - 1), node(n)}};
    if (replicas.contains(n)) {
      for (const std::uint32_t replica : replicas.at(n)) range.items.push_back(node(replica));
    }
    all.items.push_back({std::move(range)});
  }
  return {std::move(all)};
}

std::shared_ptr<const Generator> script(std::vector<resp::Command> commands) {
  return std::make_shared<Script>(std::move(commands));
}

ClientBench::ClientBench(ClientSetup setup, Answer answer, std::uint64_t seed)
    : answer_(std::move(answer)),
      stream_(seed, "node:client-1#0"),
      node_(std::make_unique<ClientNode>(std::make_shared<const ClientSetup>(std::move(setup)))) {
  pending_.emplace(0ms, Booted{0, std::make_shared<const DiskImage>(), {}});
}

ClientBench::ClientBench(const ClientBench& other)
    : refusing(other.refusing),
      silent(other.silent),
      asked(other.asked),
      notes(other.notes),
      console_replies(other.console_replies),
      answer_(other.answer_),
      stream_(other.stream_),
      node_(other.node_->clone()),
      now_(other.now_),
      steps_(other.steps_),
      pending_(other.pending_),
      open_(other.open_) {}

void ClientBench::run(Duration time) {
  const Duration until = now_ + time;
  for (;;) {
    const std::optional<MonotonicTime> deadline = node_->deadline();
    const Duration wake = deadline ? deadline->time_since_epoch() : Duration::max();
    const Duration next = pending_.empty() ? wake : std::min(wake, pending_.begin()->first);
    if (next > until) break;
    ASSERT_GE(next, now_) << "the client asks to be woken in the past, for ever";
    now_ = next;
    if (!pending_.empty() && pending_.begin()->first <= now_) {
      Input input = std::move(pending_.extract(pending_.begin()).mapped());
      const auto* received = std::get_if<Received>(&input);
      const auto* connected = std::get_if<Connected>(&input);
      const ConnId conn = received ? received->conn : connected ? connected->conn : kConsole;
      if (conn != kConsole && !open_.contains(conn)) continue;
      step({std::move(input)});
    } else {
      step({DeadlinePassed{}});
    }
  }
  now_ = until;
}

void ClientBench::console(resp::Command command) {
  step({Accepted{kConsole, {}, {}},
        Received{kConsole, PayloadRef(new resp::RequestPayload(std::move(command)))}});
}

void ClientBench::reset(std::uint32_t which) {
  std::vector<Input> closed;
  for (auto at = open_.begin(); at != open_.end();) {
    if (at->second == which) closed.push_back(Closed{at->first, CloseReason::kReset});
    at = at->second == which ? open_.erase(at) : std::next(at);
  }
  step(std::move(closed));
}

std::optional<std::int64_t> ClientBench::measured(const std::string& name) const {
  for (const auto& measure : all<event::Measured>()) {
    if (measure.name == name) return measure.value;
  }
  return std::nullopt;
}

void ClientBench::step(std::vector<Input> inputs) {
  ASSERT_LT(++steps_, 10'000'000u) << "the client spins";
  Effects effects;
  Choices choices(stream_);
  node_->step({kWallStart + now_, MonotonicTime{now_}}, inputs, choices, effects);
  carry_out(std::move(effects));
}

void ClientBench::carry_out(Effects effects) {
  for (Effect& effect : effects) {
    if (auto* note = std::get_if<Note>(&effect)) notes.emplace_back(now_, std::move(note->event));
    if (const auto* dial = std::get_if<Dial>(&effect)) {
      const std::uint32_t which = dial->remote.ipv4 - server_at(0).ipv4;
      open_[dial->conn] = which;
      if (refusing.contains(which)) {
        open_.erase(dial->conn);
        later(Closed{dial->conn, CloseReason::kRefused});
      } else if (!silent.contains(which)) {
        later(Connected{dial->conn, {}, dial->remote});
      }
    }
    if (const auto* close = std::get_if<Close>(&effect)) open_.erase(close->conn);
    const auto* send = std::get_if<Send>(&effect);
    if (!send) continue;
    if (send->conn == kConsole) {
      console_replies.push_back(static_cast<const resp::ReplyPayload&>(*send->payload).value());
      continue;
    }
    ASSERT_TRUE(open_.contains(send->conn)) << "sent on a connection that is not open";
    const std::uint32_t which = open_.at(send->conn);
    const auto& command = static_cast<const resp::RequestPayload&>(*send->payload).command();
    if (silent.contains(which)) continue;
    if (command[0] != "CLUSTER") asked.push_back({now_, which, command});
    std::optional<resp::Value> reply = answer_(which, command);
    if (!reply) continue;
    const PayloadRef payload(new resp::ReplyPayload(std::move(*reply)));
    if (!raw) later(Received{send->conn, payload});
    for (const char byte : raw ? payload->bytes() : std::string()) {
      later(Received{send->conn, PayloadRef(new RawBytes(std::string(1, byte)))});
    }
  }
}

}  // namespace sim::testing
