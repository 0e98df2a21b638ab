#include "sim/trace/describe.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/trace/names_testing.h"
#include "tests/trace/random_event_testing.h"

namespace sim {
namespace {

Cast three_machines() {
  std::vector<MachineInfo> cast(3);
  for (std::uint32_t i = 0; i < 3; ++i) {
    cast[i].name = "m" + std::to_string(i + 1);
    cast[i].planned_id = id(static_cast<char>('a' + i));
  }
  return cast;
}
std::string line(std::uint32_t machine, Event event) {
  return describe(Record{0, {}, MachineId{machine}, Source::kInternal, std::move(event)},
                  three_machines());
}

TEST(Describe, SaysWhoInMachineNames) {
  EXPECT_EQ(line(1, event::SuspicionChanged{id('a'), event::Suspicion::kPfail,
                                            event::Suspicion::kFail, 2, 2}),
            "m2: holds m1 as FAIL (2 primaries agree, 2 needed)");
  EXPECT_EQ(line(1, event::SuspicionChanged{id('a'), event::Suspicion::kNone,
                                            event::Suspicion::kFail, 0, 0}),
            "m2: holds m1 as FAIL (was told)");
  EXPECT_EQ(line(1, event::SuspicionChanged{id('a'), event::Suspicion::kFail,
                                            event::Suspicion::kNone, 0, 0}),
            "m2: no longer holds m1 as FAIL");
  EXPECT_EQ(line(1, event::SuspicionChanged{id('a'), event::Suspicion::kNone,
                                            event::Suspicion::kPfail, 0, 0}),
            "m2: suspects m1 (PFAIL: no answer in time)");
  EXPECT_EQ(line(1, event::SuspicionChanged{id('a'), event::Suspicion::kPfail,
                                            event::Suspicion::kNone, 0, 0}),
            "m2: no longer suspects m1 (PFAIL is over)");
  EXPECT_EQ(line(2, event::ElectionStarted{id('a'), 7, 0, 2, false}),
            "m3: stands for election in epoch 7 in m1's place (rank 0, needs 2 votes)");
  EXPECT_EQ(line(2, event::Promoted{id('a'), 7, 2, 2, false, false}),
            "m3: becomes primary in m1's place, epoch 7 (2 votes, needed 2)");
  EXPECT_EQ(line(0, event::Following{id('c'), true}), "m1: steps down and follows m3");
}

TEST(Describe, ProgramsAndLogs) {
  EXPECT_EQ(line(1, event::LogLine{event::LogLevel::kWarning, "Failover election won: now"}),
            "m2: logs \"Failover election won: now\"");
  event::ProgramRan ran{2,     "m3",         "redis-cli PING", true, 1, "a\r\nno route\n",
                        false, "exit code 0"};
  EXPECT_EQ(
      line(kNoMachine.value, ran),
      "m3: \"redis-cli PING\" comes to exit code 1, having said \"a no route\", expected exit "
      "code 0");
  ran.ended = false;
  EXPECT_EQ(ending_text(ran), "no end");
  ran = {0, "m3", "x", true, 0, "", true, "exit code 0"};
  EXPECT_EQ(line(kNoMachine.value, ran), "m3: \"x\" comes to exit code 0");
  EXPECT_EQ(line(0, event::MachineStarted{1, "", "valkey-server"}),
            "m1: boots again with valkey-server");
}

TEST(Log, LevelsAreToldByTheirMarks) {
  EXPECT_EQ(event::log_level_of('#'), event::LogLevel::kWarning);
  EXPECT_EQ(event::log_level_of('*'), event::LogLevel::kNotice);
  EXPECT_EQ(event::log_level_of('x'), std::nullopt);
}

TEST(Log, WarningsAndWhatTellsOfAFailoverAreMilestones) {
  const auto told = [](event::LogLevel level, const char* text) {
    return is_milestone(event::LogLine{level, text});
  };
  using event::LogLevel;
  EXPECT_TRUE(told(LogLevel::kWarning, "Short read or OOM loading DB."));
  EXPECT_FALSE(told(LogLevel::kWarning, "Server initialized"));
  EXPECT_FALSE(told(LogLevel::kWarning, "WARNING overcommit_memory is set to 0!"));
  EXPECT_TRUE(told(LogLevel::kNotice, "FAIL message received from 1f about 2a"));
  EXPECT_FALSE(told(LogLevel::kNotice, "Ready to accept connections"));
  EXPECT_FALSE(told(LogLevel::kVerbose, "FAIL message received from 1f about 2a"));
}

TEST(Describe, PlanRecordsHaveNoSubject) {
  const Record record{
      0, {}, kNoMachine, Source::kPlan, event::FaultBegan{1, "crash", "crash m1", {}}};
  EXPECT_EQ(describe(record, three_machines()), "fault 1: crash m1");
}

TEST(Describe, AFaultThatHoldsToTheLastNeverEnded) {
  const Directory who(three_machines());
  event::FaultEnded ended{1, 2, "programs killed"};
  EXPECT_EQ(words_for(ended, who, Speakers::kOne), "fault 1 ends (2 programs killed)");
  ended.never = true;
  EXPECT_EQ(words_for(ended, who, Speakers::kOne), "fault 1 never ended (2 programs killed)");
}

TEST(Describe, SpeaksOfManyInThePlural) {
  const Directory who(three_machines());
  const auto many = [&](const Event& event) { return words_for(event, who, Speakers::kMany); };
  const event::SuspicionChanged told{id('a'), event::Suspicion::kNone, event::Suspicion::kFail, 0,
                                     0};
  EXPECT_EQ(many(told), "hold m1 as FAIL (were told)");
  EXPECT_EQ(words_for(told, {"m1", "m3"}, who, Speakers::kMany),
            "hold m1 and m3 as FAIL (were told)");
  EXPECT_EQ(words_for(told, {"m1", "m3"}, who, Speakers::kOne),
            "holds m1 and m3 as FAIL (was told)");
  EXPECT_EQ(many(event::SuspicionChanged{id('a'), event::Suspicion::kPfail, event::Suspicion::kNone,
                                         0, 0}),
            "no longer suspect m1 (PFAIL is over)");
  EXPECT_EQ(many(event::VoteGranted{id('c'), id('a'), 7, true, false}), "vote for m3 in epoch 7");
  EXPECT_EQ(many(event::MachineStarted{.incarnation = 1}), "boot again");
}

TEST(Describe, TellsWhoAnsweredWhat) {
  const auto words = [](const event::StepReply& reply) {
    return describe(Record{0, {}, kNoMachine, Source::kPlan, reply}, three_machines());
  };
  EXPECT_EQ(words({1, "m3", "CLUSTER INFO", "a:1\\r\\nb:2", true, ""}),
            "m3: answers \"CLUSTER INFO\" with a:1 b:2");
  EXPECT_EQ(words({1, "m3", "PING", "PONG", true, "the reply \"PONG\""}),
            "m3: answers \"PING\" as expected with the reply \"PONG\"");
  EXPECT_EQ(words({1, "m3", "PING", "-ERR", false, "the reply \"PONG\""}),
            "m3: answers \"PING\" with -ERR, expected the reply \"PONG\"");
}

TEST(Describe, SaysWhatWasMeasured) {
  EXPECT_EQ(line(0, event::Measured{"keys_moved", 3}),
            "m1: 3 keys have another server than before");
  EXPECT_EQ(line(0, event::Measured{"else", 3}), "m1: else = 3");
}

TEST(Describe, FollowsAMachineToItsNewId) {
  Directory who(three_machines());
  who.see(Record{0, {}, MachineId{0}, Source::kInternal, event::NodeStarted{.id = id('f')}});
  EXPECT_EQ(
      describe(Record{1, {}, MachineId{1}, Source::kInternal, event::PeerLearned{id('f')}}, who),
      "m2: learns of m1");
}

TEST(Describe, QuotesTheEndOfWhatADyingProgramSaidInOneLine) {
  const std::string text =
      line(0, event::ProgramExited{1, std::string(5000, 'a') + "\nthe disk\r\nis full\n"});
  EXPECT_TRUE(text.starts_with("m1: program exits with code 1: ...a")) << text;
  EXPECT_TRUE(text.ends_with("aaa the disk is full")) << text;
  EXPECT_LT(text.size(), 500u);
}

TEST(Describe, CutsLongSlotListsAndValues) {
  SlotSet odd;
  for (std::size_t slot = 1; slot < 400; slot += 2) odd.set(slot);
  EXPECT_EQ(line(0, event::SlotsRebound{share_slots(odd), id('a'), id('b'), 9}),
            "m1: sees slots 1 3 5 7 9 11 13 15 17 19 21 23 25 27 29 31 33 35 37 39 41 43 ... move "
            "from m1 to m2 "
            "(epoch 9)");
  EXPECT_LT(line(0, event::OpInvoked{.operation = 1, .key = std::string(5000, 'k')}).size(), 100u);
}

template <std::size_t... I>
void expect_words_for_every_kind(std::index_sequence<I...>) {
  const auto expect_words = [](auto event) {
    RandomFields filler(11, 3);
    fields(filler, event);
    EXPECT_GT(line(0, Event(event)).size(), std::string("m1: ").size()) << event_name(event);
  };
  (expect_words(std::variant_alternative_t<I, AnyEvent>{}), ...);
}
TEST(Describe, HasWordsForEveryKind) {
  expect_words_for_every_kind(std::make_index_sequence<kEventKinds>());
}

TEST(Milestones, AreWhatTurnsARun) {
  EXPECT_TRUE(is_milestone(event::MachineCrashed{}));
  EXPECT_TRUE(is_milestone(event::Promoted{}));
  EXPECT_TRUE(is_milestone(
      event::SuspicionChanged{{}, event::Suspicion::kPfail, event::Suspicion::kFail, 2, 2}));
  EXPECT_TRUE(is_milestone(
      event::SuspicionChanged{{}, event::Suspicion::kNone, event::Suspicion::kPfail, 0, 0}));
  EXPECT_FALSE(is_milestone(event::Measured{"audit_keys", 3}));
  EXPECT_FALSE(is_milestone(event::Measured{"keys_moved_percent_x100", 3}));
  EXPECT_TRUE(is_milestone(event::Measured{"keys_moved", 3}));
  EXPECT_FALSE(is_milestone(event::MachineStarted{.incarnation = 0}));
  EXPECT_TRUE(is_milestone(event::MachineStarted{.incarnation = 1}));
  EXPECT_FALSE(is_milestone(event::OpInvoked{}));
  EXPECT_FALSE(is_milestone(event::Delivered{}));
}

TEST(FormatTime, RoundsDownToMillisecondsOnBothSidesOfZero) {
  EXPECT_EQ(format_time(sim_time(12'345'999us)), "12.345s");
  EXPECT_EQ(format_time(sim_time(7ms)), "0.007s");
  EXPECT_EQ(format_time(sim_time(0ms)), "0.000s");
  EXPECT_EQ(format_time(sim_time(-250ms)), "-0.250s");
  EXPECT_EQ(format_time(sim_time(-250'001us)), "-0.251s");
}

TEST(NameList, NamesFiveAndOfMoreTheFirstThree) {
  EXPECT_EQ(name_list({}), "");
  EXPECT_EQ(name_list({"m1"}), "m1");
  EXPECT_EQ(name_list({"m1", "m2"}), "m1 and m2");
  EXPECT_EQ(name_list({"m1", "m2", "m3", "m4", "m5"}), "m1, m2, m3, m4 and m5");
  EXPECT_EQ(name_list({"m1", "m2", "m3", "m4", "m5", "m6"}), "m1, m2, m3 and 3 others");
}

TEST(EffectsText, CountsInEnglish) {
  EXPECT_EQ(effects_text(3, "programs killed"), "3 programs killed");
  EXPECT_EQ(effects_text(1, "programs killed"), "1 program killed");
  EXPECT_EQ(effects_text(0, "packets re-routed or stopped"), "0 packets re-routed or stopped");
  EXPECT_EQ(effects_text(1, "restarts"), "1 restart");
  EXPECT_EQ(effects_text(1, "wake-ups kept back"), "1 wake-up kept back");
  EXPECT_EQ(effects_text(1, "turns of the event loop slowed"), "1 turn of the event loop slowed");
  EXPECT_EQ(effects_text(1, ""), "1 effect");
}

}  // namespace
}  // namespace sim
