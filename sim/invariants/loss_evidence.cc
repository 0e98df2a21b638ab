// The losses of a run as a table, each class with one of them in full.
#include <algorithm>
#include <tuple>

#include "sim/invariants/losses.h"
#include "sim/invariants/metric.h"
#include "sim/invariants/verdict.h"

namespace sim {
namespace {

std::string standing_of(const Loss& loss) {
  switch (loss.standing) {
    case LossStanding::kPermitted:
      return "permitted";
    case LossStanding::kDefect:
      return "known defect " + std::to_string(loss.row);
    case LossStanding::kViolation:
      return "VIOLATION";
  }
  return {};
}

// "m1 -> m4, m2": at most so many, those that lost most first.
std::string pairs_in_words(const std::map<std::string, std::uint64_t>& pairs) {
  constexpr std::size_t kNamed = 4;
  std::vector<std::pair<std::uint64_t, std::string>> sorted;
  for (const auto& [pair, count] : pairs) sorted.emplace_back(count, pair);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string text;
  for (std::size_t i = 0; i < sorted.size() && i < kNamed; ++i) {
    text += (text.empty() ? "" : ", ") + sorted[i].second;
  }
  if (sorted.size() > kNamed) text += " and " + std::to_string(sorted.size() - kNamed) + " more";
  return text;
}

}  // namespace

LossExample Losses::example_of(const Loss& loss) const {
  LossExample example;
  example.what = sentence_of(loss);
  const auto put = [&](const char* name, std::string value) {
    example.evidence.emplace_back(name, std::move(value));
  };
  put("operation", std::to_string(loss.operation));
  put("key", loss.key);
  put("client", name_of(loss.client));
  if (loss.primary != kNoMachine) {
    put("primary", name_of(loss.primary));
    put("config epoch", std::to_string(loss.epoch));
    put("applied", moment(loss.applied));
  }
  put("acknowledged", moment(loss.acked));
  if (loss.offset != 0) {
    put("slot", std::to_string(loss.slot.value));
    put("offset", std::to_string(loss.offset));
  }
  if (loss.replicas_wanted > 0) {
    put("WAIT", std::to_string(loss.replicas) + " of " + std::to_string(loss.replicas_wanted));
  }
  if (!loss.sides.empty()) put("partition", loss.sides);
  if (loss.lost) put("lost", moment(*loss.lost));
  if (loss.successor != kNoMachine) put("successor", name_of(loss.successor));
  return example;
}

std::string Losses::sentence_of(const Loss& loss) const {
  return "the write " + std::to_string(loss.operation) + " to \"" + loss.key +
         "\", acknowledged at " + moment(loss.acked) + ", is gone: " + loss.why;
}

LossTable Losses::table() const {
  LossTable table{acked_, lost(), removed_, waited_, 0, {}};
  struct Group {
    const Loss* longest = nullptr;
    std::uint64_t count = 0;
    std::map<std::string, std::uint64_t> pairs;
  };
  std::map<std::tuple<LossClass, LossStanding, int>, Group> groups;
  for (const Loss& loss : losses_) {
    Group& group = groups[{loss.kind, loss.standing, loss.row}];
    ++group.count;
    table.warned += loss.replicas < loss.replicas_wanted ? 1 : 0;
    const bool first = group.longest == nullptr;
    if (first || loss.window > group.longest->window) group.longest = &loss;
    const bool replaced = loss.successor != kNoMachine && loss.successor != loss.primary;
    if (loss.primary == kNoMachine) continue;
    ++group.pairs[name_of(loss.primary) + (replaced ? " -> " + name_of(loss.successor) : "")];
  }
  const auto acked = static_cast<std::int64_t>(std::max<std::uint64_t>(1, acked_));
  for (const auto& [key, group] : groups) {
    const LossKind& kind = loss_kind(std::get<LossClass>(key));
    LossRow row;
    row.letter = kind.letter;
    row.name = kind.name;
    row.standing = standing_of(*group.longest);
    row.count = group.count;
    row.share_ppm = ratio(static_cast<std::int64_t>(group.count), kPerMillion, acked);
    row.window_ns = group.longest->window.count();
    row.who = pairs_in_words(group.pairs);
    row.example = example_of(*group.longest);
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace sim
