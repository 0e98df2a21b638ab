// A JSON document whose every value knows where it stood.
//
// Values are immutable and shared, so that a variant of a document (a case of a matrix) costs the
// path to what differs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/problems.h"

namespace sim {

struct JsonNode;
using JsonRef = std::shared_ptr<const JsonNode>;

struct JsonMember {
  std::string key;
  Place place;    // of the key
  JsonRef value;  // never null
};

struct JsonNode {
  enum class Kind : std::uint8_t { kNull, kBoolean, kNumber, kText, kList, kObject };
  Kind kind = Kind::kNull;
  Place place;
  bool boolean = false;
  std::string text;  // of a text: its characters; of a number: exactly as written, so that nothing
                     // is rounded
  std::vector<JsonRef> items;       // of a list
  std::vector<JsonMember> members;  // of an object, in order of the file; keys are unique

  const JsonMember* find(std::string_view key) const;
};

// What a document may not exceed; anything larger is an error, found in well under a second.
inline constexpr std::size_t kJsonBytesMax = 4 << 20;
inline constexpr std::size_t kJsonTextMax = 64 << 10;
inline constexpr std::size_t kJsonDepthMax = 64;
inline constexpr std::size_t kJsonValuesMax = 200'000;

// Null if the text is no document at all, and `problems` says why. Duplicate keys are reported, and
// the first one kept.
JsonRef parse_json(std::string_view text, Problems& problems);

// A short form of a value for error messages: "5", "\"5s\"", "an object", "a list of 3".
std::string describe(const JsonNode& node);
// In quotes, cut to a length fit for a message, with control characters made visible.
std::string quote(std::string_view text);
std::string pointer_to(std::string_view parent, std::string_view key);  // escapes '~' and '/'
std::string pointer_to(std::string_view parent, std::size_t index);

}  // namespace sim
