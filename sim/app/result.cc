#include "sim/app/result.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/app/observation_json.h"

namespace sim {
namespace exit_code {

int worse(int a, int b) {
  constexpr std::array<int, 10> kBySeverity = {
      kInterrupted,    kInternal, kNondeterminism, kViolation, kLiveness,
      kUnexpectedPass, kGate,     kUnknown,        kUsage,     kOk};
  const auto rank = [&](int code) {
    return std::find(kBySeverity.begin(), kBySeverity.end(), code);
  };
  return rank(a) <= rank(b) ? a : b;
}

}  // namespace exit_code

namespace {

using Json = nlohmann::ordered_json;

Json time_json(SimTime at) {
  return to_ns(at);
}
SimTime time_from(const Json& json) {
  return sim_time(Duration{json.get<std::int64_t>()});
}
std::string hex(std::uint64_t value) {
  std::string text(16, '0');
  for (std::size_t i = 16; i-- > 0; value >>= 4) text[i] = "0123456789abcdef"[value & 15];
  return text;
}

Json finding_json(const Finding& finding) {
  return {{"judgement", judgement_name(finding.judgement)},
          {"at_ns", time_json(finding.at)},
          {"record", finding.record},
          {"what", finding.what},
          {"row", finding.row}};
}

Json invariant_json(const InvariantResult& invariant) {
  Json findings = Json::array();
  for (const Finding& finding : invariant.findings) findings.push_back(finding_json(finding));
  return {{"name", invariant.name},         {"judgement", judgement_name(invariant.judgement)},
          {"liveness", invariant.liveness}, {"excused", invariant.excused},
          {"summary", invariant.summary},   {"finding_count", invariant.finding_count},
          {"findings", std::move(findings)}};
}
InvariantResult invariant_from(const Json& json) {
  InvariantResult invariant;
  invariant.name = json["name"];
  invariant.judgement = judgement_named(json["judgement"].get<std::string>());
  invariant.liveness = json["liveness"];
  invariant.excused = json["excused"];
  invariant.summary = json["summary"];
  invariant.finding_count = json["finding_count"];
  for (const Json& finding : json["findings"]) {
    invariant.findings.push_back({judgement_named(finding["judgement"].get<std::string>()),
                                  time_from(finding["at_ns"]), finding["record"], finding["what"],
                                  finding["row"]});
  }
  return invariant;
}

Json losses_json(const LossTable& table) {
  Json rows = Json::array();
  for (const LossRow& row : table.rows) {
    Json evidence = Json::array();
    for (const auto& [name, value] : row.example.evidence) evidence.push_back({name, value});
    rows.push_back({{"class", row.letter},
                    {"name", row.name},
                    {"standing", row.standing},
                    {"count", row.count},
                    {"share_ppm", row.share_ppm},
                    {"window_ns", row.window_ns},
                    {"who", row.who},
                    {"example", {{"what", row.example.what}, {"evidence", std::move(evidence)}}}});
  }
  return {{"acked", table.acked},   {"lost", table.lost},     {"removed", table.removed},
          {"waited", table.waited}, {"warned", table.warned}, {"classes", std::move(rows)}};
}
LossTable losses_from(const Json& json) {
  LossTable table{json["acked"], json["lost"], json["removed"], json["waited"], json["warned"], {}};
  for (const Json& entry : json["classes"]) {
    LossRow row;
    row.letter = entry["class"];
    row.name = entry["name"];
    row.standing = entry["standing"];
    row.count = entry["count"];
    row.share_ppm = entry["share_ppm"];
    row.window_ns = entry["window_ns"];
    row.who = entry["who"];
    row.example.what = entry["example"]["what"];
    for (const Json& pair : entry["example"]["evidence"]) {
      row.example.evidence.emplace_back(pair.at(0), pair.at(1));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace

std::vector<int> rows_of(const InvariantResult& invariant) {
  std::set<int> rows;
  for (const Finding& finding : invariant.findings) {
    if (finding.judgement == Judgement::kKnownDefect) rows.insert(finding.row);
  }
  return {rows.begin(), rows.end()};
}

std::vector<int> rows_of(const RunResult& result) {
  std::set<int> rows;
  for (const InvariantResult& invariant : result.invariants) {
    for (const int row : rows_of(invariant)) rows.insert(row);
  }
  return {rows.begin(), rows.end()};
}

std::string verdict_text(const InvariantResult& invariant) {
  std::string text{judgement_name(invariant.judgement)};
  if (invariant.judgement != Judgement::kKnownDefect) return text;
  const std::vector<int> rows = rows_of(invariant);
  text += rows.size() == 1 ? "(row " : "(rows ";
  for (std::size_t i = 0; i < rows.size(); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(rows[i]);
  return text + ")";
}

std::string to_json(const RunResult& result) {
  Json json;
  json["slotsim_result"] = 1;
  json["scenario"] = result.scenario;
  json["file"] = result.file;
  json["case"] = result.case_name;
  json["seed"] = result.seed;
  json["replay_options"] = result.replay_options;
  json["headline"] = result.headline;
  json["exit_code"] = result.code;
  json["as_declared"] = result.as_declared;
  json["complete"] = result.complete;
  json["cut_short"] = result.cut_short;
  json["end_ns"] = time_json(result.end);
  json["forming_ns"] = result.forming.count();
  json["digest"] = hex(result.digest);
  json["events"] = result.events;
  json["deliveries"] = result.deliveries;
  json["encoded"] = result.encoded;
  json["decoded"] = result.decoded;
  json["memory_bytes"] = result.memory_bytes;
  json["cpu_ns"] = result.cpu_ns;
  json["wall_ns"] = result.wall_ns;
  json["checkpoints"] = Json::array();
  for (const auto& [event, digest] : result.checkpoints)
    json["checkpoints"].push_back({event, hex(digest)});
  json["watched"] = result.watched;
  json["invariants"] = Json::array();
  for (const InvariantResult& invariant : result.invariants)
    json["invariants"].push_back(invariant_json(invariant));
  json["expectations"] = Json::array();
  for (const Expectation& expectation : result.expectations) {
    json["expectations"].push_back({{"text", expectation.text},
                                    {"met", expectation.met},
                                    {"detail", expectation.detail},
                                    {"code", expectation.code},
                                    {"excused", expectation.excused}});
  }
  json["known_defects"] = rows_of(result);
  json["faults"] = Json::array();
  for (const FaultResult& fault : result.faults) {
    json["faults"].push_back({{"id", fault.id},
                              {"kind", fault.kind},
                              {"text", fault.text},
                              {"began_ns", time_json(fault.began)},
                              {"ended_ns", time_json(fault.ended)},
                              {"effects", fault.effects},
                              {"unit", fault.unit}});
  }
  json["warnings"] = result.warnings;
  json["timeline"] = Json::array();
  for (const TimelineEntry& entry : result.timeline) {
    json["timeline"].push_back(
        {{"at_ns", time_json(entry.at)}, {"text", entry.text}, {"fault", entry.fault}});
  }
  json["metrics"] = Json::array();
  for (const MetricResult& metric : result.metrics) {
    json["metrics"].push_back(
        {{"name", metric.name}, {"text", metric.text}, {"value", metric.value}});
  }
  if (result.losses) json["losses"] = losses_json(*result.losses);
  json["seen"] = to_json_part(result.seen);
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

RunResult result_from_json(const std::string& text) {
  const Json json = Json::parse(text);
  RunResult result;
  result.scenario = json["scenario"];
  result.file = json["file"];
  result.case_name = json["case"];
  result.seed = json["seed"];
  result.replay_options = json["replay_options"];
  result.headline = json["headline"];
  result.code = json["exit_code"];
  result.as_declared = json["as_declared"];
  result.complete = json["complete"];
  result.cut_short = json["cut_short"];
  result.end = time_from(json["end_ns"]);
  result.forming = Duration{json["forming_ns"].get<std::int64_t>()};
  result.digest = std::stoull(json["digest"].get<std::string>(), nullptr, 16);
  result.events = json["events"];
  if (json.contains("losses")) result.losses = losses_from(json["losses"]);
  result.deliveries = json["deliveries"];
  result.encoded = json["encoded"];
  result.decoded = json["decoded"];
  result.memory_bytes = json["memory_bytes"];
  result.cpu_ns = json["cpu_ns"];
  result.wall_ns = json["wall_ns"];
  for (const Json& checkpoint : json["checkpoints"]) {
    result.checkpoints.emplace_back(checkpoint[0].get<std::uint64_t>(),
                                    std::stoull(checkpoint[1].get<std::string>(), nullptr, 16));
  }
  result.watched = json["watched"].get<std::vector<std::string>>();
  for (const Json& invariant : json["invariants"])
    result.invariants.push_back(invariant_from(invariant));
  for (const Json& expectation : json["expectations"]) {
    result.expectations.push_back({expectation["text"], expectation["met"], expectation["detail"],
                                   expectation["code"], expectation["excused"]});
  }
  for (const Json& fault : json["faults"]) {
    result.faults.push_back({fault["id"], fault["kind"], fault["text"], fault["unit"],
                             time_from(fault["began_ns"]), time_from(fault["ended_ns"]),
                             fault["effects"]});
  }
  result.warnings = json["warnings"].get<std::vector<std::string>>();
  for (const Json& entry : json["timeline"]) {
    result.timeline.push_back({time_from(entry["at_ns"]), entry["text"], entry["fault"]});
  }
  for (const Json& metric : json["metrics"]) {
    result.metrics.push_back({metric["name"], metric["text"], metric["value"]});
  }
  result.seen = observation_from(json["seen"]);
  return result;
}

}  // namespace sim
