// slotsim run --export: the files as the tools they are for read them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/cli/process_testing.h"
#include "tests/cli/scratch_testing.h"
#include "tests/read_file.h"

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using sim::read;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A cluster in which nothing goes wrong, with more members of the scenario.
std::string quiet(const std::string& more = "") {
  return R"({"version": 1, "name": "quiet", "duration": "5s",
             "workload": [{"type": "register", "clients": 1, "keys": 20, "rate": 20}])" +
         (more.empty() ? "" : ", " + more) + "}";
}

// What tshark takes note of in a stream that is not as it should be.
const std::string kAmiss =
    "-o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE -Y 'tcp.analysis.flags or "
    "tcp.checksum.status == 0 or ip.checksum.status == 0 or _ws.malformed'";

class Exports : public sim::ScratchTest {
 protected:
  // The exit code. What it prints is in `printed()`.
  int shell(const std::string& command) { return ScratchTest::shell(command).code; }
  std::string printed() const { return file(".out"); }
  std::string complaint() const { return file(".err"); }
  int slotsim(const std::string& arguments) { return shell("'" SLOTSIM_BINARY "' " + arguments); }
  int run(const std::string& scenario, const std::string& options) {
    std::ofstream(scratch_ / "x.json") << scenario;
    return slotsim("run x.json " + options);
  }
  bool has(const std::string& program) { return shell("command -v " + program) == 0; }
  int check_both(const std::string& model);
  // How many lines tshark prints; the words say of what.
  long lines(const std::string& words) {
    EXPECT_EQ(shell("tshark -r q.pcapng " + words), 0) << complaint();
    const std::string text = printed();
    return std::count(text.begin(), text.end(), '\n');
  }
};

TEST_F(Exports, AreWrittenBesideTheRunWhichStaysTheSame) {
  ASSERT_EQ(run(quiet(), "-q"), 0);
  const std::string verdict = printed();
  ASSERT_EQ(run(quiet(),
                "-q --export pcap=q.pcapng --export perfetto=q.json --export csv=q.csv "
                "--export metrics=m.csv --export edn=q.edn --export pcap-all=all.pcapng "
                "--report q.html"),
            0)
      << complaint();
  EXPECT_EQ(printed(), verdict);
  for (const std::string file :
       {"q.pcapng", "q.json", "q.csv", "m.csv", "q.edn", "all.pcapng", "q.html"})
    EXPECT_GT(fs::file_size(scratch_ / file), 100u) << file;
  // Each has what it asked for, whatever the others did.
  const std::string together = read(scratch_ / "q.pcapng");
  EXPECT_LT(together.size(), fs::file_size(scratch_ / "all.pcapng"));
  ASSERT_EQ(run(quiet(), "-q --export pcap=q.pcapng"), 0);
  EXPECT_EQ(read(scratch_ / "q.pcapng"), together);
}

TEST_F(Exports, AreOfOneRunAndOfKindsThatThereAre) {
  EXPECT_EQ(run(quiet(), "--export pcap=q.pcapng --seeds 1..2"), 2);
  EXPECT_THAT(complaint(), HasSubstr("--export is for one run"));
  EXPECT_EQ(run(quiet(), "--export pcap=q.pcapng --verify"), 2);
  EXPECT_THAT(complaint(), HasSubstr("it takes no --export"));
  EXPECT_EQ(run(quiet(), "--export wireshark=q.pcapng"), 2);
  EXPECT_THAT(complaint(), HasSubstr("there is no kind 'wireshark'"));
  EXPECT_EQ(run(quiet(), "--export pcap=no/such/folder/q.pcapng"), 2);
  EXPECT_THAT(complaint(), HasSubstr("cannot write the pcap export to no/such/folder/q.pcapng"));
  EXPECT_FALSE(fs::exists(scratch_ / "q.pcapng"));
}

TEST_F(Exports, TsharkFindsNothingAmissInAQuietRun) {
  if (!has("tshark")) GTEST_SKIP() << "no tshark (apt-get install tshark)";
  ASSERT_EQ(run(quiet(), "-q --export pcap=q.pcapng"), 0);
  EXPECT_EQ(lines(kAmiss), 0) << printed();
  // Six servers, each of which dials five; who has not booted yet refuses.
  EXPECT_EQ(lines("-Y 'tcp.flags.syn == 1 and tcp.flags.ack == 1'"), 30);
  EXPECT_EQ(lines("-Y 'tcp.flags.reset == 1'"),
            lines("-Y 'tcp.flags.syn == 1 and tcp.flags.ack == 0'") - 30);
  const long data = lines("-Y 'tcp.len > 0'");
  EXPECT_GT(data, 100);
  EXPECT_EQ(lines("-Y 'tcp.payload[0:4] == 52:43:6d:62'"), data);
  EXPECT_EQ(lines("-Y 'frame.comment contains \"bus:PING\" and tcp.len > 0'") +
                lines("-Y 'frame.comment contains \"bus:PONG\" and tcp.len > 0'"),
            data);
  lines("-Y systemd_journal");
  EXPECT_THAT(printed(), HasSubstr("the cluster is up"));
}

