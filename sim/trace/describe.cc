#include "sim/trace/describe.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "sim/trace/event_fields.h"
#include "sim/trace/log_lines.h"

namespace sim {
namespace {

std::string number(std::uint64_t value) {
  return std::to_string(value);
}
std::string signed_number(std::int64_t value) {
  return std::to_string(value);
}

std::string plural(std::uint64_t count, const char* one, const char* many) {
  return number(count) + " " + (count == 1 ? one : many);
}
std::string plural(std::uint64_t count, const std::string& one) {
  return plural(count, one.c_str(), (one + "s").c_str());
}

// "412.5 ms", "31.0 s".
std::string time_text(std::int64_t nanoseconds) {
  const bool seconds = nanoseconds >= 10'000'000'000;
  const std::int64_t unit = seconds ? 1'000'000'000 : 1'000'000;
  return number(static_cast<std::uint64_t>(nanoseconds / unit)) + "." +
         number(static_cast<std::uint64_t>(nanoseconds % unit * 10 / unit)) +
         (seconds ? " s" : " ms");
}

std::string because(const std::string& why) {
  return why.empty() ? "" : ": " + why;
}

// What a client wrote or read, cut to what fits a line.
std::string quoted(const std::string& text, std::size_t shown = 40) {
  return '"' + (text.size() <= shown ? text : text.substr(0, shown) + "...") + '"';
}

std::string slots_text(const SlotsRef& slots) {
  constexpr std::size_t kShown = 60;
  std::string text = format_slots(slots->slots());
  if (text.size() > kShown) text = text.substr(0, text.rfind(' ', kShown)) + " ...";
  return (slots->count() == 1 ? "slot " : "slots ") + text;
}

// One overload an event kind; adding a kind without one does not compile.
class Words {
 public:
  Words(const Directory& who, Speakers speakers) : who_(who), many_(speakers == Speakers::kMany) {}

  // ---- A cluster node about itself ----
  std::string operator()(const event::NodeStarted& e) const {
    return "is up (epoch " + number(e.current_epoch) + ", " + plural(e.keys_loaded, "key") +
           " loaded)";
  }
  std::string operator()(const event::Claim& e) const {
    if (e.role == Role::kReplica) {
      return e.replica_of.is_none() ? "is a replica of nobody yet"
                                    : "is a replica of " + node(e.replica_of);
    }
    if (e.slots->count() == 0)
      return "is a primary without slots (epoch " + number(e.config_epoch) + ")";
    return "is primary of " + slots_text(e.slots) + " (epoch " + number(e.config_epoch) + ")";
  }
  std::string operator()(const event::HealthChanged& e) const {
    return (e.ok ? "cluster state is ok" : "cluster state is FAIL") + because(e.why);
  }
  std::string operator()(const event::SlotsRebound& e) const {
    return "sees " + slots_text(e.slots) + " move from " + node(e.from) + " to " + node(e.to) +
           " (epoch " + number(e.epoch) + ")";
  }
  std::string operator()(const event::SlotOpened& e) const {
    return "opens slot " + number(e.slot.value) +
           (e.importing ? ", importing it from " : ", migrating it to ") + node(e.other);
  }
  std::string operator()(const event::SlotClosed& e) const {
    return std::string(e.importing ? "imports" : "migrates") + " slot " + number(e.slot.value) +
           " no more";
  }
  std::string operator()(const event::KeysMigrated& e) const {
    return (e.copied ? "copies " : "hands over ") + plural(e.keys, "key") + " of slot " +
           number(e.slot.value) + " to " + format_endpoint(e.target);
  }
  std::string operator()(const event::SuspicionChanged& e) const {
    return suspicion(e, node(e.peer));
  }
  std::string suspicion(const event::SuspicionChanged& e, const std::string& peers) const {
    const bool failed = e.to == event::Suspicion::kFail || e.from == event::Suspicion::kFail;
    const std::string of_peers =
        failed ? verb("hold") + peers + " as FAIL" : verb("suspect") + peers;
    switch (e.to) {
      case event::Suspicion::kNone:
        return "no longer " + of_peers + (failed ? "" : " (PFAIL is over)");
      case event::Suspicion::kPfail:
        return of_peers + " (PFAIL: no answer in time)";
      case event::Suspicion::kFail:
        break;
    }
    if (e.quorum == 0) return of_peers + (many_ ? " (were told)" : " (was told)");
    return of_peers + " (" + plural(e.reports, "primary agrees", "primaries agree") + ", " +
           number(e.quorum) + " needed)";
  }
  std::string operator()(const event::PeerLearned& e) const { return "learns of " + node(e.peer); }
  std::string operator()(const event::PeerForgotten& e) const {
    return "forgets " + node(e.peer) + because(e.why);
  }
  std::string operator()(const event::EpochChanged& e) const {
    std::string text = "epochs (" + std::string(enum_name(e.cause)) + "):";
    if (e.current_from != e.current_to)
      text += " current " + number(e.current_from) + " to " + number(e.current_to);
    if (e.config_from != e.config_to)
      text += " config " + number(e.config_from) + " to " + number(e.config_to);
    return text;
  }

