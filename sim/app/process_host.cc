#include "sim/app/process_host.h"

#include <algorithm>
#include <memory>

#include "sim/app/cli.h"
#include "sim/app/process_machine.h"
#include "sim/app/program_lookup.h"
#include "sim/hosts/process/sandbox.h"
#include "sim/hosts/process/server_process.h"

namespace sim {
namespace {

// What a scenario may not say, because the host does; and what keeps a run apart from the real
// machine. Directives of the scenario come later and win.
std::string config_text(const ProcessMachine& machine) {
  const auto line = [](std::string_view name, std::string_view value) {
    return std::string(name) + " " + (value.empty() ? "\"\"" : std::string(value)) + "\n";
  };
  std::string text = line("protected-mode", "no");
  text += line("jemalloc-bg-thread", "no");
  for (const auto& [name, value] : machine.config) text += line(name, value);
  text += line("bind", "{address} 127.0.0.1");
  text += line("port", std::to_string(machine.endpoint.port));
  text += line("cluster-enabled", machine.cluster_enabled ? "yes" : "no");
  if (machine.cluster_enabled) text += line("cluster-config-file", "nodes.conf");
  if (machine.log_suspicions) text += line("loglevel", "debug");
  text += line("logfile", "");
  text += line("daemonize", "no");
  return text;
}

bool has_own_loglevel(const ProcessMachine& machine) {
  return std::any_of(machine.config.begin(), machine.config.end(),
                     [](const auto& directive) { return directive.first == "loglevel"; });
}

// The same whatever the caller's is. Of a program built with AddressSanitizer the host's library
// comes first; and its search for leaks would stop threads by means that the host does not do.
std::vector<std::string> plain_environment() {
  return {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "TZ=UTC",
          "HOME=/", "ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0"};
}

ProgramSetup setup_of(const ProcessMachine& machine, std::uint32_t number) {
  ProgramSetup setup;
  setup.machine = number;
  setup.environment = plain_environment();
  setup.arguments = machine.words;
  setup.fork_time = machine.model.fork_time;
  setup.cost_per_wakeup = machine.model.cpu_per_wakeup;
  setup.disk_bytes = machine.model.disk_bytes;
  if (machine.program.empty()) {
    setup.fork_cost = kUsualForkCost;
    setup.exec_cost = kUsualExecCost;
    return setup;
  }
  const std::string file = required_program(machine.program, "on " + machine.name);
  setup.arguments = {file, "redis.conf"};
  setup.files["redis.conf"] = config_text(machine);
  setup.is_server = true;
  setup.names = machine.names;
  setup.planned_id = machine.planned_id;
  if (machine.cluster_enabled) setup.bus_ports = machine.bus_ports;
  setup.hushes_debug = machine.log_suspicions && !has_own_loglevel(machine);
  return setup;
}

}  // namespace

bool has_processes(const Scenario& scenario) {
  const auto runs_program = [](const Step& step) {
    return step.what == Step::What::kProgram ||
           (step.what == Step::What::kOperation && step.operation.real);
  };
  const std::vector<PlannedServer> servers = planned_servers(scenario.cluster);
  return !scenario.machines.empty() ||
         std::any_of(scenario.timeline.begin(), scenario.timeline.end(), runs_program) ||
         std::any_of(servers.begin(), servers.end(), [&](const PlannedServer& server) {
           return program_of(scenario.cluster, server.name).process;
         });
}

void provide_processes(const Scenario& scenario, PlanOptions& options) {
  if (!has_processes(scenario)) return;
  require_programs(scenario);
  const std::string trouble = process::enter_sandbox();
  if (!trouble.empty()) throw UsageError{trouble};
  auto machines = std::make_shared<std::uint32_t>(0);
  options.process_host = [machines](const ProcessMachine& machine) {
    return std::make_shared<const ServerProcessFactory>(setup_of(machine, (*machines)++));
  };
}

}  // namespace sim
