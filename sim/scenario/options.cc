#include "sim/scenario/options.h"

#include <algorithm>
#include <charconv>

namespace sim {
namespace {

std::optional<std::int64_t> whole_number(const JsonNode& node) {
  if (node.kind != JsonNode::Kind::kNumber) return std::nullopt;
  std::int64_t value = 0;
  const char* end = node.text.data() + node.text.size();
  const auto [stop, error] = std::from_chars(node.text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

std::string range_text(Range<Duration> range) {
  if (range.min == -kTimeMax) return "at most " + format_duration(range.max) + " either way";
  if (range.min == Duration{1}) return "longer than 0s, at most " + format_duration(range.max);
  return "from " + format_duration(range.min) + " to " + format_duration(range.max);
}

// What to write instead of a bare number.
std::string missing_unit(const JsonNode& node) {
  if (node.kind != JsonNode::Kind::kNumber || !whole_number(node)) return {};
  return "did you mean \"" + node.text + "s\" or \"" + node.text + "ms\"?";
}

constexpr std::string_view kExpectedTime = "a time such as \"5s\" or \"250ms\"";
constexpr std::string_view kExpectedSelector =
    "a selector such as \"m1\" or \"primary:shard-0\", or a list of them";

std::string got(std::string_view expected, const JsonNode& node) {
  return "expected " + std::string(expected) + ", got " + describe(node);
}

}  // namespace

Options::Options(JsonRef object, std::string pointer, Problems& problems, const KnownNames* known)
    : object_(std::move(object)),
      pointer_(std::move(pointer)),
      problems_(problems),
      known_(known) {}

Options Section::open(Problems& problems, const KnownNames* known) const {
  Options options(object, pointer, problems, known);
  options.also_known(taken);
  return options;
}

void Options::ask(std::string_view key) {
  if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) asked_.emplace_back(key);
}

bool Options::has(std::string_view key) {
  ask(key);
  return object_->find(key) != nullptr;
}

const JsonNode* Options::value(std::string_view key, bool required, std::string_view expected) {
  ask(key);
  const JsonMember* member = object_->find(key);
  if (member != nullptr) return member->value.get();
  if (required) {
    // A key that is nearly this one explains itself when `finish` reports it; both are told.
    problems_.add({object_->place, pointer_,
                   "missing key \"" + std::string(key) + "\": expected " + std::string(expected),
                   ""});
  }
  return nullptr;
}

void Options::mistake(std::string_view key, const JsonNode& node, std::string what,
                      std::string hint) {
  problems_.add({node.place, pointer_to(pointer_, key), std::move(what), std::move(hint)});
}

Duration Options::duration(std::string_view key, std::optional<Duration> fallback,
                           Range<Duration> range) {
  const Duration harmless = fallback.value_or(range.min < Duration{0} ? Duration{0} : range.min);
  const JsonNode* node = value(key, !fallback, kExpectedTime);
  if (node == nullptr) return harmless;
  const std::optional<Duration> time =
      node->kind == JsonNode::Kind::kText ? parse_duration(node->text) : std::nullopt;
  if (!time) {
    mistake(key, *node, got(kExpectedTime, *node), missing_unit(*node));
    return harmless;
  }
  if (*time < range.min || *time > range.max) {
    mistake(key, *node, got("a time " + range_text(range), *node));
    return harmless;
  }
  return *time;
}

Range<Duration> Options::duration_range(std::string_view key,
                                        std::optional<Range<Duration>> fallback,
                                        Range<Duration> range) {
  constexpr std::string_view kExpected = "a time such as \"5s\", or two: [\"1s\", \"10s\"]";
  const Range<Duration> harmless = fallback.value_or(Range<Duration>{range.min, range.min});
  const JsonNode* node = value(key, !fallback, kExpected);
  if (node == nullptr) return harmless;
  if (node->kind == JsonNode::Kind::kText) {
    const Duration both = duration(key, harmless.min, range);
    return {both, both};
  }
  std::vector<Duration> ends;
  for (const JsonRef& item : node->items) {
    const std::optional<Duration> end =
        item->kind == JsonNode::Kind::kText ? parse_duration(item->text) : std::nullopt;
    if (end && *end >= range.min && *end <= range.max) ends.push_back(*end);
  }
  if (ends.size() != 2 || node->items.size() != 2) {
    mistake(key, *node, got(kExpected, *node) + " (" + range_text(range) + ")");
    return harmless;
  }
  if (ends[0] > ends[1]) {
    mistake(key, *node, "the first time must not be longer than the second");
    return harmless;
  }
  return {ends[0], ends[1]};
}

std::int64_t Options::integer(std::string_view key, std::optional<std::int64_t> fallback,
                              Range<std::int64_t> range) {
  const std::string expected =
      "a whole number from " + std::to_string(range.min) + " to " + std::to_string(range.max);
  const std::int64_t harmless = fallback.value_or(range.min);
  const JsonNode* node = value(key, !fallback, expected);
  if (node == nullptr) return harmless;
  const std::optional<std::int64_t> number = whole_number(*node);
  if (!number || *number < range.min || *number > range.max) {
    mistake(key, *node, got(expected, *node));
    return harmless;
  }
  return *number;
}

std::vector<std::int64_t> Options::integers(std::string_view key, Range<std::int64_t> range) {
  const JsonNode* node = value(key, true, "a list of whole numbers");
  if (node == nullptr) return {};
  std::vector<std::int64_t> result;
  if (node->kind != JsonNode::Kind::kList)
    mistake(key, *node, got("a list of whole numbers", *node));
  for (std::size_t i = 0; i < node->items.size(); ++i) {
    const JsonNode& item = *node->items[i];
    result.push_back(whole_number(item).value_or(range.min - 1));
    if (result.back() >= range.min && result.back() <= range.max) continue;
    result.back() = range.min;
    problems_.add({item.place, pointer_to(pointer_to(pointer_, key), i),
                   got("a whole number from " + std::to_string(range.min) + " to " +
                           std::to_string(range.max),
                       item),
                   ""});
  }
  return result;
}

std::uint32_t Options::ratio_ppm(std::string_view key, std::optional<std::uint32_t> fallback,
                                 Range<std::uint32_t> range) {
  const std::string expected = "a ratio such as \"1%\" (from " + format_ratio(range.min) + " to " +
                               format_ratio(range.max) + ") or parts per million as a whole number";
  const std::uint32_t harmless = fallback.value_or(range.min);
  const JsonNode* node = value(key, !fallback, expected);
  if (node == nullptr) return harmless;
  std::int64_t ppm = whole_number(*node).value_or(-1);
  if (node->kind == JsonNode::Kind::kText)
    ppm = parse_ratio_ppm(node->text).value_or(1'000'000'001);
  if (ppm < range.min || ppm > range.max) {
    mistake(key, *node, got(expected, *node));
    return harmless;
  }
  return static_cast<std::uint32_t>(ppm);
}

std::uint64_t Options::bytes(std::string_view key, std::optional<std::uint64_t> fallback,
                             Range<std::uint64_t> range) {
  const std::string expected = "a size such as \"64MB\" or \"512KiB\", from " +
                               std::to_string(range.min) + " to " + std::to_string(range.max) +
                               " bytes";
  const std::uint64_t harmless = fallback.value_or(range.min);
  const JsonNode* node = value(key, !fallback, expected);
  if (node == nullptr) return harmless;
  std::optional<std::uint64_t> size;
  if (node->kind == JsonNode::Kind::kText) size = parse_bytes(node->text);
  if (const std::optional<std::int64_t> number = whole_number(*node); number && *number >= 0) {
    size = static_cast<std::uint64_t>(*number);
  }
  if (!size || *size < range.min || *size > range.max) {
    mistake(key, *node, got(expected, *node));
    return harmless;
  }
  return *size;
}

std::uint64_t Options::bandwidth(std::string_view key, std::optional<std::uint64_t> fallback) {
  constexpr std::string_view kExpected =
      "a bandwidth such as \"1Gbit\" or \"10MB\" (each per second), or \"unlimited\"";
  const JsonNode* node = value(key, !fallback, kExpected);
  if (node == nullptr) return fallback.value_or(0);
  const std::optional<std::uint64_t> rate =
      node->kind == JsonNode::Kind::kText ? parse_bandwidth(node->text) : std::nullopt;
  if (!rate) mistake(key, *node, got(kExpected, *node));
  return rate.value_or(fallback.value_or(0));
}

bool Options::boolean(std::string_view key, std::optional<bool> fallback) {
  const JsonNode* node = value(key, !fallback, "true or false");
  if (node == nullptr) return fallback.value_or(false);
  if (node->kind != JsonNode::Kind::kBoolean) {
    mistake(key, *node, got("true or false", *node));
    return fallback.value_or(false);
  }
  return node->boolean;
}

std::string Options::text(std::string_view key, std::optional<std::string> fallback) {
  const JsonNode* node = value(key, !fallback, "a text");
  if (node == nullptr) return fallback.value_or("");
  if (node->kind != JsonNode::Kind::kText) {
    mistake(key, *node, got("a text", *node));
    return fallback.value_or("");
  }
  return node->text;
}

std::vector<std::string> Options::texts(std::string_view key,
                                        std::optional<std::vector<std::string>> fallback) {
  const JsonNode* node = value(key, !fallback, "a list of texts");
  if (node == nullptr) return fallback.value_or(std::vector<std::string>{});
  if (node->kind == JsonNode::Kind::kText) return {node->text};
  std::vector<std::string> result;
  if (node->kind != JsonNode::Kind::kList) mistake(key, *node, got("a list of texts", *node));
  for (std::size_t i = 0; i < node->items.size(); ++i) {
    const JsonNode& item = *node->items[i];
    if (item.kind == JsonNode::Kind::kText) {
      result.push_back(item.text);
    } else {
      problems_.add(
          {item.place, pointer_to(pointer_to(pointer_, key), i), got("a text", item), ""});
    }
  }
  return result;
}

std::vector<std::pair<std::string, std::string>> Options::directives(std::string_view key) {
  constexpr std::string_view kExpected = "an object of redis.conf directives";
  const JsonNode* node = value(key, false, kExpected);
  if (node == nullptr) return {};
  std::vector<std::pair<std::string, std::string>> result;
  if (node->kind != JsonNode::Kind::kObject) mistake(key, *node, got(kExpected, *node));
  for (const JsonMember& member : node->members) {
    const JsonNode& item = *member.value;
    if (item.kind == JsonNode::Kind::kText || whole_number(item)) {
      result.emplace_back(member.key, item.text);
    } else if (item.kind == JsonNode::Kind::kBoolean) {
      result.emplace_back(member.key, item.boolean ? "yes" : "no");
    } else {
      problems_.add({item.place, pointer_to(pointer_to(pointer_, key), member.key),
                     got("a text, a whole number, true or false", item), ""});
    }
  }
  return result;
}

std::optional<Selector> Options::selector_from(const JsonNode& node, const std::string& at) {
  if (node.kind == JsonNode::Kind::kText) {
    SelectorMistake wrong;
    wrong.guess = problems_.worth_guessing();
    std::optional<Selector> selector = parse_selector(node.text, known_, wrong);
    if (!selector) problems_.add({node.place, at, wrong.what, wrong.hint});
    return selector;
  }
  if (node.kind == JsonNode::Kind::kObject && node.members.size() == 1 &&
      node.members[0].key == "not") {
    std::optional<Selector> inner = selector_from(*node.members[0].value, at + "/not");
    if (!inner) return std::nullopt;
    return Selector{Selector::Kind::kNot, "", 0, {std::move(*inner)}};
  }
  if (node.kind == JsonNode::Kind::kList && !node.items.empty()) {
    Selector all{Selector::Kind::kUnion, "", 0, {}};
    bool sound = true;
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      std::optional<Selector> part = selector_from(*node.items[i], pointer_to(at, i));
      if (part) all.parts.push_back(std::move(*part));
      sound = sound && part;
    }
    return sound ? std::optional(std::move(all)) : std::nullopt;
  }
  problems_.add({node.place, at, got(kExpectedSelector, node), ""});
  return std::nullopt;
}

Selector Options::selector(std::string_view key, std::optional<Selector> fallback) {
  const JsonNode* node = value(key, !fallback, kExpectedSelector);
  std::optional<Selector> found;
  if (node != nullptr) found = selector_from(*node, pointer_to(pointer_, key));
  if (found) return std::move(*found);
  return fallback.value_or(Selector{});
}

std::vector<Selector> Options::selectors(std::string_view key,
                                         std::optional<std::vector<Selector>> fallback) {
  constexpr std::string_view kExpected = "a list of groups, each a selector or a list of them";
  const JsonNode* node = value(key, !fallback, kExpected);
  if (node == nullptr) return fallback.value_or(std::vector<Selector>{});
  if (node->kind != JsonNode::Kind::kList) mistake(key, *node, got(kExpected, *node));
  std::vector<Selector> result;
  for (std::size_t i = 0; i < node->items.size(); ++i) {
    auto found = selector_from(*node->items[i], pointer_to(pointer_to(pointer_, key), i));
    if (found) result.push_back(std::move(*found));
  }
  return result;
}

std::optional<std::size_t> Options::index_of(const JsonNode& node, const std::string& at,
                                             std::span<const std::string_view> names) {
  if (node.kind == JsonNode::Kind::kText) {
    const auto found = std::find(names.begin(), names.end(), node.text);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  }
  problems_.add({node.place, at, got(list_of_names(names), node),
                 node.kind == JsonNode::Kind::kText ? problems_.guess(node.text, names) : ""});
  return std::nullopt;
}

std::optional<std::size_t> Options::name_of(std::string_view key,
                                            std::span<const std::string_view> names,
                                            bool optional) {
  const JsonNode* node = value(key, !optional, list_of_names(names));
  if (node == nullptr) return std::nullopt;
  return index_of(*node, pointer_to(pointer_, key), names);
}

std::optional<std::vector<std::size_t>> Options::names_of(std::string_view key,
                                                          std::span<const std::string_view> names,
                                                          bool optional) {
  const JsonNode* node = value(key, !optional, "a list of " + list_of_names(names));
  if (node == nullptr) return std::nullopt;
  std::vector<std::size_t> result;
  if (node->kind != JsonNode::Kind::kList) {
    const auto found = index_of(*node, pointer_to(pointer_, key), names);
    if (found) result.push_back(*found);
    return result;
  }
  for (std::size_t i = 0; i < node->items.size(); ++i) {
    const auto found = index_of(*node->items[i], pointer_to(pointer_to(pointer_, key), i), names);
    if (found) result.push_back(*found);
  }
  return result;
}

Options Options::object(std::string_view key, bool required) {
  static const JsonRef kEmpty = [] {
    auto node = std::make_shared<JsonNode>();
    node->kind = JsonNode::Kind::kObject;
    return node;
  }();
  const JsonNode* node = value(key, required, "an object");
  const std::string at = pointer_to(pointer_, key);
  if (node == nullptr) return Options(kEmpty, at, problems_, known_);
  if (node->kind != JsonNode::Kind::kObject) {
    mistake(key, *node, got("an object", *node));
    return Options(kEmpty, at, problems_, known_);
  }
  return Options(object_->find(key)->value, at, problems_, known_);
}

std::vector<Options> Options::objects(std::string_view key, bool required) {
  const JsonNode* node = value(key, required, "a list of objects");
  if (node == nullptr) return {};
  if (node->kind != JsonNode::Kind::kList) mistake(key, *node, got("a list of objects", *node));
  if (node->items.size() > kObjectsMax) {
    mistake(key, *node, got("at most " + std::to_string(kObjectsMax) + " objects", *node));
    return {};
  }
  std::vector<Options> result;
  for (std::size_t i = 0; i < node->items.size(); ++i) {
    const std::string at = pointer_to(pointer_to(pointer_, key), i);
    if (node->items[i]->kind == JsonNode::Kind::kObject) {
      result.emplace_back(node->items[i], at, problems_, known_);
    } else {
      problems_.add({node->items[i]->place, at, got("an object", *node->items[i]), ""});
    }
  }
  return result;
}

std::vector<std::string> Options::keys() const {
  std::vector<std::string> result;
  for (const JsonMember& member : object_->members) {
    if (member.key.rfind("x-", 0) != 0) result.push_back(member.key);
  }
  return result;
}

JsonRef Options::raw(std::string_view key) {
  if (value(key, false, "") == nullptr) return nullptr;
  return object_->find(key)->value;
}

void Options::problem(std::string_view key, std::string what, std::string hint) {
  const JsonMember* member = key.empty() ? nullptr : object_->find(key);
  problems_.add({member == nullptr ? object_->place : member->value->place,
                 member == nullptr ? pointer_ : pointer_to(pointer_, key), std::move(what),
                 std::move(hint)});
}

void Options::finish() {
  const std::vector<std::string_view> candidates(asked_.begin(), asked_.end());
  for (const JsonMember& member : object_->members) {
    if (member.key.rfind("x-", 0) == 0) continue;
    if (std::find(asked_.begin(), asked_.end(), member.key) != asked_.end()) continue;
    std::string hint = problems_.guess(member.key, candidates);
    problems_.add({member.place, pointer_, "unknown key " + quote(member.key), std::move(hint)});
  }
}

}  // namespace sim
