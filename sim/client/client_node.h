// ClientNode: a client is a node too. It suffers the same network, clocks and pauses as the servers
// it talks to.
//
// It runs logical processes, each with at most one operation in flight, over one connection a
// server. Everything it does is told in Notes: OpInvoked and OpCompleted, Redirected, CacheRead,
// Measured. An operation's outcome is never embellished: kOk only if it was answered; kFailed only
// if it certainly did not and will not happen; else kUnknown.
//
// Commands that arrive on a connection somebody opened to it (the console of its machine) are
// carried out like its own operations, through redirects and retries, and the final reply is sent
// back. `SHARDING ADD <ip:port> [name]` makes a client-side sharded group grow, and answers how
// many keys that moved.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "sim/client/client_setup.h"
#include "sim/node/node.h"

namespace sim {

namespace client {
struct Client;
}

class ClientNode final : public Node {
 public:
  explicit ClientNode(std::shared_ptr<const ClientSetup> setup);
  ~ClientNode() override;

  void step(const Clocks& now, std::span<const Input> inputs, Choices& choices,
            Effects& effects) override;
  std::optional<MonotonicTime> deadline() const override;
  std::unique_ptr<Node> clone() const override;

 private:
  explicit ClientNode(std::unique_ptr<client::Client> state);

  std::unique_ptr<client::Client> state_;
};

class ClientNodeFactory final : public NodeFactory {
 public:
  explicit ClientNodeFactory(ClientSetup setup)
      : setup_(std::make_shared<const ClientSetup>(std::move(setup))) {}
  std::unique_ptr<Node> make() const override { return std::make_unique<ClientNode>(setup_); }
  const ClientSetup& setup() const { return *setup_; }

 private:
  std::shared_ptr<const ClientSetup> setup_;
};

}  // namespace sim
