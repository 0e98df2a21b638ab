// Where the nodes of an imported cluster stand: a table somebody keeps, or a pattern in their
// names.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/import/cluster.h"

namespace sim {

struct Standpoint {
  std::string zone;
  std::string rack;  // "" if nobody says
};

// "address-or-name,zone[,rack]" a line: an IP address, ip:port, hostname, its first part, human
// node name or node id. Blank lines, lines that begin with '#' and a heading are no rows.
class ZoneTable {
 public:
  // Rows that cannot be read are added to `problems`.
  ZoneTable(std::string_view text, Problems& problems);
  std::optional<Standpoint> find(const PastedNode& node);
  // Rows that no call of find() has used, as "line 7 (10.0.9.9)".
  std::vector<std::string> unused() const;

 private:
  struct Row {
    std::uint32_t line = 0;
    Standpoint standpoint;
    bool used = false;
  };
  void add(std::string_view line, std::uint32_t number, Problems& problems);
  std::map<std::string, Row, std::less<>> rows_;
  bool begun_ = false;
};

// A regular expression (ECMAScript) that is looked for in the hostname of a node, or in ip:port if
// it has none; its first group is the zone, its second one, if there is one, the rack.
class ZonePattern {
 public:
  // The message of the error, if it is no such expression or has no group.
  static std::variant<ZonePattern, std::string> parse(const std::string& text);
  std::optional<Standpoint> find(const PastedNode& node) const;

 private:
  explicit ZonePattern(std::regex pattern) : pattern_(std::move(pattern)) {}
  std::regex pattern_;
};

}  // namespace sim
