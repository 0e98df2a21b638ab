// slotsim run --report: one HTML file that holds a run and everything needed to look at it.
#pragma once

#include <string>

#include "sim/app/result.h"
#include "sim/app/run.h"
#include "sim/app/run_recorder.h"

namespace sim {

// The document a report carries, version 1 (docs/report.md). The same run gives the same text.
nlohmann::ordered_json report_document(const Run& run, const RunResult& result,
                                       RunRecorder& recorder);

// The whole file.
std::string html_report(const RunResult& result, const nlohmann::ordered_json& document);

}  // namespace sim
