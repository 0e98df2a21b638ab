#include <algorithm>
#include <charconv>

#include "sim/base/numbers.h"
#include "sim/scenario/reader.h"

namespace sim::reader {
namespace {

std::vector<std::string> read_invariants(Options& options, std::string_view key,
                                         const Vocabulary& vocabulary) {
  std::vector<std::string> names = options.texts(key, std::vector<std::string>{});
  const std::vector<std::string_view> known(vocabulary.invariants.begin(),
                                            vocabulary.invariants.end());
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    options.problem(key, "there is no invariant " + quote(name),
                    options.problems().guess(name, known));
  }
  return names;
}

std::vector<EventPattern> read_patterns(Options& options, std::string_view key,
                                        const Vocabulary& vocabulary) {
  std::vector<EventPattern> patterns;
  const JsonRef list = options.raw(key);
  if (!list) return patterns;
  if (list->kind != JsonNode::Kind::kList) {
    options.problem(key, "expected a list of milestones, got " + describe(*list));
  }
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const std::string pointer = pointer_to(pointer_to(options.pointer(), key), i);
    auto pattern = read_pattern(list->items[i], pointer, options, vocabulary, true);
    if (pattern) patterns.push_back(std::move(*pattern));
  }
  return patterns;
}

// ---- Bounds on metrics ----

constexpr std::string_view kOf = " of ";

using Statistic = MetricBound::Statistic;

const Vocabulary::Metric* find_metric(const Vocabulary& vocabulary, std::string_view name) {
  for (const Vocabulary::Metric& metric : vocabulary.metrics) {
    const std::string_view known = metric.name;
    const bool family = !known.empty() && known.back() == '*';
    if (known == name || (family && name.rfind(known.substr(0, known.size() - 1), 0) == 0))
      return &metric;
  }
  return nullptr;
}

// What a key that names no metric was meant to be, its statistic kept.
std::string suggest_metric(std::string_view key, const Vocabulary& vocabulary) {
  std::vector<std::string_view> names;
  for (const Vocabulary::Metric& metric : vocabulary.metrics) names.push_back(metric.name);
  const std::size_t suffix = std::min(key.rfind('_'), key.size());
  const std::string_view whole = nearest(key, names), base = nearest(key.substr(0, suffix), names);
  if (base.empty() || !whole.empty()) return did_you_mean(key, names);
  return "did you mean " + quote(std::string(base) + std::string(key.substr(suffix))) + '?';
}

// The metric a key names, with its statistic cut off.
const Vocabulary::Metric* read_metric_name(std::string_view key, const Vocabulary& vocabulary,
                                           MetricBound& bound) {
  constexpr std::array<Word<Statistic>, 5> kStatistics{{{"_p50", Statistic::kP50},
                                                        {"_p90", Statistic::kP90},
                                                        {"_p99", Statistic::kP99},
                                                        {"_min", Statistic::kMin},
                                                        {"_max", Statistic::kMax}}};
  for (const Word<Statistic>& word : kStatistics) {
    if (!key.ends_with(word.name)) continue;
    const std::string_view base = key.substr(0, key.size() - word.name.size());
    if (const Vocabulary::Metric* metric = find_metric(vocabulary, base); metric != nullptr) {
      bound.metric = base;
      bound.statistic = word.value;
      return metric;
    }
  }
  bound.metric = key;
  return find_metric(vocabulary, key);
}

std::optional<std::int64_t> parse_value(std::string_view text, Vocabulary::Unit unit) {
  switch (unit) {
    case Vocabulary::Unit::kTime: {
      const std::optional<Duration> time = parse_duration(text);
      return time ? std::optional(time->count()) : std::nullopt;
    }
    case Vocabulary::Unit::kRatio: {
      const std::optional<std::uint32_t> ppm = parse_ratio_ppm(text);
      return ppm ? std::optional<std::int64_t>(*ppm) : std::nullopt;
    }
    case Vocabulary::Unit::kRate: {
      // "1.5/s" in thousandths: read as if it were seconds, in milliseconds.
      if (!text.ends_with("/s")) return std::nullopt;
      const std::optional<Duration> scaled =
          parse_duration(std::string(text.substr(0, text.size() - 2)) + "s");
      return scaled ? std::optional(scaled->count() / 1'000'000) : std::nullopt;
    }
    case Vocabulary::Unit::kCount:
      break;
  }
  return whole_number<std::int64_t>(text);
}

