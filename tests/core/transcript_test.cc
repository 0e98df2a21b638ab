// Conversations with a cluster: tests/core/testdata/*.txt, one protocol concern each.
//
// A file is a list of blocks: commands, a line "----", what was seen, an empty line. REWRITE=1 in
// the environment replaces what was seen by what is seen now; commit the difference only if you can
// explain it.
//
//   cluster P+R [timeout=2s] [mutation=NAME] [deviation=NAME] [DIRECTIVE=VALUE]
//   [mX:DIRECTIVE=VALUE]             nodes that know each other, all healthy
//   blank N ...                      nodes that know nobody
//   show KIND...                     which records are shown from now on (+KIND adds, -KIND takes
//                                    away)
//   advance D · until D TEXT         lets time pass; until a shown line has TEXT in it
//   tell M COMMAND · nodes M         types at a console; what a node believes of all others
//   crash M · power-off M · start M [lose-all|lose-unsynced|lose FILE] · pause M · resume M
//   isolate M... · cut A.. B.. · deafen A.. B.. (B no longer hears A) · hold LABEL A B · heal
//   reset A B                        all their connections
//   clock M D                        steps its wall clock
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <set>
#include <sstream>

#include "sim/base/slot_set.h"
#include "sim/trace/describe.h"
#include "sim/trace/event_fields.h"
#include "tests/core/cluster_stage.h"

namespace sim::stage {
namespace {

using Words = std::vector<std::string>;

class Transcript {
 public:
  // What the commands of one block made to be seen.
  std::string run(const std::vector<std::string>& commands) {
    shown_.clear();
    for (const std::string& command : commands) run(command);
    return shown_;
  }

 private:
  void run(const std::string& line) {
    const std::string command = line.substr(0, line.find('#'));
    const Words words = split(command, ' ');
    if (words.empty()) return;
    const std::string& verb = words[0];
    const Words rest(words.begin() + 1, words.end());
    if (verb == "cluster" || verb == "blank") return build(verb == "cluster", rest);
    if (verb == "show") return choose(rest);
    ASSERT_TRUE(stage_.has_value()) << "no cluster yet: " << command;
    if (verb == "advance") return advance(parse_duration(rest.at(0)));
    if (verb == "until")
      return until(parse_duration(rest.at(0)),
                   command.substr(command.find(rest.at(0)) + rest.at(0).size() + 1));
    if (verb == "tell")
      return tell(rest.at(0), command.substr(command.find(rest.at(0)) + rest.at(0).size() + 1));
    if (verb == "nodes") return print_view(rest.at(0));
    act(verb, rest);
    print_new();
  }

  void build(bool known, const Words& words) {
    ClusterSpec spec;
    spec.known = known;
    const Words shape = split(words.at(0), '+');
    spec.primaries = std::stoi(shape.at(0));
    spec.replicas = shape.size() > 1 ? std::stoi(shape.at(1)) : 0;
    spec.config.cluster_node_timeout_ms = 2000;
    for (std::size_t i = 1; i < words.size(); ++i) {
      const auto equals = words[i].find('=');
      std::string key = words[i].substr(0, equals);
      const std::string value = words[i].substr(equals + 1);
      if (key == "timeout") {
        spec.config.cluster_node_timeout_ms = parse_duration(value) / 1ms;
      } else if (key == "mutation") {
        spec.mutation = find_mutation(value).value();
      } else if (key == "deviation") {
        spec.deviations.add(find_deviation(value).value());
      } else if (key == "seed") {
        spec.seed = std::stoull(value);
      } else if (const auto colon = key.find(':'); colon != key.npos) {
        spec.of_machine[key.substr(0, colon)][key.substr(colon + 1)] = value;
      } else {
        spec.directives[key] = value;
      }
    }
    stage_.emplace(spec);
    if (known) {
      shown_ += stage_->run_until_healthy() ? "all healthy\n" : "not healthy\n";
    } else {
      stage_->run_for(2500ms);
    }
    seen_ = stage_->mark();
  }

