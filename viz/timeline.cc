#include "viz/timeline.h"

#include <algorithm>
#include <memory>
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
         std::holds_alternative<event::MachineStarted>(event);
}

std::string speakers_text(const std::vector<std::string>& speakers, Duration span) {
  constexpr std::size_t kNamed = 4;
  if (speakers.empty()) return "";
  std::string text = speakers.front();
  if (speakers.size() <= kNamed) {
    for (std::size_t i = 1; i < speakers.size(); ++i) text += ", " + speakers[i];
  } else {
    text += " and " + std::to_string(speakers.size() - 1) + " others (within " +
            format_time(sim_time(span)) + ")";
  }
  return text + ": ";
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
  Record anonymous = record;
  anonymous.machine = kNoMachine;
  Line line{record.at, record.at, {}, describe(anonymous, who_)};
  if (record.machine != kNoMachine) line.speakers.emplace_back(who_.name(record.machine));
  if (is_said_by_many(record.event) && !line.speakers.empty()) {
    for (auto earlier = lines_.rbegin(); earlier != lines_.rend(); ++earlier) {
      if (earlier->last + kTogether < record.at) break;
      if (earlier->words != line.words || earlier->speakers.empty()) continue;
      earlier->speakers.push_back(line.speakers.front());
      earlier->last = record.at;
      return;
    }
  }
  lines_.push_back(std::move(line));
}

std::vector<TimelineFold::Entry> TimelineFold::entries() const {
  std::vector<Entry> entries;
  for (const Line& line : lines_) {
    entries.push_back({line.first - zero_.value_or(SimTime{}),
                       speakers_text(line.speakers, line.last - line.first) + line.words,
                       line.speakers.empty()});
  }
  return entries;
}

std::string format_timeline(const std::vector<TimelineFold::Entry>& entries) {
  constexpr std::size_t kTimeWidth = 11;
  std::string text;
  for (const TimelineFold::Entry& entry : entries) {
    const std::string time = format_time(sim_time(entry.at));
    text += std::string(kTimeWidth - std::min(kTimeWidth, time.size()), ' ') + time +
            (entry.of_plan ? "  * " : "    ") + entry.text + "\n";
  }
  return text;
}

std::unique_ptr<Renderer> make_timeline(const Scene& scene) {
  return std::make_unique<TimelineRenderer>(scene);
}

}  // namespace sim