std::string_view example(Vocabulary::Unit unit) {
  switch (unit) {
    case Vocabulary::Unit::kTime:
      return "\"<20s\"";
    case Vocabulary::Unit::kRatio:
      return "\">80%\"";
    case Vocabulary::Unit::kRate:
      return "\"<1.5/s\"";
    case Vocabulary::Unit::kCount:
      break;
  }
  return "\"==0\"";
}

bool read_bound(std::string_view text, Vocabulary::Unit unit, MetricBound& bound) {
  const std::optional<Compare> compare = cut_compare(text);
  const std::optional<std::int64_t> value = compare ? parse_value(text, unit) : std::nullopt;
  bound.compare = compare.value_or(Compare::kEqual);
  bound.value = value.value_or(0);
  return value.has_value();
}

// "hit_rate of sessions": whose metric it is. Of a single workload every metric is its own.
void read_workload(Options& options, const std::string& key, std::string_view workload,
                   const std::vector<WorkloadOptions>& workloads, const Vocabulary& vocabulary,
                   const Vocabulary::Metric& metric, MetricBound& bound) {
  std::vector<std::string_view> names, of_workloads;
  for (const WorkloadOptions& known : workloads) names.push_back(known.name);
  for (const Vocabulary::Metric& known : vocabulary.metrics) {
    if (known.per_workload) of_workloads.push_back(known.name);
  }
  if (!metric.per_workload) {
    options.problem(key, quote(bound.metric) + " is of the whole run, not of a workload",
                    "of a workload are " + list_of_names(of_workloads));
  } else if (std::find(names.begin(), names.end(), workload) == names.end()) {
    options.problem(key, "there is no workload " + quote(workload),
                    names.empty() ? "" : "there is " + list_of_names(names));
  } else if (workloads.size() > 1) {
    bound.metric.append(kOf).append(workload);
  }
}

std::vector<MetricBound> read_metrics(Options options, const Vocabulary& vocabulary,
                                      const std::vector<WorkloadOptions>& workloads) {
  std::vector<MetricBound> bounds;
  for (const std::string& key : options.keys()) {
    const std::string text = options.text(key);
    MetricBound bound;
    bound.place = options.raw(key)->place;
    bound.written = key + ' ' + text;
    const std::size_t of = key.find(kOf);
    const std::string name = key.substr(0, of);
    const Vocabulary::Metric* metric = read_metric_name(name, vocabulary, bound);
    if (metric != nullptr && of != std::string::npos) {
      read_workload(options, key, std::string_view(key).substr(of + kOf.size()), workloads,
                    vocabulary, *metric, bound);
    }
    if (metric == nullptr) {
      options.problem(key, "there is no metric " + quote(name),
                      options.problems().worth_guessing() ? suggest_metric(name, vocabulary) : "");
    } else if (options.raw(key)->kind == JsonNode::Kind::kText &&
               !read_bound(text, metric->unit, bound)) {
      options.problem(key, "expected a bound such as " + std::string(example(metric->unit)) +
                               ", got " + quote(text));
    }
    bounds.push_back(std::move(bound));
  }
  options.finish();
  return bounds;
}

// ---- The budget of losses ----

