// Runs another program to its end and collects what it printed: `dot`, or slotsim itself for
// `--verify`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

struct ProgramOutput {
  int exit_code = 0;  // 128 + signal when killed by one
  std::string out;    // its stdout; stderr is passed through
};

// `program` is looked up in PATH. `environment` entries ("NAME=value") are added to ours. `input`
// is fed to its stdin. nullopt: it could not be started.
std::optional<ProgramOutput> run_program(const std::string& program,
                                         const std::vector<std::string>& arguments,
                                         std::string_view input,
                                         const std::vector<std::string>& environment);

// Path of the running program.
std::string own_path();

}  // namespace sim
