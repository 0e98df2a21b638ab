#include "sim/app/server_log.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <utility>

namespace sim {
namespace {

// Takes a number off the front; nullopt: there is none.
std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<unsigned> take_month(std::string_view& text) {
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  for (unsigned i = 0; i < kMonths.size(); ++i) {
    if (take(text, kMonths[i])) return i + 1;
  }
  return std::nullopt;
}

// "26 Nov 2026 02:16:23.042 " off the front.
std::optional<std::int64_t> take_time(std::string_view& text) {
  const auto day = take_number(text);
  if (!day || !take(text, " ")) return std::nullopt;
  const auto month = take_month(text);
  if (!month || !take(text, " ")) return std::nullopt;
  std::array<std::int64_t, 5> fields{};  // year, hour, minute, second, millisecond
  constexpr std::array<std::string_view, 5> kAfter = {" ", ":", ":", ".", " "};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto field = take_number(text);
    if (!field || !take(text, kAfter[i])) return std::nullopt;
    fields[i] = *field;
  }
  using namespace std::chrono;
  const year_month_day date{year(static_cast<int>(fields[0])), std::chrono::month(*month),
                            std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const std::int64_t days = sys_days(date).time_since_epoch().count();
  return (((days * 24 + fields[1]) * 60 + fields[2]) * 60 + fields[3]) * 1000 + fields[4];
}

// "1234:M 26 Nov 2026 02:16:23.042 # Cluster state changed: ok"
std::optional<LogEntry> read_line(std::string_view line, MachineId machine) {
  if (!take_number(line) || !take(line, ":") || line.size() < 2) return std::nullopt;
  line.remove_prefix(2);  // M, S, C or X, and a space
  const auto at = take_time(line);
  if (!at || line.size() < 2) return std::nullopt;
  return LogEntry{*at, machine, std::string(line.substr(2))};  // after the level's mark
}

// 40 characters off the front.
std::optional<NodeName> take_name(std::string_view& text) {
  constexpr std::size_t kLength = 40;
  if (text.size() < kLength) return std::nullopt;
  const NodeName name = NodeName::from(text.substr(0, kLength));
  text.remove_prefix(kLength);
  return name;
}

std::vector<Event> suspicion(const NodeName& peer, event::Suspicion from, event::Suspicion to,
                             std::uint32_t reports) {
  return {event::SuspicionChanged{peer, from, to, reports, reports}};
}

}  // namespace

std::vector<LogEntry> read_server_log(std::string_view log, MachineId machine) {
  std::vector<LogEntry> entries;
  while (!log.empty()) {
    const std::size_t end = std::min(log.find('\n'), log.size());
    if (auto entry = read_line(log.substr(0, end), machine)) entries.push_back(std::move(*entry));
    log.remove_prefix(std::min(end + 1, log.size()));
  }
  return entries;
}

std::vector<Event> LogTeller::tell(const LogEntry& entry) {
  using event::Suspicion;
  std::string_view text = entry.text;
  if (take(text, "Cluster state changed: ")) return {event::HealthChanged{text == "ok", ""}};
  if (take(text, "*** NODE ")) {
    if (const auto peer = take_name(text); peer && text == " possibly failing")
      return suspicion(*peer, Suspicion::kNone, Suspicion::kPfail, 0);
  } else if (take(text, "Marking node ")) {
    // That a quorum was reached is all it says: one report stands for them.
    if (const auto peer = take_name(text))
      return suspicion(*peer, Suspicion::kPfail, Suspicion::kFail, 1);
  } else if (take(text, "FAIL message received from ")) {
    if (take_name(text) && take(text, " about ")) {
      if (const auto peer = take_name(text))
        return suspicion(*peer, Suspicion::kPfail, Suspicion::kFail, 0);
    }
  } else if (take(text, "Clear FAIL state for node ")) {
    if (const auto peer = take_name(text))
      return suspicion(*peer, Suspicion::kFail, Suspicion::kNone, 0);
  } else if (take(text, "Configuration change detected. Reconfiguring myself as a replica of ")) {
    if (const auto primary = take_name(text)) return follow(entry.machine, *primary);
  } else {
    return tell_election(entry);
  }
  return {};
}

std::vector<Event> LogTeller::tell_election(const LogEntry& entry) {
  std::string_view text = entry.text;
  const event::Claim& claim = claims_[entry.machine];
  if (take(text, "Start of election delayed for ")) {
    const auto delay = take_number(text);
    if (!delay || !take(text, " milliseconds (rank #")) return {};
    const auto rank = take_number(text);
    if (!rank || !take(text, ", offset ")) return {};
    return {event::ElectionScheduled{claim.replica_of, *delay, static_cast<std::uint32_t>(*rank),
                                     take_number(text).value_or(0), false}};
  }
  if (take(text, "Starting a failover election for epoch ")) {
    const auto epoch = static_cast<std::uint64_t>(take_number(text).value_or(0));
    epochs_[entry.machine] = epoch;
    return {event::ElectionStarted{claim.replica_of, epoch, 0, 0, false}};
  }
  if (take(text, "Failover election won: ")) return promote(entry.machine);
  return {};
}

std::vector<Event> LogTeller::promote(MachineId machine) {
  event::Claim& mine = claims_[machine];
  const NodeName old_primary = mine.replica_of;
  for (const auto& [other, claim] : claims_) {
    if (claim.id == old_primary) mine.slots = claim.slots;
  }
  mine.role = Role::kPrimary;
  mine.replica_of = {};
  mine.config_epoch = mine.current_epoch = epochs_[machine];
  return {event::Promoted{old_primary, mine.config_epoch, 0, 0, false, false}, mine};
}

std::vector<Event> LogTeller::follow(MachineId machine, const NodeName& primary) {
  event::Claim& mine = claims_[machine];
  const bool was_primary = mine.role == Role::kPrimary;
  mine.role = Role::kReplica;
  mine.replica_of = primary;
  mine.slots = no_slots();
  return {event::Following{primary, was_primary}, mine};
}

}  // namespace sim
