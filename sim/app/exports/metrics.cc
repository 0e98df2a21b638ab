// The metrics of a run as CSV, a row each, so that the files of many runs make one table.
#include <string>
#include <utility>

#include "sim/app/exports/csv_row.h"
#include "sim/app/exports/export.h"
#include "sim/base/check.h"
#include "sim/invariants/metric.h"

namespace sim {
namespace {

struct Quantity {
  std::string value;
  std::string unit;
};

Quantity quantity(const MetricResult& metric) {
  const MetricKind* kind = find_metric(metric.name);
  CHECK(kind != nullptr);
  switch (kind->unit) {
    case MetricUnit::kNanoseconds:
      return {decimal(metric.value, 9), "s"};
    case MetricUnit::kPpm:
      return {decimal(metric.value, 4), "%"};
    case MetricUnit::kMilliPerSecond:
      return {decimal(metric.value, 3), "1/s"};
    case MetricUnit::kCount:
      break;
  }
  return {std::to_string(metric.value), ""};
}

class MetricsTable final : public Exporter {
 public:
  explicit MetricsTable(ExportFile file) : file_(std::move(file)) {}

  void end(const RunResult& result) override {
    file_.write(csv_row({"scenario", "case", "seed", "verdict", "metric", "value", "unit"}));
    const std::string verdict = result.code == exit_code::kOk ? "PASS" : "FAIL";
    for (const MetricResult& metric : result.metrics) {
      const Quantity it = quantity(metric);
      file_.write(csv_row({result.scenario, result.case_name, std::to_string(result.seed), verdict,
                           metric.name, it.value, it.unit}));
    }
    file_.close();
  }

 private:
  ExportFile file_;
};

}  // namespace

std::unique_ptr<Exporter> make_metrics(ExportFile file, const Plan&) {
  return std::make_unique<MetricsTable>(std::move(file));
}

}  // namespace sim