  // ---- Elections ----
  std::string operator()(const event::ElectionScheduled& e) const {
    return "will stand for " + node(e.primary) + "'s place in " + signed_number(e.delay_ms) +
           " ms (rank " + number(e.rank) + ", offset " + signed_number(e.offset) +
           (e.manual ? ", manual)" : ")");
  }
  std::string operator()(const event::ElectionStarted& e) const {
    return "stands for election in epoch " + number(e.epoch) + " in " + node(e.primary) +
           "'s place (rank " + number(e.rank) + ", needs " + plural(e.quorum, "vote") +
           (e.manual ? ", manual)" : ")");
  }
  std::string operator()(const event::VoteGranted& e) const {
    return verb("vote") + "for " + node(e.candidate) + " in epoch " + number(e.epoch) +
           (e.forced ? " (manual failover)" : "");
  }
  std::string operator()(const event::VoteRefused& e) const {
    return "refuses " + node(e.candidate) + " its vote in epoch " + number(e.epoch) +
           because(e.why);
  }
  std::string operator()(const event::VoteCounted& e) const {
    return "counts the vote of " + node(e.voter) + " in epoch " + number(e.epoch) + " (" +
           number(e.votes) + " of " + number(e.quorum) + ")";
  }
  std::string operator()(const event::ElectionExpired& e) const {
    return "gives up election in epoch " + number(e.epoch) + " (" + plural(e.votes, "vote") +
           ", needed " + number(e.quorum) + ")";
  }
  std::string operator()(const event::ElectionHindered& e) const {
    return "does not stand" + because(e.why);
  }
  std::string operator()(const event::Promoted& e) const {
    const std::string how = e.takeover ? "takeover, nobody asked"
                                       : plural(e.votes, "vote") + ", needed " + number(e.quorum);
    return "becomes primary in " + node(e.old_primary) + "'s place, epoch " + number(e.epoch) +
           " (" + how + (e.manual ? ", manual)" : ")");
  }
  std::string operator()(const event::Following& e) const {
    return (e.was_primary ? "steps down and follows " : "now follows ") + node(e.primary);
  }
  std::string operator()(const event::ReplicaMigrated& e) const {
    return "leaves " + node(e.from) + " for " + node(e.to) + ", which has no working replica";
  }
  std::string operator()(const event::ManualFailover& e) const {
    return "manual failover" + because(e.phase);
  }

