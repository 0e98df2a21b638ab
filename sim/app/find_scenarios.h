// The scenarios that a user names by files and by folders.
#pragma once

#include <string>
#include <vector>

#include "sim/app/report.h"
#include "sim/scenario/scenario.h"

namespace sim {

// A path as it is; of a folder its files and those of the folders in it, sorted. A folder "schema"
// is passed over.
std::vector<std::string> scenario_files(const std::string& path);

struct FoundScenarios {
  std::vector<Scenario> scenarios;  // in the order of the paths, a folder's files sorted; each case
                                    // of a file by itself
  std::vector<LeftOut> left_out;    // of folders: what cannot run here; and cases that cannot be
  bool good = true;                 // false: a file is wrong, which has been told on stderr
};

// `paths` are files, folders and "-", standard input. With a `program` servers are processes that
// run it; `only_case` is "" for all. What is named has to run; what a folder holds for another
// program is no reason not to run the rest. Throws UsageError if there is nothing, or no case of
// that name.
FoundScenarios find_scenarios(const std::vector<std::string>& paths, const std::string& program,
                              const std::string& only_case);

// "skipped FILE: WHY", a line each, on stderr.
void tell_left_out(const std::vector<LeftOut>& left_out);

}  // namespace sim
