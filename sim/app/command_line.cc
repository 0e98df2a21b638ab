#include "sim/app/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "sim/scenario/problems.h"

namespace sim {
namespace {

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// CLI11 says "The following argument was not expected: --sed"; we say what was probably meant.
std::string explain(const CLI::App& app, const CLI::ParseError& error, const Arguments& arguments) {
  if (dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr) return error.what();
  const std::vector<std::string> known = option_names(app);
  for (const std::string& argument : arguments) {
    if (!argument.starts_with("--")) continue;
    const std::string name = argument.substr(0, argument.find('='));
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::vector<std::string_view> candidates(known.begin(), known.end());
    const std::string_view meant = nearest(name, candidates);
    return fmt::format("unknown option {}{}", name,
                       meant.empty() ? "" : fmt::format("; did you mean {}?", meant));
  }
  return error.what();
}

}  // namespace

using Option = CommandLine::Option;

const Option& Option::type_name(std::string_view name) const {
  option_->type_name(std::string(name));
  return *this;
}

const Option& Option::required() const {
  option_->required();
  return *this;
}

const Option& Option::range(int least, int most) const {
  option_->check(CLI::Range(least, most));
  return *this;
}

const Option& Option::one_of(std::initializer_list<std::string> values) const {
  option_->check(CLI::IsMember(std::vector<std::string>(values)));
  return *this;
}

const Option& Option::values(int count) const {
  option_->expected(count);
  return *this;
}

const Option& Option::one_value_each() const {
  option_->allow_extra_args(false);
  return *this;
}

const Option& Option::excludes(const Option& other) const {
  option_->excludes(other.option_);
  return *this;
}

const Option& Option::shows_default() const {
  option_->capture_default_str();
  return *this;
}

const Option& Option::hidden() const {
  option_->group("");
  return *this;
}

CommandLine::CommandLine(std::string name, std::string description)
    : app_(std::make_unique<CLI::App>(std::move(description), std::move(name))) {}

CommandLine::~CommandLine() = default;

Option CommandLine::add_option(const char* names, std::string& value, const std::string& help) {
  return Option(app_->add_option(names, value, help));
}

Option CommandLine::add_option(const char* names, std::vector<std::string>& values,
                               const std::string& help) {
  return Option(app_->add_option(names, values, help));
}

Option CommandLine::add_option(const char* names, std::vector<std::uint64_t>& values,
                               const std::string& help) {
  return Option(app_->add_option(names, values, help));
}

Option CommandLine::add_option(const char* names, std::uint64_t& value, const std::string& help) {
  return Option(app_->add_option(names, value, help));
}

Option CommandLine::add_option(const char* names, unsigned& value, const std::string& help) {
  return Option(app_->add_option(names, value, help));
}

Option CommandLine::add_flag(const char* names, bool& value, const std::string& help) {
  return Option(app_->add_flag(names, value, help));
}

std::optional<int> CommandLine::parse(const Arguments& arguments) {
  try {
    // CLI11 wants the arguments last first.
    app_->parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    return std::nullopt;
  } catch (const CLI::CallForHelp&) {
    app_->description(app_->get_description() + "\n");
    std::fputs(app_->help("slotsim").c_str(), stdout);
    return 0;
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "slotsim {}: {}\nSee: slotsim {} --help\n", app_->get_name(),
               explain(*app_, error, arguments), app_->get_name());
    return 2;
  }
}

bool CommandLine::given(const std::string& name) const {
  return app_->count(name) > 0;
}

}  // namespace sim
