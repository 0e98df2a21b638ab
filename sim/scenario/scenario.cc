// What the parts of a scenario say of themselves in words.
#include "sim/scenario/scenario.h"

#include "sim/base/check.h"

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

std::optional<std::string_view> selector_of_id(std::string_view word) {
  constexpr std::string_view kIdOf = "id-of:";
  if (!word.starts_with(kIdOf)) return std::nullopt;
  return word.substr(kIdOf.size());
}

bool ReplyExpectation::met_by(std::string_view text) const {
  if (reply && text != *reply) return false;
  if (contains && text.find(*contains) == std::string_view::npos) return false;
  return !error || text.starts_with('-' + *error);
}

std::string ReplyExpectation::text() const {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : " and ") + part; };
  if (reply) add("the reply \"" + *reply + '"');
  if (contains) add("a reply containing \"" + *contains + '"');
  if (error) add("the error \"" + *error + '"');
  return text.empty() ? "any reply" : text;
}

std::string MetricBound::text() const {
  return written;
}

bool MetricBound::met_by(std::int64_t measured) const {
  switch (compare) {
    case Compare::kLess:
      return measured < value;
    case Compare::kLessEqual:
      return measured <= value;
    case Compare::kEqual:
      return measured == value;
    case Compare::kNotEqual:
      return measured != value;
    case Compare::kGreaterEqual:
      return measured >= value;
    case Compare::kGreater:
      return measured > value;
  }
  CHECK(false);
}

}  // namespace sim
