// One document into many: cases, a matrix, and the values a swarm seed draws.
#include <algorithm>
#include <charconv>

#include "sim/scenario/reader.h"

namespace sim::reader {
namespace {

constexpr std::size_t kVariantsMax = 1000;

// "cluster.config.hz" or "/cluster/config/hz".
std::vector<std::string> split_path(std::string_view path) {
  const bool pointer = path.starts_with('/');
  const char separator = pointer ? '/' : '.';
  if (pointer) path.remove_prefix(1);
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == separator) {
      parts.emplace_back();
    } else if (pointer && path[i] == '~' && i + 1 < path.size()) {
      parts.back() += path[++i] == '1' ? '/' : '~';
    } else {
      parts.back() += path[i];
    }
  }
  return parts;
}

using Parts = std::span<const std::string>;

JsonRef replaced(const JsonRef& node, Parts parts, const JsonRef& value, std::string& why);

JsonRef replaced_in_list(const JsonRef& node, Parts parts, const JsonRef& value, std::string& why) {
  std::size_t index = 0;
  const std::string& part = parts.front();
  const auto [stop, error] = std::from_chars(part.data(), part.data() + part.size(), index);
  if (error != std::errc{} || stop != part.data() + part.size() || index >= node->items.size()) {
    why = "a list of " + std::to_string(node->items.size()) + " has no item " + quote(part);
    return nullptr;
  }
  auto copy = std::make_shared<JsonNode>(*node);
  copy->items[index] = replaced(node->items[index], parts.subspan(1), value, why);
  return copy->items[index] ? copy : nullptr;
}

JsonRef replaced_in_object(const JsonRef& node, Parts parts, const JsonRef& value,
                           std::string& why) {
  auto copy = std::make_shared<JsonNode>(*node);
  for (JsonMember& member : copy->members) {
    if (member.key != parts.front()) continue;
    member.value = replaced(member.value, parts.subspan(1), value, why);
    return member.value ? copy : nullptr;
  }
  JsonRef added = value;
  if (parts.size() > 1) {
    auto empty = std::make_shared<JsonNode>();
    empty->kind = JsonNode::Kind::kObject;
    empty->place = value->place;
    added = replaced(empty, parts.subspan(1), value, why);
  }
  if (!added) return nullptr;
  copy->members.push_back({parts.front(), value->place, added});
  return copy;
}

JsonRef replaced(const JsonRef& node, Parts parts, const JsonRef& value, std::string& why) {
  if (parts.empty()) return value;
  if (node->kind == JsonNode::Kind::kList) return replaced_in_list(node, parts, value, why);
  if (node->kind == JsonNode::Kind::kObject) return replaced_in_object(node, parts, value, why);
  why = describe(*node) + " has no " + quote(parts.front());
  return nullptr;
}

std::string value_name(const JsonNode& node) {
  switch (node.kind) {
    case JsonNode::Kind::kText:
    case JsonNode::Kind::kNumber:
      return node.text.substr(0, 40);
    default:
      return describe(node);
  }
}

// What no case and no axis can change: it says what varies.
bool is_fixed(std::string_view key) {
  return key == "cases" || key == "matrix" || key == "swarm" || key == "version";
}

// The last word of a path, unless another axis ends in the same.
std::string axis_name(const std::vector<Axis>& axes, std::size_t index) {
  const std::string last = split_path(axes[index].path).back();
  for (std::size_t other = 0; other < axes.size(); ++other) {
    if (other != index && split_path(axes[other].path).back() == last) return axes[index].path;
  }
  return last;
}

}  // namespace

JsonRef with_value(const JsonRef& document, const std::string& path, const JsonRef& value,
                   std::string& why) {
  const std::vector<std::string> parts = split_path(path);
  return replaced(document, parts, value, why);
}

std::vector<Axis> read_axes(Options& root, std::string_view key) {
  std::vector<Axis> axes;
  std::size_t values_in_all = 0;
  Options object = root.object(key);
  for (const std::string& path : object.keys()) {
    const JsonRef values = object.raw(path);
    const std::vector<std::string> parts = split_path(path);
    std::string why;
    if (values->kind != JsonNode::Kind::kList || values->items.empty()) {
      object.problem(path, "expected a list of at least one value, got " + describe(*values));
    } else if (is_fixed(parts.front())) {
      object.problem(path, quote(parts.front()) + " cannot be varied");
    } else if (!with_value(root.source(), path, values->items.front(), why)) {
      object.problem(path, "no such place: " + why);
    } else {
      axes.push_back({path, values->items, values->place});
      values_in_all += values->items.size();
    }
  }
  if (values_in_all > kVariantsMax) {  // each is tried when the file is loaded
    root.problem(key, std::to_string(values_in_all) + " values; at most " +
                          std::to_string(kVariantsMax) + " are possible");
    return {};
  }
  return axes;
}

std::vector<Variant> read_cases(Options& root, std::string_view key) {
  if (!root.has(key)) return {{"", root.source()}};
  std::vector<Variant> cases;
  Options object = root.object(key);
  for (const std::string& name : object.keys()) {
    Options changes = object.object(name);
    JsonRef document = root.source();
    for (const std::string& path : changes.keys()) {
      const JsonRef value = changes.raw(path);
      std::string why;
      const JsonRef changed = with_value(document, path, value, why);
      if (is_fixed(split_path(path).front())) {
        changes.problem(path, quote(split_path(path).front()) + " is the same in all cases");
      } else if (!changed) {
        changes.problem(path, "no such place: " + why);
      } else {
        document = changed;
      }
    }
    cases.push_back({name, document});
  }
  if (cases.empty()) root.problem(key, "expected at least one case");
  return cases;
}

std::vector<Variant> expand(const Variant& of, const std::vector<Axis>& axes, Problems& problems) {
  std::size_t count = 1;
  for (const Axis& axis : axes) {
    count *= axis.values.size();
    if (count <= kVariantsMax) continue;
    problems.add(
        {axis.place, "/matrix", "more than " + std::to_string(kVariantsMax) + " cases", ""});
    return {};
  }
  std::vector<Variant> variants;
  for (std::size_t number = 0; number < count; ++number) {
    Variant variant = of;
    std::size_t below = count;
    for (std::size_t i = 0; i < axes.size(); ++i) {
      below /= axes[i].values.size();
      const JsonRef& value = axes[i].values[number / below % axes[i].values.size()];
      variant.name +=
          (variant.name.empty() ? "" : ", ") + axis_name(axes, i) + '=' + value_name(*value);
      std::string why;
      variant.document = with_value(variant.document, axes[i].path, value, why);
      if (variant.document) continue;
      problems.add(
          {axes[i].place, "/matrix", quote(axes[i].path) + " meets another axis: " + why, ""});
      return {};
    }
    variants.push_back(std::move(variant));
  }
  return variants;
}

}  // namespace sim::reader
