#include "sim/app/program_lookup.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <set>
#include <utility>
#include <vector>

#include "sim/app/cli.h"
#include "sim/hosts/process/executable.h"

namespace sim {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> path_folders() {
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "/usr/bin:/bin" : path;
  std::vector<std::string> folders;
  while (!rest.empty()) {
    const std::size_t end = rest.find(':');
    folders.emplace_back(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return folders;
}

bool is_program(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && access(path.c_str(), X_OK) == 0;
}

// What may have been meant: a program of such a name where this one would be.
std::string nearest_program(std::string_view name) {
  const fs::path path(name);
  const bool has_folder = path.has_parent_path();
  std::vector<std::string> folders = path_folders();
  if (has_folder) folders = {path.parent_path().string()};
  std::vector<std::string> names;
  for (const std::string& folder : folders) {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
      if (is_program(entry.path()))
        names.push_back(has_folder ? entry.path().string() : entry.path().filename().string());
    }
  }
  std::sort(names.begin(), names.end());
  return did_you_mean(name, std::vector<std::string_view>(names.begin(), names.end()));
}

std::string package_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kPackages{
      {{"redis-server", "redis-server"},
       {"redis-sentinel", "redis-sentinel"},
       {"redis-cli", "redis-tools"},
       {"redis-benchmark", "redis-tools"},
       {"tclsh", "tcl"}}};
  for (const auto& [program, package] : kPackages) {
    if (program == name) return "it is in the Debian package " + std::string(package);
  }
  return {};
}

// Words of a fault that name a program: {"do": "restart", "program": "..."}.
std::string program_of_fault(const Step& step) {
  if (step.what != Step::What::kFault || !step.options.object) return {};
  const JsonMember* program = step.options.object->find("program");
  return program == nullptr ? "" : program->value->text;
}

// A path that begins at the machine's own folder is not there before the run.
bool is_known_before(const std::string& name) {
  return name.find('/') == std::string::npos || name.front() == '/';
}

}  // namespace

std::string find_program(std::string_view name) {
  if (name.find('/') != std::string_view::npos) {
    std::error_code error;
    const fs::path whole = fs::canonical(fs::path(name), error);
    return error ? std::string() : whole.string();
  }
  for (const std::string& folder : path_folders()) {
    const fs::path candidate = fs::path(folder) / name;
    if (is_program(candidate)) return candidate.string();
  }
  return {};
}

std::string required_program(std::string_view name, const std::string& where) {
  const std::string file = find_program(name);
  if (file.empty()) {
    std::string hint = package_of(name);
    if (hint.empty()) hint = nearest_program(name);
    throw UsageError{"there is no program " + std::string(name) + " to run " + where +
                     (hint.empty() ? "" : "; " + hint)};
  }
  const std::string trouble = process::why_not_hosted(file);
  if (!trouble.empty()) throw UsageError{file + ", which is to run " + where + ", " + trouble};
  return file;
}

void require_programs(const Scenario& scenario) {
  std::set<std::string, std::less<>> seen;  // to look at a program is to read its whole file
  const auto require = [&seen](const std::string& name, const std::string& where) {
    if (seen.insert(name).second) required_program(name, where);
  };
  for (const PlannedServer& server : planned_servers(scenario.cluster)) {
    const ServerProgram runs = program_of(scenario.cluster, server.name);
    if (runs.process) require(runs.program, "on " + server.name);
  }
  for (const ExecMachine& machine : scenario.machines) {
    if (is_known_before(machine.words.front()))
      require(machine.words.front(), "on " + machine.name);
  }
  std::size_t number = 0;
  for (const Step& step : scenario.timeline) {
    const std::string where = "in step " + std::to_string(++number);
    if (step.what == Step::What::kProgram && is_known_before(step.program.words.front()))
      require(step.program.words.front(), where);
    if (step.what == Step::What::kOperation && step.operation.real) require("redis-cli", where);
    const std::string program = program_of_fault(step);
    if (!program.empty()) require(program, where);
  }
}

}  // namespace sim
