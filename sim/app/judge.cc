#include "sim/app/judge.h"

#include <algorithm>

#include "sim/app/casting.h"
#include "sim/invariants/known_defects.h"
#include "sim/trace/describe.h"

namespace sim {
namespace {

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool fails(const InvariantResult& invariant) {
  return invariant.judgement == Judgement::kFail || invariant.judgement == Judgement::kKnownDefect;
}

// Declared by the scenario: looked away from, expected to break, or a defect of the real server
// that it is about.
bool is_excused(const InvariantResult& invariant, const Expectations& expect) {
  if (contains(expect.except, invariant.name) || contains(expect.violates, invariant.name))
    return true;
  if (invariant.judgement != Judgement::kKnownDefect) return false;
  const auto declared = [&](int row) {
    const auto has = [&](const std::vector<std::uint32_t>& rows) {
      return std::find(rows.begin(), rows.end(), static_cast<std::uint32_t>(row)) != rows.end();
    };
    return has(expect.known_defects) || has(expect.shows);
  };
  const std::vector<int> rows = rows_of(invariant);
  return std::all_of(rows.begin(), rows.end(), declared);
}

int code_of(const InvariantResult& invariant) {
  if (invariant.judgement == Judgement::kUnknown) return exit_code::kUnknown;
  return invariant.liveness ? exit_code::kLiveness : exit_code::kViolation;
}

std::string times_text(std::uint64_t times) {
  return times == 0   ? "never happened"
         : times == 1 ? "happened once"
                      : "happened " + std::to_string(times) + " times";
}

}  // namespace

void hold_to(const std::vector<std::string>& deviations, InvariantResult& invariant) {
  for (Finding& finding : invariant.findings) {
    if (finding.judgement != Judgement::kKnownDefect) continue;
    const KnownDefect& defect = *find_known_defect(finding.row);
    if (!defect.current || !contains(deviations, defect.deviation)) continue;
    finding.judgement = invariant.judgement = Judgement::kFail;
  }
}

Judge::Judge(std::shared_ptr<const Plan> plan)
    : plan_(std::move(plan)),
      jury_(plan_->facts,
            plan_->judge_invariants ? invariants() : std::span<const InvariantKind>{}),
      metrics_(plan_->facts),
      timeline_(plan_->facts.cast),
      logged_(plan_->scenario.expect.reached),
      logged_in_vain_(plan_->scenario.expect.not_reached) {}

void Judge::see(const Record& record) {
  timeline_.see(record);
  logged_.see(record);
  logged_in_vain_.see(record);
  if (directory().is_foreign(record.machine)) return newcomers_.see(record);
  weigh(record);
  for (const Record& words : newcomers_.adopted(directory(), record.at)) weigh(words);
}

void Judge::weigh(const Record& record) {
  jury_.see(record);
  milestones_.see(record, directory());
  metrics_.see(record, jury_.stage());
  observer_.see(record, milestones_, directory());
  see_plan(record);
}

void Judge::see_plan(const Record& record) {
  if (const auto* began = std::get_if<event::FaultBegan>(&record.event)) {
    faults_.push_back({began->id, began->kind, began->text, "", record.at, record.at, 0});
  } else if (const auto* ended = std::get_if<event::FaultEnded>(&record.event)) {
    for (FaultResult& fault : faults_) {
      if (fault.id != ended->id) continue;
      fault.ended = record.at;
      fault.effects = ended->effects;
      fault.unit = ended->unit;
    }
  } else if (const auto* reply = std::get_if<event::StepReply>(&record.event)) {
    if (reply->expected.empty() && reply->as_expected) return;
    const auto alike = std::find_if(replies_.begin(), replies_.end(), [&](const Replies& other) {
      return other.first.id == reply->id && other.first.as_expected == reply->as_expected;
    });
    Replies& replies = alike == replies_.end() ? replies_.emplace_back() : *alike;
    if (replies.nodes.empty()) replies.first = *reply;
    replies.nodes.push_back(reply->node.empty() ? "nobody" : reply->node);
  } else if (const auto* ran = std::get_if<event::ProgramRan>(&record.event)) {
    see_program(*ran);
  } else if (const auto* operation = std::get_if<event::OperationEnded>(&record.event)) {
    operations_.push_back(*operation);
  }
}

// A machine that was started again has run its program again, and that is what counts.
void Judge::see_program(const event::ProgramRan& ran) {
  if (ran.id == 0) {
    std::erase_if(programs_, [&](const event::ProgramRan& other) {
      return other.id == 0 && other.machine == ran.machine;
    });
  }
  programs_.push_back(ran);
}

Expectation Judge::expectation_of(const Replies& replies) {
  const event::StepReply& first = replies.first;
  return {name_list(replies.nodes) + (replies.nodes.size() == 1 ? " answers \"" : " answer \"") +
              first.command + "\" with " + first.expected,
          first.as_expected, "got " + reply_text(first.reply), exit_code::kViolation};
}

void Judge::finish(SimTime end) {
  end_ = end;
  std::vector<Metric> counted;
  jury_.finish(end);
  for (const auto& invariant : jury_.invariants()) {
    const std::vector<Metric> metrics = invariant->metrics();
    counted.insert(counted.end(), metrics.begin(), metrics.end());
  }
  metrics_.finish(end, jury_.stage(), counted);
}

void Judge::report(RunResult& result) const {
  result.faults = faults_;
  for (const TimelineFold::Entry& entry : timeline_.entries()) {
    result.timeline.push_back({sim_time(entry.at), entry.text, entry.of_plan});
  }
  for (const Replies& replies : replies_) result.expectations.push_back(expectation_of(replies));
  for (const event::ProgramRan& ran : programs_) {
    result.expectations.push_back({ran.machine + " runs \"" + ran.command + "\" to " + ran.expected,
                                   ran.as_expected, ending_text(ran), exit_code::kViolation});
  }
  for (const event::OperationEnded& ended : operations_) {
    result.expectations.push_back(
        {"step " + std::to_string(ended.id) + ", " + ended.name + ", comes to " + ended.expected,
         ended.as_expected, operation_end_text(ended), exit_code::kViolation});
  }
  for (const Metric& metric : metrics_.values()) {
    result.metrics.push_back({metric.name, format_metric(metric.value, metric.unit), metric.value});
  }
  observe(result);
  const Expectations& expect = plan_->scenario.expect;
  for (std::size_t i = 0; i < jury_.invariants().size(); ++i) {
    const InvariantKind& kind = invariants()[i];
    const Invariant& invariant = *jury_.invariants()[i];
    InvariantResult judged{
        std::string(kind.name), invariant.judgement(),    kind.liveness, false, invariant.summary(),
        invariant.findings(),   invariant.finding_count()};
    if (!result.complete && kind.liveness) {
      judged.judgement = Judgement::kNotChecked;
      judged.summary = "the run was cut short";
    }
    if (auto losses = invariant.losses()) result.losses = std::move(losses);
    hold_to(plan_->scenario.cluster.deviations, judged);
    judged.excused = is_excused(judged, expect);
    result.invariants.push_back(std::move(judged));
  }
  for (const FaultResult& fault : faults_) {
    if (fault.effects == 0) {
      result.warnings.push_back("fault " + std::to_string(fault.id) +
                                " changed nothing: " + fault.text);
    }
  }
  if (result.complete) judge_expectations(result);
  headline(result);
}

void Judge::observe(RunResult& result) const {
  result.seen = observer_.finish(milestones_, directory());
  result.seen.complete = result.complete;
  for (const std::string_view name : compared_metrics()) {
    if (const auto value = metrics_.value(name)) result.seen.numbers[std::string(name)] = *value;
  }
}

std::vector<MachineId> Judge::meant_by(const Selector& selector) const {
  ChoiceStream aside(plan_->seed, "judge:expect");
  Choices choices(aside);
  return resolve(selector, directory(), choices);
}

Expectation Judge::judge_pattern(const EventPattern& pattern, bool wanted) const {
  const std::vector<MachineId> meant =
      pattern.node ? meant_by(*pattern.node) : std::vector<MachineId>{};
  const int shard = pattern.shard ? static_cast<int>(*pattern.shard) : -1;
  const auto times = static_cast<std::uint64_t>(std::count_if(
      milestones_.all().begin(), milestones_.all().end(), [&](const Milestone& milestone) {
        return matches(milestone, pattern.event, shard) &&
               (!pattern.after || milestone.at >= sim_time(*pattern.after)) &&
               (!pattern.before || milestone.at < sim_time(*pattern.before)) &&
               (!pattern.node ||
                std::find(meant.begin(), meant.end(), milestone.machine) != meant.end());
      }));
  return {(wanted ? "reaches " : "does not reach ") + pattern.text(),
          wanted ? times >= pattern.count : times == 0, times_text(times), exit_code::kViolation};
}

// Of who keeps no log nothing is known: an expectation about none but them is not met, whatever it
// expects.
Expectation Judge::judge_log(const LogCounts& counts, std::size_t index,
                             const EventPattern& pattern, bool wanted) const {
  const Cast& cast = plan_->facts.cast;
  std::vector<MachineId> keep_logs;
  for (std::uint32_t i = 0; i < cast.size(); ++i) {
    if (cast[i].process || cast[i].kind == MachineKind::kProgram) keep_logs.push_back(MachineId{i});
  }
  if (pattern.node) {
    const std::vector<MachineId> meant = meant_by(*pattern.node);
    std::erase_if(keep_logs, [&](MachineId machine) {
      return std::find(meant.begin(), meant.end(), machine) == meant.end();
    });
  }
  const std::string text = (wanted ? "logs " : "does not log ") + pattern.text();
  if (keep_logs.empty())
    return {text, false, "not checked: nobody meant keeps a log", exit_code::kViolation};
  const std::uint64_t times = counts.times(index, keep_logs);
  return {text, wanted ? times >= pattern.count : times == 0, times_text(times),
          exit_code::kViolation};
}

void Judge::judge_expectations(RunResult& result) const {
  const Expectations& expect = plan_->scenario.expect;
  for (const bool wanted : {true, false}) {
    const std::vector<EventPattern>& patterns = wanted ? expect.reached : expect.not_reached;
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      result.expectations.push_back(
          patterns[i].log.empty()
              ? judge_pattern(patterns[i], wanted)
              : judge_log(wanted ? logged_ : logged_in_vain_, i, patterns[i], wanted));
    }
  }
  for (const MetricBound& bound : expect.metrics) {
    if (bound.statistic != MetricBound::Statistic::kEach) continue;
    const std::optional<std::int64_t> value = metrics_.value(bound.metric);
    const MetricKind* kind = find_metric(bound.metric);
    const bool met = value && kind != nullptr && bound.met_by(*value);
    result.expectations.push_back(
        {bound.text(), met,
         value && kind != nullptr ? "is " + format_metric(*value, kind->unit) : "was not measured",
         exit_code::kGate});
  }
  for (Expectation& expectation : result.expectations) {
    expectation.excused =
        !expectation.met &&
        std::any_of(expect.misses.begin(), expect.misses.end(), [&](const std::string& part) {
          return expectation.text.find(part) != std::string::npos;
        });
  }
}

