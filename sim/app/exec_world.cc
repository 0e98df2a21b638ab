#include "sim/app/exec_world.h"

#include <unistd.h>

#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/app/result.h"
#include "sim/hosts/clock.h"
#include "sim/hosts/process/sandbox.h"
#include "sim/hosts/process/server_process.h"
#include "sim/trace/trace_json.h"
#include "sim/world/world.h"

extern char** environ;

namespace sim {
namespace {

constexpr std::uint64_t kWatched = 200'000;

std::vector<std::string> own_environment() {
  std::vector<std::string> all;
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string_view text = *one;
    if (!text.starts_with("SLOTSIM_")) all.emplace_back(text);
  }
  return all;
}

WorldSpec world_of(const ExecSettings& settings) {
  ProgramSetup setup;
  setup.arguments = settings.command;
  setup.environment = own_environment();
  char folder[4096];
  setup.directory = getcwd(folder, sizeof folder) == nullptr ? "/" : folder;
  setup.alone = true;
  setup.fork_cost = kUsualForkCost;
  setup.exec_cost = kUsualExecCost;
  WorldSpec world;
  world.seed = settings.seed;
  MachineSpec machine;
  machine.info.name = "host";
  machine.info.kind = MachineKind::kStandaloneNode;
  machine.info.endpoint = {(10u << 24) + 1, 0};
  machine.vertex = world.topology.add_vertex(VertexKind::kHost, "host");
  machine.factory = std::make_shared<ServerProcessFactory>(setup);
  world.machines.push_back(std::move(machine));
  world.record_deliveries = true;
  return world;
}

class TraceFile {
 public:
  TraceFile(const ExecSettings& settings, const Cast& cast) : cast_(cast) {
    if (settings.trace_file.empty()) return;
    file_.open(settings.trace_file, std::ios::binary);
    if (!file_) {
      trouble_ = "cannot write " + settings.trace_file;
      return;
    }
    std::string line;
    append_json(TraceHeader{"exec", settings.seed, cast}, line);
    file_ << line;
  }
  const std::string& trouble() const { return trouble_; }
  void see(const Record& record) {
    if (!file_.is_open()) return;
    std::string line;
    append_json(record, cast_, line);
    file_ << line;
  }

 private:
  const Cast& cast_;
  std::ofstream file_;
  std::string trouble_;
};

// A machine that runs programs remarks on each that starts and each that is over.
bool tells_of_start(const Record& record) {
  const auto* remark = std::get_if<event::Remark>(&record.event);
  return remark != nullptr && remark->text.ends_with(" starts");
}

void finish(World& world, ExecResult& result) {
  result.digest = world.digest();
  result.virtual_ns = to_ns(world.now());
  result.watched = world.watched();
}

}  // namespace

ExecResult exec_once(const ExecSettings& settings) {
  ExecResult result;
  const std::int64_t began = real_ns();
  result.complaint = process::enter_sandbox();
  if (!result.complaint.empty()) {
    result.code = exit_code::kUsage;
    return result;
  }
  World world(world_of(settings));
  world.watch_events(0, kWatched);
  TraceFile trace(settings, world.cast());
  if (!trace.trouble().empty()) {
    result.complaint = trace.trouble();
    result.code = exit_code::kUsage;
    return result;
  }
  bool ended = false;
  while (!ended && world.next_event()) {
    if (*world.next_event() > sim_time(settings.limit)) {
      result.complaint = "stopped: the command did not end within the virtual time of --limit";
      result.code = exit_code::kLiveness;
      break;
    }
    if (settings.interrupted()) {
      result.complaint = "interrupted";
      result.code = exit_code::kInterrupted;
      break;
    }
    world.advance();
    for (const Record& record : world.take_records()) {
      trace.see(record);
      if (tells_of_start(record)) ++result.programs;
      if (const auto* exit = std::get_if<event::ProgramExited>(&record.event)) {
        ended = true;
        result.code = exit->code;
        result.complaint = exit->why;
      }
    }
  }
  finish(world, result);
  result.wall_ns = real_ns() - began;
  return result;
}

std::string to_json(const ExecResult& result) {
  nlohmann::json json;
  json["code"] = result.code;
  json["complaint"] = result.complaint;
  json["digest"] = result.digest;
  json["virtual_ns"] = result.virtual_ns;
  json["wall_ns"] = result.wall_ns;
  json["programs"] = result.programs;
  json["watched"] = result.watched;
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

ExecResult exec_result_from_json(const std::string& text) {
  const auto json = nlohmann::json::parse(text);
  ExecResult result;
  json.at("code").get_to(result.code);
  json.at("complaint").get_to(result.complaint);
  json.at("digest").get_to(result.digest);
  json.at("virtual_ns").get_to(result.virtual_ns);
  json.at("wall_ns").get_to(result.wall_ns);
  json.at("programs").get_to(result.programs);
  json.at("watched").get_to(result.watched);
  return result;
}

}  // namespace sim
