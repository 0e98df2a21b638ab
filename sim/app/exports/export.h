// slotsim run --export KIND=FILE: a run in the format of a tool that people already have.
//
// An exporter is a fold that writes as it goes: its memory is what is open at a moment
// (connections, operations, faults), whatever the length of the run. The same run gives the same
// bytes.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/app/files.h"
#include "sim/app/plan.h"
#include "sim/app/result.h"
#include "sim/app/run.h"
#include "sim/trace/record.h"
#include "sim/world/world.h"

namespace sim {

// A file that is written from its beginning to its end. What cannot be written is a UsageError,
// which names the kind and the file.
class ExportFile {
 public:
  ExportFile(std::string_view kind, std::string path);
  void write(std::string_view bytes);
  // All is on its way to the disk, or the UsageError is thrown.
  void close();

 private:
  [[noreturn]] void complain() const;

  std::string kind_, path_;
  File file_;
  bool failed_ = false;
};

class Exporter {
 public:
  virtual ~Exporter() = default;
  // The cluster has formed, so long after the world's beginning: that was t = 0. Comes before any
  // record and any sighting; never, if it does not form.
  virtual void formed(Duration) {}
  // In order of their sequence; times are since t = 0, and those of the forming are negative.
  virtual void see(const Record&) {}
  // Messages of the bus, in order of time, which is told likewise; but of those from before the
  // cluster has formed it is not known yet, and told as SimTime::min().
  virtual void see(const Sighting&) {}
  // Of the planes that the kind wants, from the world's beginning on, which their times count from.
  virtual void see(const Frame&) {}
  // The run is over. Ends with the file closed.
  virtual void end(const RunResult& result) = 0;
};

struct ExportKind {
  std::string_view name;
  std::string_view description;  // one line, for the help
  bool wants_bus = false;        // sightings
  PlaneSet wants_frames = 0;
  std::unique_ptr<Exporter> (*make)(ExportFile file, const Plan& plan);
};

std::unique_ptr<Exporter> make_perfetto(ExportFile file, const Plan& plan);
std::unique_ptr<Exporter> make_pcap(ExportFile file, const Plan& plan);
std::unique_ptr<Exporter> make_pcap_all(ExportFile file, const Plan& plan);
std::unique_ptr<Exporter> make_series(ExportFile file, const Plan& plan);
std::unique_ptr<Exporter> make_metrics(ExportFile file, const Plan& plan);
std::unique_ptr<Exporter> make_edn(ExportFile file, const Plan& plan);

// All kinds, in the order to list them.
const std::vector<ExportKind>& export_kinds();

struct ExportRequest {
  const ExportKind* kind = nullptr;
  std::string file;
};
// Of "KIND=FILE" each. All that is wrong with them is one UsageError.
std::vector<ExportRequest> parse_exports(const std::vector<std::string>& words);
// What the world has to tell for them.
void ask_for(const std::vector<ExportRequest>& requests, PlanOptions& options);

// Whether a fault is in force for some time; of others its end tells nothing but what it did.
bool lasts(const event::FaultBegan& fault);

// The exporters of a run, fed together.
class Exports {
 public:
  // Opens the files; `plan` outlives this.
  Exports(const std::vector<ExportRequest>& requests, const Plan& plan);
  bool any() const { return !exporters_.empty(); }
  // What the world has seen since the last time; records that come later are told later.
  void see(const Run& run, const std::vector<Sighting>& sightings,
           const std::vector<Frame>& frames);
  void see(const Record& record);
  void end(const RunResult& result);

 private:
  std::vector<std::unique_ptr<Exporter>> exporters_;
  bool formed_ = false;
};

}  // namespace sim
