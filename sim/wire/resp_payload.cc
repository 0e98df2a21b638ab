#include <algorithm>
#include <array>

#include "sim/base/check.h"
#include "sim/wire/resp.h"

namespace sim::resp {
namespace {

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

std::string command_label(const Command& command) {
  std::string label = "cmd:" + command.front();
  std::transform(label.begin() + 4, label.end(), label.begin() + 4, upper);
  return label;
}

// Cut to what the wire can say: see append_encoded.
Value on_the_wire(Value value) {
  const auto cut = [](std::string& text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
  };
  if (auto* simple = std::get_if<Simple>(&value.data)) cut(simple->text);
  if (auto* failure = std::get_if<Error>(&value.data)) cut(failure->text);
  if (auto* array = std::get_if<Array>(&value.data)) {
    for (Value& item : array->items) item = on_the_wire(std::move(item));
  }
  return value;
}

// Error words a fault may want to catch by themselves.
constexpr std::array<std::string_view, 10> kErrorLabels = {
    "reply:MOVED",   "reply:ASK",      "reply:CLUSTERDOWN", "reply:CROSSSLOT",  "reply:TRYAGAIN",
    "reply:LOADING", "reply:READONLY", "reply:MASTERDOWN",  "reply:NOREPLICAS", "reply:MISCONF"};

}  // namespace

RequestPayload::RequestPayload(Command command, std::uint64_t operation)
    : command_(std::move(command)), operation_(operation), size_(encoded_size(command_)) {
  CHECK(!command_.empty());
  label_ = command_label(command_);
}

std::string RequestPayload::bytes() const {
  std::string out;
  out.reserve(size_);
  append_encoded(command_, out);
  return out;
}

PayloadRef RequestPayload::through_wire() const {
  CommandReader reader;
  reader.feed(bytes());
  Command command;
  if (!reader.next(command) || !reader.idle()) return nullptr;
  return PayloadRef(new RequestPayload(std::move(command), operation_));
}

ReplyPayload::ReplyPayload(Value value)
    : value_(on_the_wire(std::move(value))), size_(encoded_size(value_)) {}

std::string ReplyPayload::bytes() const {
  std::string out;
  out.reserve(size_);
  append_encoded(value_, out);
  return out;
}

std::string_view ReplyPayload::label() const {
  const auto* failure = std::get_if<Error>(&value_.data);
  if (failure == nullptr) return "reply";
  const std::string_view text = failure->text;
  const std::string_view word = text.substr(0, text.find(' '));
  for (const std::string_view label : kErrorLabels) {
    if (label.substr(label.find(':') + 1) == word) return label;
  }
  return "reply:error";
}

PayloadRef ReplyPayload::through_wire() const {
  ValueReader reader;
  reader.feed(bytes());
  Value value;
  if (!reader.next(value) || !reader.idle()) return nullptr;
  return PayloadRef(new ReplyPayload(std::move(value)));
}

}  // namespace sim::resp
