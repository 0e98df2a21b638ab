// The published schema and the reader must judge alike.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/scenario/schema_checker.h"
#include "tests/scenario/vocabulary_testing.h"

namespace sim {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

TEST(Schema, IsThePublishedFileByteForByte) {
  std::ifstream file(fs::path(SLOTSIM_SOURCE_DIR) / "scenarios/schema/scenario-v1.schema.json");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(schema_text(), text);
}

// Every field says what it is and shows how it looks; every example is valid.
void expect_documented(const SchemaChecker& checker, const Json& schema, const std::string& at) {
  if (!schema.is_object()) return;
  if (const auto properties = schema.find("properties"); properties != schema.end()) {
    for (const auto& [key, property] : properties->items()) {
      if (at.find("/if") != std::string::npos) continue;
      const Json& field = checker.resolved(property);
      EXPECT_TRUE(field.contains("description")) << at << '/' << key;
      EXPECT_TRUE(field.contains("examples")) << at << '/' << key;
    }
  }
  for (const auto& [key, inner] : schema.items()) {
    if (key == "examples" || key == "default" || key == "enum" || key == "const") continue;
    if (inner.is_object()) expect_documented(checker, inner, at + '/' + key);
    if (!inner.is_array()) continue;
    for (std::size_t i = 0; i < inner.size(); ++i)
      expect_documented(checker, inner[i], at + '/' + key + '/' + std::to_string(i));
  }
}

TEST(Schema, DescribesEveryField) {
  const SchemaChecker checker;
  expect_documented(checker, checker.root(), "");
}

TEST(Schema, AcceptsTheShippedScenarios) {
  const SchemaChecker checker;
  std::size_t count = 0;
  for (const fs::directory_entry& entry :
       fs::recursive_directory_iterator(fs::path(SLOTSIM_SOURCE_DIR) / "scenarios")) {
    if (entry.path().extension() != ".json" || entry.path().parent_path().filename() == "schema")
      continue;
    std::ifstream file(entry.path());
    EXPECT_EQ(checker.check(Json::parse(file)), "") << entry.path();
    ++count;
  }
  EXPECT_GE(count, 2u);
}

// Members added to a minimal scenario, and whether that is still one.
struct Sample {
  const char* more;
  bool fine;
};
constexpr Sample kSamples[] = {
    {R"()", true},
    {R"(, "duration": "30s")", true},
    {R"(, "duration": 30)", false},
    {R"(, "duration": "0s")", false},
    {R"(, "duration": "-5s")", false},
    {R"(, "seed": "0x2a")", true},
    {R"(, "seed": "2a")", false},
    {R"(, "seed": -1)", false},
    {R"(, "tags": "one")", true},
    {R"(, "tags": ["one", 2])", false},
    {R"(, "x-mine": [1, 2])", true},
    {R"(, "mine": 1)", false},
    {R"(, "cluster": {"shards": 5, "replicas": 2, "zones": 3})", true},
    {R"(, "cluster": {"shards": 5.5})", false},
    {R"(, "cluster": {"replicas": [2, 0, 1], "slots": ["0-99", "", "100-16383"]})", true},
    {R"(, "cluster": {"replicas": [2, 0, "1"]})", false},
    {R"(, "cluster": {"nodes": {"m1": {"name": "cache-07"}}})", true},
    {R"(, "cluster": {"nodes": {"m1": {"name": "cache.07"}}})", false},
    {R"(, "cluster": {"spares": 2}, "timeline": [{"at": "1s", "do": "reset", "node": "spare:1"}])",
     true},
    {R"(, "cluster": {"spares": -1})", false},
    {R"(, "cluster": {"shards": 10001})", false},
    {R"(, "cluster": {"zones": ["north", "south"], "regions": {"eu": ["north", "south"]}})", true},
    {R"(, "cluster": {"zones": ["no rth"]})", false},
    {R"(, "cluster": {"zones": ["a", "a"]})", false},
    {R"(, "cluster": {"config": {"hz": 10, "cluster-node-timeout": "5000", "appendonly": true}})",
     true},
    {R"(, "cluster": {"config": {"hz": [10]}})", false},
    {R"(, "cluster": {"config": {"hz": 10.5}})", false},
    {R"(, "cluster": {"slots": ["0-100", "101-16383"]})", true},
    {R"(, "cluster": {"form": "meet", "persistence": "aof", "placement": "packed"})", true},
    {R"(, "cluster": {"form": "mete"})", false},
    {R"(, "cluster": {"nodes": {"m1": {"clock": {"skew": "-2s", "drift_ppm": 100}, "zone": "a"}}})",
     true},
    {R"(, "cluster": {"nodes": {"client-1": {}}})", false},
    {R"(, "cluster": {"nodes": {"m1": {"clock": {"skew": 2}}}})", false},
    {R"(, "network": {"delay": "500us"})", true},
    {R"(, "network": {"delay": "1ms", "jitter": "300us", "distribution": "exponential",
           "loss": "1%", "bandwidth": "1Gbit"})",
     true},
    {R"(, "network": {"loss": 10000})", true},
    {R"(, "network": {"loss": 0.01})", false},
    {R"(, "network": {"loss": "1"})", false},
    {R"(, "network": {"bandwidth": 1000})", false},
    {R"(, "network": {"distribution": "gauss"})", false},
    {R"(, "cluster": {"zones": 2}, "network": {"links": [{"between": ["zone:a", "zone:b"],
           "delay": "20ms"}]})",
     true},
    {R"(, "network": {"links": [{"between": ["zone:a"]}]})", false},
    {R"(, "network": {"links": [{"delay": "1ms"}]})", false},
    {R"(, "workload": [{"type": "register", "clients": 3, "keys": 10}])", true},
    {R"(, "workload": [{"type": "registr"}])", false},
    {R"(, "workload": [{"type": "register", "clients": 0}])", false},
    {R"(, "workload": {"type": "register"})", false},
    {R"(, "timeline": [{"at": "5s", "do": "crash", "node": "m1", "for": "5s"}])", true},
    {R"(, "timeline": [{"at": "5s", "do": "crash", "node": "m1", "for": "forever", "power": true,
           "note": "x"}])",
     true},
    {R"(, "timeline": [{"at": "5s", "do": "crash", "node": ["m1", {"not": "m2"}], "for": "heal"}])",
     true},
    {R"(, "timeline": [{"at": "5s", "do": "crash", "node": [], "for": "heal"}])", false},
    {R"(, "timeline": [{"at": "5s", "do": "crash", "node": "m1"}])", false},
    {R"(, "timeline": [{"at": "5s", "do": "crash", "node": "m1", "for": "0s"}])", false},
    {R"(, "timeline": [{"at": "5s", "do": "crash", "node": "m1", "for": 5}])", false},
    {R"(, "timeline": [{"at": "5s", "do": "crash", "for": "5s"}])", false},
    {R"(, "timeline": [{"at": "5s", "do": "crash", "node": "m1", "for": "5s", "powr": true}])",
     false},
    {R"(, "timeline": [{"at": "5s", "do": "explode", "node": "m1"}])", false},
    {R"(, "timeline": [{"do": "reset", "node": "m1"}])", false},
    {R"(, "timeline": [{"at": "5s", "when": "fail", "do": "reset", "node": "m1"}])", false},
    {R"(, "timeline": [{"at": "5s", "do": "reset", "node": "m1", "for": "5s"}])", false},
    {R"(, "timeline": [{"when": {"event": "promoted", "shard": 0, "count": 2}, "delay": "1s",
           "do": "reset", "node": "m1"}])",
     true},
    {R"(, "timeline": [{"when": {"event": "promoted", "before": "3s"}, "do": "reset",
           "node": "m1"}])",
     false},
    {R"(, "timeline": [{"at": "5s", "do": "command", "node": "m1", "command": "SET a 1",
           "expect": "OK"}])",
     true},
    {R"(, "timeline": [{"at": "5s", "do": "command", "node": "m1", "command": ["GET", "a"],
           "expect": {"error": "MOVED"}, "within": "1s"}])",
     true},
    {R"(, "timeline": [{"at": "5s", "do": "command", "node": "m1", "command": [],
           "expect": "OK"}])",
     false},
    {R"(, "timeline": [{"at": "5s", "do": "command", "node": "m1", "command": "PING",
           "expect": {}}])",
     false},
    {R"(, "timeline": [{"at": "5s", "do": "command", "node": "m1", "command": "CLUSTER INFO",
           "expect": {"field": "cluster_size", "is": ">=3", "all": "same"}, "every": "100ms"},
           {"then": "0s", "do": "command", "node": "m1", "command": "PING", "remember": "it",
            "expect": {"between": ["a", "b"], "contains": ["c", "d"], "lacks": "e"}}])",
     true},
    {R"(, "timeline": [{"at": "5s", "do": "command", "node": "m1", "command": "PING",
           "expect": {"is": "three"}}])",
     false},
    {R"(, "timeline": [{"at": "5s", "do": "command", "node": "m1", "command": "PING",
           "expect": {"field": "x"}}])",
     false},
    {R"(, "timeline": [{"at": "5s", "do": "command", "node": "m1", "command": "PING",
           "expect": "PONG", "every": "0s"}])",
     false},
    {R"(, "timeline": [{"at": "5s", "do": "repeat", "times": 2, "steps": [
           {"then": "1s", "do": "command", "node": "m1", "command": "SET {round} 1"}]}])",
     true},
    {R"(, "timeline": [{"at": "5s", "do": "repeat", "times": 2, "steps": [
           {"at": "1s", "do": "command", "node": "m1", "command": "PING"}]}])",
     false},
    {R"(, "timeline": [{"at": "5s", "do": "repeat", "times": 2, "steps": []}])", false},
    {R"(, "timeline": [{"at": "1s", "id": "c", "do": "crash", "node": "m1", "for": "9s"},
           {"after": "c", "delay": "1s", "do": "end", "step": "c"}])",
     true},
    {R"(, "cluster": {"nodes": {"kind": "process", "program": "redis-server"}})", true},
    {R"(, "cluster": {"profile": "valkey-8", "nodes": {"program": "/opt/valkey-server"}})", true},
    {R"(, "cluster": {"profile": "valkey-9"})", false},
    {R"(, "cluster": {"profile": "valkey-8", "deviations": []})", true},
    {R"(, "cluster": {"deviations": "distinct-ranks"})", true},
    {R"(, "cluster": {"deviations": {"distinct-ranks": true}})", false},
    {R"(, "cluster": {"nodes": {"m1": {"deviations": ["distinct-ranks"]}}})", true},
    {R"(, "cluster": {"nodes": {"m1": {"deviations": 1}}})", false},
    {R"(, "cluster": {"nodes": {"kind": "real"}})", false},
    {R"(, "cluster": {"nodes": {"program": ""}})", false},
    {R"(, "cluster": {"nodes": {"progam": "x"}})", false},
    {R"(, "cluster": {"process": {"fork_time": "20ms", "cpu_per_wakeup": "0s"},
           "nodes": {"m2": {"program": "valkey-server", "process": {"fork_time": "0s"}}}})",
     true},
    {R"(, "cluster": {"process": {"fork_time": 20}})", false},
    {R"(, "cluster": {"nodes": {"m2": {"process": {"forktime": "1s"}}}})", false},
    {R"(, "machines": [{"exec": "tclsh suite.tcl", "files": {"suite.tcl": "puts 1"}},
           {"name": "b", "exec": ["true"], "expect": {"exit": "never"}, "zone": "a"}])",
     true},
    {R"(, "machines": [{}])", false},
    {R"(, "machines": [{"exec": []}])", false},
    {R"(, "machines": [{"exec": "true", "name": "no name"}])", false},
    {R"(, "machines": [{"exec": "true", "files": {"a/b": ""}}])", false},
    {R"(, "machines": [{"exec": "true", "files": {"..": ""}}])", false},
    {R"(, "machines": [{"exec": "true", "files": {"..a": ""}}])", true},
    {R"(, "timeline": [{"at": "1s", "do": "command", "run": "redis-cli -h {m1.ip} PING",
           "expect": {"exit": 1, "contains": "PONG"}, "within": "10s"}])",
     true},
    {R"(, "timeline": [{"at": "1s", "do": "command", "run": ["true"], "expect": {"exit": "any"}}])",
     true},
    {R"(, "timeline": [{"at": "1s", "run": "true"}])", false},
    {R"(, "timeline": [{"at": "1s", "do": "command", "run": "true", "node": "m1"}])", false},
    {R"(, "timeline": [{"at": "1s", "do": "command", "run": "true", "expect": {"exit": 256}}])",
     false},
    {R"(, "timeline": [{"at": "1s", "do": "command", "run": "true", "expect": "OK"}])", false},
    {R"(, "cluster": {"nodes": {"kind": "process"}}, "timeline": [{"when": {"log": "won"},
           "do": "reset", "node": "m1"}])",
     true},
    {R"(, "cluster": {"nodes": {"kind": "process"}}, "timeline": [{"when": {"log": "won",
           "before": "1s"}, "do": "reset", "node": "m1"}])",
     false},
    {R"(, "cluster": {"nodes": {"kind": "process"}}, "expect": {"reached": [{"log": "won",
           "node": "m1", "count": 2, "after": "1s", "before": "2s"}], "not_reached": [{"log": "x"}]})",
     true},
    {R"(, "cluster": {"nodes": {"kind": "process"}}, "expect": {"reached": [{"log": "",
           "node": "m1"}]})",
     false},
    {R"(, "cluster": {"nodes": {"kind": "process"}}, "expect": {"reached": [{"log": "x",
           "shard": 1}]})",
     false},
    {R"(, "cluster": {"nodes": {"kind": "process"}}, "expect": {"reached": [{"log": "x",
           "event": "promoted"}]})",
     false},
    {R"(, "nemesis": {})", true},
    {R"(, "nemesis": {"kinds": ["crash", "partition"], "every": "2s", "for": ["1s", "5s"],
           "max_concurrent": 2, "swarm": true})",
     true},
    {R"(, "nemesis": {"for": ["1s"]})", false},
    {R"(, "nemesis": {"max_concurrent": 0})", false},
    {R"(, "heal": false)", true},
    {R"(, "heal": "no")", false},
    {R"(, "settle": {"within": "10s"})", true},
    {R"(, "settle": {"whithin": "10s"})", false},
    {R"(, "settle": {"heal": "core"})", true},
    {R"(, "settle": {"heal": "nobody"})", false},
    {R"(, "settle": {"heal": "all", "progress": 64})", true},
    {R"(, "settle": {"progress": -1})", false},
    {R"(, "settle": {"progress": 16385})", false},
    {R"(, "expect": {"verdict": "fail", "violates": ["election_safety"], "in": "some"})", true},
    {R"(, "expect": {"verdict": "fail"})", false},
    {R"(, "expect": {"invariants": {"except": ["election_safety"], "known_defects": [7]}})", true},
    {R"(, "expect": {"invariants": {"known_defects": [0]}})", false},
    {R"(, "expect": {"reached": ["promoted", {"event": "fail", "shard": 0, "after": "1s",
           "before": "30s", "count": 2, "node": "m1"}]})",
     true},
    {R"(, "expect": {"losses": {"async": 3, "minority": 1, "wait": 1, "forced": 1, "restart": 1,
           "window": "2s", "share": "1%"}})",
     true},
    {R"(, "expect": {"losses": {"async": -1}})", false},
    {R"(, "expect": {"losses": {"asinc": 1}})", false},
    {R"(, "expect": {"reached": "promoted"})", false},
    {R"(, "expect": {"not_reached": [{"shard": 0}]})", false},
    {R"(, "expect": {"metrics": {"promotion_p99": "<20s", "lost_writes": "==0",
           "hit_rate": ">= 80%"}})",
     true},
    {R"(, "workload": [{"type": "register"}, {"type": "register", "name": "b"}],
           "expect": {"metrics": {"hit_rate of b": "<50%"}})",
     true},
    {R"(, "expect": {"metrics": {"promotion_p99": "20s"}})", false},
    {R"(, "expect": {"metrics": {"lost_writes": 0}})", false},
    {R"(, "expect": {"final": [{"node": "all", "command": "CLUSTER INFO",
           "expect": {"contains": "ok"}}]})",
     true},
    {R"(, "expect": {"final": [{"node": "all"}]})", false},
    {R"(, "expect": {"verdict": "fail", "misses": ["reaches promoted"]})", true},
    {R"(, "expect": {"verdict": "fail"})", false},
    {R"(, "expect": {"known_defects": [7]})", true},
    {R"(, "expect": {"known_defects": 7})", false},
    {R"(, "cases": {"one": {}, "two": {"cluster.replicas": 2}})", true},
    {R"(, "cases": {})", false},
    {R"(, "cases": {"one": 1})", false},
    {R"(, "matrix": {"cluster.replicas": [1, 2]})", true},
    {R"(, "matrix": {"cluster.replicas": []})", false},
    {R"(, "matrix": {"cluster.replicas": 1})", false},
    {R"(, "swarm": {"cluster.shards": [3, 5]})", true},
    {R"(, "limits": {"events": 1000, "events_per_instant": 10, "memory": "1GiB"})", true},
    {R"(, "limits": {"events": 0})", false},
};

