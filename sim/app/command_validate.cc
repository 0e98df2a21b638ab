// slotsim validate: every mistake of every file at once.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iterator>

#include "sim/app/cli.h"
#include "sim/app/command_line.h"
#include "sim/app/find_scenarios.h"
#include "sim/app/result.h"
#include "sim/app/vocabulary.h"

namespace sim {

int command_validate(const Arguments& words) {
  CommandLine line{
      "validate",
      "Checks scenario files without running them.\n\nExamples:\n  slotsim validate my.json\n  "
      "slotsim validate scenarios\n  slotsim validate -"};
  std::vector<std::string> paths;
  line.add_option("paths", paths, "scenario files, or directories of them (- for standard input)")
      .type_name("PATH")
      .required();
  if (const auto code = line.parse(words)) return *code;
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::vector<std::string> more = scenario_files(path);
    if (more.empty()) throw UsageError{"no scenario files in " + path};
    std::move(more.begin(), more.end(), std::back_inserter(files));
  }
  int code = exit_code::kOk;
  for (const std::string& file : files) {
    const Loaded loaded = load_scenario_file(file);
    if (!loaded.problems.empty()) {
      std::fputs(loaded.problems.text().c_str(), stderr);
      code = exit_code::kUsage;
      continue;
    }
    if (loaded.variants.size() == 1) {
      fmt::print("{}: fine\n", file);
    } else {
      fmt::print("{}: fine, {} cases\n", file, loaded.variants.size());
    }
  }
  return code;
}

int command_schema(const Arguments& words) {
  CommandLine line{
      "schema",
      "Prints the JSON schema (draft-07) of scenario files.\n\nExample:\n  slotsim schema > "
      "scenario-v1.schema.json"};
  if (const auto code = line.parse(words)) return *code;
  const std::string_view schema = schema_text();
  std::fwrite(schema.data(), 1, schema.size(), stdout);
  return exit_code::kOk;
}

}  // namespace sim
