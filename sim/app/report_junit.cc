// Results as JUnit XML, for whoever collects them.
#include <fmt/format.h>

#include "sim/app/report.h"

namespace sim {
namespace {

std::string xml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += static_cast<unsigned char>(c) < 0x20 && c != '\n' ? ' ' : c;
    }
  }
  return escaped;
}

double seconds(std::int64_t ns) {
  return static_cast<double>(ns) / 1e9;
}

std::string property(std::string_view name, std::string_view value) {
  return fmt::format("<property name=\"{}\" value=\"{}\"/>", name, xml(value));
}
// Over all seeds the most that was lost, by class, where anything was.
std::string loss_properties(const SeedsSummary& summary) {
  std::string all;
  const auto add = [&](const std::string& metric) {
    const std::optional<Distribution> d = summary.metrics.distribution(metric);
    if (d && d->max > 0) all += property(metric + "_max", format_metric(d->max, d->unit));
  };
  add("lost_writes");
  add("lost_share");
  add("loss_window");
  for (const LossKind& kind : loss_kinds()) add("lost_" + std::string(kind.name));
  return all;
}
std::string loss_properties(const RunResult& result) {
  if (!result.losses || result.losses->lost == 0) return {};
  std::string all = property("acked_writes", std::to_string(result.losses->acked));
  for (const LossRow& row : result.losses->rows) {
    all += property("lost_" + row.name,
                    fmt::format("{} ({}, window {})", row.count, row.standing,
                                format_metric(row.window_ns, MetricUnit::kNanoseconds)));
  }
  return all;
}

}  // namespace

std::string junit_xml(const std::vector<SeedsSummary>& summaries,
                      const std::vector<LeftOut>& left_out) {
  std::string cases;
  std::uint64_t tests = 0, failures = 0;
  for (const SeedsSummary& summary : summaries) {
    const std::string suite = xml(title(*summary.scenario));
    if (summary.passed > 0) {
      ++tests;
      cases += fmt::format(
          "  <testcase classname=\"{}\" name=\"{} seeds as expected\" time=\"{:.3f}\">"
          "<properties><property name=\"virtual_seconds\" value=\"{:.3f}\"/>{}</properties>"
          "</testcase>\n",
          suite, summary.passed, seconds(summary.wall_ns), seconds(summary.virtual_time.count()),
          loss_properties(summary));
    }
    for (const RunResult& failure : summary.failures) {
      ++tests;
      ++failures;
      cases += fmt::format(
          "  <testcase classname=\"{}\" name=\"seed={}\" time=\"{:.3f}\">\n    "
          "<properties><property name=\"seed\" "
          "value=\"{}\"/>"
          "<property name=\"digest\" value=\"{:016x}\"/>{}</properties>\n    <failure "
          "message=\"{}\">{}</failure>\n  </testcase>\n",
          suite, failure.seed, seconds(failure.wall_ns), failure.seed, failure.digest,
          loss_properties(failure), xml(failure.headline), xml(failure_line(failure)));
    }
    for (const Expectation& bound : summary.bounds) {
      if (bound.met) continue;
      ++tests;
      ++failures;
      cases += fmt::format(
          "  <testcase classname=\"{}\" name=\"{}\"><failure message=\"{}\"/></testcase>\n", suite,
          xml(bound.text), xml(bound.detail));
    }
  }
  for (const LeftOut& scenario : left_out) {
    ++tests;
    cases += fmt::format(
        "  <testcase classname=\"{}\" name=\"not run\" time=\"0\"><skipped "
        "message=\"{}\"/></testcase>\n",
        xml(scenario.file), xml(scenario.why));
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"slotsim\" tests=\"{}\" "
      "failures=\"{}\" skipped=\"{}\">\n{}</testsuite>\n",
      tests, failures, left_out.size(), cases);
}

}  // namespace sim
