// A validator for the part of JSON Schema draft-07 that our schema uses. A keyword it does not know
// is an error, so the schema cannot quietly outgrow it. For tests only: messages are for us, not
// for users.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>

#include "sim/scenario/scenario.h"

namespace sim {

class SchemaChecker {
 public:
  using Json = nlohmann::json;

  SchemaChecker() : root_(Json::parse(schema_text())) {}
  const Json& root() const { return root_; }

  // "" if the value is valid, otherwise the first thing that is wrong.
  std::string check(const Json& value) const { return check(value, root_, ""); }

  const Json& resolved(const Json& schema) const {
    const auto ref = schema.find("$ref");
    if (ref == schema.end()) return schema;
    return root_.at(Json::json_pointer(ref->get<std::string>().substr(1)));
  }

 private:
  std::string check(const Json& value, const Json& schema, const std::string& at) const {
    if (schema.contains("$ref")) return check(value, resolved(schema), at);
    for (const auto& [keyword, argument] : schema.items()) {
      const std::string wrong = check_keyword(keyword, argument, value, schema, at);
      if (!wrong.empty()) return wrong;
    }
    return {};
  }

  std::string check_keyword(const std::string& keyword, const Json& argument, const Json& value,
                            const Json& schema, const std::string& at) const {
    static const std::set<std::string> kAnnotations{
        "$schema",  "$id",  "title",       "description",      "default",
        "examples", "then", "definitions", "enumDescriptions", "patternProperties"};
    const auto verdict = [&](bool fine) { return fine ? std::string() : at + ": " + keyword; };
    if (kAnnotations.count(keyword) != 0) return {};
    if (keyword == "type") return verdict(has_type(value, argument));
    if (keyword == "const") return verdict(value == argument);
    if (keyword == "enum")
      return verdict(std::find(argument.begin(), argument.end(), value) != argument.end());
    if (keyword == "pattern") return verdict(!value.is_string() || matches(value, argument));
    if (keyword == "minimum") return verdict(!value.is_number() || value >= argument);
    if (keyword == "maximum") return verdict(!value.is_number() || value <= argument);
    if (keyword == "minLength")
      return verdict(!value.is_string() || value.get<std::string>().size() >= argument);
    if (keyword == "minProperties") return verdict(!value.is_object() || value.size() >= argument);
    if (keyword == "minItems") return verdict(!value.is_array() || value.size() >= argument);
    if (keyword == "maxItems") return verdict(!value.is_array() || value.size() <= argument);
    if (keyword == "uniqueItems")
      return verdict(!value.is_array() ||
                     std::set<Json>(value.begin(), value.end()).size() == value.size());
    if (keyword == "required") {
      if (!value.is_object()) return {};
      for (const Json& key : argument) {
        if (!value.contains(key.get<std::string>())) return at + ": lacks " + key.dump();
      }
      return {};
    }
    if (keyword == "properties" || keyword == "additionalProperties")
      return check_members(keyword, argument, value, schema, at);
    if (keyword == "propertyNames") {
      if (!value.is_object()) return {};
      for (const auto& [key, member] : value.items()) {
        const std::string wrong = check(Json(key), argument, at + '/' + key);
        if (!wrong.empty()) return wrong;
      }
      return {};
    }
    if (keyword == "items") {
      if (!value.is_array()) return {};
      for (std::size_t i = 0; i < value.size(); ++i) {
        const std::string wrong = check(value[i], argument, at + '/' + std::to_string(i));
        if (!wrong.empty()) return wrong;
      }
      return {};
    }
    if (keyword == "allOf") {
      for (const Json& part : argument) {
        const std::string wrong = check(value, part, at);
        if (!wrong.empty()) return wrong;
      }
      return {};
    }
    if (keyword == "anyOf" || keyword == "oneOf") {
      const auto fits = std::count_if(argument.begin(), argument.end(), [&](const Json& part) {
        return check(value, part, at).empty();
      });
      return verdict(keyword == "anyOf" ? fits >= 1 : fits == 1);
    }
    if (keyword == "if") {
      return check(value, argument, at).empty() ? check(value, schema.at("then"), at) : "";
    }
    throw std::logic_error("the checker does not know the keyword " + keyword);
  }

  std::string check_members(const std::string& keyword, const Json& argument, const Json& value,
                            const Json& schema, const std::string& at) const {
    if (!value.is_object()) return {};
    for (const auto& [key, member] : value.items()) {
      const bool declared = schema.contains("properties") && schema["properties"].contains(key);
      std::string wrong;
      if (keyword == "properties") {
        if (declared) wrong = check(member, argument.at(key), at + '/' + key);
      } else if (!declared &&
                 key.rfind("x-", 0) != 0) {  // the one pattern among our patternProperties
        if (argument.is_boolean()) {
          if (!argument.get<bool>()) wrong = at + ": additional " + key;
        } else {
          wrong = check(member, argument, at + '/' + key);
        }
      }
      if (!wrong.empty()) return wrong;
    }
    return {};
  }

  static bool has_type(const Json& value, const Json& type) {
    if (type.is_array()) {
      return std::any_of(type.begin(), type.end(),
                         [&](const Json& one) { return has_type(value, one); });
    }
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "integer") return value.is_number_integer();
    if (type == "boolean") return value.is_boolean();
    throw std::logic_error("the checker does not know the type " + type.dump());
  }

  static bool matches(const Json& value, const Json& pattern) {
    return std::regex_search(value.get<std::string>(), std::regex(pattern.get<std::string>()));
  }

  Json root_;
};

}  // namespace sim
