// What `--report` keeps of a run while it goes on: the records people look at, the messages of the
// bus, what clients met, and what each server believed whenever it changed its mind.
//
// Looking changes nothing: a run with a report reaches the digest of the run without.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "sim/app/plan.h"
#include "sim/app/report_clients.h"
#include "sim/app/report_messages.h"
#include "sim/app/report_tables.h"
#include "sim/app/report_views.h"
#include "sim/app/run.h"

namespace sim {

class RunRecorder final : public TraceFold {
 public:
  // More records than these are left out, and more rows of views are not looked at; the report says
  // so.
  static constexpr std::size_t kEventsKept = 100'000;
  static constexpr std::uint64_t kRowsKept = 400'000;

  explicit RunRecorder(const Plan& plan);
  RunRecorder(const RunRecorder&) = delete;
  RunRecorder& operator=(const RunRecorder&) = delete;

  void see(const Record& record) override;
  // What the world has seen since the last time.
  void see(const std::vector<Sighting>& sightings);
  // The run has got on. Looks at servers that have changed their minds, and at all now and then.
  void look(Run& run);

  // {"strings", "kinds", "events", "events_left_out", "messages", "views", "views_cut", "clients"}.
  // Precondition: the run is over, and was looked at since.
  nlohmann::ordered_json json(const std::vector<Milestone>& milestones);

 private:
  void look_at(Run& run, MachineId machine);

  std::vector<MachineId> servers_;
  TextTable texts_;
  EventTable events_;
  ReportMessages messages_;
  ReportViews views_;
  ReportClients clients_;
  std::set<MachineId> changed_;
  Duration every_;
  SimTime next_look_{};
  Duration zero_{};  // the world's time at t = 0
  std::uint64_t events_left_out_ = 0;
  bool views_cut_ = false;
};

}  // namespace sim
