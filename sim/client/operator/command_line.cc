#include "sim/client/operator/command_line.h"

#include <array>
#include <string_view>

#include "sim/base/numbers.h"

namespace sim::operation {
namespace {

// "<id>=<weight>"
bool read_weight(std::string_view text, CommandLine& line) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return false;
  const auto weight = whole_number<std::uint32_t>(text.substr(equals + 1));
  if (weight) line.weights.emplace_back(text.substr(0, equals), *weight);
  return weight.has_value();
}

struct Flag {
  std::string_view name;
  bool CommandLine::*value;
};
constexpr std::array<Flag, 3> kFlags{{{"--cluster-use-empty-masters", &CommandLine::use_empty},
                                      {"--cluster-replace", &CommandLine::replace},
                                      {"--cluster-slave", &CommandLine::as_replica}}};
struct Number {
  std::string_view name;
  std::uint32_t CommandLine::*value;
};
constexpr std::array<Number, 4> kNumbers{{{"--cluster-slots", &CommandLine::slots},
                                          {"--cluster-pipeline", &CommandLine::pipeline},
                                          {"--cluster-timeout", &CommandLine::timeout_ms},
                                          {"--cluster-threshold", &CommandLine::threshold}}};
struct Text {
  std::string_view name;
  std::string CommandLine::*value;
};
constexpr std::array<Text, 3> kTexts{{{"--cluster-from", &CommandLine::from},
                                      {"--cluster-to", &CommandLine::to},
                                      {"--cluster-master-id", &CommandLine::master_id}}};

// False: there is no such option.
bool read_flag(std::string_view name, CommandLine& line) {
  if (name == "--cluster-yes") return true;  // nobody is asked here
  for (const Flag& flag : kFlags) {
    if (flag.name != name) continue;
    line.*flag.value = true;
    return true;
  }
  return false;
}

// False: there is no such option, or this is no value for it.
bool read_value(std::string_view name, std::string_view value, CommandLine& line) {
  for (const Number& known : kNumbers) {
    if (known.name != name) continue;
    const auto given = whole_number<std::uint32_t>(value);
    line.*known.value = given.value_or(0);
    return given.has_value();
  }
  for (const Text& known : kTexts) {
    if (known.name != name) continue;
    line.*known.value = value;
    return true;
  }
  if (name == "--cluster-weight") return read_weight(value, line);
  if (name != "--slot-ranges") return false;
  const auto ranges = parse_slots(value, ',');
  line.ranges = ranges.value_or(std::vector<SlotRange>{});
  return ranges.has_value();
}

}  // namespace

std::variant<CommandLine, CommandLineRefused> read_command_line(
    const std::vector<std::string>& words) {
  if (words.size() < 3 || words[0] != "redis-cli" || words[1] != "--cluster")
    return CommandLineRefused{"an operator of this world runs redis-cli --cluster only"};
  CommandLine line;
  line.command = words[2];
  for (std::size_t i = 3; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!word.starts_with("--")) {
      line.arguments.push_back(word);
    } else if (!read_flag(word, line) &&
               (i + 1 == words.size() || !read_value(word, words[++i], line))) {
      return CommandLineRefused{"Unrecognized option or bad number of args for: '" + word + "'"};
    }
  }
  return line;
}

}  // namespace sim::operation
