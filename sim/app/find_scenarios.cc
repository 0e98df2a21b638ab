#include "sim/app/find_scenarios.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "sim/app/cli.h"
#include "sim/app/program_lookup.h"
#include "sim/app/vocabulary.h"

namespace sim {
namespace {

namespace fs = std::filesystem;

void collect(const fs::path& path, std::vector<std::string>& files) {
  if (!fs::is_directory(path)) {
    files.push_back(path.string());
    return;
  }
  std::vector<fs::path> entries(fs::directory_iterator(path), fs::directory_iterator{});
  std::sort(entries.begin(), entries.end());
  for (const fs::path& entry : entries) {
    if (fs::is_directory(entry) ? entry.filename() != "schema" : entry.extension() == ".json")
      collect(entry, files);
  }
}

// Why a scenario that nobody asked for by its name is left out here; empty: it is not.
std::string why_left_out(const Scenario& scenario, const std::string& program) {
  const ServerProfile& profile = *find_profile(scenario.cluster.profile);
  const bool of_another_version = &profile != &profiles().front();
  if (!program.empty() && of_another_version && fs::path(program).filename() != profile.program) {
    return "it is about " + std::string(profile.name) + ", and " + program + " is given";
  }
  try {
    require_programs(scenario);
  } catch (const UsageError& error) {
    return error.what;
  }
  return {};
}

// A file without a mistake may still ask for what no process has, as costs.
std::string why_not_with(const std::string& file, const std::string& program,
                         const Problems& problems) {
  if (program.empty() || !load_scenario_file(file).problems.empty()) return {};
  const Problem first = problems.sorted().front();
  return first.what + " at " + first.pointer;
}

class Search {
 public:
  Search(const std::string& program, const std::string& only_case)
      : program_(program), only_case_(only_case) {}

  void add(const std::string& file, bool of_folder) {
    Loaded loaded = load_scenario_file(file, program_);
    if (of_folder) {
      const std::string why = loaded.variants.empty()
                                  ? why_not_with(file, program_, loaded.problems)
                                  : why_left_out(loaded.variants.front(), program_);
      if (!why.empty()) {
        found_.left_out.push_back({file, why});
        return;
      }
    }
    if (!loaded.problems.empty()) {
      std::fputs(loaded.problems.text().c_str(), stderr);
      found_.good = false;
    }
    for (const Loaded::LeftOut& omitted : loaded.left_out)
      found_.left_out.push_back({file + " [" + omitted.name + "]", omitted.why});
    for (Scenario& variant : loaded.variants) {
      if (!variant.variant.empty()) cases_.push_back(variant.variant);
      if (only_case_.empty() || variant.variant == only_case_)
        found_.scenarios.push_back(std::move(variant));
    }
  }

  FoundScenarios found() && {
    if (!found_.good || !found_.scenarios.empty() || !found_.left_out.empty())
      return std::move(found_);
    if (only_case_.empty()) throw UsageError{"no scenario files there"};
    std::string there_are;
    for (const std::string& name : cases_) there_are += "\n  --case '" + name + "'";
    throw UsageError{"no case is called '" + only_case_ + "'" +
                     (cases_.empty() ? "" : "; there are" + there_are)};
  }

 private:
  const std::string& program_;
  const std::string& only_case_;
  std::vector<std::string> cases_;
  FoundScenarios found_;
};

}  // namespace

std::vector<std::string> scenario_files(const std::string& path) {
  std::vector<std::string> files;
  collect(path, files);
  return files;
}

FoundScenarios find_scenarios(const std::vector<std::string>& paths, const std::string& program,
                              const std::string& only_case) {
  Search search(program, only_case);
  for (const std::string& path : paths) {
    for (const std::string& file : scenario_files(path)) search.add(file, fs::is_directory(path));
  }
  return std::move(search).found();
}

void tell_left_out(const std::vector<LeftOut>& left_out) {
  for (const LeftOut& scenario : left_out)
    fmt::print(stderr, "skipped {}: {}\n", scenario.file, scenario.why);
}

}  // namespace sim
