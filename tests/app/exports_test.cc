// slotsim run --export: the requests, and what is in each kind of file but captures (pcap_test.cc).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "sim/app/cli.h"
#include "sim/app/exports/csv_row.h"
#include "sim/app/exports/export.h"
#include "sim/app/exports/trace_events.h"
#include "sim/app/vocabulary.h"
#include "sim/node/payload.h"
#include "tests/app/export_testing.h"
#include "tests/read_file.h"

namespace sim::exported {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::StartsWith;
using Json = nlohmann::json;

const std::string kCrash =
    R"("timeline": [{"at": "1s", "do": "crash", "node": "m1", "for": "2s"}])";

// A primary dies and its replica takes its place.
const std::string kFailover = R"({"version": 1, "name": "failover", "duration": "12s",
    "cluster": {"shards": 3, "replicas": 1, "config": {"cluster-node-timeout": 2000}},
    "workload": [{"type": "register", "clients": 1, "keys": 20, "rate": 20}],
    "timeline": [{"at": "1s", "do": "crash", "node": "m1", "for": "heal"},
                 {"at": "9s", "do": "failover", "node": "m5"}]})";

// ---- Requests ----

std::string complaint(const std::vector<std::string>& words) {
  try {
    parse_exports(words);
  } catch (const UsageError& error) {
    return error.what;
  }
  return "";
}

TEST(ExportRequests, AreKindAndFile) {
  const auto requests = parse_exports({"pcap=a.pcapng", "csv=with=sign"});
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].kind->name, "pcap");
  EXPECT_EQ(requests[0].file, "a.pcapng");
  EXPECT_EQ(requests[1].file, "with=sign");
}

TEST(ExportRequests, AllThatIsWrongIsToldAtOnce) {
  const std::string text = complaint({"pcat=x", "csv", "edn=", "csv=a", "metrics=a"});
  EXPECT_THAT(text, StartsWith("--export: there is no kind 'pcat'; did you mean \"pcap\"?"));
  EXPECT_THAT(text, HasSubstr("expected csv=FILE, got 'csv'"));
  EXPECT_THAT(text, HasSubstr("expected edn=FILE, got 'edn='"));
  EXPECT_THAT(text, HasSubstr("two exports cannot go to one file, a"));
}

TEST(ExportRequests, AFileThatCannotBeWrittenIsNamed) {
  try {
    ExportFile("pcap", "/nowhere/at/all");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_EQ(error.what, "cannot write the pcap export to /nowhere/at/all");
  }
}

TEST(ExportRequests, AFullDiskIsTold) {
  ExportFile file("csv", "/dev/full");
  file.write("a\r\n");
  EXPECT_THROW(file.close(), UsageError);
}

// ---- Perfetto ----

class TraceEventsFile : public ExportedRun {
 protected:
  TraceEvents make() { return TraceEvents(ExportFile("perfetto", (scratch_ / "t").string())); }
  Json events() { return Json::parse(read(scratch_ / "t"))["traceEvents"]; }
  static std::string phases(const Json& events) {
    std::string text;
    for (const Json& event : events) text += event["ph"].get<std::string>();
    return text;
  }
};

TEST_F(TraceEventsFile, WhatIsOpenIsEndedAndWhatIsNotCannotBe) {
  TraceEvents trace = make();
  const TrackId track{1, 1};
  trace.shut(track, SimTime{1s});
  trace.open(track, SimTime{1s}, "outer");
  trace.open(track, SimTime{2s}, "inner");
  trace.open_apart(1, "ping", 7, SimTime{2s}, "a");
  trace.open_apart(1, "ping", 7, SimTime{3s}, "b");
  trace.close(SimTime{4s}, {});
  EXPECT_EQ(phases(events()), "BBbebEEe");
}

TEST_F(TraceEventsFile, TicksOfOneMomentStandOneAfterTheOther) {
  TraceEvents trace = make();
  const TrackId track{1, 4};
  EXPECT_EQ(trace.tick(track, SimTime{1s}, "a", 1), SimTime{1s});
  EXPECT_EQ(trace.tick(track, SimTime{1s}, "b \"quoted\"", 1), SimTime{1s + 1us});
  EXPECT_EQ(trace.tick(track, SimTime{2s}, "c", 1), SimTime{2s});
  trace.close(SimTime{3s}, {});
  EXPECT_EQ(events()[1]["name"], "b \"quoted\"");
  EXPECT_EQ(events()[1]["ts"], 1000001.0);
}

