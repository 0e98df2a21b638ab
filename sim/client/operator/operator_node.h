// OperatorNode: the machine at which an operator types redis-cli --cluster. It is a node like
// clients are, and suffers the same network: an operation can be cut off or killed in the middle.
//
// It runs what RunProgram tells it, as many programs at once as it is told, each over connections
// of its own, and answers ProgramEnded with redis-cli's exit code and the end of what it printed.
// What it prints is told line by line too, as a log. It has no patience: like redis-cli it waits as
// long as its connection lives.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "sim/node/node.h"

namespace sim {

namespace operation {
struct Operator;
}

class OperatorNode final : public Node {
 public:
  OperatorNode();
  ~OperatorNode() override;

  void step(const Clocks& now, std::span<const Input> inputs, Choices& choices,
            Effects& effects) override;
  std::optional<MonotonicTime> deadline() const override;
  std::unique_ptr<Node> clone() const override;

 private:
  explicit OperatorNode(std::unique_ptr<operation::Operator> state);

  std::unique_ptr<operation::Operator> state_;
};

class OperatorNodeFactory final : public NodeFactory {
 public:
  std::unique_ptr<Node> make() const override { return std::make_unique<OperatorNode>(); }
};

}  // namespace sim
