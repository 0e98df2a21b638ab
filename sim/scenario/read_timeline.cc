#include <algorithm>
#include <span>

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
  const int given =
      options.has("at") + options.has("when") + options.has("after") + options.has("then");
  if (given != 1) {
    options.problem("",
                    "a step needs one of \"at\", \"when\", \"after\" and \"then\"; this one has " +
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
  if (options.has("then")) {
    trigger.kind = Trigger::Kind::kThen;
    trigger.delay = options.duration("then", Duration{0});
  }
  if ((trigger.kind == Trigger::Kind::kAt || trigger.kind == Trigger::Kind::kThen) &&
      options.has("delay")) {
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
    std::vector<std::string_view> names{"command", "end", "repeat"};
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

// The timeline as far as it has been read.
struct Reading {
  const Vocabulary& vocabulary;
  Duration length;
  std::vector<Step> steps;
  std::vector<std::string> pointers;  // of each step
  std::uint32_t tools = 0;
};

Step read_step(Options options, Reading& reading) {
  Step step;
  step.place = options.place();
  step.id = options.text("id", "step-" + std::to_string(reading.steps.size() + 1));
  options.text("note", "");
  step.trigger = read_trigger(options, reading.vocabulary, reading.length);
  step.options = {options.source(), options.pointer(), {}};
  if (!options.has("do") && options.has("run")) {
    options.problem("", "a step that runs a program is a command", "add \"do\": \"command\"");
    return step;
  }
  const std::string action = options.text("do");
  if (action == "command" && options.has("run")) {
    step.what = Step::What::kProgram;
    step.program = read_program(options, reading.tools);
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
  } else if (!action.empty() && action != "repeat") {  // which is told of where it stands
    step.fault = action;
    read_fault(options, reading.vocabulary, step);
  }
  return step;
}

// ---- What repeats ----

void add_step(Step step, std::string pointer, Reading& reading) {
  reading.steps.push_back(std::move(step));
  reading.pointers.push_back(std::move(pointer));
}

// "{round}" in the words of a command, and in what it must be answered with, is which round it is.
void fill_in_round(std::string& text, const std::string& round) {
  constexpr std::string_view kRound = "{round}";
  for (std::size_t at = 0; (at = text.find(kRound, at)) != std::string::npos; at += round.size())
    text.replace(at, kRound.size(), round);
}

void fill_in_round(Step& step, std::uint32_t number) {
  const std::string round = std::to_string(number);
  const auto fill = [&](std::string& text) { fill_in_round(text, round); };
  for (std::string& word : step.command.words) fill(word);
  for (std::string& word : step.program.words) fill(word);
  step.command.expect.each_text(fill);
}

// A round's own steps are called "ID-ROUND".
void name_round(std::span<Step> steps, const std::vector<std::string>& ids, std::uint32_t number) {
  const std::string suffix = "-" + std::to_string(number);
  const auto is_inside = [&](const std::string& id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  };
  for (Step& step : steps) {
    if (is_inside(step.ends)) step.ends += suffix;
    if (is_inside(step.id)) step.id += suffix;
    fill_in_round(step, number);
  }
}

void check_repeated(Options& entry) {
  if (!entry.has("then")) {
    entry.problem("", "steps that repeat follow each other, so \"then\" says when");
  }
  if (const JsonRef action = entry.raw("do"); action && action->text == "repeat")
    entry.problem("do", "what repeats cannot repeat within");
  if (entry.has("run") && !entry.has("on"))
    entry.problem("", "a program that repeats needs \"on\": where it runs");
}

// The steps stand in the timeline as often as they happen.
void read_repeat(Options options, Reading& reading) {
  constexpr std::size_t kStepsMax = Options::kObjectsMax;
  options.text("do");
  options.text("note", "");
  const Trigger trigger = read_trigger(options, reading.vocabulary, reading.length);
  const std::int64_t times = options.integer("times", {1, 1000});
  std::vector<Options> entries = options.objects("steps", true);
  options.finish();
  if (entries.empty()) return options.problem("", "there is nothing to repeat");
  const std::size_t most = kStepsMax - std::min(kStepsMax, reading.steps.size());
  if (entries.size() * static_cast<std::size_t>(times) > most)
    return options.problem("times",
                           "a timeline has at most " + std::to_string(kStepsMax) + " steps");
  std::vector<std::string> ids;
  for (Options& entry : entries) {
    check_repeated(entry);
    if (entry.has("id")) ids.push_back(entry.raw("id")->text);
  }
  const std::size_t first = reading.steps.size();
  for (std::uint32_t round = 1; round <= times; ++round) {
    const std::size_t begin = reading.steps.size();
    for (const Options& entry : entries)
      add_step(read_step(entry, reading), entry.pointer(), reading);
    name_round(std::span(reading.steps).subspan(begin), ids, round);
  }
  Trigger& begins = reading.steps[first].trigger;
  const Duration later = begins.delay;
  begins = trigger;
  (begins.kind == Trigger::Kind::kAt ? begins.at : begins.delay) += later;
}

}  // namespace

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
  Reading reading{vocabulary, length, {}, {}, 0};
  for (Options& entry : root.objects("timeline")) {
    const JsonRef action = entry.raw("do");
    if (action && action->text == "repeat") {
      read_repeat(entry, reading);
    } else {
      std::string pointer = entry.pointer();
      add_step(read_step(entry, reading), std::move(pointer), reading);
    }
  }
  check_timeline(reading.steps, reading.pointers, root.problems());
  return std::move(reading.steps);
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