TEST(Schema, JudgesLikeTheReader) {
  const SchemaChecker checker;
  for (const Sample& sample : kSamples) {
    const Loaded result = load(sample.more);
    EXPECT_EQ(result.problems.empty(), sample.fine) << "reader: " << sample.more << '\n'
                                                    << result.problems.text();
    const Json document =
        Json::parse(std::string(R"({"version": 1, "name": "test")") + sample.more + "}");
    const std::string wrong = checker.check(document);
    EXPECT_EQ(wrong.empty(), sample.fine) << "schema: " << sample.more << '\n' << wrong;
  }
}

// The reader knows every key the schema has: an example of each is no unknown key.
void expect_keys_known(const SchemaChecker& checker, const Json& section, const std::string& path) {
  for (const auto& [key, property] : section.at("properties").items()) {
    if (path == "/workload" || key == "timeline" || key == "workload")
      continue;  // read by their own rooms
    Json document{{"version", 1}, {"name", "test"}};
    document[Json::json_pointer(path + '/' + key)] =
        checker.resolved(property).at("examples").at(0);
    const Loaded result = load_scenario("test.json", document.dump(), small_vocabulary());
    EXPECT_EQ(messages(result).find("unknown key \"" + key + '"'), std::string::npos)
        << path << '/' << key;
  }
}

TEST(Schema, HasNoKeyTheReaderDoesNotKnow) {
  const SchemaChecker checker;
  expect_keys_known(checker, checker.root(), "");
  for (const char* section : {"cluster", "network", "nemesis", "settle", "expect", "limits"}) {
    expect_keys_known(checker, checker.root()["properties"][section], std::string("/") + section);
  }
}

}  // namespace
}  // namespace sim
