// What the parts of a scenario say of themselves in words.
#include "sim/scenario/scenario.h"

namespace sim {

bool EventPattern::is_in_log(std::string_view line) const {
  return !log.empty() && line.find(log) != std::string_view::npos;
}

std::string EventPattern::text() const {
  std::string text = log.empty() ? event : '"' + log + '"';
  if (count > 1) text += ' ' + std::to_string(count) + " times";
  if (shard) text += " of shard " + std::to_string(*shard);
  if (node) text += " of " + to_text(*node);
  if (after) text += " after " + format_duration(*after);
  if (before) text += " before " + format_duration(*before);
  return text;
}

std::optional<NodeReference> node_reference(std::string_view word) {
  constexpr std::string_view kIdOf = "id-of:", kIpOf = "ip-of:";
  if (word.starts_with(kIdOf))
    return NodeReference{NodeReference::What::kId, word.substr(kIdOf.size())};
  if (word.starts_with(kIpOf))
    return NodeReference{NodeReference::What::kIp, word.substr(kIpOf.size())};
  return std::nullopt;
}

std::string MetricBound::text() const {
  return written;
}

bool MetricBound::met_by(std::int64_t measured) const {
  return holds(measured, compare, value);
}

}  // namespace sim