class PerfettoExport : public ExportedRun {};

using Track = std::pair<int, int>;

// The rules of the format, for a whole file.
void expect_sound(const Json& events) {
  std::map<Track, std::vector<std::string>> open;
  std::map<Track, double> last;
  std::map<std::tuple<int, std::string, std::string>, int> apart;
  std::map<int, double> arrows;
  std::map<Track, std::set<double>> ticks;
  for (const Json& event : events) {
    const std::string phase = event["ph"];
    const Track track{event["pid"], event["tid"]};
    if (phase == "M") continue;
    const double at = event["ts"];
    EXPECT_GE(at, 0) << event;
    if (phase == "B" || phase == "E" || phase == "X" || phase == "i") {
      EXPECT_GE(at, last[track]) << event;
      last[track] = at;
    }
    if (phase == "B") open[track].push_back(event["name"]);
    if (phase == "E") {
      ASSERT_FALSE(open[track].empty()) << event;
      open[track].pop_back();
    }
    if (phase == "X") ticks[track].insert(at);
    if (phase == "b" || phase == "e") {
      int& depth = apart[{event["pid"], event["cat"], event["id2"]["local"]}];
      depth += phase == "b" ? 1 : -1;
      EXPECT_TRUE(depth == 0 || depth == 1) << event;
    }
    if (phase == "s") {
      EXPECT_TRUE(arrows.emplace(event["id"], at).second) << event;
      EXPECT_TRUE(ticks[track].contains(at)) << event;
    }
    if (phase == "f") {
      const auto start = arrows.extract(event["id"]);
      ASSERT_FALSE(start.empty()) << event;
      EXPECT_LT(start.mapped(), at);
      EXPECT_TRUE(ticks[track].contains(at)) << event;
    }
  }
  for (const auto& [track, names] : open) EXPECT_TRUE(names.empty());
  for (const auto& [id, depth] : apart) EXPECT_EQ(depth, 0);
  EXPECT_TRUE(arrows.empty());
}

TEST_F(PerfettoExport, TellsAFailoverByTheRulesOfTheFormat) {
  const std::string file = exported("perfetto", kFailover);
  const Json json = Json::parse(file);
  EXPECT_EQ(json["otherData"]["verdict"], "PASS");
  expect_sound(json["traceEvents"]);
  std::map<int, std::string> processes;
  std::map<std::string, std::vector<std::string>> slices;  // by process
  std::map<std::string, int> arrows, counters;
  std::vector<std::string> of_shard, suspected;
  for (const Json& event : json["traceEvents"]) {
    const std::string phase = event["ph"];
    if (phase == "M" && event["name"] == "process_name")
      processes[event["pid"]] = event["args"]["name"];
    const std::string process = processes[event["pid"]];
    if (phase == "B") slices[process].push_back(event["name"]);
    if (phase == "B" && process == "cluster" && event["tid"] == 2)
      of_shard.push_back(event["name"]);
    if (phase == "b" && process == "m2" && event["cat"] == "suspicion")
      suspected.push_back(event["name"]);
    if (phase == "s") ++arrows[process];
    if (phase == "C") ++counters[process + " " + event["name"].get<std::string>()];
  }
  EXPECT_THAT(of_shard, ElementsAre("failover of m1", "PFAIL", "FAIL", "waits to stand",
                                    StartsWith("election, epoch ")));
  EXPECT_THAT(suspected, ElementsAre("PFAIL m1", "FAIL m1"));
  EXPECT_THAT(slices["m1"], IsSupersetOf({"primary of 5461 slots", "down"}));
  EXPECT_THAT(slices["m4"], IsSupersetOf({std::string("replica of m1")}));
  EXPECT_EQ(slices["faults"].size(), 1u);  // the failover that was asked for is one of a moment
  EXPECT_THAT(slices["cluster"], IsSupersetOf({"faults", "settling", "audit"}));
  EXPECT_GT(arrows["m2"], 20);
  EXPECT_GT(counters["m4 currentEpoch"], 1);
  EXPECT_GT(counters["m4 configEpoch"], 1);
  EXPECT_GE(counters["clients ok per second"], 12);
}

