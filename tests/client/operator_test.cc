// The operator sends what redis-cli --cluster sends, one command after the other, and stops where
// redis-cli stops. The nodes here are words only: what each is asked is written down.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sim/client/operator/job.h"
#include "sim/client/operator/operator_node.h"

namespace sim {
namespace {

using operation::KnownNode;
using operation::NodeIndex;
using operation::SlotMove;

struct Server {
  std::string slots;                             // as in CLUSTER NODES, open slots included
  std::string primary;                           // of a replica: the name of its primary
  std::string flags;                             // more of them, as all see them: ",fail"
  bool empty = false;                            // knows nobody yet
  std::map<int, std::vector<std::string>> keys;  // by slot
};

// Names are single letters; a letter forty times over is the id, its place the address.
class Operation {
 public:
  std::map<std::string, Server> servers;
  // Replies other than usual, by "a MIGRATE"; each is given once, in this order.
  std::multimap<std::string, resp::Value> replies;
  std::set<std::string> mute;  // by "a MIGRATE": never answered
  std::vector<std::string>
      asked;  // "a CLUSTER SETSLOT 5 importing b", what all runs begin with left out
  std::string output;
  std::optional<int> code;

  static std::string id(const std::string& name) { return std::string(40, name[0]); }
  static std::string address(const std::string& name) {
    return "10.0.0." + std::to_string(name[0] - 'a' + 1) + ":6379";
  }

  void run(std::vector<std::string> words) {
    words.insert(words.begin(), {"redis-cli", "--cluster"});
    step({Booted{}, RunProgram{++ticket_, words}});
  }

  // Until nothing more is said.
  void step(std::vector<Input> inputs) {
    for (; !inputs.empty(); inputs = std::exchange(inbox_, {})) {
      ChoiceStream stream(1, "operator");
      Choices choices(stream);
      Effects effects;
      node_->step({WallTime{}, now_}, inputs, choices, effects);
      for (const Effect& effect : effects) take(effect);
    }
  }
  void wait(Duration time) {
    now_ += time;
    step({DeadlinePassed{}});
  }
  std::optional<MonotonicTime> deadline() const { return node_->deadline(); }
  void lose(const std::string& name) {
    for (const auto& [conn, whom] : conns_) {
      if (whom == name) return step({Closed{conn, CloseReason::kReset}});
    }
    FAIL() << "no connection to " << name;
  }
  void swap_for_clone() { node_ = node_->clone(); }

 private:
  void take(const Effect& effect) {
    if (const auto* dial = std::get_if<Dial>(&effect)) {
      const std::string name(1, static_cast<char>('a' + (dial->remote.ipv4 & 0xff) - 1));
      if (!servers.contains(name)) {
        inbox_.emplace_back(Closed{dial->conn, CloseReason::kRefused});
        return;
      }
      conns_[dial->conn] = name;
      inbox_.emplace_back(Connected{dial->conn, {}, dial->remote});
    } else if (const auto* send = std::get_if<Send>(&effect)) {
      const auto& request = static_cast<const resp::RequestPayload&>(*send->payload);
      answer(send->conn, request.command());
    } else if (const auto* ended = std::get_if<ProgramEnded>(&effect)) {
      code = ended->exit_code;
      output = ended->output;
    }
  }

  void answer(ConnId conn, const resp::Command& command) {
    const std::string& name = conns_.at(conn);
    std::string words = name;
    for (const std::string& word : command) {
      const bool is_id = word.size() == 40;
      words += ' ' + (is_id ? word.substr(0, 1) : word.empty() ? "\"\"" : word);
    }
    const std::string short_name = name + ' ' + command.front();
    const bool told = command.front() != "INFO" && words != name + " CLUSTER NODES";
    if (told) asked.push_back(words);
    if (mute.contains(short_name)) return;
    const auto special = replies.lower_bound(short_name);
    const bool is_special = special != replies.end() && special->first == short_name;
    resp::Value reply = is_special ? special->second : usual(name, command);
    if (is_special) replies.erase(special);
    inbox_.emplace_back(Received{conn, PayloadRef(new resp::ReplyPayload(std::move(reply)))});
  }

