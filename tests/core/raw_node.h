// A cluster node behind a socket that knows bytes only, as an unmodified server is: whatever it is
// sent comes to it as stretches of a byte stream, and whatever it sends leaves as such, cut where
// it hurts.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sim/node/node.h"

namespace sim {

enum class Cut : std::uint8_t {
  kWhole,    // a stretch a message
  kGlued,    // one stretch for all that a step sends, or finds, on a connection
  kDribble,  // the first 100 and the last 10 bytes of each message one by one
  kRandom,   // anywhere
};

// Stretches whose concatenation is `bytes`. `seed` decides where a random cut falls.
std::vector<std::string> cut_up(const std::string& bytes, Cut cut, std::uint64_t seed);

class RawNode final : public Node {
 public:
  RawNode(std::unique_ptr<Node> inner, Cut cut) : inner_(std::move(inner)), cut_(cut) {}
  void step(const Clocks& now, std::span<const Input> inputs, Choices& choices,
            Effects& effects) override;
  std::optional<MonotonicTime> deadline() const override { return inner_->deadline(); }
  std::optional<MonotonicTime> tick() const override { return inner_->tick(); }
  std::unique_ptr<Node> clone() const override;

 private:
  // Of an input or an effect that carries a payload: the stretches instead.
  template <class Carrier, class Out>
  void carry(const Carrier& carrier, Out& out);

  std::unique_ptr<Node> inner_;
  Cut cut_;
  std::uint64_t cuts_ = 0;
  std::set<ConnId> consoles_;  // over loopback; they want an answer in one piece
};

class RawNodeFactory final : public NodeFactory {
 public:
  RawNodeFactory(std::shared_ptr<const NodeFactory> inner, Cut cut)
      : inner_(std::move(inner)), cut_(cut) {}
  std::unique_ptr<Node> make() const override {
    return std::make_unique<RawNode>(inner_->make(), cut_);
  }

 private:
  std::shared_ptr<const NodeFactory> inner_;
  Cut cut_;
};

}  // namespace sim