// Of each class of losses that can be permitted so many, and none of those that are not named; and
// how long their windows and how great their share may be.
void read_losses(Options& options, std::vector<MetricBound>& bounds) {
  if (!options.has("losses")) return;
  Options losses = options.object("losses");
  const auto add = [&](std::string_view key, std::string_view metric, std::int64_t most,
                       const std::string& written) {
    MetricBound bound;
    bound.metric = metric;
    bound.compare = Compare::kLessEqual;
    bound.value = most;
    bound.place = losses.has(key) ? losses.raw(key)->place : losses.place();
    bound.written = "losses " + std::string(key) + " <=" + written;
    bounds.push_back(std::move(bound));
  };
  for (const std::string_view name : {"async", "minority", "wait", "forced", "restart"}) {
    const std::int64_t most = losses.integer(name, 0, {0, 1'000'000'000});
    add(name, "lost_" + std::string(name), most, std::to_string(most));
  }
  if (losses.has("window")) {
    const Duration most = losses.duration("window");
    add("window", "loss_window", most.count(), losses.raw("window")->text);
  }
  if (losses.has("share")) {
    const std::uint32_t most = losses.ratio_ppm("share", 0);
    add("share", "lost_share", most, losses.raw("share")->text);
  }
  losses.finish();
}

std::vector<std::uint32_t> read_rows(Options& options, std::string_view key,
                                     const Vocabulary& vocabulary) {
  std::vector<std::uint32_t> rows;
  const JsonRef list = options.raw(key);
  if (!list) return rows;
  bool sound = list->kind == JsonNode::Kind::kList;
  for (const JsonRef& item : list->items) {
    const std::optional<std::uint32_t> row = item->kind == JsonNode::Kind::kNumber
                                                 ? whole_number<std::uint32_t>(item->text)
                                                 : std::nullopt;
    sound = sound && row.has_value();
    rows.push_back(row.value_or(0));
  }
  if (!sound) {
    options.problem(key, "expected a list of row numbers such as [7, 12], got " + describe(*list));
    return rows;
  }
  const auto& known = vocabulary.defects;
  for (const std::uint32_t row : rows) {
    if (std::find(known.begin(), known.end(), row) != known.end()) continue;
    options.problem(key, "no known defect has the row " + std::to_string(row),
                    "slotsim list known-defects names them");
  }
  return rows;
}

void read_verdict(Options& options, const Vocabulary& vocabulary, Expectations& expect) {
  using Verdict = Expectations::Verdict;
  expect.verdict = options.one_of<Verdict>(
      "verdict", {{"pass", Verdict::kPass}, {"fail", Verdict::kFail}}, Verdict::kPass);
  expect.violates = read_invariants(options, "violates", vocabulary);
  expect.misses = options.texts("misses", std::vector<std::string>{});
  const bool says_what = !expect.violates.empty() || !expect.misses.empty();
  if (expect.verdict == Verdict::kFail && !says_what) {
    options.problem("verdict",
                    "a scenario that must fail says in \"violates\" which invariants it violates, "
                    "or in \"misses\" which expectations it misses");
  }
  if (expect.verdict == Verdict::kPass && says_what) {
    options.problem(expect.violates.empty() ? "misses" : "violates",
                    "a scenario that violates invariants or misses expectations has the verdict "
                    "\"fail\"");
  }
}

}  // namespace

Expectations read_expectations(Options options, const Vocabulary& vocabulary,
                               const std::vector<WorkloadOptions>& workloads) {
  Expectations expect;
  expect.place = options.place();
  read_verdict(options, vocabulary, expect);
  using Seeds = Expectations::Seeds;
  expect.in = options.one_of<Seeds>("in", {{"every", Seeds::kEvery}, {"some", Seeds::kSome}},
                                    Seeds::kEvery);
  Options invariants = options.object("invariants");
  expect.except = read_invariants(invariants, "except", vocabulary);
  expect.known_defects = read_rows(invariants, "known_defects", vocabulary);
  invariants.finish();
  expect.shows = read_rows(options, "known_defects", vocabulary);
  expect.reached = read_patterns(options, "reached", vocabulary);
  expect.not_reached = read_patterns(options, "not_reached", vocabulary);
  expect.metrics = read_metrics(options.object("metrics"), vocabulary, workloads);
  read_losses(options, expect.metrics);
  for (Options& entry : options.objects("final")) {
    entry.text("note", "");
    expect.final.push_back(read_command(entry));
    entry.finish();
  }
  options.finish();
  return expect;
}

}  // namespace sim::reader