  resp::Value usual(const std::string& name, const resp::Command& command) {
    Server& server = servers.at(name);
    if (command.front() == "INFO") return resp::bulk("cluster_enabled:1\r\n");
    if (command.front() == "MIGRATE") {
      const auto keys = std::find(command.begin(), command.end(), "KEYS") + 1;
      for (auto& [slot, all] : server.keys) {
        std::erase_if(all, [&](const std::string& key) {
          return std::find(keys, command.end(), key) != command.end();
        });
      }
      return resp::ok();
    }
    if (command.front() != "CLUSTER") return resp::ok();
    if (command[1] == "NODES") return resp::bulk(nodes(name));
    if (command[1] == "INFO")
      return resp::bulk(server.empty ? "cluster_known_nodes:1\r\n" : "cluster_known_nodes:9\r\n");
    if (command[1] == "MEET") server.empty = false;
    if (command[1] == "COUNTKEYSINSLOT")
      return resp::integer(static_cast<std::int64_t>(server.keys[std::stoi(command[2])].size()));
    if (command[1] != "GETKEYSINSLOT") return resp::ok();
    resp::Array keys;
    for (const std::string& key : server.keys[std::stoi(command[2])]) {
      if (keys.items.size() < std::stoul(command[3])) keys.items.push_back(resp::bulk(key));
    }
    return {keys};
  }

  std::string nodes(const std::string& asker) const {
    std::string text;
    for (const auto& [name, server] : servers) {
      if (name != asker && (server.empty || servers.at(asker).empty)) continue;
      const bool replica = !server.primary.empty();
      // Open slots are on the line of the node itself only.
      const std::size_t open = server.slots.find(" [");
      const std::string slots = name == asker ? server.slots : server.slots.substr(0, open);
      text += id(name) + ' ' + address(name) + "@16379 " + (name == asker ? "myself," : "") +
              (replica ? "slave" : "master") + server.flags + ' ' +
              (replica ? id(server.primary) : "-") + " 0 0 1 connected" +
              (slots.empty() ? "" : ' ' + slots) + '\n';
    }
    return text;
  }

