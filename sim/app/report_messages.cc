#include "sim/app/report_messages.h"

#include <algorithm>
#include <string_view>

#include "sim/base/check.h"

namespace sim {
namespace {

constexpr std::string_view kBus = "bus:";

Duration distance(SimTime at, const std::vector<SimTime>& moments) {
  const auto next = std::lower_bound(moments.begin(), moments.end(), at);
  Duration nearest = Duration::max();
  if (next != moments.end()) nearest = *next - at;
  if (next != moments.begin()) nearest = std::min(nearest, at - *std::prev(next));
  return nearest;
}

}  // namespace

std::uint32_t ReportMessages::label_of(const std::string& label) {
  const std::string name = label.starts_with(kBus) ? label.substr(kBus.size()) : label;
  const auto index = static_cast<std::size_t>(std::ranges::find(labels_, name) - labels_.begin());
  if (index == labels_.size()) labels_.push_back(name);
  return static_cast<std::uint32_t>(index);
}

void ReportMessages::see(const Sighting& sighting) {
  std::deque<std::size_t>& under_way = under_way_[{sighting.line, sighting.from}];
  if (!sighting.arrived) {
    under_way.push_back(messages_.size());
    messages_.push_back({sighting.at,
                         {},
                         sighting.from.value,
                         sighting.to.value,
                         label_of(std::string(sighting.payload->label())),
                         false});
    return;
  }
  CHECK(!under_way.empty());
  Message& message = messages_[under_way.front()];
  message.arrived = sighting.at;
  message.has_arrived = true;
  under_way.pop_front();
}

bool ReportMessages::is_heartbeat(const Message& message) const {
  const std::string& label = labels_[message.label];
  return label == "PING" || label == "PONG";
}

nlohmann::ordered_json ReportMessages::json(TextTable& texts, const std::vector<SimTime>& moments,
                                            Duration zero) const {
  const auto distance_of = [&](const Message& message) {
    return distance(message.sent - zero, moments);
  };
  // The farthest that is still carried.
  std::vector<Duration> distances;
  for (const Message& message : messages_) {
    if (is_heartbeat(message)) distances.push_back(distance_of(message));
  }
  Duration farthest = Duration::max();
  if (distances.size() > kHeartbeatsKept) {
    const auto last = distances.begin() + kHeartbeatsKept;
    std::nth_element(distances.begin(), last, distances.end());
    farthest = *last;
  }
  nlohmann::ordered_json sent = nlohmann::ordered_json::array();
  nlohmann::ordered_json took = sent, from = sent, to = sent, label = sent;
  Steps steps;
  std::uint64_t left_out = 0;
  for (const Message& message : messages_) {
    if (farthest != Duration::max() && is_heartbeat(message) && distance_of(message) >= farthest) {
      ++left_out;
      continue;
    }
    sent.push_back(steps.to(report_us(message.sent - zero)));
    took.push_back(message.has_arrived
                       ? report_us(message.arrived - zero) - report_us(message.sent - zero)
                       : -1);
    from.push_back(message.from);
    to.push_back(message.to);
    label.push_back(texts.number(labels_[message.label]));
  }
  return {{"sent", std::move(sent)}, {"took", std::move(took)},   {"from", std::move(from)},
          {"to", std::move(to)},     {"label", std::move(label)}, {"left_out", left_out}};
}

}  // namespace sim