  // ---- Data and replication ----
  std::string operator()(const event::ReplicationUp& e) const {
    return "replicates from " + node(e.primary) + " (" + std::string(enum_name(e.how)) +
           " sync, offset " + signed_number(e.offset) + ", " + plural(e.keys, "key") + ")";
  }
  std::string operator()(const event::ReplicationDown& e) const {
    return "replication is down" + because(e.why);
  }
  std::string operator()(const event::StreamAt& e) const {
    return "stream is at " + signed_number(e.offset);
  }
  std::string operator()(const event::WriteApplied& e) const {
    return "applies a write to slot " + number(e.slot.value) + " (operation " +
           number(e.operation) + ", offset " + signed_number(e.offset) + ")";
  }
  std::string operator()(const event::Routed& e) const {
    const std::string what = std::string(e.writes ? "write" : "command") + " for slot " +
                             number(e.slot.value) + " of " + node(e.owner);
    return e.refusal.empty() ? "serves a " + what : "answers a " + what + " with " + e.refusal;
  }
  std::string operator()(const event::WaitAnswered& e) const {
    return "answers a WAIT: " + plural(e.replicas, "replica") + " had offset " +
           signed_number(e.offset);
  }
  std::string operator()(const event::KeysDropped& e) const {
    return "drops " + plural(e.keys, "key") + because(e.why);
  }
  std::string operator()(const event::KeysRemoved& e) const {
    return "removes " + (e.key.empty() ? "all its keys" : "the key \"" + e.key + "\"") +
           " by a command";
  }
  std::string operator()(const event::LoadingBegan& e) const {
    return verb("load") + number(e.bytes) + " bytes from " + e.from;
  }
  std::string operator()(const event::LoadingEnded&) const { return "has loaded its data"; }
  std::string operator()(const event::Forked& e) const {
    return verb("fork") + number(e.bytes) + " bytes, " + time_text(e.stall_ns);
  }
  std::string operator()(const event::ConfigSaved& e) const {
    return e.synced ? "saved nodes.conf and synced it" : "saved nodes.conf";
  }
  std::string operator()(const event::Remark& e) const { return e.text; }
  std::string operator()(const event::LogLine& e) const {
    return verb("log") + quoted(e.text, 100);
  }
  std::string operator()(const event::ViewSnapshot& e) const {
    return std::string("probe: ") + (e.healthy ? "ok" : "not ok") + ", knows " +
           plural(e.known_nodes, "node") + ", " + number(e.suspected) + " suspected, " +
           plural(e.keys, "key") + ", epoch " + number(e.current_epoch);
  }

  // ---- Clients ----
  std::string operator()(const event::OpInvoked& e) const {
    return std::string(enum_name(e.kind)) + " " + quoted(e.key) +
           (e.value.empty() ? "" : " " + quoted(e.value)) + " (operation " + number(e.operation) +
           (e.final_read ? ", final)" : ")");
  }
  std::string operator()(const event::OpCompleted& e) const {
    std::string text = "operation " + number(e.operation) + " " + std::string(enum_name(e.outcome));
    if (e.absent) {
      text += ": no such key";
    } else if (!e.list.empty()) {
      text += ": " + plural(e.list.size(), "element");
    } else if (!e.value.empty()) {
      text += ": " + quoted(e.value);
    }
    if (e.replicas_wanted > 0) {
      text += ", WAIT " + number(e.replicas) + " of " + number(e.replicas_wanted);
    }
    return text + (e.node.empty() ? "" : " from " + e.node);
  }
  std::string operator()(const event::Redirected& e) const {
    return "operation " + number(e.operation) + " is told " + quoted(e.reply);
  }
  std::string operator()(const event::CacheRead& e) const {
    return e.hit ? "cache hit" : "cache miss";
  }
  std::string operator()(const event::Measured& e) const {
    constexpr std::pair<std::string_view, std::string_view> kPhrases[] = {
        {"keys_moved", "keys have another server than before"},
        {"keys_moved_by_slots", "would have been moved between as many shards of a cluster"},
        {"keys_unreachable", "keys are on a server that is gone"},
        {"keys_reachable_again", "keys are on a server that is back"},
        {"arrivals_missed", "operations could not begin in time"},
    };
    for (const auto& [name, phrase] : kPhrases) {
      if (name == e.name) return signed_number(e.value) + " " + std::string(phrase);
    }
    return e.name + " = " + signed_number(e.value);
  }

