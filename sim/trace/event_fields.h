// The vocabulary of record.h as data: the fields of every event kind, named once, for whoever goes
// over them without knowing them (the JSON writer and the JSON reader, which therefore cannot drift
// apart).
//
// A visitor V is called once a field, `v("name", field)`; hashes come as `v.hash("name", field)`,
// because they are meaningless as numbers. `V::Ref<E>` says whether it reads events (const E&) or
// fills them (E&). To add an event kind, add its overload of `fields` here; forgetting it does not
// compile.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>
#include <variant>

#include "sim/trace/fold.h"
#include "sim/trace/record.h"

namespace sim {

// ---- Names of enumerators, in their order ----

constexpr std::array<std::string_view, 2> enum_names(Role) {
  return {"primary", "replica"};
}
constexpr std::array<std::string_view, 3> enum_names(event::Suspicion) {
  return {"none", "PFAIL", "FAIL"};
}
constexpr std::array<std::string_view, 6> enum_names(event::EpochCause) {
  return {"seen", "election", "collision", "takeover", "command", "loaded"};
}
constexpr std::array<std::string_view, 8> enum_names(event::RebindCause) {
  return {"unknown",  "claim",     "command", "promotion",
          "demotion", "forgotten", "data",    "relinquished"};
}
constexpr std::array<std::string_view, 2> enum_names(event::SyncKind) {
  return {"full", "partial"};
}
constexpr std::array<std::string_view, 7> enum_names(event::OpKind) {
  return {"read", "write", "increment", "append", "read list", "delete", "other"};
}
constexpr std::array<std::string_view, 3> enum_names(event::OpOutcome) {
  return {"ok", "failed", "unknown"};
}
constexpr std::array<std::string_view, 5> enum_names(event::Phase) {
  return {"forming", "faults", "settling", "audit", "done"};
}
constexpr std::array<std::string_view, 7> enum_names(Source) {
  return {"internal", "wire", "disk", "log", "probe", "world", "plan"};
}
constexpr std::array<std::string_view, 4> enum_names(MachineKind) {
  return {"cluster node", "standalone node", "client", "program"};
}
constexpr std::array<std::string_view, 4> enum_names(event::LogLevel) {
  return {"debug", "verbose", "notice", "warning"};
}
template <class Enum>
constexpr std::string_view enum_name(Enum value) {
  return enum_names(value).at(static_cast<std::size_t>(value));
}

// ---- Names of event kinds: those of their types ("Claim"), taken from the compiler so that none
// can be wrong ----

namespace detail {
template <class E>
constexpr std::string_view type_name() {
  std::string_view text = __PRETTY_FUNCTION__;
  text.remove_prefix(text.rfind("event::") + std::string_view("event::").size());
  return text.substr(0, text.find_first_of("];,"));
}
template <std::size_t... I>
constexpr auto kind_names(std::index_sequence<I...>) {
  return std::array<std::string_view, sizeof...(I)>{
      type_name<std::variant_alternative_t<I, AnyEvent>>()...};
}
}  // namespace detail

inline constexpr std::size_t kEventKinds = std::variant_size_v<AnyEvent>;
inline constexpr auto kEventNames = detail::kind_names(std::make_index_sequence<kEventKinds>());
constexpr std::string_view event_name(const Event& event) {
  return kEventNames.at(event.index());
}

// ---- Fields ----

template <class V, class E>
using FieldRef = typename V::template Ref<E>;

template <class V>
void fields(V& v, FieldRef<V, event::NodeStarted> e) {
  v("id", e.id), v("incarnation", e.incarnation), v("current_epoch", e.current_epoch);
  v("last_vote_epoch", e.last_vote_epoch), v("keys_loaded", e.keys_loaded);
}
template <class V>
void fields(V& v, FieldRef<V, event::Claim> e) {
  v("id", e.id), v("role", e.role), v("replica_of", e.replica_of), v("slots", e.slots);
  v("config_epoch", e.config_epoch), v("current_epoch", e.current_epoch);
}
template <class V>
void fields(V& v, FieldRef<V, event::HealthChanged> e) {
  v("ok", e.ok), v("why", e.why);
}
template <class V>
void fields(V& v, FieldRef<V, event::SlotsRebound> e) {
  v("slots", e.slots), v("from", e.from), v("to", e.to), v("epoch", e.epoch);
  v("cause", e.cause), v("from_epoch", e.from_epoch), v("unclaimed", e.unclaimed);
}
template <class V>
void fields(V& v, FieldRef<V, event::SlotOpened> e) {
  v("slot", e.slot), v("importing", e.importing), v("other", e.other);
}
template <class V>
void fields(V& v, FieldRef<V, event::SlotClosed> e) {
  v("slot", e.slot), v("importing", e.importing);
}
template <class V>
void fields(V& v, FieldRef<V, event::KeysMigrated> e) {
  v("slot", e.slot), v("keys", e.keys), v("target", e.target), v("copied", e.copied);
  v("held", e.held), v("left", e.left);
}
template <class V>
void fields(V& v, FieldRef<V, event::SuspicionChanged> e) {
  v("peer", e.peer), v("from", e.from), v("to", e.to), v("reports", e.reports),
      v("quorum", e.quorum);
}
template <class V>
void fields(V& v, FieldRef<V, event::PeerLearned> e) {
  v("peer", e.peer);
}
template <class V>
void fields(V& v, FieldRef<V, event::PeerForgotten> e) {
  v("peer", e.peer), v("why", e.why);
}
template <class V>
void fields(V& v, FieldRef<V, event::EpochChanged> e) {
  v("current_from", e.current_from), v("current_to", e.current_to);
  v("config_from", e.config_from), v("config_to", e.config_to), v("cause", e.cause);
}
template <class V>
void fields(V& v, FieldRef<V, event::ElectionScheduled> e) {
  v("primary", e.primary), v("delay_ms", e.delay_ms), v("rank", e.rank), v("offset", e.offset),
      v("manual", e.manual);
}
template <class V>
void fields(V& v, FieldRef<V, event::ElectionStarted> e) {
  v("primary", e.primary), v("epoch", e.epoch), v("rank", e.rank), v("quorum", e.quorum),
      v("manual", e.manual);
}
template <class V>
void fields(V& v, FieldRef<V, event::VoteGranted> e) {
  v("candidate", e.candidate), v("primary", e.primary), v("epoch", e.epoch);
  v("primary_failed", e.primary_failed), v("forced", e.forced);
}
template <class V>
void fields(V& v, FieldRef<V, event::VoteRefused> e) {
  v("candidate", e.candidate), v("epoch", e.epoch), v("why", e.why);
}
template <class V>
void fields(V& v, FieldRef<V, event::VoteCounted> e) {
  v("voter", e.voter), v("epoch", e.epoch), v("votes", e.votes), v("quorum", e.quorum);
}
template <class V>
void fields(V& v, FieldRef<V, event::ElectionExpired> e) {
  v("epoch", e.epoch), v("votes", e.votes), v("quorum", e.quorum);
}
template <class V>
void fields(V& v, FieldRef<V, event::ElectionHindered> e) {
  v("why", e.why);
}
template <class V>
void fields(V& v, FieldRef<V, event::Promoted> e) {
  v("old_primary", e.old_primary), v("epoch", e.epoch), v("votes", e.votes), v("quorum", e.quorum);
  v("takeover", e.takeover), v("manual", e.manual);
}
template <class V>
void fields(V& v, FieldRef<V, event::Following> e) {
  v("primary", e.primary), v("was_primary", e.was_primary);
}
template <class V>
void fields(V& v, FieldRef<V, event::ReplicaMigrated> e) {
  v("from", e.from), v("to", e.to), v("sound", e.sound), v("barrier", e.barrier);
}
template <class V>
void fields(V& v, FieldRef<V, event::ManualFailover> e) {
  v("phase", e.phase);
}
template <class V>
void fields(V& v, FieldRef<V, event::ReplicationUp> e) {
  v("primary", e.primary), v("how", e.how), v("replid", e.replid), v("offset", e.offset),
      v("keys", e.keys);
}
template <class V>
void fields(V& v, FieldRef<V, event::ReplicationDown> e) {
  v("why", e.why);
}
template <class V>
void fields(V& v, FieldRef<V, event::StreamAt> e) {
  v("replid", e.replid), v("offset", e.offset), v.hash("chain", e.chain), v("role", e.role);
}
template <class V>
void fields(V& v, FieldRef<V, event::WriteApplied> e) {
  v("slot", e.slot), v("operation", e.operation), v("offset", e.offset);
}
template <class V>
void fields(V& v, FieldRef<V, event::Routed> e) {
  v("slot", e.slot), v("operation", e.operation), v("refusal", e.refusal), v("owner", e.owner);
  v("migrating_to", e.migrating_to), v("importing_from", e.importing_from);
  v("primary", e.primary), v("ok", e.ok), v("writes", e.writes), v("moves_keys", e.moves_keys);
  v("channels", e.channels), v("asking", e.asking), v("readonly", e.readonly);
  v("crossing", e.crossing), v("several", e.several), v("missing", e.missing);
  v("existing", e.existing), v("when_down", e.when_down);
}
template <class V>
void fields(V& v, FieldRef<V, event::WaitAnswered> e) {
  v("offset", e.offset), v("replid", e.replid), v("replicas", e.replicas);
}
template <class V>
void fields(V& v, FieldRef<V, event::KeysDropped> e) {
  v("keys", e.keys), v("why", e.why);
}
template <class V>
void fields(V& v, FieldRef<V, event::KeysRemoved> e) {
  v("keys", e.keys), v("key", e.key);
}
template <class V>
void fields(V& v, FieldRef<V, event::LoadingBegan> e) {
  v("bytes", e.bytes), v("from", e.from);
}
template <class V>
void fields(V&, FieldRef<V, event::LoadingEnded>) {}
template <class V>
void fields(V& v, FieldRef<V, event::Forked> e) {
  v("stall_ns", e.stall_ns), v("bytes", e.bytes);
}
template <class V>
void fields(V& v, FieldRef<V, event::ConfigSaved> e) {
  v("synced", e.synced);
}
template <class V>
void fields(V& v, FieldRef<V, event::Remark> e) {
  v("text", e.text);
}
template <class V>
void fields(V& v, FieldRef<V, event::LogLine> e) {
  v("level", e.level), v("text", e.text);
}
template <class V>
void fields(V& v, FieldRef<V, event::PeerView> e) {
  v("id", e.id), v("role", e.role), v("replica_of", e.replica_of), v("suspicion", e.suspicion),
      v("slots", e.slots);
  v("config_epoch", e.config_epoch), v("handshake", e.handshake), v("no_address", e.no_address),
      v("linked", e.linked);
}
template <class V>
void fields(V& v, FieldRef<V, event::ViewSnapshot> e) {
  v("id", e.id), v("healthy", e.healthy), v("writable", e.writable),
      v.hash("fingerprint", e.fingerprint);
  v("known_nodes", e.known_nodes), v("suspected", e.suspected), v("keys", e.keys),
      v.hash("data_hash", e.data_hash);
  v("offset", e.offset), v("replication_up", e.replication_up), v("current_epoch", e.current_epoch);
  v("config_epoch", e.config_epoch), v("last_vote_epoch", e.last_vote_epoch),
      v("counters", e.counters);
  v("peers", e.peers), v("occupied", e.occupied);
}
template <class V>
void fields(V& v, FieldRef<V, event::OpInvoked> e) {
  v("operation", e.operation), v("process", e.process), v("op", e.kind), v("key", e.key),
      v("value", e.value);
  v("final_read", e.final_read), v("workload", e.workload), v("slot", e.slot);
}
template <class V>
void fields(V& v, FieldRef<V, event::OpCompleted> e) {
  v("operation", e.operation), v("outcome", e.outcome), v("value", e.value), v("absent", e.absent),
      v("list", e.list);
  v("node", e.node), v("redirects", e.redirects), v("attempts", e.attempts),
      v("from_replica", e.from_replica);
  v("replicas_wanted", e.replicas_wanted), v("replicas", e.replicas);
}
template <class V>
void fields(V& v, FieldRef<V, event::Redirected> e) {
  v("operation", e.operation), v("reply", e.reply);
}
template <class V>
void fields(V& v, FieldRef<V, event::CacheRead> e) {
  v("hit", e.hit);
}
template <class V>
void fields(V& v, FieldRef<V, event::Measured> e) {
  v("name", e.name), v("value", e.value);
}
template <class V>
void fields(V& v, FieldRef<V, event::MachineCrashed> e) {
  v("power_lost", e.power_lost);
}
template <class V>
void fields(V& v, FieldRef<V, event::MachineStarted> e) {
  v("incarnation", e.incarnation), v("disk", e.disk), v("program", e.program);
}
template <class V>
void fields(V&, FieldRef<V, event::MachinePaused>) {}
template <class V>
void fields(V&, FieldRef<V, event::MachineResumed>) {}
template <class V>
void fields(V& v, FieldRef<V, event::StallBegan> e) {
  v("ns", e.ns);
}
template <class V>
void fields(V&, FieldRef<V, event::StallEnded>) {}
template <class V>
void fields(V& v, FieldRef<V, event::ProgramExited> e) {
  v("code", e.code), v("why", e.why);
}
template <class V>
void fields(V& v, FieldRef<V, event::ClockStepped> e) {
  v("by_ms", e.by_ms), v("what", e.what);
}
template <class V>
void fields(V& v, FieldRef<V, event::Reachability> e) {
  v("plane", e.plane), v("groups", e.groups), v("cut", e.cut);
}
template <class V>
void fields(V& v, FieldRef<V, event::Delivered> e) {
  v("label", e.label), v("sender", e.from), v("conn", e.conn), v("size", e.size),
      v.hash("hash", e.hash);
}
template <class V>
void fields(V& v, FieldRef<V, event::Connection> e) {
  v("what", e.what), v("peer", e.peer);
}
template <class V>
void fields(V& v, FieldRef<V, event::MessageTouched> e) {
  v("fault", e.fault), v("label", e.label), v("sender", e.from), v("receiver", e.to),
      v("what", e.what);
}
template <class V>
void fields(V& v, FieldRef<V, event::PhaseBegan> e) {
  v("phase", e.phase);
}
template <class V>
void fields(V& v, FieldRef<V, event::FaultBegan> e) {
  v("id", e.id), v("fault", e.kind), v("text", e.text), v("targets", e.targets);
}
template <class V>
void fields(V& v, FieldRef<V, event::FaultEnded> e) {
  v("id", e.id), v("effects", e.effects), v("unit", e.unit), v("momentary", e.momentary);
  v("never", e.never);
}
template <class V>
void fields(V& v, FieldRef<V, event::StepReply> e) {
  v("id", e.id), v("node", e.node), v("command", e.command), v("reply", e.reply);
  v("as_expected", e.as_expected), v("expected", e.expected);
}
template <class V>
void fields(V& v, FieldRef<V, event::ProgramRan> e) {
  v("id", e.id), v("where", e.machine), v("command", e.command), v("ended", e.ended);
  v("exit_code", e.exit_code), v("output", e.output);
  v("as_expected", e.as_expected), v("expected", e.expected);
}
template <class V>
void fields(V& v, FieldRef<V, event::OperationBegan> e) {
  v("id", e.id), v("operation", e.name), v("text", e.text);
}
template <class V>
void fields(V& v, FieldRef<V, event::OperationEnded> e) {
  v("id", e.id), v("operation", e.name), v("done", e.done), v("why", e.why), v("left", e.left);
  v("as_expected", e.as_expected), v("expected", e.expected);
}
template <class V>
void fields(V&, FieldRef<V, event::Converged>) {}

template <class V>
void fields(V& v, FieldRef<V, MachineInfo> e) {
  v("name", e.name), v("kind", e.kind), v("endpoint", e.endpoint), v("host", e.host),
      v("rack", e.rack);
  v("zone", e.zone), v("region", e.region), v("cluster", e.cluster), v("shard", e.shard),
      v("planned_id", e.planned_id);
  v("planned_primary", e.planned_primary), v("workload", e.workload), v("process", e.process);
}

}  // namespace sim
