// W1: the world driving the smallest nodes there can be.
#include <memory>

#include "sim/app/bench.h"
#include "sim/hosts/clock.h"
#include "sim/world/world.h"

namespace sim {
namespace {

constexpr std::uint16_t kPort = 1;
constexpr Duration kTick = 100ms;

// A message of 64 bytes, asking or answering.
class Word final : public Payload {
 public:
  explicit Word(bool asks) : asks_(asks) {}
  PayloadKind kind() const override { return PayloadKind::kBytes; }
  std::size_t size() const override { return 64; }
  std::string bytes() const override { return std::string(64, asks_ ? '?' : '!'); }
  std::string_view label() const override { return "word"; }
  std::uint64_t hash() const override { return asks_ ? 1 : 2; }
  PayloadRef through_wire() const override { return PayloadRef(new Word(asks_)); }
  bool asks() const { return asks_; }

 private:
  bool asks_;
};

struct Tally {
  std::uint64_t ticks = 0, asked = 0, answered = 0;
};

// Dials a peer when it first speaks to it, and keeps the connection.
class Chatter final : public Node {
 public:
  Chatter(std::uint32_t nodes, Tally* tally)
      : tally_(tally), connection_(nodes), ask_(new Word(true)), answer_(new Word(false)) {}

  void step(const Clocks& now, std::span<const Input> inputs, Choices& choices,
            Effects& effects) override {
    for (const Input& input : inputs) {
      if (const auto* booted = std::get_if<Booted>(&input)) {
        incarnation_ = booted->incarnation;
        next_ = now.monotonic + Duration(choices.choose(Site::kCronPhase, 100) * 1'000'000);
        effects.push_back(Listen{kPort});
      } else if (const auto* received = std::get_if<Received>(&input)) {
        if (static_cast<const Word&>(*received->payload).asks()) {
          effects.push_back(Send{received->conn, answer_});
        } else {
          ++tally_->answered;
        }
      }
    }
    if (now.monotonic < next_) return;
    next_ += kTick;
    ++tally_->ticks;
    if (++ticks_ % 10 != 0) return;
    const auto peer =
        static_cast<std::uint32_t>(choices.choose(Site::kRandomPing, connection_.size()));
    ConnId& conn = connection_[peer];
    if (conn.is_none()) {
      conn = ConnId::dialled(incarnation_, ++dialled_);
      effects.push_back(Dial{conn, {(10u << 24) + peer + 1, kPort}});
    }
    effects.push_back(Send{conn, ask_});
    ++tally_->asked;
  }
  std::optional<MonotonicTime> deadline() const override { return next_; }
  std::unique_ptr<Node> clone() const override { return std::make_unique<Chatter>(*this); }

 private:
  Tally* tally_;
  std::vector<ConnId> connection_;
  PayloadRef ask_, answer_;
  MonotonicTime next_{};
  std::uint32_t incarnation_ = 0, dialled_ = 0;
  std::uint64_t ticks_ = 0;
};

class ChatterFactory final : public NodeFactory {
 public:
  ChatterFactory(std::uint32_t nodes, Tally* tally) : nodes_(nodes), tally_(tally) {}
  std::unique_ptr<Node> make() const override { return std::make_unique<Chatter>(nodes_, tally_); }

 private:
  std::uint32_t nodes_;
  Tally* tally_;
};

}  // namespace

Measurement measure_engine(std::uint32_t nodes, std::int64_t virtual_seconds) {
  Tally tally;
  WorldSpec spec;
  const VertexId middle = spec.topology.add_vertex(VertexKind::kSwitch, "switch");
  const auto factory = std::make_shared<ChatterFactory>(nodes, &tally);
  for (std::uint32_t i = 0; i < nodes; ++i) {
    MachineSpec machine;
    machine.info.name = "n" + std::to_string(i);
    machine.info.endpoint = {(10u << 24) + i + 1, kPort};
    machine.factory = factory;
    machine.vertex = spec.topology.add_vertex(VertexKind::kHost, "h" + std::to_string(i));
    spec.topology.add_link(machine.vertex, middle, {.latency = 500us});
    spec.machines.push_back(std::move(machine));
  }
  World world(std::move(spec));
  const std::int64_t before = process_cpu_ns();
  const SimTime end = sim_time(std::chrono::seconds(virtual_seconds));
  while (world.next_event() && *world.next_event() <= end) world.advance();
  Measurement measured;
  measured.cpu_ns = process_cpu_ns() - before;
  measured.virtual_seconds = static_cast<double>(virtual_seconds);
  measured.events = tally.ticks + tally.asked + tally.answered;
  const std::uint64_t ticks_due =
      std::uint64_t{nodes} * static_cast<std::uint64_t>(virtual_seconds) * 10;
  if (tally.ticks + nodes < ticks_due) measured.wrong = "timers did not fire";
  if (tally.answered + nodes < tally.asked) measured.wrong = "messages were not answered";
  return measured;
}

}  // namespace sim