// What the scenario declares to go wrong, and did not.
std::vector<std::string> Judge::absent_from(const RunResult& result) const {
  const Expectations& expect = plan_->scenario.expect;
  std::vector<std::string> absent;
  for (const InvariantResult& invariant : result.invariants) {
    if (contains(expect.violates, invariant.name) && !fails(invariant))
      absent.push_back(invariant.name + " held, though the scenario says it is violated");
  }
  for (const std::string& part : expect.misses) {
    const bool missed = std::any_of(
        result.expectations.begin(), result.expectations.end(), [&](const Expectation& other) {
          return !other.met && other.text.find(part) != std::string::npos;
        });
    if (!missed)
      absent.push_back("\"" + part + "\" was met, though the scenario says it is missed");
  }
  const std::vector<int> seen = rows_of(result);
  for (const std::uint32_t row : expect.shows) {
    if (std::find(seen.begin(), seen.end(), static_cast<int>(row)) == seen.end())
      absent.push_back("known-defect(row " + std::to_string(row) + ") was not seen");
  }
  return absent;
}

void Judge::headline(RunResult& result) const {
  const Expectations& expect = plan_->scenario.expect;
  std::string broken, as_declared;
  const auto list = [](std::string& into, std::string_view name) {
    into += (into.empty() ? "" : ", ") + std::string(name);
  };
  for (const InvariantResult& invariant : result.invariants) {
    if (fails(invariant) && invariant.excused)
      list(as_declared, verdict_text(invariant) + " " + invariant.name);
    if (!fails(invariant) && invariant.judgement != Judgement::kUnknown) continue;
    if (invariant.excused) continue;
    list(broken, invariant.judgement == Judgement::kKnownDefect
                     ? verdict_text(invariant) + " " + invariant.name
                     : invariant.name);
    result.code = exit_code::worse(result.code, code_of(invariant));
  }
  for (const Expectation& expectation : result.expectations) {
    if (expectation.met) continue;
    list(expectation.excused ? as_declared : broken,
         (expectation.excused ? "missed " : "") + expectation.text);
    if (!expectation.excused) result.code = exit_code::worse(result.code, expectation.code);
  }
  const std::vector<std::string> absent = absent_from(result);
  result.as_declared = result.complete && absent.empty();
  if (!result.complete) {
    list(broken, result.cut_short);
    const bool stuck = result.cut_short.starts_with("livelock") ||
                       result.cut_short.starts_with("the cluster did not");
    const bool limited = result.cut_short.find("limit") != std::string::npos;
    if (stuck) result.code = exit_code::worse(result.code, exit_code::kLiveness);
    if (limited) result.code = exit_code::worse(result.code, exit_code::kUnknown);
  } else if (!absent.empty() && expect.in == Expectations::Seeds::kEvery) {
    for (const std::string& what : absent) list(broken, what);
    result.code = exit_code::worse(result.code, exit_code::kUnexpectedPass);
  }
  if (result.code == exit_code::kOk && result.complete) {
    result.headline = as_declared.empty() ? "PASS" : "PASS (as declared: " + as_declared + ")";
  } else if (result.code == exit_code::kOk) {
    result.headline = "CUT SHORT (" + result.cut_short + ")";
  } else {
    result.headline = "FAIL " + broken;
  }
}

