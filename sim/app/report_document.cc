// The document of a report: verdict, cast and scenario, and what the recorder kept.
#include <map>

#include "sim/app/html_report.h"
#include "sim/app/report.h"
#include "sim/scenario/json.h"
#include "sim/trace/event_fields.h"

namespace sim {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const JsonNode& node) {
  switch (node.kind) {
    case JsonNode::Kind::kNull:
      return nullptr;
    case JsonNode::Kind::kBoolean:
      return node.boolean;
    case JsonNode::Kind::kNumber:
      return Json::parse(node.text);
    case JsonNode::Kind::kText:
      return node.text;
    case JsonNode::Kind::kList: {
      Json list = Json::array();
      for (const JsonRef& item : node.items) list.push_back(json_of(*item));
      return list;
    }
    case JsonNode::Kind::kObject: {
      Json object = Json::object();
      for (const JsonMember& member : node.members) object[member.key] = json_of(*member.value);
      return object;
    }
  }
  return nullptr;
}

Json run_json(const Plan& plan, const RunResult& result) {
  char digest[17];
  std::snprintf(digest, sizeof digest, "%016llx", static_cast<unsigned long long>(result.digest));
  return {{"scenario", result.scenario},
          {"case", result.case_name},
          {"file", result.file},
          {"why", plan.scenario.description},
          {"seed", std::to_string(result.seed)},
          {"digest", digest},
          {"events", result.events},
          {"duration", report_us(sim_time(plan.scenario.duration))},
          {"end", report_us(result.end)},
          {"forming", report_us(sim_time(result.forming))},
          {"cut_short", result.cut_short},
          {"options", result.replay_options},
          {"replay", replay_command(result)}};
}

Json cast_json(const Plan& plan) {
  Json cast = Json::array();
  for (const MachineInfo& info : plan.facts.cast) {
    cast.push_back({{"name", info.name},
                    {"kind", enum_name(info.kind)},
                    {"endpoint", format_endpoint(info.endpoint)},
                    {"host", info.host},
                    {"rack", info.rack},
                    {"zone", info.zone},
                    {"region", info.region},
                    {"cluster", info.cluster},
                    {"shard", info.shard},
                    {"id", info.planned_id.view()},
                    {"primary", info.planned_primary},
                    {"process", info.process}});
  }
  return cast;
}

Json config_json(const Plan& plan) {
  Json config = {{"cluster-node-timeout",
                  std::to_string(plan.facts.node_timeout / std::chrono::milliseconds{1})},
                 {"cluster-require-full-coverage", plan.facts.full_coverage ? "yes" : "no"}};
  for (const auto& [name, value] : plan.scenario.cluster.config) config[name] = value;
  return config;
}

Json invariants_json(const RunResult& result) {
  Json invariants = Json::array();
  for (const InvariantResult& invariant : result.invariants) {
    const InvariantKind* kind = find_invariant(invariant.name);
    Json findings = Json::array();
    for (const Finding& finding : invariant.findings) {
      findings.push_back({{"at", report_us(finding.at)},
                          {"judgement", judgement_name(finding.judgement)},
                          {"what", finding.what},
                          {"row", finding.row}});
    }
    invariants.push_back({{"name", invariant.name},
                          {"judgement", judgement_name(invariant.judgement)},
                          {"excused", invariant.excused},
                          {"claim", kind == nullptr ? "" : kind->claim},
                          {"source", kind == nullptr ? "" : kind->source},
                          {"scope", kind == nullptr ? "" : kind->scope},
                          {"summary", invariant.summary},
                          {"finding_count", invariant.finding_count},
                          {"findings", std::move(findings)}});
  }
  return invariants;
}

Json verdict_json(const RunResult& result) {
  Json verdict = {{"headline", result.headline},           {"code", result.code},
                  {"invariants", invariants_json(result)}, {"expectations", Json::array()},
                  {"warnings", result.warnings},           {"metrics", Json::array()}};
  for (const Expectation& expectation : result.expectations) {
    verdict["expectations"].push_back(
        {{"text", expectation.text}, {"met", expectation.met}, {"detail", expectation.detail}});
  }
  for (const MetricResult& metric : result.metrics)
    verdict["metrics"].push_back({metric.name, metric.text});
  return verdict;
}

// Where in the file's timeline a step stands: what repeats stands there once.
Json steps_json(const Run& run) {
  const Plan& plan = run.plan();
  std::map<Place, std::size_t> places;
  if (const JsonMember* timeline =
          plan.scenario.document == nullptr ? nullptr : plan.scenario.document->find("timeline")) {
    for (std::size_t i = 0; i < timeline->value->items.size(); ++i)
      places[timeline->value->items[i]->place] = i;
  }
  Json steps = Json::array();
  for (const PlannedStep& planned : plan.steps) {
    const auto at = run.fired(planned.step.id);
    const auto found = places.find(planned.step.place);
    steps.push_back({{"id", planned.step.id},
                     {"entry", found == places.end() ? -1 : static_cast<int>(found->second)},
                     {"at", at ? Json(report_us(*at)) : Json(nullptr)}});
  }
  return steps;
}

}  // namespace

Json report_document(const Run& run, const RunResult& result, RunRecorder& recorder) {
  const Plan& plan = run.plan();
  Json document = {{"slotsim_report", 1},
                   {"run", run_json(plan, result)},
                   {"verdict", verdict_json(result)},
                   {"config", config_json(plan)},
                   {"cast", cast_json(plan)},
                   {"faults", Json::array()},
                   {"timeline", Json::array()}};
  for (const FaultResult& fault : result.faults) {
    document["faults"].push_back({{"id", fault.id},
                                  {"kind", fault.kind},
                                  {"text", fault.text},
                                  {"began", report_us(fault.began)},
                                  {"ended", report_us(fault.ended)},
                                  {"effects", fault.effects},
                                  {"unit", fault.unit}});
  }
  for (const TimelineEntry& entry : result.timeline)
    document["timeline"].push_back({report_us(entry.at), entry.text, entry.fault ? 1 : 0});
  document["scenario"] =
      plan.scenario.document == nullptr ? Json(nullptr) : json_of(*plan.scenario.document);
  document["steps"] = steps_json(run);
  document.update(recorder.json(run.judge().milestones().all()));
  return document;
}

}  // namespace sim