  // ---- The world ----
  std::string operator()(const event::MachineCrashed& e) const {
    return e.power_lost ? "loses power" : "crashes";
  }
  std::string operator()(const event::MachineStarted& e) const {
    if (e.incarnation == 0) return "boots";
    return verb("boot") + "again" + (e.program.empty() ? "" : " with " + e.program) +
           (e.disk.empty() ? "" : " (disk: " + e.disk + ")");
  }
  std::string operator()(const event::MachinePaused&) const { return "is paused"; }
  std::string operator()(const event::MachineResumed&) const { return "resumes"; }
  std::string operator()(const event::StallBegan& e) const {
    return "is busy for " + time_text(e.ns);
  }
  std::string operator()(const event::StallEnded&) const { return "attends again"; }
  std::string operator()(const event::ProgramExited& e) const {
    return "program exits with " + exit_text(e);
  }
  std::string operator()(const event::ClockStepped& e) const {
    return "clock: " + e.what + (e.by_ms == 0 ? "" : " by " + signed_number(e.by_ms) + " ms");
  }
  std::string operator()(const event::Reachability& e) const {
    if (e.groups.empty() && e.cut.empty()) return "network whole again (" + e.plane + ")";
    std::string text = "network (" + e.plane + "):";
    for (const auto& group : e.groups) {
      text += " {";
      for (const std::string& name : group) text += (text.back() == '{' ? "" : " ") + name;
      text += '}';
    }
    for (const auto& one_way : e.cut) text += " " + one_way.first + "-/->" + one_way.second;
    return text;
  }
  std::string operator()(const event::Delivered& e) const {
    return "receives " + std::string(e.label) + " from " + machine(e.from) + " (" +
           plural(e.size, "byte") + ")";
  }
  std::string operator()(const event::Connection& e) const {
    return "connection " + e.what + ": " + machine(e.peer);
  }
  std::string operator()(const event::MessageTouched& e) const {
    return std::string(e.label) + " from " + machine(e.from) + " to " + machine(e.to) + " " +
           e.what;
  }

  // ---- The plan ----
  std::string operator()(const event::PhaseBegan& e) const {
    switch (e.phase) {
      case event::Phase::kForming:
        return "the cluster forms";
      case event::Phase::kFaults:
        return "the cluster is up; faults may begin";
      case event::Phase::kSettling:
        return "everything is healed; the cluster settles";
      case event::Phase::kAudit:
        return "auditors read the final data";
      case event::Phase::kDone:
        break;
    }
    return "the run is over";
  }
  std::string operator()(const event::FaultBegan& e) const {
    return "fault " + number(e.id) + ": " + (e.text.empty() ? e.kind : e.text);
  }
  std::string operator()(const event::FaultEnded& e) const {
    return "fault " + number(e.id) + (e.never ? " never ended (" : " ends (") +
           effects_text(e.effects, e.unit) + ")";
  }
  std::string operator()(const event::StepReply& e) const {
    const std::string asked =
        (e.node.empty() ? "nobody answers " : verb("answer")) + "\"" + e.command + "\" ";
    if (!e.as_expected) return asked + "with " + reply_text(e.reply) + ", expected " + e.expected;
    return asked +
           (e.expected.empty() ? "with " + reply_text(e.reply) : "as expected with " + e.expected);
  }
  std::string operator()(const event::ProgramRan& e) const {
    return "\"" + e.command + "\" comes to " + ending_text(e) +
           (e.as_expected ? "" : ", expected " + e.expected);
  }
  std::string operator()(const event::OperationBegan& e) const { return "begins to " + e.text; }
  std::string operator()(const event::OperationEnded& e) const {
    return "the " + e.name + ' ' + operation_end_text(e);
  }
  std::string operator()(const event::Converged&) const {
    return "all nodes agree and are healthy";
  }

 private:
  std::string node(const NodeName& id) const { return id.is_none() ? "nobody" : who_.label(id); }
  std::string machine(MachineId id) const { return std::string(who_.name(id)); }
  std::string verb(const char* plain) const { return plain + std::string(many_ ? " " : "s "); }

