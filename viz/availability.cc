// When each shard had a healthy primary: a strip of text a shard, time from left to right.
//
//   shard-0  ##########x......####################   88.0 %
//
// '#' served by one primary all the time; '.' by none; 'x' by none for a part of it; '2' for a
// moment two running, healthy primaries claimed its slots at once. Health is what the primary
// itself says, so a primary cut off counts until it notices.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sim/trace/describe.h"
#include "sim/trace/directory.h"
#include "viz/renderer.h"

namespace sim {
namespace {

constexpr std::int64_t kColumns = 60;

// Can this record change who serves what?
bool matters(const Event& event) {
  return std::holds_alternative<event::Claim>(event) ||
         std::holds_alternative<event::HealthChanged>(event) ||
         std::holds_alternative<event::NodeStarted>(event) ||
         std::holds_alternative<event::MachineStarted>(event) || Directory::changes_serving(event);
}

class Availability final : public Renderer {
 public:
  explicit Availability(const Scene& scene) : scene_(scene), who_(scene.cast) {}

  void see(const Record& record) override {
    if (zero_ && scene_.at && record.at > *zero_ + *scene_.at) return;
    last_ = record.at;
    who_.see(record);
    const auto* phase = std::get_if<event::PhaseBegan>(&record.event);
    if (phase != nullptr && phase->phase == event::Phase::kFaults) {
      zero_ = record.at;
      strips_.clear();
    }
    if (phase != nullptr || matters(record.event)) note_changes(record.at);
  }

  std::string render() const override {
    const SimTime begin = zero_.value_or(SimTime{});
    if (strips_.empty() || last_ <= begin) return "";
    std::string text;
    for (std::size_t shard = 0; shard < strips_.size(); ++shard) {
      const std::string name = "shard-" + std::to_string(shard);
      text += name + std::string(name.size() < 10 ? 10 - name.size() : 1, ' ') +
              strip(strips_[shard], begin) + "\n";
    }
    const std::string end = format_time(sim_time(last_ - begin));
    text +=
        std::string(10, ' ') + "0s" +
        std::string(static_cast<std::size_t>(kColumns) - 2 - std::min<std::size_t>(end.size(), 50),
                    ' ') +
        end + "   # served  x partly  . not served  2 two primaries\n";
    return text;
  }

 private:
  // From `at` on, so many primaries serve.
  struct Change {
    SimTime at;
    std::uint32_t serving;
  };
  using Strip = std::vector<Change>;

  void note_changes(SimTime at) {
    const std::uint32_t shards = who_.shard_count();
    if (strips_.size() < shards) strips_.resize(shards);
    for (std::uint32_t shard = 0; shard < shards; ++shard) {
      Strip& strip = strips_[shard];
      const std::uint32_t serving = serving_of(static_cast<int>(shard));
      if (strip.empty() || strip.back().serving != serving) strip.push_back({at, serving});
    }
  }

  // Running, unpaused, healthy machines that claim most of the shard's home slots.
  std::uint32_t serving_of(int shard) const {
    const SlotSet& home = who_.home(shard)->slots();
    std::uint32_t serving = 0;
    for (const MachineId id : who_.primaries()) {
      if (!who_.is_serving(id) || !who_.is_healthy(id)) continue;
      const std::size_t claimed = (who_.claim(id)->slots->slots() & home).count();
      serving += 2 * claimed > home.count();
    }
    return serving;
  }

  // What happened within [from, to).
  struct Stretch {
    Duration unserved{};
    bool doubled = false;
  };
  static Stretch stretch(const Strip& strip, SimTime from, SimTime to) {
    Stretch sum;
    for (std::size_t i = 0; i < strip.size(); ++i) {
      const SimTime begin = std::max(strip[i].at, from);
      const SimTime end = i + 1 < strip.size() ? std::min(strip[i + 1].at, to) : to;
      if (begin >= end) continue;
      if (strip[i].serving == 0) sum.unserved += end - begin;
      if (strip[i].serving > 1) sum.doubled = true;
    }
    return sum;
  }

  std::string strip(const Strip& changes, SimTime begin) const {
    std::string text;
    const Duration total = last_ - begin;
    for (std::int64_t column = 0; column < kColumns; ++column) {
      const SimTime from = begin + total / kColumns * column;
      const SimTime to = column + 1 == kColumns ? last_ : begin + total / kColumns * (column + 1);
      const Stretch inside = stretch(changes, from, to);
      text += inside.doubled                  ? '2'
              : inside.unserved == Duration{} ? '#'
              : inside.unserved == to - from  ? '.'
                                              : 'x';
    }
    const std::int64_t per_mille = 1000 - 1000 * (stretch(changes, begin, last_).unserved / 1us) /
                                              std::max<std::int64_t>(total / 1us, 1);
    return text + "  " + std::to_string(per_mille / 10) + "." + std::to_string(per_mille % 10) +
           " %";
  }

  Scene scene_;
  Directory who_;
  std::optional<SimTime> zero_;
  SimTime last_;
  std::vector<Strip> strips_;  // by shard
};

}  // namespace

std::unique_ptr<Renderer> make_availability(const Scene& scene) {
  return std::make_unique<Availability>(scene);
}

}  // namespace sim
