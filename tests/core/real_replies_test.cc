// What redis 7.0.15 answers, byte for byte: tests/core/testdata/replies/*.txt.
//
// A file is a conversation with one server, recorded from a real one; a node of ours must have the
// same. (To record one anew, type its commands at a real server on loopback.)
//
//   server cluster|standalone [DIRECTIVE=VALUE]...   a new one; of a cluster, with all slots
//   a> WORDS       on connection a, made when it is first used; "" is the empty word
//   a< BYTES       what came on connection a, with \r and \n written out, or <EOF>
//   replica r      connection r becomes a replica that is in the stream
//   sleep MS       time passes; what the line before it led to is shown after it
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tests/core/pump.h"

namespace sim {
namespace {

using Words = std::vector<std::string>;

Words split(const std::string& line) {
  std::istringstream in(line);
  Words words;
  for (std::string word; in >> word;) words.push_back(word == "\"\"" ? "" : word);
  return words;
}

std::string written_out(const std::string& bytes) {
  std::string text;
  for (char c : bytes) {
    if (c == '\r') {
      text += "\\r";
    } else if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
  return text;
}

class Conversation {
 public:
  // The line, with what it led to.
  std::string say(const std::string& line, bool show) {
    std::string text = line + "\n";
    carry_out(split(line));
    return show && pump_ ? text + what_came() : text;
  }

 private:
  void carry_out(const Words& words) {
    if (words.empty() || words[0][0] == '#') return;
    if (words[0] == "server") {
      start(words);
    } else if (words[0] == "replica") {
      attach(words.at(1));
    } else if (words[0] == "sleep") {
      pump_->advance(std::stoll(words.at(1)));
    } else {
      const Words command(words.begin() + 1, words.end());
      pump_->send(box_, conn(words[0].substr(0, words[0].size() - 1)), command);
    }
  }

  std::string what_came() {
    std::string text;
    for (const auto& [name, id] : conns_) {
      const std::string bytes = pump_->heard(box_, id);
      if (!bytes.empty()) text += name + "< " + written_out(bytes) + "\n";
      if (bytes.ends_with("<EOF>")) gone_.push_back(name);
    }
    for (const std::string& name : std::exchange(gone_, {})) conns_.erase(name);
    return text;
  }

  void start(const Words& words) {
    pump_ = std::make_unique<Pump>();
    conns_.clear();
    Config config;
    config.cluster_enabled = words.at(1) == "cluster";
    config.repl_diskless_sync_delay_s = 0;
    config.save_on_shutdown = false;
    for (std::size_t at = 2; at < words.size(); ++at) {
      const auto equals = words[at].find('=');
      const auto refused =
          set_directive(config, words[at].substr(0, equals), words[at].substr(equals + 1), false);
      ASSERT_FALSE(refused.has_value()) << words[at];
    }
    box_ = pump_->add(config);
    if (config.cluster_enabled) {
      pump_->say(box_, "CLUSTER ADDSLOTSRANGE 0 16383");
      pump_->advance(2500);
    }
    pump_->say(box_, "QUIT");  // on a connection of which the real server knows nothing
  }

  ConnId conn(const std::string& name) {
    const auto [at, is_new] = conns_.try_emplace(name);
    if (is_new) at->second = pump_->connect(box_);
    return at->second;
  }

  void attach(const std::string& name) {
    pump_->send(box_, conn(name), {"PSYNC", "?", "-1"});
    pump_->advance(300);
    pump_->send(box_, conn(name), {"REPLCONF", "ACK", "0"});
    pump_->heard(box_, conn(name));
  }

  std::unique_ptr<Pump> pump_;
  Pump::BoxId box_ = 0;
  std::map<std::string, ConnId> conns_;
  Words gone_;
};

class RealReplies : public ::testing::TestWithParam<std::string> {};

TEST_P(RealReplies, AreOurs) {
  std::ifstream in(GetParam());
  std::string recorded, ours;
  Words lines;
  for (std::string line; std::getline(in, line);) {
    recorded += line + "\n";
    const auto mark = line.find_first_of(" <>");
    if (mark == std::string::npos || line[mark] != '<') lines.push_back(line);
  }
  Conversation conversation;
  for (std::size_t at = 0; at < lines.size(); ++at) {
    const bool sleeps_next = at + 1 < lines.size() && lines[at + 1].starts_with("sleep");
    ours += conversation.say(lines[at], !sleeps_next);
  }
  EXPECT_EQ(ours, recorded);
}

Words files() {
  Words found;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(SLOTSIM_SOURCE_DIR) +
                                                               "/tests/core/testdata/replies")) {
    found.push_back(entry.path().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

INSTANTIATE_TEST_SUITE_P(Of7015, RealReplies, ::testing::ValuesIn(files()), [](const auto& test) {
  return std::filesystem::path(test.param).stem().string();
});

}  // namespace
}  // namespace sim
