// What each workload does, and how its options are read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "sim/wire/crc16.h"
#include "sim/workloads/key_choice.h"
#include "sim/workloads/progress.h"
#include "tests/workloads/workloads_testing.h"

namespace sim::testing {
namespace {

using event::OpKind;
using event::OpOutcome;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class EveryWorkload : public ::testing::TestWithParam<WorkloadKind> {
 protected:
  std::unique_ptr<Workload> example() const { return workload(GetParam().example); }
};
INSTANTIATE_TEST_SUITE_P(All, EveryWorkload, ::testing::ValuesIn(workloads()),
                         [](const auto& test) {
                           std::string name(test.param.name);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST_P(EveryWorkload, HasAnExampleThatIsValid) {
  EXPECT_EQ(problems_of(GetParam().example), "");
  EXPECT_EQ(find_workload(GetParam().name)->name, GetParam().name);
}

TEST_P(EveryWorkload, NeedsNoOptions) {
  EXPECT_EQ(problems_of("{\"type\": \"" + std::string(GetParam().name) + "\"}"), "");
}

TEST_P(EveryWorkload, SaysWhatItDoesNotKnow) {
  const std::string type = "{\"type\": \"" + std::string(GetParam().name) + "\", ";
  EXPECT_THAT(problems_of(type + "\"clinets\": 3}"), HasSubstr("did you mean \"clients\"?"));
  EXPECT_THAT(problems_of(type + "\"clients\": 0}"), HasSubstr("clients"));
  EXPECT_THAT(problems_of(type + "\"rate\": 5, \"think\": \"1s\"}"), HasSubstr("closed"));
  EXPECT_THAT(problems_of(type + "\"start\": \"5s\", \"stop\": \"5s\"}"),
              HasSubstr("stops before"));
  EXPECT_THAT(problems_of(type + "\"nodes\": 3}"), HasSubstr("nodes"));  // of client-sharding only
}

TEST_P(EveryWorkload, DoesTheSameWithTheSameSeed) {
  const ClientSetup setup = example()->clients(place()).front();
  EXPECT_EQ(commands(Generating(setup, 1).take(500)), commands(Generating(setup, 1).take(500)));
  if (GetParam().name != "fill") {
    EXPECT_NE(commands(Generating(setup, 1).take(500)), commands(Generating(setup, 2).take(500)));
  }
}

TEST_P(EveryWorkload, ACopyContinuesAsTheOriginalDoes) {
  Generating original(example()->clients(place()).front(), 7);
  original.take(1234);
  Generating copy(original);
  const auto expected = commands(original.take(1000));
  EXPECT_EQ(commands(copy.take(1000)), expected);
}

TEST_P(EveryWorkload, WritesNoValueTwice) {
  std::set<std::string> values;
  std::size_t writes = 0;
  for (const ClientSetup& setup : example()->clients(place())) {
    for (const Operation& operation : Generating(setup, 1).take(2000)) {
      if (operation.kind != OpKind::kWrite && operation.kind != OpKind::kAppend) continue;
      ++writes;
      values.insert(operation.value);
      EXPECT_EQ(operation.command[2], operation.value);
    }
  }
  EXPECT_EQ(values.size(), writes);
}

TEST_P(EveryWorkload, TouchesOnlyKeysItsAuditorReads) {
  const auto made = example();
  Generating audit(made->auditor(place()), 1);
  std::set<std::string> read;
  while (const auto operation = audit.next()) {
    EXPECT_TRUE(operation->final_read);
    EXPECT_TRUE(read.insert(operation->command[1]).second);
  }
  for (const ClientSetup& setup : made->clients(place())) {
    EXPECT_EQ(setup.keys.count, read.size());
    for (const Operation& operation : Generating(setup, 3).take(2000)) {
      EXPECT_TRUE(read.contains(operation.command[1])) << operation.command[1];
      EXPECT_FALSE(operation.final_read);
    }
  }
}

TEST_P(EveryWorkload, GivesEachClientAnIndexOfItsOwn) {
  const auto made = example();
  std::set<std::uint32_t> indices{made->auditor(place()).index};
  for (const ClientSetup& setup : made->clients(place())) indices.insert(setup.index);
  EXPECT_THAT(indices, SizeIs(made->client_count() + 1));
  EXPECT_EQ(*indices.begin(), 1u);
  EXPECT_EQ(*indices.rbegin(), made->client_count() + 1);
}

TEST(Register, ReadsAsOftenAsTold) {
  for (const int percent : {0, 30, 100}) {
    const auto made =
        workload(R"({"type": "register", "reads": ")" + std::to_string(percent) + R"(%"})");
    const auto operations = Generating(made->clients(place()).front(), 1).take(10'000);
    const auto reads = std::count_if(operations.begin(), operations.end(),
                                     [](const Operation& o) { return o.kind == OpKind::kRead; });
    EXPECT_NEAR(static_cast<double>(reads), percent * 100, 200);
  }
}

TEST(Register, PadsValuesAndTagsKeys) {
  const auto made = workload(
      R"({"type": "register", "reads": 0, "value_size": 40, "hash_tags": 2, "key_prefix": "p-"})");
  const auto operations = Generating(made->clients(place()).front(), 1).take(100);
  for (const Operation& operation : operations) {
    EXPECT_EQ(operation.value.size(), 40u);
    EXPECT_THAT(operation.command[1], ::testing::AnyOf(HasSubstr("p-{0}:"), HasSubstr("p-{1}:")));
  }
}

TEST(Counter, IncrementsByOne) {
  const auto made = workload(R"({"type": "counter", "reads": 0, "keys": 1})");
  const auto operations = Generating(made->clients(place()).front(), 1).take(1);
  EXPECT_THAT(operations[0].command, ElementsAre("INCR", "w:0"));
  EXPECT_EQ(operations[0].kind, OpKind::kIncrement);
  EXPECT_EQ(operations[0].value, "1");
}

TEST(ListAppend, KeepsListsShortByMovingOn) {
  const auto made = workload(
      R"({"type": "list-append", "clients": 2, "keys": 100, "window": 4, "appends_per_key": 20, "reads": 0})");
  std::map<std::string, int> appends;
  for (const ClientSetup& setup : made->clients(place())) {
    for (const Operation& operation : Generating(setup, 5).take(900))
      ++appends[operation.command[1]];
  }
  EXPECT_GT(appends.size(), 80u);
  for (const auto& [key, count] : appends) EXPECT_LT(count, 60) << key;
}

TEST(ListAppend, IsAuditedByReadingLists) {
  const auto made = workload(R"({"type": "list-append"})");
  EXPECT_EQ(Generating(made->auditor(place()), 1).next()->kind, OpKind::kReadList);
}

TEST(Cache, StoresWhatItMissedAndTellsHitsFromMisses) {
  const auto made = workload(R"({"type": "cache", "ttl": "1500ms"})");
  Generating cache(made->clients(place()).front(), 1);
  std::vector<Event> notes;
  const Operation read = *cache.next();
  EXPECT_EQ(read.command[0], "GET");

  const resp::Value null{resp::Null{}};
  const auto store = cache.end(read, OpOutcome::kOk, &null, notes);
  ASSERT_TRUE(store);
  EXPECT_THAT(store->command, ElementsAre("SET", read.command[1], store->value, "PX", "1500"));
  const resp::Value ok = resp::ok();
  EXPECT_FALSE(cache.end(*store, OpOutcome::kOk, &ok, notes));

  const resp::Value found = resp::bulk("x");
  EXPECT_FALSE(cache.end(read, OpOutcome::kOk, &found, notes));
  EXPECT_FALSE(cache.end(read, OpOutcome::kUnknown, nullptr, notes));
  ASSERT_THAT(notes, SizeIs(2));
  EXPECT_FALSE(std::get<event::CacheRead>(notes[0]).hit);
  EXPECT_TRUE(std::get<event::CacheRead>(notes[1]).hit);
}

TEST(Fill, WritesEveryKeyOnceAndAgainUntilItIsWritten) {
  const auto made = workload(R"({"type": "fill", "clients": 3, "keys": 1000})");
  std::set<std::string> keys;
  for (const ClientSetup& setup : made->clients(place())) {
    Generating fill(setup, 1);
    std::vector<Event> notes;
    while (const auto write = fill.next()) {
      EXPECT_TRUE(keys.insert(write->command[1]).second);
      const resp::Value ok = resp::ok();
      EXPECT_FALSE(fill.end(*write, OpOutcome::kOk, &ok, notes));
      const auto again = fill.end(*write, OpOutcome::kUnknown, nullptr, notes);
      ASSERT_TRUE(again);
      EXPECT_EQ(again->command[1], write->command[1]);
      EXPECT_NE(again->value, write->value);
    }
    EXPECT_EQ(setup.done_note, "fill_done");
  }
  EXPECT_THAT(keys, SizeIs(1000));
}

TEST(Auditor, CountsWhatIsThereAndWhatIsNot) {
  const auto made = workload(R"({"type": "register", "keys": 10})");
  const ClientSetup setup = made->auditor(place());
  EXPECT_EQ(setup.done_note, "audit_done");
  Generating audit(setup, 1);
  const resp::Value there = resp::bulk("x"), absent{resp::Null{}};
  std::vector<Event> notes;
  std::map<std::string, int> tries;
  for (std::optional<Operation> read = audit.next(); read;) {
    EXPECT_TRUE(read->final_read);
    const std::string key = read->command[1];
    const bool first = ++tries[key] == 1;
    // 0 can never be read, 1 not at first; 2 is not there.
    const bool fails = key == "w:0" || (key == "w:1" && first);
    read = audit.end(*read, fails ? OpOutcome::kUnknown : OpOutcome::kOk,
                     fails          ? nullptr
                     : key == "w:2" ? &absent
                                    : &there,
                     notes);
    if (!read) read = audit.next();
  }
  EXPECT_EQ(tries["w:0"], 3);
  EXPECT_EQ(tries["w:1"], 2);
  EXPECT_EQ(tries["w:2"], 1);
  EXPECT_FALSE(audit.next());
  audit.finish(notes);
  std::map<std::string, std::int64_t> told;
  for (const Event& event : notes) {
    const auto& measured = std::get<event::Measured>(event);
    told[measured.name] = measured.value;
  }
  EXPECT_EQ(told["audit_keys"], 10);
  EXPECT_EQ(told["audit_absent"], 1);
  EXPECT_EQ(told["audit_unread"], 1);
}

TEST(Zipf, TheKthKeyIsChosenOneKthAsOften) {
  ChoiceStream stream(1, "zipf");
  Choices choices(stream);
  const KeyChoice zipf = KeyChoice::zipf(1000);
  std::map<std::uint32_t, int> chosen;
  for (int i = 0; i < 300'000; ++i) ++chosen[zipf.choose(choices)];
  EXPECT_LT(chosen.rbegin()->first, 1000u);
  const double first = chosen[0];
  EXPECT_NEAR(first, 300'000 / 7.4855, 800);  // the 1000th harmonic number
  for (const std::uint32_t k : {2u, 3u, 5u, 10u}) {
    EXPECT_NEAR(chosen[k - 1] * static_cast<double>(k) / first, 1.0, 0.06) << k;
  }
}

TEST(Zipf, OutcomeZeroIsTheFirstKey) {
  const std::map<std::tuple<std::uint64_t, Site, std::uint32_t>, std::uint64_t> zeroes{
      {{ChoiceStream(1, "zipf").scope(), Site::kKey, 0}, 0}};
  ChoiceStream stream(1, "zipf");
  const ChoicePolicy policy{nullptr, &zeroes};
  Choices choices(stream, &policy);
  EXPECT_EQ(KeyChoice::zipf(10).choose(choices), 0u);
}

TEST(Clients, StartAndStopInTheTimeOfTheRun) {
  const auto made = workload(R"({"type": "register", "start": "5s", "stop": "20s"})");
  WorkloadPlace here = place();
  here.boot_at = 2s;
  here.stop_at = 60s;
  ClientSetup client = made->clients(here).front();
  EXPECT_EQ(client.start_after, 3s);
  EXPECT_EQ(client.stop_after, 18s);
  here.stop_at = 10s;
  EXPECT_EQ(made->clients(here).front().stop_after, 8s);
}

TEST(Clients, ShardOverTheFirstNodesAndAddTheNext) {
  const auto made = workload(
      R"({"type": "cache", "routing": "client-sharding", "add_node_at": "30s", "clients": 2})");
  EXPECT_EQ(made->routing(), RoutingKind::kSharding);
  const auto clients = made->clients(place(4));
  EXPECT_THAT(clients[0].servers, SizeIs(3));
  ASSERT_THAT(clients[0].additions, SizeIs(1));
  EXPECT_EQ(clients[0].additions[0].server.name, "m4");
  EXPECT_EQ(clients[0].additions[0].after, 30s);
  EXPECT_TRUE(clients[0].measures_keys);
  EXPECT_FALSE(clients[1].measures_keys);
  EXPECT_THAT(made->auditor(place(4)).servers, SizeIs(4));
}

// ---- Progress ----

TEST(Progress, TriesEachSlotOnce) {
  const auto generator = make_progress(1)->clone();
  ChoiceStream stream(1, "test");
  Choices choices(stream);
  std::set<std::uint16_t> seen;
  while (const auto operation = generator->next(0, 1, choices)) {
    const std::string& key = operation->command.at(1);
    const SlotId slot = slot_of(key);
    EXPECT_TRUE(key.ends_with("}" + std::to_string(slot.value))) << key;
    EXPECT_TRUE(seen.insert(slot.value).second);
    EXPECT_EQ(operation->kind, event::OpKind::kOther);
  }
  EXPECT_EQ(seen.size(), kSlotCount);
}

TEST(Progress, ReadsBackWhatWasWrittenAndComesAgainToWhatFailed) {
  const auto generator = make_progress(8192)->clone();
  ChoiceStream stream(1, "test");
  Choices choices(stream);
  std::vector<Event> notes;
  const resp::Value reply;
  const Operation first = *generator->next(0, 1, choices);
  const auto read =
      generator->ended(0, {1, 2, first.command, event::OpOutcome::kOk, &reply}, notes);
  ASSERT_TRUE(read);
  EXPECT_THAT(read->command, ElementsAre("GET", first.command.at(1)));
  EXPECT_FALSE(generator->ended(0, {2, 3, read->command, event::OpOutcome::kOk, &reply}, notes));
  const Operation second = *generator->next(0, 3, choices);
  const auto again =
      generator->ended(0, {3, 4, second.command, event::OpOutcome::kFailed, nullptr}, notes);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->command.at(1), second.command.at(1));
  EXPECT_FALSE(generator->next(0, 5, choices));
  generator->finished(notes);
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_EQ(std::get<event::Measured>(notes[0]).value, 0);
}

}  // namespace
}  // namespace sim::testing
