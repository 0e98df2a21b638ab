#include "viz/screen.h"

#include <algorithm>
#include <array>
#include <set>
#include <variant>

#include "sim/trace/describe.h"
#include "sim/trace/event_fields.h"

namespace sim {
namespace {

using Mood = ScreenLine::Mood;

// What one shard, as it is now, looks like: whoever leads it, and who follows.
struct ShardRow {
  const PictureNode* primary = nullptr;
  std::vector<const PictureNode*> replicas;
  bool served = false;  // its primary runs, and takes commands
  bool well = false;    // and so are all of its replicas
};

bool is_held(const PictureNode& node) {
  return node.held_as != event::Suspicion::kNone;
}
bool is_well(const PictureNode& node) {
  return node.up && !node.paused && node.healthy && !is_held(node);
}

// "m4", "m4 (down, FAIL)".
std::string named(const PictureNode& node) {
  std::vector<std::string> marks;
  if (!node.up) marks.emplace_back("down");
  if (node.paused) marks.emplace_back("paused");
  if (node.held_as == event::Suspicion::kFail) marks.emplace_back("FAIL");
  if (node.held_as == event::Suspicion::kPfail) marks.emplace_back("PFAIL");
  if (node.up && !node.paused && !node.healthy) marks.emplace_back("refuses");
  if (node.stale > 0) marks.push_back("claims " + std::to_string(node.stale) + " stale slots");
  std::string text;
  for (const std::string& mark : marks) text += (text.empty() ? " (" : ", ") + mark;
  return node.info.name + text + (text.empty() ? "" : ")");
}

std::vector<ShardRow> rows_of(const ClusterPicture& picture) {
  std::vector<ShardRow> rows;
  std::map<MachineId, std::size_t> row_of;
  for (const auto& [id, node] : picture.nodes) {
    if (node.role != Role::kPrimary || node.slots.none()) continue;
    row_of[id] = rows.size();
    rows.push_back({&node, {}, node.up && !node.paused && node.healthy, is_well(node)});
  }
  for (const auto& [id, node] : picture.nodes) {
    const auto row = node.follows ? row_of.find(*node.follows) : row_of.end();
    if (row == row_of.end()) continue;
    rows[row->second].replicas.push_back(&node);
    rows[row->second].well = rows[row->second].well && is_well(node);
  }
  std::sort(rows.begin(), rows.end(), [](const ShardRow& a, const ShardRow& b) {
    return a.primary->slots._Find_first() < b.primary->slots._Find_first();
  });
  return rows;
}

ScreenLine line_of(const ShardRow& row) {
  std::string text = "  " + named(*row.primary);
  text.resize(std::max<std::size_t>(text.size() + 1, 28), ' ');
  const std::string slots = std::to_string(row.primary->slots.count()) + " slots";
  text += std::string(11 - std::min<std::size_t>(11, slots.size()), ' ') + slots + "  ";
  for (std::size_t i = 0; i < row.replicas.size(); ++i)
    text += (i == 0 ? "" : ", ") + named(*row.replicas[i]);
  if (row.replicas.empty()) text += "no replica";
  return {row.served && row.well ? Mood::kPlain : Mood::kBad, std::move(text)};
}

// Whoever neither leads a shard nor follows one that does: a primary that was replaced, a spare.
std::string apart(const ClusterPicture& picture, const std::vector<ShardRow>& rows) {
  std::set<std::string> shown;
  for (const ShardRow& row : rows) {
    shown.insert(row.primary->info.name);
    for (const PictureNode* replica : row.replicas) shown.insert(replica->info.name);
  }
  std::string text;
  for (const auto& [id, node] : picture.nodes) {
    if (shown.count(node.info.name) == 0) text += (text.empty() ? "  apart: " : ", ") + named(node);
  }
  return text;
}

struct Counts {
  std::size_t servers = 0, up = 0, failed = 0, shards = 0, served = 0, slots = 0;
};
Counts count(const ClusterPicture& picture, const std::vector<ShardRow>& rows) {
  Counts counts;
  for (const auto& [id, node] : picture.nodes) {
    ++counts.servers;
    counts.up += node.up && !node.paused ? 1 : 0;
    counts.failed += node.held_as == event::Suspicion::kFail ? 1 : 0;
  }
  counts.shards = rows.size();
  for (const ShardRow& row : rows) {
    counts.served += row.served ? 1 : 0;
    counts.slots += row.served ? row.primary->slots.count() : 0;
  }
  return counts;
}

std::string counts_text(const Counts& counts) {
  std::string text = std::to_string(counts.up) + " of " + std::to_string(counts.servers) +
                     " servers up, " + std::to_string(counts.served) + " of " +
                     std::to_string(counts.shards) + " shards served, " +
                     std::to_string(counts.slots) + " slots";
  if (counts.failed > 0) text += ", " + std::to_string(counts.failed) + " held as FAIL";
  return text;
}

// "whole", "m1 m2 | m3 and 4 others (bus)".
std::string network_text(const ClusterPicture& picture) {
  if (picture.cut_plane.empty()) return "whole";
  constexpr std::size_t kNamed = 6;
  std::string text;
  for (const std::vector<MachineId>& side : picture.sides) {
    text += text.empty() ? "" : " | ";
    for (std::size_t i = 0; i < std::min(side.size(), kNamed); ++i)
      text += (i == 0 ? "" : " ") + picture.nodes.at(side[i]).info.name;
    if (side.size() > kNamed) text += " and " + std::to_string(side.size() - kNamed) + " others";
  }
  if (!picture.one_way_cuts.empty()) {
    text +=
        (text.empty() ? "" : "; ") + std::to_string(picture.one_way_cuts.size()) + " one-way cuts";
  }
  return "cut: " + (text.empty() ? "clients only" : text) +
         (picture.cut_plane == "all" ? "" : " (" + picture.cut_plane + ")");
}

std::string faults_text(const ClusterPicture& picture) {
  std::string text;
  for (const std::string& fault : picture.faults) text += (text.empty() ? "" : "; ") + fault;
  return text.empty() ? "none" : text;
}

void cut(std::string& text, std::size_t columns) {
  if (text.size() > columns)
    text = text.substr(0, columns - std::min<std::size_t>(columns, 3)) + "...";
}

}  // namespace

ScreenFold::ScreenFold(const Scene& scene)
    : picture_(scene), timeline_(scene.cast), cast_(scene.cast) {}

void ScreenFold::see(const Record& record) {
  picture_.see(record);
  timeline_.see(record);
  if (const auto* phase = std::get_if<event::PhaseBegan>(&record.event)) {
    phase_ = phase->phase;
    if (phase_ == event::Phase::kFaults) zero_ = record.at;
  }
  if (const auto* done = std::get_if<event::OpCompleted>(&record.event)) {
    answers_.emplace_back(record.at, done->outcome == event::OpOutcome::kOk);
    while (answers_.front().first + 1s < record.at) answers_.pop_front();
  }
}

ScreenFold::Rate ScreenFold::rate(Duration now) const {
  Rate rate;
  for (const auto& [at, answered] : answers_) {
    if (at - zero_ + 1s <= now || at - zero_ > now) continue;
    ++(answered ? rate.answers : rate.failures);
  }
  return rate;
}

std::string ScreenFold::rate_text(Duration now) const {
  const Rate last = rate(now);
  return std::to_string(last.answers) + " answers/s" +
         (last.failures == 0 ? "" : ", " + std::to_string(last.failures) + " failures/s");
}

std::string ScreenFold::state() const {
  const ClusterPicture picture = picture_.picture();
  std::string text = counts_text(count(picture, rows_of(picture)));
  if (!picture.cut_plane.empty()) text += "; network " + network_text(picture);
  if (!picture.faults.empty()) text += "; fault: " + faults_text(picture);
  if (phase_ != event::Phase::kFaults) text += "; " + std::string(enum_name(phase_));
  return text;
}

std::string ScreenFold::summary(Duration now) const {
  return rate_text(now) + "; " + state();
}

std::vector<ScreenLine> ScreenFold::screen(Duration now, Duration end, std::string_view pace,
                                           ScreenSize size) const {
  const ClusterPicture picture = picture_.picture();
  std::vector<ShardRow> rows = rows_of(picture);
  const Counts counts = count(picture, rows);
  const bool well = counts.up == counts.servers && counts.served == counts.shards;
  std::vector<ScreenLine> lines;
  lines.push_back({Mood::kStrong, picture.scenario + "  seed " + std::to_string(picture.seed) +
                                      "  " + format_time(sim_time(now)) + " of " +
                                      format_time(sim_time(end)) + "  " +
                                      std::string(enum_name(phase_)) + "  " + std::string(pace)});
  lines.push_back({well ? Mood::kGood : Mood::kBad, counts_text(counts)});
  lines.push_back({Mood::kPlain, "clients  " + rate_text(now)});
  lines.push_back(
      {picture.cut_plane.empty() ? Mood::kPlain : Mood::kBad, "network  " + network_text(picture)});
  lines.push_back(
      {picture.faults.empty() ? Mood::kPlain : Mood::kBad, "faults   " + faults_text(picture)});
  lines.push_back({Mood::kFaint, "  primary                          owns  replicas"});

  // What happened gets a third of the screen at least, and whatever shards do not need.
  const std::size_t rest = size.lines > lines.size() ? size.lines - lines.size() : 0;
  const std::size_t for_events = std::min<std::size_t>(rest, std::max<std::size_t>(6, rest / 3));
  std::size_t for_rows = rest - for_events;
  if (rows.size() > for_rows) {
    std::stable_partition(rows.begin(), rows.end(),
                          [](const ShardRow& row) { return !(row.served && row.well); });
    for_rows -= for_rows > 0 ? 1 : 0;  // for what is counted
  }
  for (std::size_t i = 0; i < std::min(rows.size(), for_rows); ++i)
    lines.push_back(line_of(rows[i]));
  if (rows.size() > for_rows) {
    const auto hidden = rows.begin() + static_cast<std::ptrdiff_t>(for_rows);
    const auto unwell = std::count_if(
        hidden, rows.end(), [](const ShardRow& row) { return !(row.served && row.well); });
    lines.push_back(
        {Mood::kFaint,
         "  and " + std::to_string(rows.end() - hidden) + " more shards, " +
             (unwell == 0 ? "all of them well" : std::to_string(unwell) + " of them not well")});
  }
  if (std::string others = apart(picture, rows); !others.empty())
    lines.push_back({Mood::kFaint, std::move(others)});
  const std::vector<TimelineFold::Entry> entries = timeline_.entries();
  const std::size_t room = size.lines > lines.size() ? size.lines - lines.size() : 0;
  for (std::size_t i = entries.size() - std::min(entries.size(), room); i < entries.size(); ++i) {
    lines.push_back({entries[i].of_plan ? Mood::kStrong : Mood::kPlain,
                     format_entry(entries[i].at, entries[i].text, entries[i].of_plan)});
  }
  if (lines.size() > size.lines) lines.resize(size.lines);
  for (ScreenLine& line : lines) cut(line.text, size.columns);
  return lines;
}

}  // namespace sim
