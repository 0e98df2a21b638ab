// A world in miniature for tests of the core: nodes, instant delivery in order, files, and a
// client. No latency, no loss; what only a real world shows is tested with sim/world.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sim/core/cluster_node.h"
#include "sim/wire/resp.h"

namespace sim {

class Pump {
 public:
  using BoxId = std::size_t;

  BoxId add(Config config, DiskImage disk = {}, Mutation mutation = Mutation::kNone,
            Deviations deviations = {});
  const Server& server(BoxId box) const { return boxes_[box]->node->server(); }
  Endpoint endpoint(BoxId box) const { return boxes_[box]->endpoint; }

  // One command on the box's own test connection, with everything it leads to at once. Null if no
  // reply came (yet).
  resp::Value call(BoxId box, resp::Command command, std::uint64_t operation = 0);
  // As redis-cli would show it, in one line.
  std::string say(BoxId box, const std::string& words);
  // A reply that came since the last call (of a command that had to wait); Null if there is none.
  resp::Value late_reply(BoxId box);
  void send_bytes(BoxId box, const std::string& bytes);

  // A further connection of the tester's.
  ConnId connect(BoxId box);
  void send(BoxId box, ConnId conn, resp::Command command);
  // The bytes that came on it since the last call; "<EOF>" where the box closed it.
  std::string heard(BoxId box, ConnId conn) { return std::exchange(boxes_[box]->heard[conn], {}); }

  void advance(std::int64_t ms);
  std::int64_t wall_ms() const { return to_ms(wall_); }

  // No box answers another any more over this pair; what is sent is lost. Connections stay open
  // until `reset`.
  void cut(BoxId a, BoxId b) { cuts_.push_back({a, b}); }
  void heal() { cuts_.clear(); }
  // Every connection between the two breaks, and both are told.
  void reset(BoxId a, BoxId b);
  void crash(BoxId box);      // the program; its files stay
  void terminate(BoxId box);  // SIGTERM; returns when the program has ended
  void signal(BoxId box) { step(box, Terminated{}); }  // SIGTERM, without waiting
  void start(BoxId box, bool with_files = true);       // a new incarnation
  bool up(BoxId box) const { return boxes_[box]->node != nullptr; }

  const std::map<std::string, std::string>& files(BoxId box) const { return boxes_[box]->files; }
  std::map<std::string, std::string>& files(BoxId box) { return boxes_[box]->files; }
  // Names of the effects of the last step of a box: "write appendonly.aof", "sync appendonly.aof",
  // "send reply".
  const std::vector<std::string>& last_effects(BoxId box) const { return boxes_[box]->last; }
  // All payloads a box sent to other boxes, as labels.
  std::vector<std::string>& sent(BoxId box) { return boxes_[box]->sent; }

  template <class Kind>
  std::vector<Kind> notes(BoxId box) const {
    std::vector<Kind> found;
    for (const Event& event : boxes_[box]->notes) {
      if (const auto* kind = std::get_if<Kind>(&event)) found.push_back(*kind);
    }
    return found;
  }

 private:
  struct End {
    BoxId box = kTester;
    ConnId conn;
  };
  struct Box {
    NodeSetup setup;
    std::unique_ptr<ClusterNode> node;
    std::map<std::string, std::string> files;
    ChoiceStream choices;
    Endpoint endpoint;
    std::uint32_t incarnation = 0, accepted = 0;
    std::map<ConnId, End> peers;
    ConnId test_conn;
    std::deque<resp::Value> replies;
    std::map<ConnId, std::string> heard;
    std::vector<Event> notes;
    std::vector<std::string> last, sent;
  };
  struct Mail {
    BoxId box;
    std::uint32_t incarnation;
    Input input;
  };
  static constexpr BoxId kTester = 0xffff;

  void boot(BoxId id);
  void die(BoxId id);
  void step(BoxId id, Input input);
  void carry_out(BoxId id, Effect effect);
  void post(BoxId id, Input input);
  void settle();
  void dial(BoxId from, const Dial& dial);
  void close(BoxId id, ConnId conn, CloseReason why);
  bool is_cut(BoxId a, BoxId b) const;
  ConnId accept(BoxId id, End other, Endpoint remote, std::uint16_t port = 0);

  std::vector<std::unique_ptr<Box>> boxes_;
  std::deque<Mail> mail_;
  std::vector<std::pair<BoxId, BoxId>> cuts_;
  NamesRef names_ = std::make_shared<Names>();
  WallTime wall_ = kWallStart;
  MonotonicTime monotonic_{Duration{1}};
};

// A command as it travels.
std::string words(const resp::Command& command);

}  // namespace sim