TEST_F(Exports, TsharkSeesWhatAPartitionSwallowed) {
  if (!has("tshark")) GTEST_SKIP() << "no tshark (apt-get install tshark)";
  const std::string scenario = quiet(R"("timeline": [
      {"at": "1s", "do": "partition", "groups": [["m1"]], "for": "1s"}])");
  ASSERT_EQ(run(scenario, "-q --export pcap=q.pcapng"), 0);
  EXPECT_GT(lines("-Y 'frame.comment contains \"lost\"'"), 2);
  EXPECT_GT(lines("-Y 'tcp.analysis.retransmission or tcp.analysis.fast_retransmission or "
                  "tcp.analysis.spurious_retransmission'"),
            2);
  EXPECT_EQ(lines("-Y 'tcp.analysis.lost_segment or tcp.analysis.ack_lost_segment'"), 0)
      << printed();
}

TEST_F(Exports, TsharkReadsClientsToo) {
  if (!has("tshark")) GTEST_SKIP() << "no tshark (apt-get install tshark)";
  ASSERT_EQ(run(quiet(), "-q --export pcap-all=q.pcapng"), 0);
  EXPECT_EQ(lines(kAmiss), 0) << printed();
  EXPECT_GT(lines("-Y 'tcp.payload contains \"SET\" and tcp.dstport == 6379'"), 5);
}

TEST_F(Exports, PythonReadsJsonAndCsv) {
  if (!has("python3")) GTEST_SKIP() << "no python3";
  const std::string scenario = quiet(R"("timeline": [
      {"at": "1s", "do": "partition", "groups": [["m1"]], "for": "1s"}])");
  ASSERT_EQ(run(scenario, "-q --export perfetto=q.json --export csv=q.csv --export metrics=m.csv"),
            0);
  std::ofstream(scratch_ / "read.py") << R"(
import csv, json
trace = json.load(open("q.json"))
print(len(trace["traceEvents"]) > 100)
rows = list(csv.DictReader(open("q.csv", newline=""), strict=True))
print([row["faults"] for row in rows][:4])
print([row["metric"] for row in csv.DictReader(open("m.csv", newline=""), strict=True)][:1])
)";
  ASSERT_EQ(shell("python3 read.py"), 0) << complaint();
  EXPECT_THAT(printed(), StartsWith("True\n['', '"));
  EXPECT_THAT(printed(), HasSubstr("acked_writes"));
}

// What `slotsim check` makes of both histories of the last run is the same; its exit code.
int Exports::check_both(const std::string& model) {
  const std::string options = " --json --model " + model + " --workload " + model;
  const int code = slotsim("check h.jsonl" + options);
  const Json lines = Json::parse(printed())["histories"][0];
  EXPECT_EQ(slotsim("check h.edn" + options), code) << complaint();
  const Json edn = Json::parse(printed())["histories"][0];
  for (const std::string name : {"verdict", "operations", "answered", "refused", "unknown", "keys"})
    EXPECT_EQ(edn[name], lines[name]) << model << " " << name;
  return code;
}

TEST_F(Exports, EdnIsJudgedAsJsonLinesAre) {
  const std::string scenario = R"({"version": 1, "name": "all", "duration": "20s",
      "cluster": {"config": {"cluster-node-timeout": 2000}},
      "workload": [{"type": "counter", "clients": 2, "keys": 2},
                   {"type": "list-append", "clients": 4, "rate": 60},
                   {"type": "register", "clients": 2, "keys": 5},
                   {"type": "cache", "clients": 2, "keys": 5, "ttl": "1s"}],
      "timeline": [{"at": "3s", "do": "partition", "groups": [["m1"]], "for": "9s"}]})";
  run(scenario, "-q --history h.jsonl --export edn=h.edn");
  for (const std::string model : {"counter", "list-append", "register", "cache"})
    EXPECT_EQ(check_both(model), 0) << model;
  slotsim("run '" SLOTSIM_SOURCE_DIR
          "/scenarios/minority-partition.json' -q --history h.jsonl "
          "--export edn=h.edn");
  EXPECT_EQ(check_both("list-append"), 1);
}

// ---- Real servers ----

class ExportsOfProcesses : public processes::ProcessRun {};

TEST_F(ExportsOfProcesses, HaveTheBytesThatTheyReallySend) {
  const processes::Outcome outcome =
      run(processes::scenario(processes::kThree,
                              R"({"at": "1s", "do": "crash", "node": "m1", "for": "heal"})"),
          "-q --export pcap=q.pcapng --export perfetto=q.json");
  ASSERT_TRUE(fs::exists(scratch_ / "q.pcapng")) << outcome.all();
  EXPECT_THAT(read(scratch_ / "q.pcapng"), HasSubstr("RCmb"));
  EXPECT_THAT(read(scratch_ / "q.pcapng"), HasSubstr("bus:PING m2 to m3"));
  const Json trace = Json::parse(read(scratch_ / "q.json"));
  EXPECT_THAT(trace["traceEvents"].dump(), HasSubstr("\"PING to m3\""));
  if (shell("command -v tshark").code != 0) return;
  const processes::Outcome amiss =
      shell("tshark -r q.pcapng -Y 'tcp.len > 0 and not tcp.payload[0:4] == 52:43:6d:62'");
  EXPECT_EQ(amiss.code, 0) << amiss.err;
  EXPECT_EQ(amiss.out, "");
}

}  // namespace