  std::unique_ptr<Node> node_ = std::make_unique<OperatorNode>();
  MonotonicTime now_{};
  std::uint32_t ticket_ = 0;
  std::map<ConnId, std::string> conns_;
  std::vector<Input> inbox_;
};

Operation three_primaries() {
  Operation operation;
  operation.servers = {{"a", {"0-5460", "", "", false, {}}},
                       {"b", {"5461-10922", "", "", false, {}}},
                       {"c", {"10923-16383", "", "", false, {}}},
                       {"d", {"", "a", "", false, {}}}};
  return operation;
}

std::vector<std::string> reshard(const std::string& slots) {
  return {"reshard",
          Operation::address("a"),
          "--cluster-from",
          Operation::id("a"),
          "--cluster-to",
          Operation::id("b"),
          "--cluster-slots",
          slots,
          "--cluster-yes",
          "--cluster-pipeline",
          "2"};
}

using Lines = std::vector<std::string>;

TEST(Operator, MovesASlotAsRedisCliDoes) {
  Operation operation = three_primaries();
  operation.servers["a"].keys[0] = {"x", "y", "z"};
  operation.run(reshard("1"));
  EXPECT_EQ(operation.asked,
            (Lines{"b CLUSTER SETSLOT 0 importing a", "a CLUSTER SETSLOT 0 migrating b",
                   "a CLUSTER GETKEYSINSLOT 0 2", "a MIGRATE 10.0.0.2 6379 \"\" 0 60000 KEYS x y",
                   "a CLUSTER GETKEYSINSLOT 0 2", "a MIGRATE 10.0.0.2 6379 \"\" 0 60000 KEYS z",
                   "a CLUSTER GETKEYSINSLOT 0 2", "b CLUSTER SETSLOT 0 node b",
                   "a CLUSTER SETSLOT 0 node b", "c CLUSTER SETSLOT 0 node b"}));
  EXPECT_EQ(operation.code, 0);
  EXPECT_NE(operation.output.find("Moving slot 0 from 10.0.0.1:6379 to 10.0.0.2:6379: ...\n"),
            std::string::npos)
      << operation.output;
}

TEST(Operator, StopsAtTheFirstReplyItDoesNotExpect) {
  Operation operation = three_primaries();
  operation.servers["a"].keys[0] = {"x"};
  operation.replies.emplace("a MIGRATE", resp::error("IOERR error or timeout writing to target"));
  operation.run(reshard("2"));
  EXPECT_EQ(operation.asked.back(), "a MIGRATE 10.0.0.2 6379 \"\" 0 60000 KEYS x");
  EXPECT_EQ(operation.code, 1);
  EXPECT_NE(operation.output.find("IOERR"), std::string::npos) << operation.output;
}

TEST(Operator, StopsWhenAConnectionIsLost) {
  Operation operation = three_primaries();
  operation.servers["a"].keys[0] = {"x"};
  operation.mute.insert("a MIGRATE");
  operation.run(reshard("2"));
  EXPECT_EQ(operation.code, std::nullopt);  // it waits as long as the connection lives
  operation.lose("b");                      // of which it wants nothing now
  EXPECT_EQ(operation.code, std::nullopt);
  operation.lose("a");
  EXPECT_EQ(operation.code, 1);
  EXPECT_EQ(operation.asked.back(), "a MIGRATE 10.0.0.2 6379 \"\" 0 60000 KEYS x");
}

// A source that has lost its last slot may have become a replica before it is told.
TEST(Operator, TakesASourceThatHasBecomeAReplica) {
  for (const auto& [error, code] :
       {std::pair{"ERR Please use SETSLOT only with masters.", 0}, {"ERR Unknown node", 1}}) {
    Operation other = three_primaries();
    other.servers["a"].slots = "5";
    other.servers["b"].slots = "0-4 6-10922";
    // What the source is asked before: INFO apart, its view twice, MIGRATING, its keys.
    const std::string nodes =
        Operation::id("a") + " 10.0.0.1:6379@16379 myself,master - 0 0 1 connected 5\n" +
        Operation::id("b") + " 10.0.0.2:6379@16379 master - 0 0 1 connected 0-4 6-10922\n" +
        Operation::id("c") + " 10.0.0.3:6379@16379 master - 0 0 1 connected 10923-16383\n";
    for (int i = 0; i < 2; ++i) other.replies.emplace("a CLUSTER", resp::bulk(nodes));
    other.replies.emplace("a CLUSTER", resp::ok());
    other.replies.emplace("a CLUSTER", resp::Value{resp::Array{}});
    other.replies.emplace("a CLUSTER", resp::error(error));
    other.run(reshard("1"));
    EXPECT_EQ(other.code, code) << error << '\n' << other.output;
  }
}

TEST(Operator, TouchesNoClusterThatIsNotSound) {
  const auto refused = [](const std::function<void(Operation&)>& spoil) {
    Operation operation = three_primaries();
    spoil(operation);
    operation.run(reshard("1"));
    EXPECT_EQ(operation.asked, Lines{});
    EXPECT_EQ(operation.code, 1);
    return operation.output;
  };
  EXPECT_NE(refused([](Operation& o) {
              o.servers["a"].slots += " [7->-" + Operation::id("c") + "]";
            }).find("migrating state 7"),
            std::string::npos);
  EXPECT_NE(refused([](Operation& o) {
              o.servers["c"].slots = "10923-16382";
            }).find("Not all 16384 slots are covered"),
            std::string::npos);
  EXPECT_NE(refused([](Operation& o) {
              o.replies.emplace("c CLUSTER", resp::bulk(Operation::id("c") +
                                                        " 10.0.0.3:6379@16379 myself,master - 0 0 "
                                                        "1 connected 10923-16383\n"));
              o.replies.emplace("c CLUSTER", resp::bulk(Operation::id("c") +
                                                        " 10.0.0.3:6379@16379 myself,master - 0 0 "
                                                        "1 connected 10923-16383\n"));
            }).find("Nodes don't agree"),
            std::string::npos);
}

TEST(Operator, LeavesOutWhoIsFailed) {
  Operation operation = three_primaries();
  operation.servers["e"] = {"", "", ",fail", false, {}};
  operation.run(reshard("1"));
  EXPECT_EQ(operation.code, 0);
  EXPECT_EQ(operation.asked.back(), "c CLUSTER SETSLOT 0 node b");
}

// ---- Keys that are there already: another operator was stopped between copying and deleting ----

TEST(Operator, ReplacesKeysThatAreTheSameOnBothSides) {
  Operation operation = three_primaries();
  operation.servers["a"].keys[0] = {"x"};
  operation.replies.emplace(
      "a MIGRATE", resp::error("ERR Target instance replied with error: BUSYKEY Target key name "
                               "already exists."));
  for (const char* name : {"a DEBUG", "b DEBUG"})
    operation.replies.emplace(name, resp::Value{resp::Array{{resp::bulk("12ab")}}});
  operation.run(reshard("1"));
  EXPECT_EQ(operation.code, 0);
  EXPECT_EQ(
      Lines(operation.asked.begin() + 3, operation.asked.begin() + 7),
      (Lines{"a MIGRATE 10.0.0.2 6379 \"\" 0 60000 KEYS x", "a DEBUG DIGEST-VALUE x",
             "b DEBUG DIGEST-VALUE x", "a MIGRATE 10.0.0.2 6379 \"\" 0 60000 REPLACE KEYS x"}));
}

TEST(Operator, LeavesKeysThatDiffer) {
  Operation operation = three_primaries();
  operation.servers["a"].keys[0] = {"x"};
  operation.replies.emplace("a MIGRATE", resp::error("ERR BUSYKEY"));
  operation.replies.emplace("a DEBUG", resp::Value{resp::Array{{resp::bulk("12ab")}}});
  operation.replies.emplace("b DEBUG", resp::Value{resp::Array{{resp::bulk("99ff")}}});
  operation.run(reshard("1"));
  EXPECT_EQ(operation.code, 1);
  EXPECT_EQ(operation.asked.back(), "b DEBUG DIGEST-VALUE x");
}

// ---- Slots left open ----

Lines fixed(Operation& operation) {
  operation.run({"fix", Operation::address("a")});
  return operation.asked;
}

// Behind the three questions that every fix begins with.
Lines mended(Operation& operation) {
  const Lines all = fixed(operation);
  return Lines(all.begin() + 3, all.end());
}

std::string open_to(const std::string& slot, const std::string& arrow, const std::string& other) {
  return " [" + slot + arrow + Operation::id(other) + "]";
}

TEST(Operator, FinishesAMoveThatWasInterrupted) {
  Operation operation = three_primaries();
  operation.servers["a"].slots += open_to("7", "->-", "b");
  operation.servers["a"].keys[7] = {"x"};
  operation.servers["b"].slots += open_to("7", "-<-", "a");
  EXPECT_EQ(fixed(operation),
            (Lines{"a CLUSTER COUNTKEYSINSLOT 7", "b CLUSTER COUNTKEYSINSLOT 7",
                   "c CLUSTER COUNTKEYSINSLOT 7", "b CLUSTER SETSLOT 7 importing a",
                   "a CLUSTER SETSLOT 7 migrating b", "a CLUSTER GETKEYSINSLOT 7 10",
                   "a MIGRATE 10.0.0.2 6379 \"\" 0 60000 KEYS x", "a CLUSTER GETKEYSINSLOT 7 10",
                   "b CLUSTER SETSLOT 7 node b", "a CLUSTER SETSLOT 7 node b",
                   "c CLUSTER SETSLOT 7 node b"}));
  EXPECT_EQ(operation.code, 0);
}

// The target has been replaced and knows nothing of it; the owner has kept what it has.
TEST(Operator, ClosesASlotThatNobodyImports) {
  Operation operation = three_primaries();
  operation.servers["a"].slots += open_to("7", "->-", "b");
  EXPECT_EQ(fixed(operation).back(), "a CLUSTER SETSLOT 7 STABLE");
  EXPECT_EQ(operation.code, 0);
}

// The source has been replaced: what had been copied is at a node that does not own the slot.
TEST(Operator, GathersTheKeysAtTheOwner) {
  Operation operation = three_primaries();
  operation.servers["b"].slots += open_to("7", "-<-", "a");
  EXPECT_EQ(mended(operation),
            (Lines{"b CLUSTER GETKEYSINSLOT 7 10", "b CLUSTER SETSLOT 7 STABLE",
                   "b CLUSTER SETSLOT 7 NODE a", "c CLUSTER SETSLOT 7 NODE a"}));
  EXPECT_EQ(operation.code, 0);
}

TEST(Operator, GivesASlotToWhoHasMostOfItsKeys) {
  Operation operation = three_primaries();
  operation.servers["a"].slots += open_to("7", "->-", "c");
  operation.servers["a"].keys[7] = {"x"};
  operation.servers["b"].keys[7] = {"y", "z"};
  EXPECT_EQ(mended(operation),
            (Lines{"b CLUSTER SETSLOT 7 STABLE", "b MULTI", "b CLUSTER DELSLOTS 7",
                   "b CLUSTER ADDSLOTS 7", "b CLUSTER BUMPEPOCH", "b EXEC", "a CLUSTER DELSLOTS 7",
                   "a CLUSTER SETSLOT 7 node b", "a CLUSTER SETSLOT 7 importing b",
                   "a CLUSTER GETKEYSINSLOT 7 10", "a MIGRATE 10.0.0.2 6379 \"\" 0 60000 KEYS x",
                   "a CLUSTER GETKEYSINSLOT 7 10", "a CLUSTER SETSLOT 7 STABLE",
                   "a CLUSTER SETSLOT 7 NODE b", "c CLUSTER SETSLOT 7 NODE b"}));
  EXPECT_EQ(operation.code, 0);
}

// Of several that import, the one whom the source means; where it means none of them, nobody.
TEST(Operator, ClosesASlotThatSeveralImport) {
  for (const bool named : {true, false}) {
    Operation operation = three_primaries();
    operation.servers["e"] = {};
    operation.servers["a"].slots += open_to("7", "->-", named ? "b" : "e");
    for (const char* name : {"b", "c"}) operation.servers[name].slots += open_to("7", "-<-", "a");
    const Lines asked = fixed(operation);
    EXPECT_EQ(asked.back(), "c CLUSTER SETSLOT 7 STABLE");
    EXPECT_EQ(std::count(asked.begin(), asked.end(), "b CLUSTER SETSLOT 7 node b"), named ? 1 : 0);
    EXPECT_EQ(std::count(asked.begin(), asked.end(), "a CLUSTER SETSLOT 7 STABLE"), named ? 0 : 1);
    EXPECT_EQ(operation.code, 0);
  }
}

TEST(Operator, FixesNothingWhileAPrimaryIsOutOfReach) {
  Operation operation = three_primaries();
  operation.servers["a"].slots += open_to("7", "->-", "b");
  operation.servers["e"] = {"", "", ",fail", false, {}};
  EXPECT_EQ(fixed(operation), Lines{});
  EXPECT_EQ(operation.code, 1);
  EXPECT_NE(operation.output.find("1 unreachable masters is dangerous"), std::string::npos);
}

TEST(Operator, HasNothingToFixInASoundCluster) {
  Operation operation = three_primaries();
  EXPECT_EQ(fixed(operation), Lines{});
  EXPECT_EQ(operation.code, 0);
}

// ---- Which slots ----

std::vector<KnownNode> nodes_with(const std::vector<std::uint32_t>& counts) {
  std::vector<KnownNode> nodes;
  std::uint32_t next = 0;
  for (const std::uint32_t count : counts) {
    KnownNode& node = nodes.emplace_back();
    for (std::uint32_t i = 0; i < count; ++i) node.slots.set(next++);
  }
  return nodes;
}

std::map<NodeIndex, int> shares(const std::vector<SlotMove>& moves) {
  std::map<NodeIndex, int> counts;
  for (const SlotMove& move : moves) ++counts[move.source];
  return counts;
}

// The greatest gives what rounding leaves.
TEST(Operator, TakesFromEachInProportion) {
  const auto nodes = nodes_with({5461, 5462, 5461, 0});
  EXPECT_EQ(shares(operation::slots_to_move(nodes, {0, 1, 2}, 3, 100)),
            (std::map<NodeIndex, int>{{1, 34}, {0, 33}, {2, 33}}));
  EXPECT_EQ(shares(operation::slots_to_move(nodes, {0, 1, 2}, 3, 4096)),
            (std::map<NodeIndex, int>{{1, 1366}, {0, 1365}, {2, 1365}}));
  const auto moves = operation::slots_to_move(nodes, {0}, 3, 2);
  ASSERT_EQ(moves.size(), 2u);
  EXPECT_EQ(moves[0].slot, SlotId{0});
  EXPECT_EQ(moves[1].slot, SlotId{1});
  EXPECT_TRUE(operation::slots_to_move(nodes, {3}, 0, 5).empty());  // who has none gives none
}

TEST(Operator, MovesTheSlotsItIsTold) {
  Operation operation = three_primaries();
  operation.run({"reshard", Operation::address("a"), "--cluster-to", Operation::id("b"),
                 "--slot-ranges", "1-2,10922-10923"});
  EXPECT_EQ(operation.code, 0);
  EXPECT_EQ(std::count_if(operation.asked.begin(), operation.asked.end(),
                          [](const std::string& words) {
                            return words.find("migrating") != std::string::npos;
                          }),
            3);  // 10922 it has
  EXPECT_NE(std::find(operation.asked.begin(), operation.asked.end(),
                      "c CLUSTER SETSLOT 10923 migrating b"),
            operation.asked.end());
}

int moves_in(const Operation& operation, const std::string& source, const std::string& target) {
  return static_cast<int>(
      std::count_if(operation.asked.begin(), operation.asked.end(), [&](const std::string& words) {
        return words.starts_with(source + " CLUSTER SETSLOT") &&
               words.ends_with("migrating " + target);
      }));
}

TEST(Operator, BalancesWhatWeightsAskFor) {
  Operation operation = three_primaries();
  operation.servers["e"] = {};
  operation.run({"rebalance", Operation::address("a"), "--cluster-use-empty-masters"});
  EXPECT_EQ(operation.code, 0) << operation.output;
  EXPECT_EQ(moves_in(operation, "a", "e"), 1365);
  EXPECT_EQ(moves_in(operation, "b", "e"), 1366);
  EXPECT_EQ(moves_in(operation, "c", "e"), 1365);

  Operation away = three_primaries();
  away.run({"rebalance", Operation::address("a"), "--cluster-weight", Operation::id("b") + "=0"});
  EXPECT_EQ(moves_in(away, "b", "a") + moves_in(away, "b", "c"), 5462);

  Operation even = three_primaries();
  even.run({"rebalance", Operation::address("a")});
  EXPECT_EQ(even.asked, Lines{});
  EXPECT_NE(even.output.find("No rebalancing needed"), std::string::npos);
  EXPECT_EQ(even.code, 0);
}

// ---- Members ----

TEST(Operator, AddsAPrimary) {
  Operation operation = three_primaries();
  operation.servers["e"].empty = true;
  operation.replies.emplace("a FUNCTION", resp::error("ERR unknown command 'FUNCTION'"));
  operation.run({"add-node", Operation::address("e"), Operation::address("a")});
  EXPECT_EQ(operation.asked,
            (Lines{"e CLUSTER INFO", "a FUNCTION DUMP", "e CLUSTER MEET 10.0.0.1 6379"}));
  EXPECT_EQ(operation.code, 0);
}

// A newcomer that is told to replicate before it knows its primary would refuse.
TEST(Operator, AddsAReplicaOnceAllAgree) {
  Operation operation = three_primaries();
  operation.servers["e"].empty = true;
  operation.run({"add-node", Operation::address("e"), Operation::address("a"), "--cluster-slave",
                 "--cluster-master-id", Operation::id("b")});
  EXPECT_EQ(operation.asked, (Lines{"e CLUSTER INFO", "e CLUSTER MEET 10.0.0.1 6379"}));
  operation.servers["e"].empty = true;  // it has not heard of the others yet
  operation.wait(1s);
  EXPECT_EQ(operation.code, std::nullopt);
  operation.servers["e"].empty = false;
  operation.swap_for_clone();
  operation.wait(1s);
  EXPECT_EQ(operation.code, 0);
  EXPECT_EQ(operation.asked.back(), "e CLUSTER REPLICATE b");
}

TEST(Operator, AddsNobodyWhoKnowsSomebody) {
  Operation operation = three_primaries();
  operation.servers["e"] = {};
  operation.run({"add-node", Operation::address("e"), Operation::address("a")});
  EXPECT_EQ(operation.asked, Lines{"e CLUSTER INFO"});
  EXPECT_EQ(operation.code, 1);
  EXPECT_NE(operation.output.find("is not empty"), std::string::npos);
}

// Whoever follows it gets another primary first.
TEST(Operator, RemovesANode) {
  Operation operation = three_primaries();
  operation.servers["e"] = {};
  operation.servers["f"].primary = "e";
  operation.run({"del-node", Operation::address("a"), Operation::id("e")});
  EXPECT_EQ(
      operation.asked,
      (Lines{"a CLUSTER FORGET e", "b CLUSTER FORGET e", "c CLUSTER FORGET e", "d CLUSTER FORGET e",
             "f CLUSTER REPLICATE b", "f CLUSTER FORGET e", "e CLUSTER RESET SOFT"}));
  EXPECT_EQ(operation.code, 0);
}

TEST(Operator, RemovesNobodyWhoHasSlots) {
  Operation operation = three_primaries();
  operation.run({"del-node", Operation::address("a"), Operation::id("b")});
  EXPECT_EQ(operation.asked, Lines{});
  EXPECT_EQ(operation.code, 1);
  EXPECT_NE(operation.output.find("is not empty! Reshard data away and try again."),
            std::string::npos);
}

// An error of one does not keep the others from being asked.
TEST(Operator, CallsEverybody) {
  Operation operation = three_primaries();
  operation.replies.emplace("b PING", resp::error("ERR no"));
  operation.run({"call", Operation::address("a"), "PING"});
  EXPECT_EQ(operation.asked, (Lines{"a PING", "b PING", "c PING", "d PING"}));
  EXPECT_EQ(operation.code, 0);
}

TEST(Operator, SaysWhatItDoesNotUnderstand) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"fix"},
        {"reshard"},
        {"reshard", "nowhere"},
        {"reshard", "10.0.0.9:6379", "--cluster-slots", "many"},
        {"reshard", "10.0.0.9:6379"}}) {
    Operation operation = three_primaries();
    operation.run(words);
    EXPECT_EQ(operation.code, 1) << words.front();
    EXPECT_NE(operation.output, "");
    EXPECT_EQ(operation.asked, Lines{});
  }
}

}  // namespace
}  // namespace sim
