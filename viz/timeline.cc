#include "viz/timeline.h"

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>
#include <variant>

#include "sim/trace/describe.h"
#include "viz/renderer.h"

namespace sim {
namespace {

// Equal words of different nodes belong together when no more than this lies between two of them.
constexpr Duration kTogether = 2s;

// Only what every node goes through by itself is worth folding.
bool is_said_by_many(const Event& event) {
  return std::holds_alternative<event::SuspicionChanged>(event) ||
         std::holds_alternative<event::HealthChanged>(event) ||
         std::holds_alternative<event::VoteGranted>(event) ||
         std::holds_alternative<event::MachineStarted>(event) ||
         std::holds_alternative<event::LogLine>(event) ||
         std::holds_alternative<event::StepReply>(event);
}

bool is_of_plan(const Event& event) {
  return std::holds_alternative<event::PhaseBegan>(event) ||
         std::holds_alternative<event::FaultBegan>(event) ||
         std::holds_alternative<event::FaultEnded>(event);
}

class TimelineRenderer final : public Renderer {
 public:
  explicit TimelineRenderer(const Scene& scene) : fold_(scene.cast, scene.at) {}
  void see(const Record& record) override { fold_.see(record); }
  std::string render() const override { return format_timeline(fold_.entries()); }

 private:
  TimelineFold fold_;
};

}  // namespace

TimelineFold::TimelineFold(Cast cast, std::optional<Duration> until)
    : who_(std::move(cast)), until_(until) {}

void TimelineFold::see(const Record& record) {
  if (zero_ && until_ && record.at > *zero_ + *until_) return;
  if (const auto* phase = std::get_if<event::PhaseBegan>(&record.event)) {
    if (phase->phase == event::Phase::kFaults) zero_ = record.at;
  }
  who_.see(record);
  if (is_milestone(record.event)) add(record);
}

void TimelineFold::add(const Record& record) {
  const MachineId speaker = speaker_of(record, who_);
  const bool foldable = is_said_by_many(record.event) && speaker != kNoMachine;
  if (!foldable) {
    lines_.push_back(line_of(record));
    return;
  }
  const std::string words = words_for(record.event, who_, Speakers::kMany);
  if (join_earlier(record.at, speaker, words)) return;
  latest_[words] = lines_.size();
  lines_.push_back(line_of(record));
}

// A node that says the same again has changed its mind in between: that is another line.
bool TimelineFold::join_earlier(SimTime at, MachineId speaker, const std::string& words) {
  const auto found = latest_.find(words);
  if (found == latest_.end()) return false;
  Line& line = lines_[found->second];
  if (line.last + kTogether < at || line.spoke[speaker.value]) return false;
  line.speakers.push_back(speaker);
  line.spoke[speaker.value] = true;
  line.last = at;
  return true;
}

TimelineFold::Line TimelineFold::line_of(const Record& record) const {
  Line line{.first = record.at, .last = record.at};
  line.spoke.resize(who_.size());
  if (const MachineId speaker = speaker_of(record, who_); speaker != kNoMachine) {
    line.speakers.push_back(speaker);
    line.spoke[speaker.value] = true;
  }
  line.words = words_for(record.event, who_);
  line.words_of_many = words_for(record.event, who_, Speakers::kMany);
  line.of_plan = is_of_plan(record.event);
  if (const auto* change = std::get_if<event::SuspicionChanged>(&record.event)) {
    line.suspicion = *change;
    line.peers.emplace(who_.machine_of(change->peer).value_or(kNoMachine),
                       who_.label(change->peer));
  }
  return line;
}

// ---- The same thing about several peers ----

// Either the same nodes speak, or two groups of which neither speaks of itself: then nobody is read
// as suspecting whom it does not suspect, and "some of" says the rest.
bool TimelineFold::belong_together(const Line& one, const Line& other) {
  const auto kind = [](const event::SuspicionChanged& change) {
    return std::tuple(change.from, change.to, change.reports, change.quorum);
  };
  if (!one.suspicion || !other.suspicion || kind(*one.suspicion) != kind(*other.suspicion))
    return false;
  if (other.first > one.last + kTogether) return false;
  if (one.spoke == other.spoke) return true;
  constexpr std::size_t kMany = 6;  // so many are not named one by one anyway
  const auto aside = [](const Line& line, const Line& peers_of) {
    return std::none_of(peers_of.peers.begin(), peers_of.peers.end(), [&](const auto& peer) {
      return peer.first == kNoMachine || line.spoke[peer.first.value];
    });
  };
  return one.speakers.size() >= kMany && other.speakers.size() >= kMany && aside(one, other) &&
         aside(other, one);
}

void TimelineFold::merge(Line& into, const Line& other) {
  into.some = into.some || other.some || into.spoke != other.spoke;
  into.last = std::max(into.last, other.last);
  for (const MachineId speaker : other.speakers) {
    if (into.spoke[speaker.value]) continue;
    into.spoke[speaker.value] = true;
    into.speakers.push_back(speaker);
  }
  into.peers.insert(other.peers.begin(), other.peers.end());
}

std::vector<TimelineFold::Line> TimelineFold::lines_over_peers() const {
  std::vector<Line> merged;
  for (const Line& line : lines_) {
    Line* earlier = nullptr;
    for (auto at = merged.rbegin(); line.suspicion && at != merged.rend() && earlier == nullptr;
         ++at) {
      // One who speaks of the same peer twice has taken it back in between.
      if (belong_together(*at, line) && !at->peers.contains(line.peers.begin()->first))
        earlier = &*at;
      if (at->first + 3 * kTogether < line.first) break;
    }
    if (earlier != nullptr) {
      merge(*earlier, line);
    } else {
      merged.push_back(line);
    }
  }
  return merged;
}

// ---- In words ----

std::string TimelineFold::text_of(const Line& line) const {
  if (line.speakers.empty()) return line.words;
  std::vector<MachineId> speakers = line.speakers;
  std::sort(speakers.begin(), speakers.end());
  std::vector<std::string> names;
  for (const MachineId speaker : speakers) names.emplace_back(who_.name(speaker));
  const bool many = names.size() > 1;
  std::string text = name_list(names);
  if (line.last - line.first >= 1ms)
    text += " (within " + format_time(sim_time(line.last - line.first)) + ")";
  text += ": ";
  if (line.peers.size() < 2) return text + (many ? line.words_of_many : line.words);
  std::vector<std::string> peers;
  for (const auto& [peer, name] : line.peers) peers.push_back(name);
  if (line.some) peers.front() = "some of " + peers.front();
  return text + words_for(*line.suspicion, peers, who_, many ? Speakers::kMany : Speakers::kOne);
}

std::vector<TimelineFold::Entry> TimelineFold::entries() const {
  std::vector<Line> lines = lines_over_peers();
  std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
    return std::pair(a.first, !a.of_plan) < std::pair(b.first, !b.of_plan);
  });
  std::vector<Entry> entries;
  for (const Line& line : lines)
    entries.push_back({line.first - zero_.value_or(SimTime{}), text_of(line), line.of_plan});
  return entries;
}

std::string format_entry(Duration at, const std::string& text, bool of_plan) {
  constexpr std::size_t kTimeWidth = 11;
  const std::string time = format_time(sim_time(at));
  return std::string(kTimeWidth - std::min(kTimeWidth, time.size()), ' ') + time +
         (of_plan ? "  * " : "    ") + text;
}

std::string format_timeline(const std::vector<TimelineFold::Entry>& entries) {
  std::string text;
  for (const TimelineFold::Entry& entry : entries)
    text += format_entry(entry.at, entry.text, entry.of_plan) + "\n";
  return text;
}

std::unique_ptr<Renderer> make_timeline(const Scene& scene) {
  return std::make_unique<TimelineRenderer>(scene);
}

}  // namespace sim
