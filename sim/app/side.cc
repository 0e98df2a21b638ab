#include "sim/app/side.h"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "sim/app/cli.h"
#include "sim/scenario/problems.h"

namespace sim {
namespace {

namespace fs = std::filesystem;

bool runs(const fs::path& path) {
  return fs::is_regular_file(path) && access(path.c_str(), X_OK) == 0;
}

// A path is taken as it is; a name is looked up as a shell does.
bool is_program(const std::string& program) {
  if (program.empty()) return false;
  if (program.find('/') != std::string::npos) return runs(program);
  const char* path = std::getenv("PATH");
  std::string folders = path == nullptr ? "" : path;
  for (folders += ':'; !folders.empty(); folders.erase(0, folders.find(':') + 1)) {
    if (runs(fs::path(folders.substr(0, folders.find(':'))) / program)) return true;
  }
  return false;
}

}  // namespace

Mutation mutation_named(const std::string& option, const std::string& name) {
  if (const auto mutation = find_mutation(name)) return *mutation;
  std::vector<std::string_view> names;
  for (const MutationInfo& info : mutations()) names.push_back(info.name);
  throw UsageError{option + ": no mutation is called '" + name + "'; " + did_you_mean(name, names) +
                   " (see: slotsim list mutations)"};
}

Side parse_side(const std::string& option, const std::string& text) {
  if (text == "sim") return {Side::Kind::kSim, text};
  const std::size_t colon = text.find(':');
  const std::string before = text.substr(0, colon);
  const std::string after = colon == std::string::npos ? "" : text.substr(colon + 1);
  if (before == "sim") return {Side::Kind::kSim, text, mutation_named(option, after)};
  const bool wall = colon != std::string::npos && before == "wall";
  Side side{wall ? Side::Kind::kWall : Side::Kind::kProgram, text, Mutation::kNone,
            wall ? after : text};
  if (is_program(side.program)) return side;
  constexpr std::array<std::string_view, 3> kWords = {"sim", "wall", "redis-server"};
  const std::string meant = did_you_mean(before, kWords);
  throw UsageError{option + ": there is no program '" + side.program + "'" +
                   (meant.empty() ? "" : "; " + meant) +
                   " (a side is sim, sim:MUTATION, a program, or wall:PROGRAM)"};
}

}  // namespace sim
