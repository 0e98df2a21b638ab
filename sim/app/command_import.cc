// slotsim import: a scenario with the topology of a running cluster.
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "sim/app/cli.h"
#include "sim/app/command_line.h"
#include "sim/app/files.h"
#include "sim/app/result.h"
#include "sim/app/vocabulary.h"
#include "sim/base/check.h"
#include "sim/base/words.h"
#include "sim/import/cluster.h"
#include "sim/import/layout.h"
#include "sim/import/scenario_file.h"
#include "sim/import/zones.h"

namespace sim {
namespace {

namespace fs = std::filesystem;

struct ImportArguments {
  std::string file, zones, node_timeout = "15s", output, name;
  bool anonymise = false;
};

// Nothing that a terminal shows of a cluster is larger.
constexpr std::size_t kTextMax = 16 << 20;

// The text of a file, or of standard input for "-".
std::string text_of(const std::string& path) {
  const File file = open_for_reading(path);
  std::string text;
  if (!read_text(file.get(), kTextMax, text))
    throw UsageError{"cannot read " + path + ": " + std::strerror(errno)};
  if (text.size() > kTextMax) throw UsageError{path + " is larger than 16 MiB: that is no cluster"};
  return text;
}

// "nodes-60" of "/tmp/nodes-60.txt", with what a scenario's folder of results can be called.
std::string name_for(const ImportArguments& arguments) {
  if (!arguments.name.empty()) return arguments.name;
  if (arguments.anonymise || arguments.file == "-") return "imported";
  const std::string stem = fs::path(arguments.file).stem().string();
  return stem.empty() ? "imported" : stem;
}

// What --zones is: a table of whoever stands where, a pattern, or nothing.
class ZoneSource {
 public:
  explicit ZoneSource(const std::string& given) : given_(given) {
    if (given.empty()) return;
    if (fs::exists(given)) {
      const std::string text = text_of(given);
      problems_ = Problems(given, text);
      table_.emplace(text, problems_);
      return;
    }
    auto pattern = ZonePattern::parse(given);
    if (const auto* why = std::get_if<std::string>(&pattern)) {
      throw UsageError{"--zones: there is no file '" + given +
                       "', and as a regular expression it is none to use: " + *why};
    }
    pattern_.emplace(std::get<ZonePattern>(std::move(pattern)));
  }

  const Problems& problems() const { return problems_; }
  const ZoneTable* table() const { return table_ ? &*table_ : nullptr; }

  // Servers that tell their zone themselves need nobody else, as long as all of them do.
  LayoutOptions options_for(const PastedCluster& cluster) {
    LayoutOptions options;
    options.stands_by = given_;
    if (table_) {
      options.stands = [this](const PastedNode& node) { return table_->find(node); };
    } else if (pattern_) {
      options.stands = [this](const PastedNode& node) { return pattern_->find(node); };
    } else if (std::all_of(cluster.nodes.begin(), cluster.nodes.end(),
                           [](const PastedNode& node) { return !node.zone.empty(); })) {
      options.stands = [](const PastedNode& node) { return Standpoint{node.zone, ""}; };
    }
    return options;
  }

