// Scripted commands and what they must be answered with.
#include "sim/base/numbers.h"
#include "sim/scenario/reader.h"

namespace sim::reader {
namespace {

// Words between spaces; double quotes keep spaces together.
std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  bool inside = false, quoted = false;
  for (const char c : text) {
    if (c == '"') {
      quoted = !quoted;
      if (!inside) words.emplace_back();
      inside = true;
    } else if (c == ' ' && !quoted) {
      inside = false;
    } else {
      if (!inside) words.emplace_back();
      inside = true;
      words.back() += c;
    }
  }
  return words;
}

// What stands for something of a node must mean one node.
void check_reference(Options& options, std::string_view key, const std::string& word) {
  const std::optional<NodeReference> reference = node_reference(word);
  if (!reference) return;
  SelectorMistake wrong;
  const std::optional<Selector> selector =
      parse_selector(reference->selector, options.known(), wrong);
  const bool id = reference->what == NodeReference::What::kId;
  if (!selector) {
    options.problem(key, wrong.what, wrong.hint);
  } else if (selector->plural()) {
    options.problem(key, quote(word) + " means several nodes, which have several " +
                             (id ? "ids" : "addresses"));
  }
}

ReplyBound read_reply_bound(Options& parts) {
  ReplyBound bound;
  const std::string written = parts.text("is");
  std::string_view text = written;
  const std::optional<Compare> compare = cut_compare(text);
  bound.number = whole_number<std::int64_t>(text);
  if (!compare || !(bound.number || is_name(text))) {
    parts.problem("is", "expected a bound such as \">=1\" or \"> epoch\", got " + quote(written));
  }
  bound.compare = compare.value_or(Compare::kEqual);
  if (!bound.number) bound.name = text;
  return bound;
}

// Which part of the reply is looked at.
void read_part(Options& parts, ReplyExpectation& expect) {
  expect.field = parts.text("field", "");
  if (parts.has("field") && expect.field.empty())
    parts.problem("field", "expected a field such as \"cluster_state\"");
  expect.between = parts.texts("between", std::vector<std::string>{});
  if (!expect.between.empty() && expect.between.size() != 2) {
    parts.problem("between", "expected two texts");
    expect.between.clear();
  }
  if (!expect.field.empty() && !expect.between.empty())
    parts.problem("between", "\"field\" and \"between\" both say what is looked at");
}

ReplyExpectation read_reply_expectation(Options parts) {
  ReplyExpectation expect;
  read_part(parts, expect);
  if (parts.has("reply")) expect.reply = parts.text("reply", "");
  if (parts.has("error")) expect.error = parts.text("error", "");
  expect.contains = parts.texts("contains", std::vector<std::string>{});
  expect.lacks = parts.texts("lacks", std::vector<std::string>{});
  if (parts.has("is")) expect.is = read_reply_bound(parts);
  using Together = ReplyExpectation::Together;
  expect.together = parts.one_of<Together>(
      "all", {{"same", Together::kSame}, {"distinct", Together::kDistinct}}, Together::kWhatever);
  expect.each_text([&](std::string& text) { check_reference(parts, "", text); });
  if (!expect.any()) {
    parts.problem("", "expected \"reply\", \"contains\", \"lacks\", \"error\", \"is\" or \"all\"");
  }
  parts.finish();
  return expect;
}

}  // namespace

CommandStep read_command(Options& options) {
  CommandStep command;
  command.node = options.selector("node");
  const JsonRef words = options.raw("command");
  if (words && words->kind == JsonNode::Kind::kText) {
    command.words = split_words(words->text);
  } else {
    command.words = options.texts("command");
  }
  if (words && command.words.empty())
    options.problem("command", "expected a command such as \"CLUSTER INFO\"");
  for (const std::string& word : command.words) check_reference(options, "command", word);
  command.within = options.duration("within", Duration{std::chrono::seconds{5}}, kSomeTime);
  const JsonRef expect = options.raw("expect");
  if (expect && expect->kind == JsonNode::Kind::kText) {
    command.expect.reply = expect->text;
  } else if (expect) {
    command.expect = read_reply_expectation(options.object("expect"));
  }
  if (options.has("every")) {
    command.every = options.duration("every", Duration{1}, kSomeTime);
    if (!command.expect.any())
      options.problem("every", "asked until the reply is as expected, but nothing is expected");
  }
  if (options.has("remember")) {
    command.remember = options.text("remember");
    if (!is_name(command.remember))
      options.problem("remember", "expected a name such as \"epoch\"");
    if (command.node.plural())
      options.problem("remember", "several nodes are asked, which say several things");
  }
  return command;
}

}  // namespace sim::reader
