#include "sim/app/bites.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

namespace sim {
namespace {
// Below this, a swarm meets a kind of fault too seldom to say anything about it.
constexpr std::uint64_t kSeldomPercent = 5;
}  // namespace

Bites::Bites(const Scenario& scenario) {
  if (!scenario.nemesis) return;
  for (const std::string& kind : scenario.nemesis->kinds) kinds_[kind];
}

void Bites::see(const RunResult& result) {
  ++seeds_;
  std::set<std::string> began, bit;
  for (const FaultResult& fault : result.faults) {
    began.insert(fault.kind);
    if (fault.effects > 0) bit.insert(fault.kind);
  }
  for (const std::string& kind : began) ++kinds_[kind].began;
  for (const std::string& kind : bit) ++kinds_[kind].bit;
}

std::string Bites::table() const {
  std::string out;
  if (!kinds_.empty())
    out += fmt::format("     {:<18} began in      bit in  of {} seeds\n", "fault", seeds_);
  for (const auto& [kind, seeds] : kinds_) {
    const double share =
        seeds_ == 0 ? 0 : 100.0 * static_cast<double>(seeds.bit) / static_cast<double>(seeds_);
    out += fmt::format("     {:<18} {:>8} {:>11}  {:.1f} %{}\n", kind, seeds.began, seeds.bit,
                       share, seeds.bit * 100 < seeds_ * kSeldomPercent ? "  seldom" : "");
  }
  return out;
}

std::string Bites::json() const {
  nlohmann::ordered_json faults = nlohmann::ordered_json::object();
  for (const auto& [kind, seeds] : kinds_)
    faults[kind] = {{"began", seeds.began}, {"bit", seeds.bit}};
  return nlohmann::ordered_json{{"seeds", seeds_}, {"faults", faults}}.dump();
}

}  // namespace sim
