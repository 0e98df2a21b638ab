#include "sim/app/console.h"

#include "sim/wire/resp.h"

namespace sim {

PayloadRef RespConsole::request(const std::vector<std::string>& command) const {
  return PayloadRef(new resp::RequestPayload(command));
}

namespace {

std::string text_of(const resp::Value& value) {
  if (const auto* error = std::get_if<resp::Error>(&value.data)) return "-" + error->text;
  return resp::describe(value);
}

}  // namespace

std::optional<std::string> RespConsole::reply_text(const Payload& payload,
                                                   std::string& so_far) const {
  if (const auto* reply = dynamic_cast<const resp::ReplyPayload*>(&payload)) {
    return text_of(reply->value());
  }
  so_far += payload.bytes();
  resp::ValueReader reader;
  reader.feed(so_far);
  resp::Value value;
  if (reader.next(value)) return text_of(value);
  if (!reader.broken().empty()) return so_far;
  return std::nullopt;
}

std::vector<std::string> split_command(std::string_view text) {
  std::vector<std::string> words;
  bool quoted = false, in_word = false;
  for (const char c : text) {
    if (c == '"') {
      quoted = !quoted;
      if (!in_word) words.emplace_back();
      in_word = true;
    } else if (c == ' ' && !quoted) {
      in_word = false;
    } else {
      if (!in_word) words.emplace_back();
      in_word = true;
      words.back() += c;
    }
  }
  return words;
}

}  // namespace sim
