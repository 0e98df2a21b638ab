#include "sim/app/comparison_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

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
std::string power(const ComparedSides& sides, const Comparison& comparison, const Bounds& bounds) {
  const double tests = static_cast<double>(std::max<std::size_t>(1, comparison.tests));
  const auto critical = [&](double alpha) {
    return critical_distance(alpha, sides.a.runs, sides.b.runs);
  };
  return fmt::format(
      "bounds: medians within {:g} ms or {:g} %, D <= {:g} beyond {:g} ms, shares within {:g} "
      "points, rates and "
      "counts within {:g} %;\n{} rows tested together at {:g} (Holm). From {} and {} runs, "
      "distributions are told from chance\nat D >= {:.3f} where one row is asked, at D >= {:.3f} "
      "by their shape alone where {} are.\n",
      bounds.median_ms, 100 * bounds.median_share, bounds.distance, bounds.resolution_ms,
      100 * bounds.distance, 100 * bounds.rate, comparison.tests, bounds.alpha, sides.a.runs,
      sides.b.runs, critical(bounds.alpha), critical(bounds.alpha / tests / 2), comparison.tests);
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

}  // namespace

std::string report_comparison(const ComparedSides& sides, const Comparison& comparison,
                              const Bounds& bounds, const Paint& paint) {
  std::string text =
      fmt::format("{}: a = {}, seeds {}; b = {}, seeds {}\n", paint.strong(sides.scenario),
                  sides.a.name, sides.a.seeds, sides.b.name, sides.b.seeds);
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
    std::string line = fmt::format("  {} {:<{}}  {:<{}}  {:<{}}  {}", painted(row.verdict, paint),
                                   row.what, widths.what, numbers(row.kind, row.a), widths.a,
                                   numbers(row.kind, row.b), widths.b, apart(row));
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text + disagreements(comparison) + "\n" + power(sides, comparison, bounds) + "\n" +
         last_line(comparison, paint);
}

std::string comparison_json(const ComparedSides& sides, const Comparison& comparison,
                            const Bounds& bounds) {
  Json json;
  json["slotsim_diff"] = 1;
  json["scenario"] = sides.scenario;
  for (const auto& [key, side] : {std::pair{"a", &sides.a}, std::pair{"b", &sides.b}})
    json[key] = {{"side", side->name}, {"seeds", side->seeds}, {"runs", side->runs}};
  json["bounds"] = {{"median_ms", bounds.median_ms}, {"median_share", bounds.median_share},
                    {"distance", bounds.distance},   {"resolution_ms", bounds.resolution_ms},
                    {"rate", bounds.rate},           {"alpha", bounds.alpha}};
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
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sim
