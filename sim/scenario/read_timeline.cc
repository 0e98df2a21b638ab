#include <algorithm>
#include <map>

#include "sim/scenario/reader.h"

namespace sim::reader {
namespace {

std::string known_list(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

// What to say of a word that is none of the names.
std::string suggest(std::string_view word, const std::vector<std::string_view>& names,
                    const Problems& problems) {
  std::string hint = problems.guess(word, names);
  return hint.empty() && !names.empty() ? "there are " + known_list(names) : hint;
}

Trigger read_trigger(Options& options, const Vocabulary& vocabulary, Duration length) {
  Trigger trigger;
  const int given = options.has("at") + options.has("when") + options.has("after");
  if (given != 1) {
    options.problem("", "a step needs one of \"at\", \"when\" and \"after\"; this one has " +
                            (given == 0 ? std::string("none") : std::to_string(given)));
  }
  if (options.has("at")) {
    trigger.at = options.duration("at", Duration{0});
    if (trigger.at > length) {
      options.problem("at",
                      "after the end of the faults phase, which lasts " + format_duration(length));
    }
  }
  if (const JsonRef pattern = options.raw("when"); pattern) {
    trigger.kind = Trigger::Kind::kWhen;
    const auto when =
        read_pattern(pattern, pointer_to(options.pointer(), "when"), options, vocabulary, false);
    trigger.when = when.value_or(EventPattern{});
  }
  if (options.has("after")) {
    trigger.kind = Trigger::Kind::kAfter;
    trigger.after = options.text("after", "");
  }
  trigger.delay = options.duration("delay", Duration{0});
  if (trigger.kind == Trigger::Kind::kAt && options.has("delay")) {
    options.problem("delay", "\"delay\" goes with \"when\" or \"after\"");
  }
  return trigger;
}

Lifetime read_lifetime(Options& options, const Vocabulary::Fault& fault) {
  constexpr std::string_view kExpected =
      "a time such as \"10s\", \"heal\" (until everything heals) or \"forever\"";
  const JsonRef node = options.raw("for");
  if (!fault.lasts) {
    if (node) options.problem("for", quote(fault.name) + " is over at once and takes no \"for\"");
    return {};
  }
  if (!node) {
    options.problem("",
                    quote(fault.name) + " lasts, so it needs \"for\": " + std::string(kExpected));
    return {};
  }
  if (node->kind == JsonNode::Kind::kText && node->text == "heal")
    return {Lifetime::Kind::kUntilHeal, {}};
  if (node->kind == JsonNode::Kind::kText && node->text == "forever")
    return {Lifetime::Kind::kForever, {}};
  if (node->kind == JsonNode::Kind::kText && !parse_duration(node->text)) {
    constexpr std::array<std::string_view, 2> kWords{"heal", "forever"};
    options.problem("for", "expected " + std::string(kExpected) + ", got " + describe(*node),
                    options.problems().guess(node->text, kWords));
    return {};
  }
  return {Lifetime::Kind::kFor, options.duration("for", Duration{1}, kSomeTime)};
}

void read_fault(Options& options, const Vocabulary& vocabulary, Step& step) {
  const auto found =
      std::find_if(vocabulary.faults.begin(), vocabulary.faults.end(),
                   [&](const Vocabulary::Fault& fault) { return fault.name == step.fault; });
  if (found == vocabulary.faults.end()) {
    std::vector<std::string_view> names{"command", "end"};
    for (const OperationInfo& operation : operations()) names.push_back(operation.name);
    for (const Vocabulary::Fault& fault : vocabulary.faults) names.push_back(fault.name);
    options.problem("do", "there is no fault " + quote(step.fault),
                    suggest(step.fault, names, options.problems()));
    return;
  }
  step.lifetime = read_lifetime(options, *found);
  step.options.taken = options.asked();
  Options rest = step.options.open(options.problems(), options.known());
  if (found->check) found->check(rest);
  rest.finish();
}

Step read_step(Options options, std::size_t number, const Vocabulary& vocabulary, Duration length,
               std::uint32_t& tools) {
  Step step;
  step.place = options.place();
  step.id = options.text("id", "step-" + std::to_string(number));
  options.text("note", "");
  step.trigger = read_trigger(options, vocabulary, length);
  step.options = {options.source(), options.pointer(), {}};
  if (!options.has("do") && options.has("run")) {
    options.problem("", "a step that runs a program is a command", "add \"do\": \"command\"");
    return step;
  }
  const std::string action = options.text("do");
  if (action == "command" && options.has("run")) {
    step.what = Step::What::kProgram;
    step.program = read_program(options, tools);
    options.finish();
  } else if (action == "command") {
    step.what = Step::What::kCommand;
    step.command = read_command(options);
    options.finish();
  } else if (const OperationInfo* operation = find_operation(action); operation != nullptr) {
    step.what = Step::What::kOperation;
    step.operation = read_operation(options, operation->kind);
    options.finish();
  } else if (action == "end") {
    step.what = Step::What::kEnd;
    step.ends = options.text("step");
    options.finish();
  } else if (!action.empty()) {
    step.fault = action;
    read_fault(options, vocabulary, step);
  }
  return step;
}

using StepsById = std::map<std::string_view, std::size_t>;  // the first of each id

void check_names(const std::vector<Step>& steps, const std::vector<std::string>& pointers,
                 const StepsById& by_id, Problems& problems) {
  std::vector<std::string_view> names;
  for (const auto& [id, index] : by_id) names.push_back(id);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    if (by_id.at(step.id) != i) {
      problems.add({step.place, pointers[i], "a second step has the id " + quote(step.id), ""});
    }
    const bool follows = step.trigger.kind == Trigger::Kind::kAfter;
    for (const std::string& other : {follows ? step.trigger.after : std::string(), step.ends}) {
      if (!other.empty() && by_id.count(other) == 0) {
        problems.add({step.place, pointers[i], "there is no step " + quote(other),
                      problems.guess(other, names)});
      }
    }
    const auto ended = by_id.find(step.ends);
    if (ended != by_id.end() && steps[ended->second].lifetime.kind == Lifetime::Kind::kMomentary) {
      problems.add(
          {step.place, pointers[i], "step " + quote(step.ends) + " is not one that lasts", ""});
    }
  }
}

// Follows every chain of "after" once: a step that leads back into the chain it was reached by, or
// into one that does, waits for itself.
void check_chains(const std::vector<Step>& steps, const std::vector<std::string>& pointers,
                  const StepsById& by_id, Problems& problems) {
  enum class Chain : std::uint8_t { kUnknown, kEnds, kOpen, kLoops };
  std::vector<Chain> known(steps.size(), Chain::kUnknown);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    std::vector<std::size_t> chain;
    std::size_t at = i;
    Chain verdict = Chain::kEnds;
    while (known[at] == Chain::kUnknown) {
      known[at] = Chain::kOpen;
      chain.push_back(at);
      const Trigger& trigger = steps[at].trigger;
      const auto next = by_id.find(trigger.after);
      if (trigger.kind != Trigger::Kind::kAfter || next == by_id.end()) break;
      at = next->second;
      if (known[at] == Chain::kOpen || known[at] == Chain::kLoops) verdict = Chain::kLoops;
    }
    for (const std::size_t link : chain) {
      known[link] = verdict;
      if (verdict != Chain::kLoops) continue;
      problems.add({steps[link].place, pointers[link], "this step waits for itself", ""});
    }
  }
}

// Steps that name each other: no step twice, none missing, none waiting for itself.
void check_order(const std::vector<Step>& steps, const std::vector<std::string>& pointers,
                 Problems& problems) {
  StepsById by_id;
  for (std::size_t i = 0; i < steps.size(); ++i) by_id.emplace(steps[i].id, i);
  check_names(steps, pointers, by_id, problems);
  check_chains(steps, pointers, by_id, problems);
}

}  // namespace

