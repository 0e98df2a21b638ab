#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "sim/import/layout.h"
#include "sim/scenario/selector.h"

namespace sim {
namespace {

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

// With dashes for what a name cannot have.
std::string dashed(std::string_view text) {
  std::string name(text);
  for (char& c : name) {
    if (!is_name(std::string_view(&c, 1))) c = '-';
  }
  return name;
}

// What it would be called if nobody else were called so; best first.
std::vector<std::string> wishes(const PastedNode& node) {
  std::vector<std::string> names;
  if (!node.nodename.empty()) names.push_back(dashed(node.nodename));
  const std::string first = node.hostname.substr(0, node.hostname.find('.'));
  const bool is_word = std::any_of(first.begin(), first.end(), [](char c) { return !is_digit(c); });
  if (is_word) names.push_back(dashed(first));
  if (!node.hostname.empty()) names.push_back(dashed(node.hostname));
  if (!node.ip.empty()) names.push_back(dashed(node.ip));
  return names;
}

// The first of its names that it can have, and nobody else has.
std::string first_free(const PastedNode& node, const std::map<std::string, std::size_t>& wished,
                       const std::set<std::string>& taken) {
  const auto is_free = [&](const std::string& name) {
    return !refuse_server_name(name) && taken.count(name) == 0;
  };
  for (const std::string& name : wishes(node)) {
    const std::string with_port = name + '-' + std::to_string(node.port);
    if (wished.at(name) == 1 && is_free(name)) return name;
    if (is_free(with_port)) return with_port;
  }
  std::size_t digits = 8;
  while (!is_free("node-" + node.id.substr(0, digits)) && digits < 27) ++digits;
  return "node-" + node.id.substr(0, digits);
}

}  // namespace

bool sorts_before(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    if (!is_digit(a[0]) || !is_digit(b[0])) {
      if (a[0] != b[0]) return a[0] < b[0];
      a.remove_prefix(1);
      b.remove_prefix(1);
      continue;
    }
    const auto number_of = [](std::string_view& text) {
      const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
      std::string_view digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
      text.remove_prefix(digits.size());
      while (digits.size() > 1 && digits[0] == '0') digits.remove_prefix(1);
      return digits;
    };
    const std::string_view one = number_of(a), other = number_of(b);
    if (one.size() != other.size()) return one.size() < other.size();
    if (one != other) return one < other;
  }
  return a.size() < b.size();
}

std::vector<std::string> names_for(const std::vector<const PastedNode*>& nodes) {
  std::map<std::string, std::size_t> wished;
  for (const PastedNode* node : nodes) {
    const std::vector<std::string> names = wishes(*node);
    for (const std::string& name : std::set<std::string>(names.begin(), names.end()))
      ++wished[name];
  }
  // Who chooses first must not depend on where it stands in the text.
  std::vector<std::size_t> order(nodes.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return nodes[a]->id < nodes[b]->id; });
  std::vector<std::string> names(nodes.size());
  std::set<std::string> taken;
  for (const std::size_t i : order) {
    names[i] = first_free(*nodes[i], wished, taken);
    taken.insert(names[i]);
  }
  return names;
}

}  // namespace sim