  void choose(const Words& kinds) {
    const bool additive = !kinds.empty() && (kinds[0][0] == '+' || kinds[0][0] == '-');
    if (!additive) kinds_.clear();
    for (const std::string& kind : kinds) {
      const std::string name = kind[0] == '+' || kind[0] == '-' ? kind.substr(1) : kind;
      ASSERT_TRUE(std::find(kEventNames.begin(), kEventNames.end(), name) != kEventNames.end())
          << name;
      if (kind[0] == '-') {
        kinds_.erase(name);
      } else {
        kinds_.insert(name);
      }
    }
  }

  // Shows what happened since the last time. True if a shown line has `text` in it.
  bool print_new(const std::string& text = "") {
    bool found = false;
    for (; seen_ < stage_->records().size(); ++seen_) {
      const Record& record = stage_->records()[seen_];
      if (kinds_.count(std::string(event_name(record.event))) == 0) continue;
      const std::string line = describe(record, stage_->who());
      shown_ += line + "\n";
      found = found || (!text.empty() && line.find(text) != line.npos);
    }
    return found;
  }

  void advance(Duration time) {
    stage_->run_for(time);
    print_new();
  }

  void until(Duration limit, const std::string& text) {
    const SimTime end = stage_->world().now() + limit;
    while (stage_->world().now() < end) {
      stage_->run_for(10ms);
      if (print_new(text)) return;
    }
    shown_ += "(not within " + format_time(sim_time(limit)) + ")\n";
  }

  void tell(const std::string& who, std::string command) {
    // "@m4" is m4's node id.
    for (auto at = command.find('@'); at != command.npos; at = command.find('@')) {
      std::size_t end = at + 2;
      while (end < command.size() && std::isdigit(static_cast<unsigned char>(command[end])) != 0)
        ++end;
      const std::string machine = command.substr(at + 1, end - at - 1);
      command.replace(at, end - at,
                      std::string(stage_->who().claim(stage_->id(machine))->id.view()));
    }
    const std::string reply = stage_->tell(who, command);
    shown_ += who + "> " + reply + (reply.ends_with('\n') ? "" : "\n");
    print_new();
  }

  void print_view(const std::string& who) {
    const event::ViewSnapshot view = stage_->view(who);
    std::vector<std::string> lines;
    for (const event::PeerView& peer : view.peers) {
      std::string line = "  " + stage_->who().label(peer.id);
      if (peer.handshake) {
        line = "  somebody, in handshake";
      } else if (peer.role == Role::kReplica) {
        line += " replica of " +
                (peer.replica_of.is_none() ? "nobody" : stage_->who().label(peer.replica_of));
      } else {
        line += " primary, epoch " + std::to_string(peer.config_epoch);
        if (peer.slots->count() != 0) line += ", slots " + format_slots(peer.slots->slots());
      }
      if (peer.suspicion != event::Suspicion::kNone)
        line += ", " + std::string(enum_name(peer.suspicion));
      if (peer.no_address) line += ", without address";
      lines.push_back(line);
    }
    std::sort(lines.begin(), lines.end());
    shown_ += who + (view.healthy ? " is ok" : " is not ok") + ", epoch " +
              std::to_string(view.current_epoch) + ", last vote " +
              std::to_string(view.last_vote_epoch) + "\n";
    for (const std::string& line : lines) shown_ += line + "\n";
  }