TEST_F(PerfettoExport, APingLastsUntilItIsAnswered) {
  const Json json = Json::parse(exported("perfetto", quiet(R"("timeline": [
      {"at": "1s", "do": "pause", "node": "m1", "for": "900ms"}])")));
  double longest = 0;
  std::map<std::string, double> began;
  for (const Json& event : json["traceEvents"]) {
    if (event.value("cat", "") != "ping" || event["name"] != "PING m1") continue;
    const std::string id = std::to_string(event["pid"].get<int>());
    if (event["ph"] == "b") began[id] = event["ts"];
    if (event["ph"] == "e") longest = std::max(longest, event["ts"].get<double>() - began[id]);
  }
  EXPECT_GT(longest, 100'000);
  expect_sound(json["traceEvents"]);
}

// Two are under way on a line, and one that left before t = 0 comes first.
TEST_F(PerfettoExport, ArrowsOfALineDoNotCross) {
  const Loaded loaded = load_scenario("test.json", quiet(), vocabulary());
  const auto plan = make_plan(loaded.variants.front(), {});
  const auto exporter = make_perfetto(ExportFile("perfetto", (scratch_ / "t").string()), *plan);
  const PayloadRef ping(new RawBytes("RCmb", "bus:PING"));
  const auto sighting = [&](SimTime at, bool arrived) {
    Sighting one;
    one.at = at;
    one.from = MachineId{0};
    one.to = MachineId{1};
    one.line = 7;
    one.arrived = arrived;
    one.payload = ping;
    return one;
  };
  exporter->see(sighting(SimTime::min(), false));
  exporter->formed(1s);
  Record record;
  record.event = event::PhaseBegan{event::Phase::kFaults};
  exporter->see(record);
  for (const auto at : {1ms, 2ms}) exporter->see(sighting(SimTime{at}, false));
  for (const auto at : {3ms, 4ms, 5ms}) exporter->see(sighting(SimTime{at}, true));
  exporter->end(RunResult{});
  std::vector<double> times;
  const Json json = Json::parse(read(scratch_ / "t"));
  for (const Json& event : json["traceEvents"]) {
    if (event["ph"] == "s" || event["ph"] == "f") times.push_back(event["ts"]);
  }
  EXPECT_THAT(times, ElementsAre(1000, 4000, 2000, 5000));
}

// ---- CSV ----

TEST(CsvRow, QuotesWhatNeedsIt) {
  EXPECT_EQ(csv_row({"a", "b c", ""}), "a,b c,\r\n");
  EXPECT_EQ(csv_row({"a,b", "say \"no\"", "two\nlines"}),
            "\"a,b\",\"say \"\"no\"\"\",\"two\nlines\"\r\n");
}

TEST(CsvRow, DecimalsAreExact) {
  EXPECT_EQ(decimal(1204, 3), "1.204");
  EXPECT_EQ(decimal(-5, 3), "-0.005");
  EXPECT_EQ(decimal(0, 2), "0.00");
  EXPECT_EQ(decimal(17, 0), "17");
  EXPECT_EQ(decimal(INT64_MIN, 0), "-9223372036854775808");
}

// Cells of a file in which no field has quotes.
std::vector<std::vector<std::string>> cells(const std::string& csv) {
  std::vector<std::vector<std::string>> rows;
  for (std::size_t at = 0; at < csv.size();) {
    const std::size_t end = csv.find("\r\n", at);
    rows.emplace_back(1);
    for (; at < end; ++at) {
      if (csv[at] == ',') {
        rows.back().emplace_back();
      } else {
        rows.back().back() += csv[at];
      }
    }
    at = end + 2;
  }
  return rows;
}

class CsvExport : public ExportedRun {};

TEST_F(CsvExport, HasARowForEachSecondOfTheRun) {
  const auto rows = cells(exported("csv", quiet(kCrash)));
  ASSERT_GT(rows.size(), 6u);
  std::map<std::string, std::size_t> column;
  for (std::size_t i = 0; i < rows[0].size(); ++i) column[rows[0][i]] = i;
  std::uint64_t ops = 0, bytes = 0;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    ASSERT_EQ(rows[i].size(), rows[0].size());
    EXPECT_EQ(rows[i][column["second"]], std::to_string(i - 1));
    for (const std::string name : {"ops_ok", "ops_failed", "ops_unknown"})
      ops += std::stoull(rows[i][column[name]]);
    bytes += std::stoull(rows[i][column["bus_bytes"]]);
  }
  const auto at = [&](std::size_t second, const std::string& name) {
    return rows.at(second + 1).at(column.at(name));
  };
  EXPECT_EQ(at(0, "slots_covered"), "16384");
  EXPECT_EQ(at(0, "availability_percent"), "100.00");
  EXPECT_EQ(at(0, "faults"), "");
  EXPECT_EQ(at(1, "slots_covered"), "10923");
  EXPECT_EQ(at(1, "primaries_up"), "2");
  EXPECT_EQ(at(1, "nodes_up"), "2");
  EXPECT_THAT(at(2, "faults"), HasSubstr("m1"));
  EXPECT_EQ(at(4, "faults"), "");
  EXPECT_EQ(at(4, "slots_covered"), "16384");
  EXPECT_GT(ops, 60u);
  EXPECT_GT(bytes, 100'000u);
}

TEST_F(CsvExport, WhoIsPausedServesNoSlots) {
  const auto rows = cells(exported("csv", quiet(R"("timeline": [
      {"at": "1500ms", "do": "pause", "node": "m1", "for": "1s"}])")));
  const auto place = std::ranges::find(rows[0], "primaries_up") - rows[0].begin();
  const auto up = [&](std::size_t second) {
    return rows.at(second + 1)[static_cast<std::size_t>(place)];
  };
  EXPECT_EQ(up(0) + up(1) + up(2), "323");
}

TEST_F(CsvExport, OfMetricsHasARowEach) {
  const auto rows = cells(exported("metrics", quiet()));
  EXPECT_THAT(rows[0],
              ElementsAre("scenario", "case", "seed", "verdict", "metric", "value", "unit"));
  EXPECT_EQ(rows.size(), result_.metrics.size() + 1);
  EXPECT_THAT(rows, ::testing::Contains(
                        ElementsAre("quiet", "", "1", "PASS", "availability", "100.0000", "%")));
  EXPECT_THAT(rows,
              ::testing::Contains(ElementsAre("quiet", "", "1", "PASS", "lost_writes", "0", "")));
}

// ---- EDN ----

class EdnExport : public ExportedRun {};

TEST_F(EdnExport, IsWhatJepsenWrites) {
  const std::string file = exported("edn", quiet(kCrash));
  EXPECT_THAT(file, StartsWith("{:process 0, :type :invoke, :f :"));
  EXPECT_THAT(file, HasSubstr(":index 0}\n"));
  EXPECT_THAT(file, HasSubstr("{:process :nemesis, :type :info, :f :start, :value \""));
  EXPECT_THAT(file, HasSubstr("{:process :nemesis, :type :info, :f :stop, :value \""));
  EXPECT_THAT(file, HasSubstr(" nil], :workload"));
}

// Whose operation has no known end does nothing more.
TEST_F(EdnExport, AProcessEndsWithInfo) {
  const std::string file = exported("edn", quiet(R"("timeline": [
      {"at": "1s", "do": "pause", "node": "m1", "for": "2500ms"}])"));
  std::set<std::string> ended;
  std::size_t infos = 0;
  for (std::size_t at = 0; at < file.size(); at = file.find('\n', at) + 1) {
    const std::string line = file.substr(at, file.find('\n', at) - at);
    const std::string process = line.substr(0, line.find(','));
    if (process == "{:process :nemesis") continue;
    EXPECT_FALSE(ended.contains(process)) << line;
    if (line.find(":type :info") == std::string::npos) continue;
    ended.insert(process);
    ++infos;
  }
  EXPECT_GT(infos, 0u);
}

}  // namespace
}  // namespace sim::exported
