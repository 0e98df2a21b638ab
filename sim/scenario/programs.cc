#include "sim/scenario/programs.h"

namespace sim {

bool ProgramExpectation::met_by(std::optional<int> code, std::string_view output) const {
  if (contains && output.find(*contains) == std::string_view::npos) return false;
  switch (end) {
    case End::kCode:
      return code == exit;
    case End::kNever:
      return !code;
    case End::kAny:
      break;
  }
  return true;
}

std::string ProgramExpectation::text() const {
  std::string text = end == End::kCode    ? "exit code " + std::to_string(exit)
                     : end == End::kNever ? "no end"
                                          : "any end";
  return contains ? text + " and output containing \"" + *contains + '"' : text;
}

namespace {

// Takes one text apart, a character at a time.
class CommandSplitter {
 public:
  void take(char c) {
    if (escaped_) {
      escaped_ = false;
      return add(c);
    }
    if (c == '\\' && quote_ != '\'') {
      escaped_ = true;
    } else if (quote_ != 0 && c == quote_) {
      quote_ = 0;
    } else if (quote_ == 0 && (c == '"' || c == '\'')) {
      quote_ = c;
      begin();  // an empty quotation is a word
    } else if (quote_ == 0 && (c == ' ' || c == '\t' || c == '\n')) {
      inside_ = false;
    } else {
      add(c);
    }
  }
  bool complete() const { return quote_ == 0 && !escaped_; }
  std::vector<std::string> words() { return std::move(words_); }

 private:
  void begin() {
    if (!inside_) words_.emplace_back();
    inside_ = true;
  }
  void add(char c) {
    begin();
    words_.back() += c;
  }

  std::vector<std::string> words_;
  char quote_ = 0;
  bool inside_ = false, escaped_ = false;
};

}  // namespace

std::optional<std::vector<std::string>> split_as_shell(std::string_view text) {
  CommandSplitter splitter;
  for (const char c : text) splitter.take(c);
  if (!splitter.complete()) return std::nullopt;
  return splitter.words();
}

std::string command_text(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    const bool plain = !word.empty() && word.find_first_of(" \t\n\"'\\") == std::string::npos;
    text += (text.empty() ? "" : " ") + (plain ? word : '\'' + word + '\'');
  }
  return text;
}

std::optional<std::string> with_addresses(
    std::string_view word, const std::function<std::string(const AddressReference&)>& address) {
  using Part = AddressReference::Part;
  std::string result;
  while (!word.empty()) {
    const std::size_t brace = word.find('{');
    result += word.substr(0, brace);
    if (brace == std::string_view::npos) break;
    word.remove_prefix(brace + 1);
    if (word.starts_with('{')) {
      result += '{';
      word.remove_prefix(1);
      continue;
    }
    const std::size_t end = word.find('}');
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view name = word.substr(0, end);
    AddressReference reference;
    for (const auto& [suffix, part] : {std::pair{std::string_view(".ip"), Part::kIp},
                                       std::pair{std::string_view(".port"), Part::kPort}}) {
      if (!name.ends_with(suffix)) continue;
      name.remove_suffix(suffix.size());
      reference.part = part;
    }
    reference.machine = name;
    result += address(reference);
    word.remove_prefix(end + 1);
  }
  return result;
}

}  // namespace sim
