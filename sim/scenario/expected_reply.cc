#include "sim/scenario/expected_reply.h"

#include <algorithm>

#include "sim/base/numbers.h"
#include "sim/scenario/options.h"

namespace sim {
namespace {

// `"bar"` and `(integer) 3` as they are meant.
std::string_view plain(std::string_view text) {
  constexpr std::string_view kInteger = "(integer) ";
  if (text.starts_with(kInteger)) return text.substr(kInteger.size());
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
    return text.substr(1, text.size() - 2);
  return text;
}

std::optional<std::string_view> cut_out(std::string_view text, std::string_view from,
                                        std::string_view to) {
  const std::size_t at = text.find(from);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + from.size());
  return text.substr(0, text.find(to));
}

bool compare_with(std::string_view part, Compare compare, std::string_view other) {
  const std::optional<std::int64_t> a = whole_number<std::int64_t>(part),
                                    b = whole_number<std::int64_t>(other);
  if (a && b) return holds(*a, compare, *b);
  if (compare == Compare::kEqual) return part == other;
  return compare == Compare::kNotEqual && part != other;
}

bool has_in_order(std::string_view text, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) {
    const std::size_t at = text.find(part);
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + part.size());
  }
  return true;
}

std::string in_quotes(const std::vector<std::string>& parts, std::string_view joint) {
  std::string text;
  for (const std::string& part : parts)
    text.append(text.empty() ? "" : joint).append("\"" + part + '"');
  return text;
}

}  // namespace

std::string ReplyBound::text() const {
  return std::string(sign_of(compare)) + (number ? std::to_string(*number) : " " + name);
}

bool ReplyExpectation::any() const {
  return reply || !contains.empty() || !lacks.empty() || error || is ||
         together != Together::kWhatever;
}

std::optional<std::string> ReplyExpectation::part_of(std::string_view text) const {
  std::optional<std::string_view> part = plain(text);
  if (!field.empty()) {
    const std::string begin = field + ':';
    if (!part->starts_with(begin))
      part = cut_out(*part, "\\n" + begin, "\\r");
    else
      part = cut_out(*part, begin, "\\r");
  } else if (!between.empty()) {
    part = cut_out(*part, between[0], between[1]);
  }
  return part ? std::optional<std::string>(*part) : std::nullopt;
}

bool ReplyExpectation::met_by(std::string_view text, const RememberedReplies& remembered) const {
  if (error && !text.starts_with('-' + *error)) return false;
  const std::optional<std::string> part = part_of(text);
  if (!part) return false;
  const bool whole = field.empty() && between.empty();
  if (reply && *part != *reply && !(whole && text == *reply)) return false;
  if (!has_in_order(whole ? text : *part, contains)) return false;
  for (const std::string& unwanted : lacks) {
    if (part->find(unwanted) != std::string::npos) return false;
  }
  if (!is) return true;
  if (is->number) return compare_with(*part, is->compare, std::to_string(*is->number));
  const auto found = remembered.find(is->name);
  return found != remembered.end() && compare_with(*part, is->compare, found->second);
}

bool ReplyExpectation::met_together(std::span<const std::string> replies) const {
  if (together == Together::kWhatever) return true;
  std::vector<std::string> parts;
  for (const std::string& text : replies) {
    std::optional<std::string> part = part_of(text);
    if (!part) return false;
    parts.push_back(std::move(*part));
  }
  std::sort(parts.begin(), parts.end());
  if (together == Together::kDistinct)
    return std::adjacent_find(parts.begin(), parts.end()) == parts.end();
  return parts.empty() || parts.front() == parts.back();
}

std::string ReplyExpectation::text() const {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : " and ") + part; };
  std::string what = field.empty() ? "a reply" : "a " + field;
  if (!between.empty()) what = "a part between " + in_quotes(between, " and ");
  if (reply) {
    const bool whole = field.empty() && between.empty();
    add((whole ? "the reply " : what + " equal to ") + '"' + *reply + '"');
  }
  if (!contains.empty()) add(what + " containing " + in_quotes(contains, " before "));
  if (!lacks.empty()) add(what + " without " + in_quotes(lacks, " or "));
  if (error) add("the error \"" + *error + '"');
  if (is) add(what + " that is " + is->text());
  if (together == Together::kSame) add(what + " that is the same of all");
  if (together == Together::kDistinct) add(what + " that is another of each");
  return text.empty() ? "any reply" : text;
}

void ReplyExpectation::each_text(const std::function<void(std::string&)>& visit) {
  for (std::vector<std::string>* texts : {&between, &contains, &lacks}) {
    for (std::string& text : *texts) visit(text);
  }
  if (reply) visit(*reply);
}

}  // namespace sim
