#include "sim/app/comparison_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

namespace sim {
namespace {

using Json = nlohmann::ordered_json;
using Kind = ComparedRow::Kind;
using Verdict = ComparedRow::Verdict;

struct VerdictWords {
  std::string_view text, json;
};
VerdictWords words_of(Verdict verdict) {
  constexpr std::array<VerdictWords, 5> kWords = {{{"identical", "identical"},
                                                   {"within", "within"},
                                                   {"by chance?", "chance"},
                                                   {"DIFFERENT", "different"},
                                                   {"not measured", "not measured"}}};
  return kWords[static_cast<std::size_t>(verdict)];
}

std::string painted(Verdict verdict, const Paint& paint) {
  const std::string text = fmt::format("{:<12}", words_of(verdict).text);
  if (verdict == Verdict::kDifferent) return paint.bad(text);
  if (verdict == Verdict::kChance || verdict == Verdict::kNotMeasured) return paint.warn(text);
  return paint.good(text);
}

std::string numbers(Kind kind, const Sample& sample) {
  if (sample.empty()) return "not measured";
  switch (kind) {
    case Kind::kTime:
      return fmt::format("{:.3f} s ({:.3f}..{:.3f})", median(sample) / 1000,
                         quantile(sample, 10) / 1000, quantile(sample, 90) / 1000);
    case Kind::kMean:
      return fmt::format("{:.4g} ({:.4g}..{:.4g})", mean(sample), quantile(sample, 10),
                         quantile(sample, 90));
    case Kind::kShare:
      return fmt::format("{} of {}", std::count(sample.begin(), sample.end(), 1.0), sample.size());
  }
  return "";
}

// Columns as wide as what stands in them.
struct Widths {
  std::size_t what = 0, a = 0, b = 0;
  explicit Widths(const std::vector<ComparedRow>& rows) {
    for (const ComparedRow& row : rows) {
      what = std::max(what, row.what.size());
      a = std::max(a, numbers(row.kind, row.a).size());
      b = std::max(b, numbers(row.kind, row.b).size());
    }
  }
};

std::string apart(const ComparedRow& row) {
  if (row.verdict == Verdict::kIdentical || row.verdict == Verdict::kNotMeasured) return "";
  const std::string chance = fmt::format("p {:.2g}", row.adjusted);
  switch (row.kind) {
    case Kind::kTime:
      return fmt::format("{:+.0f} ms, D {:.2f}, {}", row.off, row.distance, chance);
    case Kind::kMean: {
      const double greater = std::max(mean(row.a), mean(row.b));
      return fmt::format("{:+.1f} %, {}", greater > 0 ? 100 * row.off / greater : 0, chance);
    }
    case Kind::kShare:
      return fmt::format("{:+.1f} points, {}", 100 * row.off, chance);
  }
  return "";
}

std::string told(const ComparedRow& row, const Widths& widths, const Paint& paint) {
  std::string line = fmt::format("  {} {:<{}}  {:<{}}  {:<{}}  {}", painted(row.verdict, paint),
                                 row.what, widths.what, numbers(row.kind, row.a), widths.a,
                                 numbers(row.kind, row.b), widths.b, apart(row));
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

// Chance may send one of them another way; each is to be looked at all the same.
std::string disagreements(const Comparison& comparison) {
  if (comparison.disagreements.empty()) return "";
  std::string text = "\nseeds with which only one side is as its scenario expects\n";
  for (const Disagreement& one : comparison.disagreements)
    text += fmt::format("  {:<12} a: {}\n{:<15}b: {}\n", one.seed, one.a, "", one.b);
  return text +
         "  (again: run FILE --seed N --as-in-diff, with the --program or --mutate of the side)\n";
}

// What samples of these sizes can tell at all.
std::string power(const ComparedScenario& scenario, const Bounds& bounds) {
  const std::size_t asked = scenario.comparison.tests;
  const double tests = static_cast<double>(std::max<std::size_t>(1, asked));
  const auto critical = [&](double alpha) {
    return critical_distance(alpha, scenario.a.runs, scenario.b.runs);
  };
  return fmt::format(
      "bounds: medians within {:g} ms or {:g} %, D <= {:g} beyond {:g} ms, shares within {:g} "
      "points, rates and "
      "counts within {:g} %;\n{} rows tested together at {:g} (Holm). From {} and {} runs, "
      "distributions are told from chance\nat D >= {:.3f} where one row is asked, at D >= {:.3f} "
      "by their shape alone where {} are.\n",
      bounds.median_ms, 100 * bounds.median_share, bounds.distance, bounds.resolution_ms,
      100 * bounds.distance, 100 * bounds.rate, asked, bounds.alpha, scenario.a.runs,
      scenario.b.runs, critical(bounds.alpha), critical(bounds.alpha / tests / 2), asked);
}

std::string last_line(const Comparison& comparison, const Paint& paint) {
  const std::size_t different = comparison.count(Verdict::kDifferent);
  if (!comparison.measured) return paint.bad("NOTHING TO COMPARE") + "\n";
  if (different > 0)
    return paint.bad(fmt::format("DIFFERENT in {}", different)) + " of " +
           fmt::format("{} rows\n", comparison.rows.size());
  std::string line = paint.good("EQUIVALENT") + " within the bounds";
  if (const std::size_t by_chance = comparison.count(Verdict::kChance); by_chance > 0) {
    line += fmt::format(", but for {} that may be chance: more seeds decide",
                        by_chance == 1 ? "a row" : fmt::format("{} rows", by_chance));
  }
  if (const std::size_t missing = comparison.count(Verdict::kNotMeasured); missing > 0)
    line += fmt::format("; {} not measured", missing);
  return line + "\n";
}

std::string verdict_in_short(const Comparison& comparison, const Paint& paint) {
  if (comparison.equivalent()) return paint.good("equivalent") + "  ";
  return paint.bad(fmt::format("{:<12}", comparison.measured ? "DIFFERENT" : "NOT COMPARED"));
}

Json sample_json(Kind kind, const Sample& sample) {
  if (sample.empty()) return nullptr;
  Json json{{"runs", sample.size()}};
  if (kind == Kind::kShare) {
    json["hits"] = std::count(sample.begin(), sample.end(), 1.0);
    return json;
  }
  json["mean"] = mean(sample);
  json["p10"] = quantile(sample, 10);
  json["median"] = median(sample);
  json["p90"] = quantile(sample, 90);
  return json;
}

Json bounds_json(const Bounds& bounds) {
  return {{"median_ms", bounds.median_ms}, {"median_share", bounds.median_share},
          {"distance", bounds.distance},   {"resolution_ms", bounds.resolution_ms},
          {"rate", bounds.rate},           {"alpha", bounds.alpha}};
}

Json scenario_json(const ComparedScenario& scenario) {
  const Comparison& comparison = scenario.comparison;
  Json json{{"scenario", scenario.title}, {"file", scenario.file}};
  for (const auto& [key, side] : {std::pair{"a", &scenario.a}, std::pair{"b", &scenario.b}})
    json[key] = {{"side", side->name}, {"seeds", side->seeds}, {"runs", side->runs}};
  json["died"] = scenario.died;
  json["tests"] = comparison.tests;
  json["equivalent"] = comparison.equivalent();
  json["rows"] = Json::array();
  for (const ComparedRow& row : comparison.rows) {
    Json one{{"group", row.group},
             {"what", row.what},
             {"verdict", words_of(row.verdict).json},
             {"a", sample_json(row.kind, row.a)},
             {"b", sample_json(row.kind, row.b)}};
    if (row.verdict != Verdict::kNotMeasured) {
      one["off"] = row.off;
      if (row.kind == Kind::kTime) one["distance"] = row.distance;
      one["chance"] = row.chance;
      one["chance_of_all"] = row.adjusted;
    }
    json["rows"].push_back(std::move(one));
  }
  json["disagreements"] = Json::array();
  for (const Disagreement& one : comparison.disagreements)
    json["disagreements"].push_back({{"seed", one.seed}, {"a", one.a}, {"b", one.b}});
  return json;
}

std::string dumped(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string sides_line(const ComparedSide& a, const ComparedSide& b) {
  return fmt::format("a = {}, seeds {}; b = {}, seeds {}\n", a.name, a.seeds, b.name, b.seeds);
}

std::string report_comparison(const ComparedScenario& scenario, const Bounds& bounds,
                              const Paint& paint) {
  const Comparison& comparison = scenario.comparison;
  std::string text = paint.strong(scenario.title) + ": " + sides_line(scenario.a, scenario.b);
  const Widths widths(comparison.rows);
  std::string group;
  for (const ComparedRow& row : comparison.rows) {
    if (row.group != group) {
      group = row.group;
      text += fmt::format("\n{}{}\n", group,
                          row.kind == Kind::kTime   ? ": median (10 % .. 90 % of runs)"
                          : row.kind == Kind::kMean ? ": mean (10 % .. 90 % of runs)"
                                                    : "");
    }
    text += told(row, widths, paint);
  }
  return text + disagreements(comparison) + "\n" + power(scenario, bounds) + "\n" +
         last_line(comparison, paint);
}

std::string comparison_line(const ComparedScenario& scenario, const Paint& paint) {
  const Comparison& comparison = scenario.comparison;
  std::string text = verdict_in_short(comparison, paint) + " " + scenario.title;
  std::vector<std::string> rows;
  for (const Verdict verdict : {Verdict::kDifferent, Verdict::kChance, Verdict::kNotMeasured}) {
    if (const std::size_t count = comparison.count(verdict); count > 0)
      rows.push_back(fmt::format("{} {}", count, words_of(verdict).text));
  }
  if (!rows.empty())
    text += fmt::format(" ({} of {} rows)", fmt::join(rows, ", "), comparison.rows.size());
  text += '\n';
  std::vector<ComparedRow> condemning;
  std::copy_if(comparison.rows.begin(), comparison.rows.end(), std::back_inserter(condemning),
               [](const ComparedRow& row) { return row.verdict == Verdict::kDifferent; });
  const Widths widths(condemning);
  for (const ComparedRow& row : condemning) text += told(row, widths, paint);
  if (const std::size_t seeds = comparison.disagreements.size(); seeds > 0) {
    text += fmt::format("  as its scenario expects on one side only: {}, the first {}\n",
                        seeds == 1 ? "a seed" : fmt::format("{} seeds", seeds),
                        comparison.disagreements.front().seed);
  }
  if (scenario.died > 0) text += fmt::format("  runs that died: {}\n", scenario.died);
  return text;
}

std::string report_comparisons(const std::vector<ComparedScenario>& scenarios, std::size_t left_out,
                               const Bounds& bounds, const Paint& paint) {
  const auto count = [&](bool (*is)(const Comparison&)) {
    return std::count_if(scenarios.begin(), scenarios.end(),
                         [&](const ComparedScenario& one) { return is(one.comparison); });
  };
  const auto equivalent = count([](const Comparison& one) { return one.equivalent(); });
  const auto nothing = count([](const Comparison& one) { return !one.measured; });
  const auto different = std::ssize(scenarios) - equivalent - nothing;
  std::string text = fmt::format(
      "\neach scenario by itself at {:g}: of {} equal ones {:.1f} may be called "
      "different by chance\n{} equivalent, {} different, ",
      bounds.alpha, scenarios.size(), bounds.alpha * double(scenarios.size()), equivalent,
      different > 0 ? paint.bad(std::to_string(different)) : "0");
  if (nothing > 0) text += fmt::format("{} with nothing to compare, ", nothing);
  return text + fmt::format("{} skipped\n", left_out);
}

std::string comparison_json(const ComparedScenario& scenario, const Bounds& bounds) {
  Json json{{"slotsim_diff", 1}, {"bounds", bounds_json(bounds)}};
  json.update(scenario_json(scenario));
  return dumped(json);
}

std::string comparisons_json(const std::vector<ComparedScenario>& scenarios,
                             const std::vector<LeftOut>& left_out, const Bounds& bounds) {
  Json json{{"slotsim_diff", 1}, {"bounds", bounds_json(bounds)}};
  json["scenarios"] = Json::array();
  for (const ComparedScenario& scenario : scenarios)
    json["scenarios"].push_back(scenario_json(scenario));
  json["skipped"] = Json::array();
  for (const LeftOut& one : left_out)
    json["skipped"].push_back({{"file", one.file}, {"why", one.why}});
  return dumped(json);
}

}  // namespace sim
