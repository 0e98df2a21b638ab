#include "sim/app/report_clients.h"

#include <algorithm>
#include <set>

namespace sim {
namespace {

using Json = nlohmann::ordered_json;

constexpr Duration kWidthMin = 250ms;
constexpr std::int64_t kStretches = 480;

// "MOVED 3999 10.0.0.2:6379" is a MOVED; the sentences of our own clients stay as they are.
std::string kind_of(const std::string& text) {
  const std::string word = text.substr(0, text.find(' '));
  const bool shouts = !word.empty() && std::all_of(word.begin(), word.end(),
                                                   [](char c) { return c >= 'A' && c <= 'Z'; });
  return shouts ? word : text;
}

Json percentile(std::vector<std::int64_t> sorted, std::size_t percent) {
  if (sorted.empty()) return nullptr;
  return sorted[(sorted.size() - 1) * percent / 100];
}

}  // namespace

ReportClients::ReportClients(Duration length)
    : width_(std::max(kWidthMin, (length / kStretches / kWidthMin + 1) * kWidthMin)) {}

void ReportClients::see(const Record& record) {
  if (const auto* phase = std::get_if<event::PhaseBegan>(&record.event)) {
    auditing_ = phase->phase == event::Phase::kAudit;
    return;
  }
  if (auditing_) return;
  const auto stretch = [&]() -> Stretch& {
    const std::int64_t at = to_ns(record.at), width = width_.count();
    return stretches_[at / width - (at % width < 0 ? 1 : 0)];
  };
  if (const auto* invoked = std::get_if<event::OpInvoked>(&record.event)) {
    invoked_[invoked->operation] = record.at;
  } else if (const auto* redirected = std::get_if<event::Redirected>(&record.event)) {
    ++stretch().replies[kind_of(redirected->reply)];
  } else if (const auto* done = std::get_if<event::OpCompleted>(&record.event)) {
    Stretch& now = stretch();
    const auto began = invoked_.find(done->operation);
    if (done->outcome == event::OpOutcome::kOk) {
      ++now.ok;
      if (began != invoked_.end())
        now.took.push_back(report_us(record.at) - report_us(began->second));
    } else {
      ++(done->outcome == event::OpOutcome::kFailed ? now.failed : now.unknown);
      ++now.errors[kind_of(done->value)];
    }
    if (began != invoked_.end()) invoked_.erase(began);
  }
}

Json ReportClients::json() const {
  if (stretches_.empty()) return nullptr;
  const std::int64_t first = stretches_.begin()->first, last = stretches_.rbegin()->first;
  Json ok = Json::array();
  Json failed = ok, unknown = ok, p50 = ok, p99 = ok, longest = ok;
  std::set<std::string> replies, errors;
  for (const auto& [number, stretch] : stretches_) {
    for (const auto& reply : stretch.replies) replies.insert(reply.first);
    for (const auto& error : stretch.errors) errors.insert(error.first);
  }
  const auto row = [&](const std::string& word, std::map<std::string, std::uint32_t> Stretch::*of) {
    Json counts = Json::array();
    for (std::int64_t i = first; i <= last; ++i) {
      const auto found = stretches_.find(i);
      const bool any = found != stretches_.end() && (found->second.*of).contains(word);
      counts.push_back(any ? (found->second.*of).at(word) : 0);
    }
    return counts;
  };
  for (std::int64_t i = first; i <= last; ++i) {
    const auto found = stretches_.find(i);
    Stretch stretch = found == stretches_.end() ? Stretch{} : found->second;
    std::sort(stretch.took.begin(), stretch.took.end());
    ok.push_back(stretch.ok);
    failed.push_back(stretch.failed);
    unknown.push_back(stretch.unknown);
    p50.push_back(percentile(stretch.took, 50));
    p99.push_back(percentile(stretch.took, 99));
    longest.push_back(percentile(stretch.took, 100));
  }
  Json json = {{"width", width_.count() / 1000},
               {"from", first},
               {"ok", std::move(ok)},
               {"failed", std::move(failed)},
               {"unknown", std::move(unknown)},
               {"p50", std::move(p50)},
               {"p99", std::move(p99)},
               {"max", std::move(longest)},
               {"replies", Json::object()},
               {"errors", Json::object()}};
  for (const std::string& word : replies) json["replies"][word] = row(word, &Stretch::replies);
  for (const std::string& word : errors) json["errors"][word] = row(word, &Stretch::errors);
  return json;
}

}  // namespace sim