 private:
  std::string given_;
  Problems problems_;
  std::optional<ZoneTable> table_;
  std::optional<ZonePattern> pattern_;
};

// All remarks; of many that are alike nobody reads more than some.
void tell(const Layout& layout, const ZoneSource& zones, const ImportArguments& arguments) {
  constexpr std::size_t kTold = 20;
  for (std::size_t i = 0; i < std::min(kTold, layout.remarks.size()); ++i)
    fmt::print(stderr, "slotsim import: {}\n", layout.remarks[i]);
  if (layout.remarks.size() > kTold)
    fmt::print(stderr, "slotsim import: and {} more of this kind\n", layout.remarks.size() - kTold);
  const std::vector<std::string> unused =
      zones.table() == nullptr ? std::vector<std::string>{} : zones.table()->unused();
  if (!unused.empty()) {
    fmt::print(stderr, "slotsim import: {} of {} about no node of this cluster: {}{}\n",
               unused.size(), arguments.zones + (unused.size() == 1 ? " is" : " are"),
               unused.front(), unused.size() == 1 ? "" : ", ...");
  }
  const std::size_t nodes = layout.nodes(), shards = layout.shards.size();
  const auto counted = [](std::size_t count, const char* noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
  };
  fmt::print(
      stderr, "slotsim import: {} in {} and {}{}\n", counted(nodes, "node"),
      counted(shards, "shard"), counted(layout.zones.size(), "zone"),
      arguments.output.empty() ? "" : fmt::format("; now: slotsim run {}", arguments.output));
}

}  // namespace

int command_import(const Arguments& words) {
  CommandLine line{
      "import",
      "Makes a scenario of a running cluster: what CLUSTER NODES or CLUSTER SHARDS answers, or a "
      "nodes.conf.\n\nExamples:\n"
      "  slotsim import nodes.txt -o my.json && slotsim run my.json\n"
      "  slotsim import nodes.txt --zones zones.csv -o my.json\n"
      "  slotsim import nodes.txt --zones '^redis-([a-z])' --node-timeout 5s -o my.json\n"
      "  redis-cli CLUSTER NODES | slotsim import - --anonymise > for-a-bug-report.json"};
  ImportArguments arguments;
  line.add_option("file", arguments.file,
                  "what a node answered, as it was pasted (- for standard input)")
      .type_name("FILE")
      .required();
  line.add_option("--zones", arguments.zones,
                  "who stands where: a file of lines address-or-name,zone[,rack], or a regular "
                  "expression whose first group is the zone")
      .type_name("CSV|REGEX");
  line.add_option("--node-timeout", arguments.node_timeout,
                  "cluster-node-timeout of the servers (default 15s, as theirs is)")
      .type_name("TIME");
  line.add_flag(
      "--anonymise", arguments.anonymise,
      "neither ids nor addresses nor names: numbers instead, the same for the same cluster");
  line.add_option("--name", arguments.name, "what the scenario is called; default: as the file")
      .type_name("NAME");
  line.add_option("-o,--output", arguments.output, "file to write; default: standard output")
      .type_name("FILE");
  if (const auto code = line.parse(words)) return *code;
  const auto node_timeout = parse_duration(arguments.node_timeout);
  constexpr Duration kTimeoutMax = std::chrono::hours(24);  // stories last some of them
  if (!node_timeout || *node_timeout < 1ms || *node_timeout > kTimeoutMax ||
      *node_timeout % 1ms != Duration{0}) {
    throw UsageError{
        "--node-timeout expects a time of up to 24h in whole milliseconds such as 15s, got '" +
        arguments.node_timeout + "'"};
  }
  const std::string text = text_of(arguments.file);
  Problems problems(arguments.file == "-" ? "(standard input)" : arguments.file, text);
  const PastedCluster cluster = read_pasted_cluster(text, problems);
  ZoneSource zones(arguments.zones);
  LayoutOptions options = zones.options_for(cluster);
  options.anonymise = arguments.anonymise;
  Layout layout;
  if (problems.empty() && zones.problems().empty()) layout = lay_out(cluster, options, problems);
  if (!problems.empty() || !zones.problems().empty()) {
    std::fputs((problems.text() + zones.problems().text()).c_str(), stderr);
    return exit_code::kUsage;
  }
  if (layout.nodes() > kNodesMax)
    throw UsageError{fmt::format("{} nodes; at most {} are possible", layout.nodes(), kNodesMax)};
  const bool has_source = !arguments.anonymise && arguments.file != "-";
  const std::string scenario = scenario_file(
      layout, {name_for(arguments), has_source ? fs::path(arguments.file).filename().string() : "",
               *node_timeout, arguments.anonymise});
  const Loaded loaded = load_scenario("the imported scenario", scenario, vocabulary());
  CHECK(loaded.problems.empty());
  if (arguments.output.empty()) {
    std::fwrite(scenario.data(), 1, scenario.size(), stdout);
  } else {
    write_file(arguments.output, scenario);
  }
  tell(layout, zones, arguments);
  return exit_code::kOk;
}

}  // namespace sim