  const Directory& who_;
  bool many_;
};

template <class E, class... Kinds>
constexpr bool kIsOneOf = (std::is_same_v<E, Kinds> || ...);

struct IsMilestone {
  template <class E>
  bool operator()(const E&) const {
    using namespace event;
    return kIsOneOf<E, HealthChanged, ElectionScheduled, ElectionStarted, VoteGranted,
                    ElectionExpired, Promoted, Following, ReplicaMigrated, ManualFailover,
                    KeysDropped, Remark, SuspicionChanged, MachineCrashed, MachinePaused,
                    MachineResumed, ProgramExited, LoadingBegan, LoadingEnded, Forked, StallBegan,
                    ClockStepped, PhaseBegan, FaultBegan, StepReply, ProgramRan, OperationBegan,
                    OperationEnded, Converged>;
  }
  bool operator()(const event::LogLine& e) const { return is_worth_telling(e); }
  bool operator()(const event::MachineStarted& e) const { return e.incarnation > 0; }
  bool operator()(const event::FaultEnded& e) const { return !e.momentary; }
  // What auditors counted is told by the invariant they count for; a share goes with its number.
  bool operator()(const event::Measured& e) const {
    return !e.name.starts_with("audit_") && !e.name.ends_with("_percent_x100");
  }
};

}  // namespace

std::string describe(const Record& record, const Directory& who) {
  const std::string words = words_for(record.event, who);
  const MachineId speaker = speaker_of(record, who);
  return speaker == kNoMachine ? words : std::string(who.name(speaker)) + ": " + words;
}

MachineId speaker_of(const Record& record, const Directory& who) {
  if (const auto* reply = std::get_if<event::StepReply>(&record.event))
    return who.find(reply->node).value_or(kNoMachine);
  if (const auto* ran = std::get_if<event::ProgramRan>(&record.event))
    return who.find(ran->machine).value_or(kNoMachine);
  return record.machine;
}

std::string words_for(const Event& event, const Directory& who, Speakers speakers) {
  return std::visit(Words(who, speakers), event);
}

std::string words_for(const event::SuspicionChanged& change, const std::vector<std::string>& peers,
                      const Directory& who, Speakers speakers) {
  return Words(who, speakers).suspicion(change, name_list(peers));
}

std::string name_list(const std::vector<std::string>& names) {
  constexpr std::size_t kWhole = 5, kShown = 3;
  const std::size_t shown = names.size() <= kWhole ? names.size() : kShown;
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
    text += names[i];
  }
  return shown == names.size() ? text : text + " and " + number(names.size() - shown) + " others";
}

std::string effects_text(std::uint64_t count, std::string_view unit) {
  std::string word{unit.empty() ? std::string_view{"effects"} : unit};
  const std::size_t end = std::min(word.find(' '), word.size());
  if (count == 1 && end > 0 && word[end - 1] == 's') word.erase(end - 1, 1);
  return number(count) + " " + word;
}

std::string describe(const Record& record, const Cast& cast) {
  return describe(record, Directory(cast));
}

namespace {
std::string one_line(std::string_view reply) {
  constexpr std::string_view kLineEnd = "\\r\\n";
  std::string line;
  while (!reply.empty()) {
    const bool ends = reply.starts_with(kLineEnd);
    const bool space = ends || reply.front() == '\n';
    if (reply.front() != '\r') line += space ? ' ' : reply.front();
    reply.remove_prefix(ends ? kLineEnd.size() : 1);
  }
  return line;
}

// The end of what a program said, in one line.
std::string last_words(std::string said, std::size_t shown) {
  const auto is_edge = [](char c) { return c == '\n' || c == '\r'; };
  while (!said.empty() && is_edge(said.back())) said.pop_back();
  said.erase(0, said.find_first_not_of("\r\n"));
  if (said.size() > shown) said = "..." + said.substr(said.size() - shown);
  return one_line(said);
}
}  // namespace

std::string reply_text(std::string_view reply) {
  constexpr std::size_t kShown = 60;
  const std::string line = one_line(reply);
  return line.size() <= kShown ? line : line.substr(0, kShown) + "...";
}

std::string exit_text(const event::ProgramExited& exit) {
  constexpr std::size_t kShown = 200;
  return "code " + signed_number(exit.code) + because(last_words(exit.why, kShown));
}

std::string ending_text(const event::ProgramRan& ran) {
  constexpr std::size_t kShown = 60;
  if (!ran.ended) return "no end";
  const std::string end = last_words(ran.output, kShown);
  return "exit code " + signed_number(ran.exit_code) +
         (end.empty() ? "" : ", having said \"" + end + '"');
}

std::string operation_end_text(const event::OperationEnded& ended) {
  constexpr std::size_t kShown = 200;
  return ended.done ? "is done" : "failed" + because(last_words(ended.why, kShown));
}

bool is_milestone(const Event& event) {
  return std::visit(IsMilestone{}, event);
}

std::string format_time(SimTime at) {
  const std::int64_t ms = to_ms(at);
  const std::int64_t size = ms < 0 ? -ms : ms;
  const std::string millis = std::to_string(size % 1000);
  return (ms < 0 ? "-" : "") + std::to_string(size / 1000) + "." +
         std::string(3 - millis.size(), '0') + millis + "s";
}

}  // namespace sim
