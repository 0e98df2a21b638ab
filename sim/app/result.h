// What one run of one scenario with one seed came to: everything the report prints, as data.
//
// It crosses a process boundary as JSON (each seed runs in a child of its own), and `--json` prints
// the same document.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/app/observation.h"
#include "sim/base/time.h"
#include "sim/invariants/invariant.h"

namespace sim {

// Exit codes: documented, stable, tested.
namespace exit_code {
inline constexpr int kOk = 0;
inline constexpr int kViolation = 1;
inline constexpr int kUsage = 2;
inline constexpr int kNondeterminism = 3;
inline constexpr int kLiveness = 4;
inline constexpr int kUnknown = 5;
inline constexpr int kUnexpectedPass = 6;
inline constexpr int kGate = 7;
inline constexpr int kInternal = 70;
inline constexpr int kInterrupted = 130;
// The more severe of two, in the fixed order 130 > 70 > 3 > 1 > 4 > 6 > 7 > 5 > 2 > 0.
int worse(int a, int b);
}  // namespace exit_code

struct InvariantResult {
  std::string name;
  Judgement judgement = Judgement::kNotChecked;
  bool liveness = false;
  bool excused = false;  // the scenario declares this violation or defect as expected
  std::string summary;
  std::vector<Finding> findings;
  std::uint64_t finding_count = 0;
};

struct TimelineEntry {
  SimTime at;
  std::string text;
  bool fault = false;  // something the plan did, as against something that followed
};

struct FaultResult {
  std::uint32_t id = 0;
  std::string kind, text, unit;
  SimTime began, ended;
  std::uint64_t effects = 0;
};

struct Expectation {
  std::string text;  // "reaches promoted (shard 0) before 30s"
  bool met = false;
  std::string detail;
  int code = exit_code::kViolation;  // what a miss costs
  bool excused = false;              // the scenario declares that it is missed
};

struct MetricResult {
  std::string name, text;  // text: the value with its unit, for people
  std::int64_t value = 0;
};

struct RunResult {
  std::string scenario;  // its name
  std::string file;
  std::string case_name;  // matrix case, "" for none
  std::uint64_t seed = 0;
  std::string replay_options;  // what else the command line said: " --wire --mutate NAME"
  bool complete = false;       // ran to its end; false: --until, Ctrl-C or a limit cut it short
  std::string cut_short;       // why, if not complete
  SimTime end;
  Duration forming{};  // virtual time before t = 0
  std::uint64_t digest = 0;
  std::uint64_t events = 0, deliveries = 0, encoded = 0, decoded = 0;
  std::uint64_t memory_bytes = 0;
  std::int64_t cpu_ns = 0;   // of the run itself; this and the next differ between two equal runs
  std::int64_t wall_ns = 0;  // real time
  std::vector<std::pair<std::uint64_t, std::uint64_t>> checkpoints;
  std::vector<std::string> watched;
  std::vector<InvariantResult> invariants;
  std::vector<Expectation> expectations;
  std::vector<FaultResult> faults;
  std::vector<std::string> warnings;
  std::vector<TimelineEntry> timeline;
  std::vector<MetricResult> metrics;
  std::optional<LossTable> losses;  // none: no auditor read what was written
  Observation seen;                 // for holding it against other runs
  bool as_declared = false;         // all that the scenario declares to go wrong did
  int code = exit_code::kOk;
  std::string
      headline;  // "PASS", "FAIL election_safety", "PASS (as expected: loses acknowledged writes)"
};

// Rows of the known defects that its invariants tell of, each once, ascending.
std::vector<int> rows_of(const InvariantResult& invariant);
std::vector<int> rows_of(const RunResult& result);
// "pass", "fail", "known-defect(row 7)", "known-defect(rows 7, 31)".
std::string verdict_text(const InvariantResult& invariant);

std::string to_json(const RunResult& result);
// Precondition: `json` came from `to_json`.
RunResult result_from_json(const std::string& json);

}  // namespace sim
