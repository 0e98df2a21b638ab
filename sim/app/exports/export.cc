#include "sim/app/exports/export.h"

#include <algorithm>
#include <utility>

#include "sim/app/cli.h"
#include "sim/faults/fault.h"
#include "sim/scenario/problems.h"

namespace sim {

ExportFile::ExportFile(std::string_view kind, std::string path)
    : kind_(kind), path_(std::move(path)), file_(open_for_writing(path_, kind_ + " export")) {}

void ExportFile::complain() const {
  throw UsageError{"cannot write the " + kind_ + " export to " + path_};
}

void ExportFile::write(std::string_view bytes) {
  failed_ = std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size() || failed_;
}

void ExportFile::close() {
  const bool closed = std::fclose(file_.release()) == 0;
  if (failed_ || !closed) complain();
}

// Every kind there is. To add one: write its .cc, declare it in export.h, add its row here.
const std::vector<ExportKind>& export_kinds() {
  static const std::vector<ExportKind> table = {
      {"perfetto", "for ui.perfetto.dev and chrome://tracing", true, 0, make_perfetto},
      {"pcap", "pcapng of the cluster bus, for Wireshark", false, plane_set(Plane::kBus),
       make_pcap},
      {"pcap-all", "the same with clients and replication", false, kAllPlanes, make_pcap_all},
      {"csv", "a row a second, for spreadsheets", true, 0, make_series},
      {"metrics", "CSV of the run's metrics, a row each", false, 0, make_metrics},
      {"edn", "a history for Jepsen, Elle and Knossos", false, 0, make_edn},
  };
  return table;
}

namespace {

std::string problem_with(const std::string& word, std::vector<ExportRequest>& requests) {
  const std::size_t equals = word.find('=');
  const std::string name = word.substr(0, equals);
  std::vector<std::string_view> names;
  const ExportKind* kind = nullptr;
  for (const ExportKind& known : export_kinds()) {
    names.push_back(known.name);
    if (known.name == name) kind = &known;
  }
  if (kind == nullptr) return "there is no kind '" + name + "'; " + did_you_mean(name, names);
  if (equals == std::string::npos || equals + 1 == word.size())
    return "expected " + name + "=FILE, got '" + word + "'";
  std::string file = word.substr(equals + 1);
  const bool twice = std::any_of(requests.begin(), requests.end(),
                                 [&](const ExportRequest& one) { return one.file == file; });
  if (twice) return "two exports cannot go to one file, " + file;
  requests.push_back({kind, std::move(file)});
  return {};
}

}  // namespace

std::vector<ExportRequest> parse_exports(const std::vector<std::string>& words) {
  std::vector<ExportRequest> requests;
  std::string problems;
  for (const std::string& word : words) {
    const std::string problem = problem_with(word, requests);
    if (!problem.empty()) problems += (problems.empty() ? "--export: " : "\n--export: ") + problem;
  }
  if (!problems.empty()) throw UsageError{problems};
  return requests;
}

void ask_for(const std::vector<ExportRequest>& requests, PlanOptions& options) {
  for (const ExportRequest& request : requests) {
    options.sight_bus = options.sight_bus || request.kind->wants_bus;
    options.sight_frames |= request.kind->wants_frames;
  }
}

bool lasts(const event::FaultBegan& fault) {
  const FaultKind* kind = find_fault(fault.kind);
  return kind == nullptr || kind->lasts;
}

Exports::Exports(const std::vector<ExportRequest>& requests, const Plan& plan) {
  for (const ExportRequest& request : requests) {
    exporters_.push_back(request.kind->make(ExportFile(request.kind->name, request.file), plan));
  }
}

void Exports::see(const Run& run, const std::vector<Sighting>& sightings,
                  const std::vector<Frame>& frames) {
  for (const auto& exporter : exporters_) {
    for (const Frame& frame : frames) exporter->see(frame);
  }
  if (run.formed() && !std::exchange(formed_, true)) {
    for (const auto& exporter : exporters_) exporter->formed(run.origin());
  }
  for (Sighting told : sightings) {
    told.at = formed_ ? told.at - run.origin() : SimTime::min();
    for (const auto& exporter : exporters_) exporter->see(told);
  }
}

void Exports::see(const Record& record) {
  for (const auto& exporter : exporters_) exporter->see(record);
}

void Exports::end(const RunResult& result) {
  for (const auto& exporter : exporters_) exporter->end(result);
}

}  // namespace sim
