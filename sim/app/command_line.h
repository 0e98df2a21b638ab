// The arguments of one sub-command: what they are called, what they say of themselves in --help,
// and which variables they set.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/app/cli.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace sim {

// CLI11 behind a small front, since every file that includes CLI11 itself takes ten seconds longer
// to compile. Variables must outlive parse().
class CommandLine {
 public:
  // One option or positional argument, to be described further: add_option(...).required().
  class Option {
   public:
    const Option& type_name(std::string_view name) const;  // "FILE" in --help
    const Option& required() const;
    const Option& range(int least, int most) const;
    const Option& one_of(std::initializer_list<std::string> values) const;
    const Option& values(int count) const;  // takes exactly so many
    const Option& one_value_each() const;   // each time it is given it takes one value, not all
    const Option& excludes(const Option& other) const;
    const Option& shows_default() const;
    const Option& hidden() const;  // not in --help: what slotsim says to itself

   private:
    friend class CommandLine;
    explicit Option(CLI::Option* option) : option_(option) {}
    CLI::Option* option_;
  };

  CommandLine(std::string name, std::string description);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  // `names` as "--json", "-o,--output", or a bare word for a positional argument.
  Option add_option(const char* names, std::string& value, const std::string& help);
  Option add_option(const char* names, std::vector<std::string>& values, const std::string& help);
  Option add_option(const char* names, std::vector<std::uint64_t>& values, const std::string& help);
  Option add_option(const char* names, std::uint64_t& value, const std::string& help);
  Option add_option(const char* names, unsigned& value, const std::string& help);
  Option add_flag(const char* names, bool& value, const std::string& help);

  // nullopt: go on. Otherwise the exit code to end with: 0 after --help, 2 after a mistake, which
  // has been explained in one line with a suggestion where one is near.
  std::optional<int> parse(const Arguments& arguments);
  // After parse(): whether the user wrote this option, even with its default.
  bool given(const std::string& name) const;

 private:
  std::unique_ptr<CLI::App> app_;
};

}  // namespace sim