// Words between spaces; double quotes keep spaces together.
static std::vector<std::string> split_words(std::string_view text) {
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

// Words that stand for an id must mean one node.
static void check_ids(Options& options, const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    const std::optional<std::string_view> whom = selector_of_id(word);
    if (!whom) continue;
    SelectorMistake wrong;
    const std::optional<Selector> selector = parse_selector(*whom, options.known(), wrong);
    if (!selector) {
      options.problem("command", wrong.what, wrong.hint);
    } else if (selector->plural()) {
      options.problem("command", quote(word) + " means several nodes, which have several ids");
    }
  }
}

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
  check_ids(options, command.words);
  command.within = options.duration("within", Duration{std::chrono::seconds{5}}, kSomeTime);
  const JsonRef expect = options.raw("expect");
  if (expect && expect->kind == JsonNode::Kind::kText) {
    command.expect.reply = expect->text;
  } else if (expect) {
    Options parts = options.object("expect");
    for (auto& [key, part] :
         std::initializer_list<std::pair<std::string_view, std::optional<std::string>*>>{
             {"reply", &command.expect.reply},
             {"contains", &command.expect.contains},
             {"error", &command.expect.error}}) {
      if (parts.has(key)) *part = parts.text(key, "");
    }
    if (!command.expect.any()) parts.problem("", "expected \"reply\", \"contains\" or \"error\"");
    parts.finish();
  }
  return command;
}

