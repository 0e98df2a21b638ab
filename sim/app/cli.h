// What the sub-commands share on the command line: errors in our own words and codes, seeds, files,
// colour.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

// The sub-commands; each takes its own arguments and answers the exit code. One .cc each.
using Arguments = std::vector<std::string>;
int command_run(const Arguments& arguments);
int command_validate(const Arguments& arguments);
int command_graph(const Arguments& arguments);
int command_import(const Arguments& arguments);
int command_analyse(const Arguments& arguments);
int command_diff(const Arguments& arguments);
int command_list(const Arguments& arguments);
int command_schema(const Arguments& arguments);
int command_bench(const Arguments& arguments);
int command_check(const Arguments& arguments);
int command_exec(const Arguments& arguments);
int command_demo(const Arguments& arguments);
int command_mutants(const Arguments& arguments);

// "7", "0x2a", or 16 to 40 hex digits of a commit. Throws UsageError.
std::uint64_t parse_seed(std::string_view text);
// "1..50", or a single seed.
struct SeedRange {
  std::uint64_t first = 1, last = 1;
  std::uint64_t count() const { return last - first + 1; }
};
SeedRange parse_seeds(std::string_view text);

// A mistake on the command line: printed, exit 2.
struct UsageError {
  std::string what;
};

// A file that cannot be written is a UsageError.
void write_file(const std::filesystem::path& path, std::string_view content);

// Colour if stdout is a terminal and NO_COLOR is not set.
class Paint {
 public:
  Paint();
  static Paint plain() { return Paint(false); }
  std::string good(std::string_view text) const { return wrap("32", text); }
  std::string bad(std::string_view text) const { return wrap("1;31", text); }
  std::string warn(std::string_view text) const { return wrap("33", text); }
  std::string strong(std::string_view text) const { return wrap("1", text); }
  std::string faint(std::string_view text) const { return wrap("2", text); }

 private:
  explicit Paint(bool on) : on_(on) {}
  std::string wrap(std::string_view code, std::string_view text) const;
  bool on_;
};

}  // namespace sim
