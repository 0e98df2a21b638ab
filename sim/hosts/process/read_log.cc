// What the log of redis-server 7.0.15 tells: the lines that say something, and what each says.
//
// Elections, health and roles are logged as warnings, failures and synchronisations as notices, so
// both are there at every loglevel that anybody uses. That a peer is PFAIL is logged at debug only.
#include <algorithm>
#include <charconv>
#include <utility>

#include "sim/hosts/process/picture.h"

namespace sim {
namespace {

using event::EpochCause;
using event::Suspicion;
using Fields = std::vector<std::string_view>;  // what stood for each '%' of a pattern

// A '%' takes all up to what follows it in the pattern, and at the end all that is left.
bool matches(std::string_view pattern, std::string_view text, Fields& fields) {
  fields.clear();
  while (!pattern.empty()) {
    const std::size_t gap = pattern.find('%');
    const std::string_view fixed = pattern.substr(0, gap);
    const std::size_t at = fields.empty() ? 0 : text.find(fixed);
    if (at == std::string_view::npos || text.substr(at, fixed.size()) != fixed) return false;
    if (!fields.empty()) fields.back() = fixed.empty() ? text : text.substr(0, at);
    text.remove_prefix(at + fixed.size());
    if (gap == std::string_view::npos) return text.empty();
    fields.push_back(text);
    pattern.remove_prefix(gap + 1);
  }
  return !fields.empty() || text.empty();
}

template <class Number>
Number number(std::string_view text) {
  Number value{};
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

NodeName name(std::string_view text) {
  return text.size() == NodeName{}.text.size() ? NodeName::from(text) : NodeName{};
}

// ---- What a line does ----

void ready(Picture& picture, const Fields&, const Seen& seen) {
  start(picture, seen);
}
void is_called(Picture& picture, const Fields& said, const Seen&) {
  rename_myself(picture, name(said[0]));
}
void loaded_keys(Picture& picture, const Fields& said, const Seen&) {
  picture.link.keys = number<std::uint64_t>(said[0]);
  if (!picture.started) picture.keys_loaded += picture.link.keys;
}

void is_ok(Picture& picture, const Fields&, const Seen& seen) {
  set_health(picture, true, seen);
}
void is_failing(Picture& picture, const Fields&, const Seen& seen) {
  set_health(picture, false, seen);
}

// ---- Failures ----

void suspects(Picture& picture, const Fields& said, const Seen& seen) {
  set_suspicion(picture, name(said[0]), Suspicion::kPfail, 0, seen);
}
void counted_failure(Picture& picture, const Fields& said, const Seen& seen) {
  const NodeName peer = name(said[0]);
  set_suspicion(picture, peer, Suspicion::kFail, reports_about(picture, peer), seen);
}
void told_failure(Picture& picture, const Fields& said, const Seen& seen) {
  set_suspicion(picture, name(said[1]), Suspicion::kFail, 0, seen);
}
void lifts_failure(Picture& picture, const Fields& said, const Seen& seen) {
  set_suspicion(picture, name(said[0]), Suspicion::kNone, 0, seen);
}

// ---- Elections ----

// What is logged of an election that expires depends on what was logged of it before, so the next
// attempt may be the first to tell.
void expire_election(Picture& picture, const Seen& seen) {
  PictureOfElection& election = picture.election;
  if (!std::exchange(election.open, false)) return;
  seen.tell(event::ElectionExpired{election.epoch, election.votes, picture.quorum()});
}

void schedules(Picture& picture, const Fields& said, const Seen& seen) {
  expire_election(picture, seen);
  picture.election.rank = number<std::uint32_t>(said[1]);
  picture.election.hindrance.clear();
  seen.tell(event::ElectionScheduled{picture.my_primary(), number<std::int64_t>(said[0]),
                                     picture.election.rank, number<std::int64_t>(said[2]),
                                     picture.manual});
}
void changes_rank(Picture& picture, const Fields& said, const Seen&) {
  picture.election.rank = number<std::uint32_t>(said[0]);
}
void stands(Picture& picture, const Fields& said, const Seen& seen) {
  begin_election(picture, number<std::uint64_t>(said[0]), seen);
}
void wins(Picture& picture, const Fields&, const Seen& seen) {
  promote(picture, false, seen);
}
void gives_up(Picture& picture, const Fields&, const Seen& seen) {
  expire_election(picture, seen);
  hinder(picture, "waits until it may try again", seen);
}
void has_old_data(Picture& picture, const Fields&, const Seen& seen) {
  hinder(picture, "its data is too old", seen);
}

void grants(Picture& picture, const Fields& said, const Seen& seen) {
  const NodeName candidate = name(said[0]);
  const auto epoch = number<std::uint64_t>(said[1]);
  const auto known = picture.nodes.find(candidate);
  const NodeName primary = known == picture.nodes.end() ? NodeName{} : known->second.primary;
  const auto failed = picture.nodes.find(primary);
  const auto request = picture.requests.find(candidate);
  const bool forced = request != picture.requests.end() && request->second.second;
  set_epochs(picture, epoch, picture.config_epoch, EpochCause::kSeen, seen);
  picture.last_vote_epoch = epoch;
  seen.tell(event::VoteGranted{
      candidate, primary, epoch,
      failed != picture.nodes.end() && failed->second.suspicion == Suspicion::kFail, forced});
}

// The reasons in the words of sim/core/vote.cc.
struct Refusal {
  std::string_view logged, words;
};
constexpr Refusal kRefusals[] = {
    {"reqEpoch (%) < curEpoch(%)", "its epoch is old"},
    {"already voted for epoch %", "already voted in this epoch"},
    {"it is a master node", "it is a primary"},
    {"I don't know its master", "its primary is unknown"},
    {"its master is up", "its primary is up"},
    {"can't vote about this master before % milliseconds",
     "voted for this primary's replicas a moment ago"},
};

std::string refusal(std::string_view logged) {
  Fields fields;
  for (const Refusal& refusal : kRefusals) {
    if (matches(refusal.logged, logged, fields)) return std::string(refusal.words);
  }
  if (matches("slot % epoch (%) > reqEpoch (%)", logged, fields)) {
    return "slot " + std::string(fields[0]) + " has epoch " + std::string(fields[1]) + " > " +
           std::string(fields[2]);
  }
  return std::string(logged);
}

void refuses(Picture& picture, const Fields& said, const Seen& seen) {
  const NodeName candidate = name(said[0]);
  const auto request = picture.requests.find(candidate);
  const std::uint64_t epoch = request == picture.requests.end() ? 0 : request->second.first;
  seen.tell(event::VoteRefused{candidate, epoch, refusal(said[1])});
}

// ---- Manual failover ----

void is_asked_to_take_over(Picture& picture, const Fields&, const Seen& seen) {
  picture.manual = true;
  seen.tell(event::ManualFailover{"requested"});
}
void takes_over(Picture& picture, const Fields& said, const Seen& seen) {
  is_asked_to_take_over(picture, said, seen);
  picture.taking_over = true;
}
void pauses_writes(Picture& picture, const Fields&, const Seen& seen) {
  picture.writes_paused = true;
  seen.tell(event::ManualFailover{"primary paused writes"});
}
void is_in_step(Picture&, const Fields&, const Seen& seen) {
  seen.tell(event::ManualFailover{"offset matched"});
}
void was_too_late(Picture& picture, const Fields&, const Seen& seen) {
  picture.manual = false;
  seen.tell(event::ManualFailover{"timed out"});
}

// ---- Roles and epochs ----

void follows(Picture& picture, const Fields& said, const Seen& seen) {
  follow(picture, name(said[0]), seen);
}
void migrates(Picture& picture, const Fields& said, const Seen& seen) {
  seen.tell(event::ReplicaMigrated{picture.my_primary(), name(said[0])});
  follows(picture, said, seen);
}
void bumps_epoch(Picture& picture, const Fields& said, const Seen& seen) {
  const auto epoch = number<std::uint64_t>(said[0]);
  const bool alone = picture.taking_over;
  set_epochs(picture, epoch, epoch, alone ? EpochCause::kTakeover : EpochCause::kCommand, seen);
  if (alone) promote(picture, true, seen);
}
void is_given_epoch(Picture& picture, const Fields& said, const Seen& seen) {
  const auto epoch = number<std::uint64_t>(said[0]);
  set_epochs(picture, std::max(epoch, picture.current_epoch), epoch, EpochCause::kCommand, seen);
}
void forgets_epochs(Picture& picture, const Fields&, const Seen& seen) {
  picture.manual = picture.election.open = false;
  set_epochs(picture, 0, 0, EpochCause::kCommand, seen);
  picture.last_vote_epoch = 0;
}
void yields_epoch(Picture& picture, const Fields& said, const Seen& seen) {
  const auto epoch = number<std::uint64_t>(said[1]);
  set_epochs(picture, epoch, epoch, EpochCause::kCollision, seen);
}
void meets(Picture& picture, const Fields& said, const Seen& seen) {
  learn(picture, name(said[0]), seen);
}

// ---- Replication ----

void asks_for_history(Picture& picture, const Fields& said, const Seen&) {
  picture.link.replid = name(said[0]);
  picture.link.offset = number<std::int64_t>(said[1]) - 1;
}
void is_given_all(Picture& picture, const Fields& said, const Seen&) {
  picture.link.replid = name(said[0]);
  picture.link.offset = number<std::int64_t>(said[1]);
}
void history_has_branched(Picture& picture, const Fields& said, const Seen&) {
  picture.link.replid = name(said[0]);
}
void has_copied(Picture& picture, const Fields&, const Seen& seen) {
  link_up(picture, event::SyncKind::kFull, seen);
}
void goes_on(Picture& picture, const Fields&, const Seen& seen) {
  picture.link.keys = 0;
  link_up(picture, event::SyncKind::kPartial, seen);
}
void hears_nothing(Picture& picture, const Fields&, const Seen&) {
  picture.link.trouble = "the primary was silent for longer than repl-timeout";
}
void loses_primary(Picture& picture, const Fields&, const Seen& seen) {
  link_down(picture, seen);
}

struct Line {
  std::string_view pattern;
  void (*read)(Picture& picture, const Fields& said, const Seen& seen);
};
constexpr Line kLines[] = {
    {"Ready to accept connections", ready},
    {"No cluster configuration found, I'm %", is_called},
    {"Node configuration loaded, I'm %", is_called},
    {"Node hard reset, now I'm %", is_called},
    {"Done loading RDB, keys loaded: %, %", loaded_keys},
    {"Cluster state changed: ok", is_ok},
    {"Cluster state changed: fail", is_failing},
    {"*** NODE % possibly failing", suspects},
    {"Marking node % as failing (quorum reached).", counted_failure},
    {"FAIL message received from % about %", told_failure},
    {"Clear FAIL state for node %: %", lifts_failure},
    {"Start of election delayed for % milliseconds (rank #%, offset %).", schedules},
    {"Replica rank updated to #%, added % milliseconds of delay.", changes_rank},
    {"Starting a failover election for epoch %.", stands},
    {"Failover election won: I'm the new master.", wins},
    {"Currently unable to failover: Failover attempt expired.", gives_up},
    {"Currently unable to failover: Disconnected from master for longer than allowed. %",
     has_old_data},
    {"Failover auth granted to % for epoch %", grants},
    {"Failover auth denied to %: %", refuses},
    {"Manual failover user request accepted.", is_asked_to_take_over},
    {"Forced failover user request accepted.", is_asked_to_take_over},
    {"Taking over the master (user request).", takes_over},
    {"Manual failover requested by replica %.", pauses_writes},
    {"All master replication stream processed, manual failover can start.", is_in_step},
    {"Manual failover timed out.", was_too_late},
    {"Configuration change detected. Reconfiguring myself as a replica of %", follows},
    {"I'm a sub-replica! Reconfiguring myself as a replica of grandmaster %", follows},
    {"Migrating to orphaned master %", migrates},
    {"New configEpoch set to %", bumps_epoch},
    {"configEpoch set to 0 via CLUSTER RESET HARD", forgets_epochs},
    {"configEpoch set to % via CLUSTER SET-CONFIG-EPOCH", is_given_epoch},
    {"WARNING: configEpoch collision with node %. configEpoch set to %", yields_epoch},
    {"Handshake with node % completed.", meets},
    {"Trying a partial resynchronization (request %:%).", asks_for_history},
    {"Full resync from master: %:%", is_given_all},
    {"Master replication ID changed to %", history_has_branched},
    {"MASTER <-> REPLICA sync: Finished with success", has_copied},
    {"MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.", goes_on},
    {"MASTER timeout: no data nor PING received...", hears_nothing},
    {"Connection with master lost.", loses_primary},
};

}  // namespace

void read_log(Picture& picture, std::string_view text, const Seen& seen) {
  Fields said;
  for (const Line& line : kLines) {
    if (!matches(line.pattern, text, said)) continue;
    line.read(picture, said, seen);
    break;
  }
  tell_claim(picture, seen);
}

}  // namespace sim
