#include "sim/scenario/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace sim {
namespace {

using nlohmann::json;

// Follows the parser's events along the text, so that every token's line and column are known:
// nlohmann tells positions of errors only.
class Follower {
 public:
  explicit Follower(std::string_view text) : text_(text) {}

  // Moves over what separates tokens to the next one, but not beyond `limit`, and answers where it
  // stands.
  Place next(std::size_t limit = std::string_view::npos) {
    constexpr std::string_view kBetween = " \t\r\n,:";
    while (at_ < std::min(limit, text_.size()) &&
           kBetween.find(text_[at_]) != std::string_view::npos)
      step();
    return place_;
  }
  void pass(std::size_t bytes) {
    for (; bytes > 0 && at_ < text_.size(); --bytes) step();
  }
  void pass_text() {
    step();
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\') step();
      step();
    }
    step();
  }
  std::string_view pass_number() {
    const std::size_t from = at_;
    while (at_ < text_.size() &&
           std::string_view("+-.0123456789eE").find(text_[at_]) != std::string_view::npos) {
      step();
    }
    return text_.substr(from, at_ - from);
  }

 private:
  void step() {
    if (at_ >= text_.size()) return;
    if (text_[at_] == '\n') {
      ++place_.line;
      place_.column = 1;
    } else if ((static_cast<unsigned char>(text_[at_]) & 0xc0) != 0x80) {
      ++place_.column;
    }
    ++at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Place place_{1, 1};
};

// "[json.exception.parse_error.101] parse error at line 1, column 5: syntax error ..." without what
// precedes the error, and without what a terminal cannot show: it quotes the file byte for byte.
std::string complaint_of(std::string what) {
  for (char& c : what) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) c = '?';
  }
  if (const std::size_t end = what.find("] "); what.starts_with('[') && end != std::string::npos) {
    what.erase(0, end + 2);
  }
  if (const std::size_t end = what.find(": ");
      what.starts_with("parse error") && end != std::string::npos) {
    what.erase(0, end + 2);
  }
  return what;
}

class Builder final : public nlohmann::json_sax<json> {
 public:
  Builder(std::string_view text, Problems& problems) : follower_(text), problems_(problems) {}

  JsonRef root() { return std::move(root_); }

  bool null() override { return literal(JsonNode::Kind::kNull, false, 4); }
  bool boolean(bool value) override {
    return literal(JsonNode::Kind::kBoolean, value, value ? 4 : 5);
  }
  bool number_integer(number_integer_t) override { return number(); }
  bool number_unsigned(number_unsigned_t) override { return number(); }
  bool number_float(number_float_t, const string_t&) override { return number(); }
  bool string(string_t& value) override {
    auto node = make(JsonNode::Kind::kText);
    if (!text_fits(value, node->place)) return false;
    node->text = std::move(value);
    follower_.pass_text();
    return put(std::move(node));
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(JsonNode::Kind::kObject); }
  bool start_array(std::size_t) override { return open(JsonNode::Kind::kList); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& value) override {
    const Place place = follower_.next();
    if (!text_fits(value, place)) return false;
    follower_.pass_text();
    key_ = {std::move(value), place, nullptr};
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    const Place place = follower_.next(position == 0 ? 0 : position - 1);
    problems_.add({place, "", "not JSON: " + complaint_of(error.what()), ""});
    return false;
  }

 private:
  std::shared_ptr<JsonNode> make(JsonNode::Kind kind) {
    auto node = std::make_shared<JsonNode>();
    node->kind = kind;
    node->place = follower_.next();
    return node;
  }
  bool literal(JsonNode::Kind kind, bool value, std::size_t bytes) {
    auto node = make(kind);
    node->boolean = value;
    follower_.pass(bytes);
    return put(std::move(node));
  }
  bool number() {
    auto node = make(JsonNode::Kind::kNumber);
    node->text = follower_.pass_number();
    return put(std::move(node));
  }
  bool text_fits(const std::string& text, Place place) {
    if (text.size() <= kJsonTextMax) return true;
    problems_.add({place, "",
                   "a text of " + std::to_string(text.size()) + " bytes; at most " +
                       std::to_string(kJsonTextMax) + " are allowed",
                   ""});
    return false;
  }
  bool open(JsonNode::Kind kind) {
    auto node = make(kind);
    follower_.pass(1);
    if (open_.size() == kJsonDepthMax) {
      problems_.add(
          {node->place, "", "nested deeper than " + std::to_string(kJsonDepthMax) + " levels", ""});
      return false;
    }
    open_.push_back({std::move(node), std::move(key_), {}});
    return true;
  }
  bool close() {
    follower_.next();
    follower_.pass(1);
    Frame frame = std::move(open_.back());
    open_.pop_back();
    key_ = std::move(frame.key);
    return put(std::move(frame.node));
  }
  bool put(std::shared_ptr<JsonNode> node) {
    if (++values_ > kJsonValuesMax) {
      problems_.add({node->place, "",
                     "more than " + std::to_string(kJsonValuesMax) + " values in one file", ""});
      return false;
    }
    if (open_.empty()) {
      root_ = std::move(node);
      return true;
    }
    Frame& parent = open_.back();
    if (parent.node->kind == JsonNode::Kind::kList) {
      parent.node->items.push_back(std::move(node));
    } else if (parent.keys.insert(key_.key).second) {
      key_.value = std::move(node);
      parent.node->members.push_back(std::move(key_));
    } else {
      problems_.add({key_.place, "", "duplicate key " + quote(key_.key), ""});
    }
    return true;
  }

  struct Frame {
    std::shared_ptr<JsonNode> node;
    JsonMember key;  // under which it will be put into its parent
    std::set<std::string> keys;
  };
  Follower follower_;
  Problems& problems_;
  std::vector<Frame> open_;
  JsonMember key_;
  JsonRef root_;
  std::size_t values_ = 0;
};

}  // namespace

const JsonMember* JsonNode::find(std::string_view key) const {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const JsonMember& member) { return member.key == key; });
  return found == members.end() ? nullptr : &*found;
}

JsonRef parse_json(std::string_view text, Problems& problems) {
  if (text.size() > kJsonBytesMax) {
    problems.add({{}, "", "the file is larger than 4 MiB; no scenario is", ""});
    return nullptr;
  }
  Builder builder(text, problems);
  return json::sax_parse(text.begin(), text.end(), &builder) ? builder.root() : nullptr;
}

std::string describe(const JsonNode& node) {
  switch (node.kind) {
    case JsonNode::Kind::kNull:
      return "null";
    case JsonNode::Kind::kBoolean:
      return node.boolean ? "true" : "false";
    case JsonNode::Kind::kNumber:
      return node.text;
    case JsonNode::Kind::kText:
      return quote(node.text);
    case JsonNode::Kind::kList:
      return "a list of " + std::to_string(node.items.size());
    case JsonNode::Kind::kObject:
      return "an object";
  }
  return {};
}

std::string quote(std::string_view text) {
  constexpr std::size_t kShown = 40;
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : text.substr(0, kShown)) {
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x20 || code == 0x7f) {
      quoted += "\\x";
      quoted += kHex[code >> 4];
      quoted += kHex[code & 0xf];
    } else {
      quoted += c;
    }
  }
  return quoted + (text.size() > kShown ? "...\"" : "\"");
}

std::string pointer_to(std::string_view parent, std::string_view key) {
  std::string pointer{parent};
  pointer += '/';
  for (const char c : key) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
  return pointer;
}

std::string pointer_to(std::string_view parent, std::size_t index) {
  return std::string(parent) + '/' + std::to_string(index);
}

}  // namespace sim