std::optional<EventPattern> read_pattern(const JsonRef& node, const std::string& pointer,
                                         Options& where, const Vocabulary& vocabulary,
                                         bool expectation) {
  EventPattern pattern;
  pattern.place = node->place;
  Place name_place = node->place;
  if (node->kind == JsonNode::Kind::kText) {
    pattern.event = node->text;
  } else if (node->kind == JsonNode::Kind::kObject) {
    Options options(node, pointer, where.problems(), where.known());
    if (options.has("log")) {
      read_log(options, pattern);
    } else {
      pattern.event = options.text("event");
      if (const JsonRef name = options.raw("event"); name) name_place = name->place;
    }
    if (pattern.log.empty() && options.has("shard")) {
      const std::int64_t shards = where.known() == nullptr ? kNodesMax : where.known()->shards;
      pattern.shard = static_cast<std::uint32_t>(
          options.integer("shard", 0, {0, std::max<std::int64_t>(shards - 1, 0)}));
    }
    if (options.has("node")) pattern.node = options.selector("node", Selector{});
    pattern.count = static_cast<std::uint32_t>(options.integer("count", 1, {1, 1'000'000}));
    if (expectation) {
      if (options.has("after")) pattern.after = options.duration("after", Duration{0});
      if (options.has("before")) pattern.before = options.duration("before", Duration{0});
    }
    options.finish();
  } else {
    where.problems().add(
        {node->place, pointer,
         "expected a milestone such as \"promoted\" or {\"event\": \"promoted\"}, got " +
             describe(*node),
         ""});
    return std::nullopt;
  }
  const std::vector<std::string_view> names(vocabulary.milestones.begin(),
                                            vocabulary.milestones.end());
  if (!pattern.event.empty() &&
      std::find(names.begin(), names.end(), pattern.event) == names.end()) {
    where.problems().add({name_place, pointer, "there is no milestone " + quote(pattern.event),
                          suggest(pattern.event, names, where.problems())});
  }
  return pattern;
}

std::vector<Step> read_timeline(Options& root, const Vocabulary& vocabulary, Duration length) {
  std::vector<Step> steps;
  std::vector<std::string> pointers;
  std::uint32_t tools = 0;
  for (Options& entry : root.objects("timeline")) {
    pointers.push_back(entry.pointer());
    steps.push_back(read_step(entry, steps.size() + 1, vocabulary, length, tools));
  }
  check_order(steps, pointers, root.problems());
  return steps;
}

NemesisOptions read_nemesis(Options options, const Vocabulary& vocabulary, Duration length) {
  NemesisOptions nemesis;
  std::vector<std::string_view> possible, all;
  for (const Vocabulary::Fault& fault : vocabulary.faults) {
    all.push_back(fault.name);
    if (fault.random) possible.push_back(fault.name);
  }
  nemesis.kinds = options.texts("kinds", std::vector<std::string>{"all"});
  if (nemesis.kinds == std::vector<std::string>{"all"})
    nemesis.kinds.assign(possible.begin(), possible.end());
  for (const std::string& kind : nemesis.kinds) {
    if (std::find(possible.begin(), possible.end(), kind) != possible.end()) continue;
    const bool exists = std::find(all.begin(), all.end(), kind) != all.end();
    options.problem(
        "kinds",
        exists ? quote(kind) + " is not for the nemesis" : "there is no fault " + quote(kind),
        suggest(kind, possible, options.problems()));
  }
  if (nemesis.kinds.empty()) options.problem("kinds", "a nemesis without a single kind of fault");
  nemesis.every = options.duration("every", Duration{std::chrono::seconds{5}},
                                   {Duration{std::chrono::milliseconds{1}}, kTimeMax});
  nemesis.lasting = options.duration_range(
      "for", Range<Duration>{Duration{std::chrono::seconds{1}}, Duration{std::chrono::seconds{10}}},
      kSomeTime);
  nemesis.max_concurrent =
      static_cast<std::uint32_t>(options.integer("max_concurrent", 1, {1, 100}));
  nemesis.keep_majority = options.boolean("keep_majority", true);
  nemesis.swarm = options.boolean("swarm", false);
  nemesis.active = {options.duration("from", Duration{0}), options.duration("until", length)};
  if (nemesis.active.min > nemesis.active.max)
    options.problem("from", "\"from\" is later than \"until\"");
  options.finish();
  return nemesis;
}

}  // namespace sim::reader
