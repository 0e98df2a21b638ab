// Commands and replies, one conversation a file: tests/core/testdata/console_replies/*.txt. The
// replies were taken from redis-server 7.0.15.
//
//   nodes N [DIRECTIVE=VALUE ...]   N new servers m1, m2, ...: a cluster of one each, with these
//                                   directives
//   advance MS                      time passes
//   mN COMMAND                      what N is asked, words as redis-cli takes them; @mN is N's id
//
// What is answered stands below, two spaces in, as redis-cli shows it but in one line. Ids read
// <mN>; times and message counters, which nobody can know beforehand, <time> and <count>; nodes
// stand in the order of ours, which in a real server is chance (it walks a hash table). REWRITE=1
// in the environment puts in what our node answers: compare that with a real server before you
// commit it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <regex>
#include <sstream>

#include "sim/wire/split_arguments.h"
#include "tests/core/cluster_stage.h"

namespace sim {
namespace {

using Words = std::vector<std::string>;

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != text.npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

class Conversation {
 public:
  // The answer to a line, "" if there is none.
  std::string run(const std::string& line) {
    const Words words = split_arguments(line).value_or(Words{});
    if (words.empty()) return "";
    if (words[0] == "nodes") return start(words);
    if (words[0] == "advance") return advance(std::stoll(words.at(1)));
    return ask(words);
  }

 private:
  std::string start(const Words& words) {
    stage::ClusterSpec spec;
    spec.known = false;
    spec.typed_replies = true;
    spec.primaries = std::stoi(words.at(1));
    spec.replicas = 0;
    for (std::size_t at = 2; at < words.size(); ++at) {
      const auto equals = words[at].find('=');
      spec.directives[words[at].substr(0, equals)] = words[at].substr(equals + 1);
    }
    stage_.emplace(spec);
    stage_->run_for(200ms);
    ids_.clear();
    for (int i = 1; i <= spec.primaries; ++i) ids_.push_back(id_of('m' + std::to_string(i)));
    return "";
  }

  std::string id_of(const std::string& node) {
    const std::string quoted = stage_->tell(node, "CLUSTER MYID");
    return quoted.substr(1, quoted.size() - 2);
  }

  std::string advance(std::int64_t ms) {
    stage_->run_for(std::chrono::milliseconds(ms));
    return "";
  }

  std::string ask(Words words) {
    const std::string node = words[0];
    for (std::string& word : words) {
      for (std::size_t i = 0; i < ids_.size(); ++i) {
        if (word == "@m" + std::to_string(i + 1)) word = ids_[i];
      }
    }
    words.erase(words.begin());
    std::string answer = stage_->tell(node, words);
    const bool renamed = words.size() > 2 && (words[2] == "HARD" || words[2] == "hard");
    if (renamed) ids_.at(static_cast<std::size_t>(std::stoi(node.substr(1)) - 1)) = id_of(node);
    return anonymous(std::move(answer));
  }

  std::string anonymous(std::string text) const {
    for (std::size_t i = 0; i < ids_.size(); ++i) {
      if (!ids_[i].empty()) replace_all(text, ids_[i], "<m" + std::to_string(i + 1) + ">");
    }
    text = std::regex_replace(text, std::regex("\\b[0-9]{13}\\b"), "<time>");
    return std::regex_replace(text, std::regex("(cluster_stats_messages[a-z_-]*):[0-9]+"),
                              "$1:<count>");
  }

  std::optional<stage::ClusterStage> stage_;
  std::vector<std::string> ids_;
};

class RepliesTest : public testing::TestWithParam<std::string> {};

TEST_P(RepliesTest, AreThoseOfARealServer) {
  const std::string path = std::string(SLOTSIM_SOURCE_DIR) +
                           "/tests/core/testdata/console_replies/" + GetParam() + ".txt";
  std::ifstream in(path);
  Conversation conversation;
  std::string written, said, command;
  for (std::string line; std::getline(in, line);) {
    written += line + "\n";
    if (line.starts_with("  ")) continue;
    said += line + "\n";
    if (line.empty() || line[0] == '#') continue;
    const std::string answer = conversation.run(line);
    if (!answer.empty()) said += "  " + answer + "\n";
  }
  ASSERT_FALSE(written.empty()) << path;
  const char* wish = std::getenv("REWRITE");
  if (wish != nullptr && std::string(wish) == "1") {
    std::ofstream(path) << said;
  } else {
    EXPECT_EQ(said, written);
  }
}

std::vector<std::string> conversations() {
  std::vector<std::string> names;
  const auto folder =
      std::filesystem::path(SLOTSIM_SOURCE_DIR) / "tests/core/testdata/console_replies";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Core, RepliesTest, testing::ValuesIn(conversations()),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace sim