  void act(const std::string& verb, const Words& rest) {
    Levers& levers = stage_->levers();
    const auto machine = [&](std::size_t i) { return stage_->id(rest.at(i)); };
    const auto list = [&](std::size_t i) { return split(rest.at(i), ','); };
    if (verb == "crash" || verb == "power-off") {
      levers.crash(machine(0), verb == "power-off");
    } else if (verb == "start") {
      levers.start(machine(0), disk_change(rest));
    } else if (verb == "terminate") {
      levers.terminate(machine(0));
    } else if (verb == "pause") {
      pauses_[rest.at(0)] = levers.pause(machine(0));
    } else if (verb == "resume") {
      levers.release(pauses_.at(rest.at(0)));
    } else if (verb == "isolate") {
      held_.push_back(levers.cut(stage_->both_ways(rest, stage_->others(rest)), kAllPlanes));
    } else if (verb == "cut") {
      held_.push_back(levers.cut(stage_->both_ways(list(0), list(1)), kAllPlanes));
    } else if (verb == "deafen") {
      held_.push_back(levers.cut(stage_->one_way(list(0), list(1)), kAllPlanes));
    } else if (verb == "hold") {
      MessageRule rule;
      rule.label = rest.at(0);
      rule.from = {machine(1)};
      rule.to = {machine(2)};
      held_.push_back(levers.on_message(rule));
    } else if (verb == "reset") {
      levers.reset_connections(stage_->both_ways(list(0), list(1)), kAllPlanes);
    } else if (verb == "clock") {
      levers.step_clock(machine(0), parse_duration(rest.at(1)));
    } else if (verb == "heal") {
      for (const LeverId lever : held_) levers.release(lever);
      held_.clear();
    } else {
      ADD_FAILURE() << "unknown command " << verb;
    }
  }

  static DiskChange disk_change(const Words& rest) {
    DiskChange change;
    if (rest.size() < 2) return change;
    change.what = rest[1] == "lose-all"        ? DiskChange::What::kLoseAll
                  : rest[1] == "lose-unsynced" ? DiskChange::What::kLoseUnsynced
                  : rest[1] == "tear"          ? DiskChange::What::kTearFile
                                               : DiskChange::What::kLoseFile;
    if (rest.size() > 2) change.file = rest[2];
    return change;
  }

  std::optional<ClusterStage> stage_;
  std::set<std::string> kinds_;
  std::size_t seen_ = 0;
  std::vector<LeverId> held_;
  std::map<std::string, LeverId> pauses_;
  std::string shown_;
};

struct Block {
  std::vector<std::string> commands;
  std::string seen;
};

std::vector<Block> read_blocks(std::istream& in) {
  std::vector<Block> blocks;
  Block block;
  bool seen = false;
  for (std::string line; std::getline(in, line);) {
    if (seen && line.empty()) {
      blocks.push_back(std::exchange(block, {}));
      seen = false;
    } else if (seen) {
      block.seen += line + "\n";
    } else if (line == "----") {
      seen = true;
    } else {
      block.commands.push_back(line);
    }
  }
  if (seen) blocks.push_back(block);
  return blocks;
}

class TranscriptTest : public testing::TestWithParam<std::string> {};

TEST_P(TranscriptTest, ReadsAsWritten) {
  const std::string path =
      std::string(SLOTSIM_SOURCE_DIR) + "/tests/core/testdata/" + GetParam() + ".txt";
  std::ifstream in(path);
  std::vector<Block> blocks = read_blocks(in);
  ASSERT_FALSE(blocks.empty()) << path;
  const char* wish = std::getenv("REWRITE");
  const bool rewrite = wish != nullptr && std::string(wish) == "1";
  Transcript transcript;
  std::string text;
  for (const Block& block : blocks) {
    const std::string seen = transcript.run(block.commands);
    if (!rewrite) {
      EXPECT_EQ(seen, block.seen) << "after: " << testing::PrintToString(block.commands);
    }
    for (const std::string& command : block.commands) text += command + "\n";
    text += "----\n" + seen + "\n";
  }
  if (!rewrite) return;
  text.pop_back();
  std::ofstream(path) << text;
}

std::vector<std::string> transcripts() {
  std::vector<std::string> names;
  const auto folder = std::filesystem::path(SLOTSIM_SOURCE_DIR) / "tests/core/testdata";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".txt") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Core, TranscriptTest, testing::ValuesIn(transcripts()),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace sim::stage
