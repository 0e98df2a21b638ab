#include "sim/import/zones.h"

#include <algorithm>
#include <cctype>

#include "sim/import/pasted_lines.h"
#include "sim/scenario/json.h"

namespace sim {
namespace {

constexpr std::string_view kBlankInCsv = " \t\r\"";

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  for (;;) {
    const std::size_t comma = line.find(',');
    fields.push_back(trimmed(line.substr(0, comma), kBlankInCsv));
    if (comma == std::string_view::npos) return fields;
    line.remove_prefix(comma + 1);
  }
}

std::string_view first_part(std::string_view hostname) {
  return hostname.substr(0, hostname.find('.'));
}

}  // namespace

ZoneTable::ZoneTable(std::string_view text, Problems& problems) {
  for (std::uint32_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    add(text.substr(0, end), number, problems);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

void ZoneTable::add(std::string_view line, std::uint32_t number, Problems& problems) {
  const std::string_view said = trimmed(line, kBlankInCsv);
  if (said.empty() || said.starts_with('#')) return;
  const std::vector<std::string_view> fields = fields_of(line);
  const bool heading = !begun_ && fields.size() > 1 && (fields[1] == "zone" || fields[1] == "Zone");
  begun_ = true;
  if (heading) return;
  const auto problem = [&](std::string what) {
    problems.add({{number, 1}, "", std::move(what), ""});
  };
  if (fields.size() < 2 || fields.size() > 3 || fields[0].empty() || fields[1].empty()) {
    problem("expected address-or-name,zone or address-or-name,zone,rack, got " + quote(line));
    return;
  }
  Row row{number, {std::string(fields[1]), std::string(fields.size() > 2 ? fields[2] : "")}, false};
  const auto [earlier, is_new] = rows_.emplace(fields[0], row);
  const Standpoint& there = earlier->second.standpoint;
  if (!is_new && (there.zone != row.standpoint.zone || there.rack != row.standpoint.rack)) {
    problem(quote(fields[0]) + " stands elsewhere in line " + std::to_string(earlier->second.line));
  }
}

std::optional<Standpoint> ZoneTable::find(const PastedNode& node) {
  // The more exactly a row says whom it means, the more it counts.
  for (const std::string& key : {node.id, node.address(), node.nodename, node.hostname,
                                 std::string(first_part(node.hostname)), node.ip}) {
    const auto found = key.empty() ? rows_.end() : rows_.find(key);
    if (found == rows_.end()) continue;
    found->second.used = true;
    return found->second.standpoint;
  }
  return std::nullopt;
}

std::vector<std::string> ZoneTable::unused() const {
  std::map<std::uint32_t, std::string> rows;
  for (const auto& [name, row] : rows_) {
    if (!row.used) rows[row.line] = "line " + std::to_string(row.line) + " (" + name + ")";
  }
  std::vector<std::string> texts;
  for (const auto& [line, text] : rows) texts.push_back(text);
  return texts;
}

std::variant<ZonePattern, std::string> ZonePattern::parse(const std::string& text) {
  try {
    std::regex pattern(text);
    if (pattern.mark_count() == 0) return "it has no group: put brackets round the zone";
    return ZonePattern(std::move(pattern));
  } catch (const std::regex_error& error) {
    return std::string(error.what());
  }
}

std::optional<Standpoint> ZonePattern::find(const PastedNode& node) const {
  std::smatch match;
  const std::string text = node.hostname.empty() ? node.address() : node.hostname;
  if (!std::regex_search(text, match, pattern_) || match[1].length() == 0) return std::nullopt;
  return Standpoint{match[1].str(), match.size() > 2 ? match[2].str() : ""};
}

}  // namespace sim
