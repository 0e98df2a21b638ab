// What a real server's log tells, line by line. The lines are those of redis 7.0.15.
#include "sim/app/server_log.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sim {
namespace {

constexpr MachineId kPrimary{0}, kReplica{1};
const std::string kPrimaryId(40, 'a'), kReplicaId(40, 'b');

event::Claim claim_of(const std::string& id, Role role) {
  event::Claim claim;
  claim.id = NodeName::from(id);
  claim.role = role;
  if (role == Role::kReplica) {
    claim.replica_of = NodeName::from(kPrimaryId);
  } else {
    SlotSet slots;
    slots.set(7);
    claim.slots = share_slots(slots);
  }
  return claim;
}

LogTeller teller() {
  return LogTeller({{kPrimary, claim_of(kPrimaryId, Role::kPrimary)},
                    {kReplica, claim_of(kReplicaId, Role::kReplica)}});
}

std::vector<Event> told(LogTeller& by, MachineId machine, const std::string& text) {
  return by.tell({0, machine, text});
}

TEST(ServerLog, LinesHaveATimeAndAText) {
  const std::vector<LogEntry> entries = read_server_log(
      "not a line\n"
      "4711:M 01 Jan 1970 00:00:01.005 # Cluster state changed: ok\n"
      "4711:C 29 Feb 2024 23:59:59.999 * one\n"
      "4711:S 30 Feb 2024 23:59:59.999 * no such day\n"
      "4711:S 14 Nov 2023 22:13:20.000 . last, without an end",
      kReplica);
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].wall_ms, 1005);
  EXPECT_EQ(entries[0].text, "Cluster state changed: ok");
  EXPECT_EQ(entries[1].wall_ms, 1'709'251'199'999);
  EXPECT_EQ(entries[2].wall_ms, 1'700'000'000'000);
  EXPECT_EQ(entries[2].machine, kReplica);
}

TEST(ServerLog, TellsSuspicionsAndTheirEnd) {
  LogTeller by = teller();
  using event::Suspicion;
  for (const auto& [text, to] :
       {std::pair{"*** NODE " + kPrimaryId + " possibly failing", Suspicion::kPfail},
        {"Marking node " + kPrimaryId + " as failing (quorum reached).", Suspicion::kFail},
        {"FAIL message received from " + kReplicaId + " about " + kPrimaryId, Suspicion::kFail},
        {"Clear FAIL state for node " + kPrimaryId + ": master without slots is reachable again.",
         Suspicion::kNone}}) {
    const std::vector<Event> events = told(by, kReplica, text);
    ASSERT_EQ(events.size(), 1u) << text;
    const auto& change = std::get<event::SuspicionChanged>(events[0]);
    EXPECT_EQ(change.peer, NodeName::from(kPrimaryId)) << text;
    EXPECT_EQ(change.to, to) << text;
  }
}

TEST(ServerLog, TellsAnElectionAndWhatTheWinnerClaims) {
  LogTeller by = teller();
  const auto scheduled =
      told(by, kReplica, "Start of election delayed for 817 milliseconds (rank #1, offset 42).");
  ASSERT_EQ(scheduled.size(), 1u);
  EXPECT_EQ(std::get<event::ElectionScheduled>(scheduled[0]).delay_ms, 817);
  EXPECT_EQ(std::get<event::ElectionScheduled>(scheduled[0]).rank, 1u);
  EXPECT_EQ(std::get<event::ElectionScheduled>(scheduled[0]).offset, 42);
  const auto started = told(by, kReplica, "Starting a failover election for epoch 9.");
  ASSERT_EQ(started.size(), 1u);
  EXPECT_EQ(std::get<event::ElectionStarted>(started[0]).epoch, 9u);
  const auto won = told(by, kReplica, "Failover election won: I'm the new master.");
  ASSERT_EQ(won.size(), 2u);
  EXPECT_EQ(std::get<event::Promoted>(won[0]).old_primary, NodeName::from(kPrimaryId));
  const auto& claim = std::get<event::Claim>(won[1]);
  EXPECT_EQ(claim.config_epoch, 9u);
  EXPECT_TRUE(claim.slots->test(SlotId{7})) << "it has the slots of whom it replaced";
}

TEST(ServerLog, TellsWhoStepsDown) {
  LogTeller by = teller();
  const auto events =
      told(by, kPrimary,
           "Configuration change detected. Reconfiguring myself as a replica of " + kReplicaId);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_TRUE(std::get<event::Following>(events[0]).was_primary);
  EXPECT_EQ(std::get<event::Claim>(events[1]).role, Role::kReplica);
}

TEST(ServerLog, PassesOverTheRest) {
  LogTeller by = teller();
  for (const char* text : {"", "Ready to accept connections", "*** NODE short possibly failing",
                           "Marking node ", "FAIL message received from nobody about nothing",
                           "Start of election delayed for a while", "Cluster state"})
    EXPECT_TRUE(told(by, kReplica, text).empty()) << text;
}

}  // namespace
}  // namespace sim
