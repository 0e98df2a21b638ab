// Mixed clusters: nodes behind sockets that know bytes only (raw_node.h) beside nodes that speak in
// decoded messages. However the bytes are cut, everything must come out as if nobody noticed.
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "tests/core/cluster_stage.h"

namespace sim::stage {
namespace {

struct Mixture {
  const char* name;
  std::vector<const char*> raw;
  Cut cut;
};
std::ostream& operator<<(std::ostream& out, const Mixture& mixture) {
  return out << mixture.name;
}
constexpr Cut kAny = Cut::kRandom;

ClusterSpec spec_of(const Mixture& mixture) {
  ClusterSpec spec;
  spec.config.cluster_node_timeout_ms = 2000;
  for (const char* name : mixture.raw) spec.raw[name] = mixture.cut;
  return spec;
}

// CLUSTER NODES without the times of the last ping and pong: which of two things of one instant came
// first, a stretch of a message or a tick, depends on how it is cut.
std::string without_times(const std::string& nodes) {
  static const std::regex kTimes(" [0-9]+ [0-9]{13} ");
  return std::regex_replace(nodes, kTimes, " ");
}

// What every machine believes and holds, with nothing in it that depends on who decodes what.
std::string ends_as(ClusterStage& stage) {
  std::string text;
  for (const MachineId machine : stage.who().up()) {
    const std::string name(stage.who().name(machine));
    const event::ViewSnapshot view = stage.view(name);
    text += name + " holds " + std::to_string(view.data_hash) + " at " +
            std::to_string(view.offset) + "\n" + without_times(stage.tell(name, "CLUSTER NODES")) + "\n";
  }
  return text;
}

// Without times: each stretch is a pass of its own, and what a pass leaves of a millisecond moves the cron.
template <class Kind, class Tell>
std::string all(const ClusterStage& stage, Tell tell) {
  std::multiset<std::string> lines;
  for (const Record& record : stage.records()) {
    if (const auto* kind = std::get_if<Kind>(&record.event)) {
      lines.insert(std::string(stage.who().name(record.machine)) + " " + tell(*kind) + "\n");
    }
  }
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

std::string votes(const ClusterStage& stage) {
  return all<event::VoteGranted>(stage, [&](const event::VoteGranted& vote) {
    return std::string(vote.candidate.view()) + " in " + std::to_string(vote.epoch);
  });
}
std::string syncs(const ClusterStage& stage) {
  return all<event::ReplicationUp>(stage, [&](const event::ReplicationUp& up) {
    return std::string(up.how == event::SyncKind::kFull ? "full at " : "partial at ") +
           std::to_string(up.offset);  // ids are minted from the nanosecond
  });
}
std::string streams(const ClusterStage& stage) {
  std::string last;  // of each machine: how writes fall into steps is not the same
  std::map<std::string, std::string> of;
  for (const Record& record : stage.records()) {
    if (const auto* at = std::get_if<event::StreamAt>(&record.event)) {
      of[std::string(stage.who().name(record.machine))] =
          std::to_string(at->offset) + " " + std::to_string(at->chain);
    }
  }
  for (const auto& [name, where] : of) last.append(name).append(" ").append(where).append("\n");
  return last;
}

void write(ClusterStage& stage, const std::string& round) {
  for (const char* key : {"foo", "bar", "hello", "a", "b", "c"}) {
    for (const char* machine : {"m1", "m2", "m3", "m4", "m5", "m6"}) {  // the owner takes it
      stage.tell(machine, std::string("SET ") + key + " " + round);
      stage.tell(machine, std::string("RPUSH list-{") + key + "} " + round + " 1 -70000");
      stage.tell(machine, std::string("PEXPIREAT list-{") + key + "} 4102444800000");
    }
  }
}

// Forms, writes, loses a primary, elects, gets the old one back as a replica, and reconnects one
// replica in the middle of the stream.
struct Story {
  std::string told, votes, syncs, streams, end;
};
Story play(const Mixture& mixture) {
  ClusterStage stage(spec_of(mixture));
  EXPECT_TRUE(stage.run_until_healthy());
  write(stage, "first");
  stage.run_for(8s);
  write(stage, "second");
  stage.levers().crash(stage.id("m1"), false);
  stage.run_for(10s);
  Story story;
  for (const event::Promoted& promoted : stage.told<event::Promoted>()) {
    story.told += "promoted in epoch " + std::to_string(promoted.epoch) + "\n";
  }
  write(stage, "third");
  stage.levers().start(stage.id("m1"), {});
  stage.run_for(10s);
  write(stage, "fourth");
  stage.levers().reset_connections(stage.both_ways({"m5"}, {"m2"}), kAllPlanes);
  stage.run_for(3s);
  write(stage, "fifth");
  story.told += stage.tell("m6", "CLUSTER FAILOVER") + "\n";
  stage.run_for(8s);
  story.votes = votes(stage);
  story.syncs = syncs(stage);
  story.streams = streams(stage);
  story.end = ends_as(stage);
  return story;
}

const Story& decoded() {
  static const Story story = play({"decoded", {}, Cut::kWhole});
  return story;
}

class RawCluster : public testing::TestWithParam<Mixture> {};

TEST_P(RawCluster, ComesToTheSameEnd) {
  const Story story = play(GetParam());
  EXPECT_EQ(story.told, decoded().told);
  EXPECT_EQ(story.votes, decoded().votes);
  EXPECT_EQ(story.syncs, decoded().syncs);
  EXPECT_EQ(story.streams, decoded().streams);
  EXPECT_EQ(story.end, decoded().end);
}

INSTANTIATE_TEST_SUITE_P(
    Core, RawCluster,
    testing::Values(Mixture{"all_whole", {"m1", "m2", "m3", "m4", "m5", "m6"}, Cut::kWhole},
                    Mixture{"all_glued", {"m1", "m2", "m3", "m4", "m5", "m6"}, Cut::kGlued},
                    Mixture{"all_dribbling", {"m1", "m2", "m3", "m4", "m5", "m6"}, Cut::kDribble},
                    Mixture{"all_anyhow", {"m1", "m2", "m3", "m4", "m5", "m6"}, kAny},
                    Mixture{"raw_primaries", {"m1", "m2", "m3"}, kAny},
                    Mixture{"raw_replicas", {"m4", "m5", "m6"}, kAny}),
    [](const auto& mixture) { return std::string(mixture.param.name); });

TEST(RawClusterStory, IsWorthTelling) {
  EXPECT_NE(decoded().told.find("promoted in epoch"), std::string::npos);
  EXPECT_NE(decoded().votes, "");
  EXPECT_NE(decoded().syncs.find("full"), std::string::npos);
  EXPECT_NE(decoded().syncs.find("partial"), std::string::npos);
}

TEST(RawClusterStory, BeginsWithAHandshakeOfStrangers) {
  ClusterSpec spec = spec_of({"strangers", {"m1", "m2"}, kAny});
  spec.primaries = 3;
  spec.replicas = 0;
  spec.known = false;
  ClusterStage stage(spec);
  stage.run_for(1s);
  EXPECT_EQ(stage.tell("m1", "CLUSTER MEET 10.0.0.2 6379"), "OK");  // raw and raw
  EXPECT_EQ(stage.tell("m3", "CLUSTER MEET 10.0.0.1 6379"), "OK");  // decoded and raw
  stage.run_for(5s);
  for (const char* name : {"m1", "m2", "m3"}) EXPECT_EQ(stage.view(name).known_nodes, 3u) << name;
}

}  // namespace
}  // namespace sim::stage
