#include "tests/invariants/story_testing.h"

#include <gtest/gtest.h>

#include <memory>
#include <span>

#include "sim/invariants/jury.h"

namespace sim::story {

namespace {

constexpr std::uint32_t kNodes = 6;

Judged result_of(Jury& jury, SimTime end) {
  jury.finish(end);
  const Invariant& invariant = *jury.invariants().front();
  return {invariant.judgement(), invariant.findings(), invariant.finding_count(),
          invariant.summary()};
}

std::string sentences(const Judged& judged) {
  std::string text = judged.summary;
  for (const Finding& finding : judged.findings) {
    text += "\n" + std::to_string(finding.record) + " " + std::to_string(finding.row) + " " +
            finding.what;
  }
  return text;
}

}  // namespace

NodeName id(std::uint32_t machine) {
  return NodeName::from(std::string(40, static_cast<char>('a' + machine)));
}

SlotsRef slots(std::uint16_t first, std::uint16_t last) {
  SlotSet set;
  for (std::size_t slot = first; slot <= last; ++slot) set.set(slot);
  return share_slots(set);
}

SlotsRef shard(int number) {
  if (number == 0) return slots(0, 5460);
  return number == 1 ? slots(5461, 10922) : slots(10923, 16383);
}

Story::Story() {
  for (std::uint32_t i = 0; i < kNodes; ++i) {
    MachineInfo info;
    info.name = "m" + std::to_string(i + 1);
    info.shard = static_cast<int>(i % 3);
    info.planned_primary = i < 3;
    info.planned_id = id(i);
    facts.cast.push_back(info);
  }
  for (const char* name : {"c", "auditor"}) {
    MachineInfo info;
    info.name = name;
    info.kind = MachineKind::kClient;
    facts.cast.push_back(info);
  }
  facts.node_timeout = 2s;
  facts.replicas_per_shard = 1;
  facts.settle_from = SimTime::max();
  facts.converge_within = 10s;
}

Story& Story::say(std::uint32_t machine, Event event) {
  records.push_back(
      {records.size(), now_, MachineId{machine}, Source::kInternal, std::move(event)});
  return *this;
}

Story& Story::boot() {
  for (std::uint32_t i = 0; i < kNodes; ++i) {
    say(i, event::MachineStarted{0, "kept"});
    say(i, event::NodeStarted{id(i), 0, 3, 0, 0});
    i < 3 ? claim_primary(i, shard(static_cast<int>(i)), i + 1) : claim_replica(i, i - 3);
  }
  at(now_.time_since_epoch() + 2s);
  for (std::uint32_t i = 0; i < kNodes; ++i) healthy(i);
  return *this;
}

Story& Story::claim_primary(std::uint32_t machine, SlotsRef owned, std::uint64_t epoch) {
  return say(machine, event::Claim{id(machine),
                                   Role::kPrimary,
                                   {},
                                   std::move(owned),
                                   epoch,
                                   std::max<std::uint64_t>(epoch, 3)});
}

Story& Story::claim_replica(std::uint32_t machine, std::uint32_t primary, std::uint64_t epoch) {
  return say(machine, event::Claim{id(machine), Role::kReplica, id(primary), no_slots(), epoch,
                                   std::max<std::uint64_t>(epoch, 3)});
}

Story& Story::healthy(std::uint32_t machine, bool ok, std::string why) {
  return say(machine, event::HealthChanged{ok, std::move(why)});
}

Story& Story::start(std::uint32_t machine, std::uint32_t incarnation, std::string disk) {
  return say(machine, event::MachineStarted{incarnation, std::move(disk)});
}

Story& Story::suspect(std::uint32_t observer, std::uint32_t peer, event::Suspicion from,
                      event::Suspicion to, std::uint32_t reports, std::uint32_t quorum) {
  return say(observer, event::SuspicionChanged{id(peer), from, to, reports, quorum});
}

Story& Story::vote(std::uint32_t voter, std::uint32_t candidate, std::uint32_t primary,
                   std::uint64_t epoch, bool failed, bool forced) {
  return say(voter, event::VoteGranted{id(candidate), id(primary), epoch, failed, forced});
}

Story& Story::promote(std::uint32_t winner, std::uint32_t old, SlotsRef owned, std::uint64_t epoch,
                      std::uint32_t votes, std::uint32_t quorum) {
  say(winner, event::Promoted{id(old), epoch, votes, quorum, false, false});
  return claim_primary(winner, std::move(owned), epoch);
}

Story& Story::cut(std::vector<std::vector<std::string>> groups) {
  return say(plan, event::Reachability{"all", std::move(groups), {}});
}

event::ViewSnapshot Story::view(std::uint32_t machine) const {
  event::ViewSnapshot view;
  view.id = id(machine);
  view.healthy = view.writable = true;
  view.fingerprint = 7;
  view.known_nodes = kNodes;
  view.replication_up = machine >= 3;
  view.current_epoch = 3;
  view.config_epoch = machine < 3 ? machine + 1 : 0;
  for (std::uint32_t i = 0; i < kNodes; ++i) {
    event::PeerView peer;
    peer.id = id(i);
    peer.role = i < 3 ? Role::kPrimary : Role::kReplica;
    if (i >= 3) peer.replica_of = id(i - 3);
    if (i < 3) peer.slots = shard(static_cast<int>(i));
    peer.config_epoch = i < 3 ? i + 1 : 0;
    view.peers.push_back(peer);
  }
  return view;
}

Story& Story::views() {
  for (std::uint32_t i = 0; i < kNodes; ++i) say(i, view(i));
  return *this;
}

Judged Story::judge(std::string_view invariant) const {
  const InvariantKind* kind = find_invariant(invariant);
  if (kind == nullptr) {
    ADD_FAILURE() << "no invariant " << invariant;
    return {};
  }
  Jury whole(facts, {kind, 1});
  auto copied = std::make_unique<Jury>(facts, std::span{kind, 1});
  for (const Record& record : records) {
    whole.see(record);
    copied->see(record);
    if (record.sequence % 7 == 0) copied = std::make_unique<Jury>(*copied);
  }
  const Judged judged = result_of(whole, end());
  EXPECT_EQ(sentences(judged), sentences(result_of(*copied, end())))
      << "a copy came to something else";
  return judged;
}

Story running() {
  Story story;
  story.boot().at(10s);
  return story;
}

}  // namespace sim::story