namespace {
// The seed in which whoever misses the bound, or nearly so, looks first.
std::uint64_t worst_seed(const Distribution& distribution, const MetricBound& bound) {
  const bool least = bound.compare == Compare::kGreater || bound.compare == Compare::kGreaterEqual;
  return least ? distribution.min_seed : distribution.max_seed;
}
}  // namespace

std::vector<Expectation> judge_bounds_over_seeds(const Scenario& scenario,
                                                 const MetricTable& table) {
  std::vector<Expectation> judged;
  for (const MetricBound& bound : scenario.expect.metrics) {
    if (bound.statistic == MetricBound::Statistic::kEach) continue;
    const std::optional<Distribution> distribution = table.distribution(bound.metric);
    Expectation expectation{bound.text(), false, "was not measured", exit_code::kGate};
    if (distribution) {
      std::int64_t value = distribution->max;
      switch (bound.statistic) {
        case MetricBound::Statistic::kP50:
          value = distribution->p50;
          break;
        case MetricBound::Statistic::kP90:
          value = distribution->p90;
          break;
        case MetricBound::Statistic::kP99:
          value = distribution->p99;
          break;
        case MetricBound::Statistic::kMin:
          value = distribution->min;
          break;
        case MetricBound::Statistic::kMax:
        case MetricBound::Statistic::kEach:
          break;
      }
      expectation.met = bound.met_by(value);
      expectation.detail = "is " + format_metric(value, distribution->unit) + " over " +
                           std::to_string(distribution->runs) + " runs (worst seed " +
                           std::to_string(worst_seed(*distribution, bound)) + ")";
    }
    judged.push_back(std::move(expectation));
  }
  return judged;
}

}  // namespace sim
