// Registers: the fast path, the search and the smallest window, against trying every order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/history/search.h"
#include "sim/history/window.h"
#include "sim/history/zones.h"
#include "tests/history/history_testing.h"

namespace sim::history {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Verdict verdict(std::string_view rows, Model model = Model::kCasRegister) {
  History history = drawn(rows, model);
  return check(history, {}).verdict;
}

Search::Answer search(std::vector<Move> moves, Values& values, ValueId initial = kAbsent) {
  return Search(std::move(moves), initial, values).run({});
}

TEST(Register, ReadsSeeTheLastWrite) {
  EXPECT_EQ(verdict("[w1] [r1]"), Verdict::kPass);
  EXPECT_EQ(verdict("[rn] [w1] [w2] [r2]"), Verdict::kPass);
  EXPECT_EQ(verdict("[w1] [w2] [r1]"), Verdict::kFail);
  EXPECT_EQ(verdict("[w1] [rn]"), Verdict::kFail);
  EXPECT_EQ(verdict("[r1] [w1]"), Verdict::kFail) << "from the future";
  EXPECT_EQ(verdict("[w1] [r2]"), Verdict::kFail) << "from nowhere";
}

TEST(Register, OverlappingOperationsMayBeInAnyOrder) {
  EXPECT_EQ(verdict("[w1     ]      [r1]\n"
                    "   [w2    ]"),
            Verdict::kPass);
  EXPECT_EQ(verdict("[w1     ]      [r2]\n"
                    "   [w2    ]"),
            Verdict::kPass);
  EXPECT_EQ(verdict("[w1         ]\n"
                    " [rn] [r1]"),
            Verdict::kPass);
  EXPECT_EQ(verdict("[w1         ]\n"
                    " [r1] [rn]"),
            Verdict::kFail)
      << "once seen, it is there";
  EXPECT_EQ(verdict("[w1            ]\n"
                    " [w2            ]\n"
                    "     [r1][r2][r1]"),
            Verdict::kFail);
}

TEST(Register, AnOpenOperationMayHappenLateOrNever) {
  EXPECT_EQ(verdict("[w1] [w2~      [r1]\n"), Verdict::kPass);
  EXPECT_EQ(verdict("[w1] [w2~      [r2]\n"), Verdict::kPass);
  EXPECT_EQ(verdict("[w1] [w2~      [r1] [r2] [r2]"), Verdict::kPass) << "late";
  EXPECT_EQ(verdict("[w1] [w2~      [r2] [r1]"), Verdict::kFail) << "but once";
  EXPECT_EQ(verdict("[r2] [w2~"), Verdict::kFail) << "not before it began";
  // With values that repeat, so that it is the search that decides.
  EXPECT_EQ(verdict("[w1] [w2~ [w2~ [r2] [w1] [r2] [w1] [r1]"), Verdict::kPass);
  EXPECT_EQ(verdict("[w1] [w2~ [w2~ [r2] [w1] [r2] [w1] [r2]"), Verdict::kFail);
  EXPECT_EQ(verdict("[w1] [c12~ [r1] [r2] [w1] [m13]"), Verdict::kFail);
  EXPECT_EQ(verdict("[w1] [c12~ [r1] [w1] [m13]"), Verdict::kPass);
}

TEST(Register, ACasNeedsItsValue) {
  EXPECT_EQ(verdict("[w1] [c12] [r2]"), Verdict::kPass);
  EXPECT_EQ(verdict("[w1] [c32]"), Verdict::kFail);
  EXPECT_EQ(verdict("[w1] [m32] [r1]"), Verdict::kPass);
  EXPECT_EQ(verdict("[w1] [m12]"), Verdict::kFail);
}

TEST(Register, WhatFailedDidNotHappen) {
  EXPECT_EQ(verdict("[w1] [fw2] [r1]"), Verdict::kPass);
  History history = drawn("[w1] [fw2] [r2]");
  const Report report = check(history, {});
  ASSERT_EQ(report.verdict, Verdict::kFail);
  EXPECT_THAT(report.findings[0].text, HasSubstr("line 3 tried, and was told that it failed"));
}

TEST(Register, DeletingIsWritingNothing) {
  EXPECT_EQ(verdict("[w1] [d] [rn]"), Verdict::kPass);
  EXPECT_EQ(verdict("[w1] [d] [r1]"), Verdict::kFail);
}

TEST(Cache, MayForgetButNothingComesBack) {
  EXPECT_EQ(verdict("[w1] [rn] [w2] [r2] [rn]", Model::kCache), Verdict::kPass);
  EXPECT_EQ(verdict("[w1] [rn] [r1]", Model::kCache), Verdict::kFail) << "resurrected";
  EXPECT_EQ(verdict("[w1] [w2] [r1]", Model::kCache), Verdict::kFail) << "stale";
  EXPECT_EQ(verdict("[w1] [d] [r1]", Model::kCache), Verdict::kFail) << "deleted";
  EXPECT_EQ(verdict("[r1] [w1]", Model::kCache), Verdict::kFail) << "from the future";
  EXPECT_EQ(verdict("[w1    ]\n"
                    " [rn][r1]",
                    Model::kCache),
            Verdict::kPass);
  // Values that repeat.
  EXPECT_EQ(verdict("[w1] [rn] [w1] [r1]", Model::kCache), Verdict::kPass);
  EXPECT_EQ(verdict("[w1] [w1] [rn] [r1]", Model::kCache), Verdict::kFail);
}

TEST(Register, TheReportShowsOnlyWhatIsNeeded) {
  History history = drawn(
      "[w1] [r1] [w2] [r2] [w1] [r1] [w3] [w4]      [w5] [r5]\n"
      "                                    [r4] [r3]");
  const Report report = check(history, {});
  ASSERT_EQ(report.findings.size(), 1u);
  EXPECT_EQ(report.findings[0].text,
            "no order of these explains what they returned, whatever was there after line 14, "
            "and one operation beside them does not help:\n"
            "    lines 16-18  process 136  read 4  |-|\n"
            "    lines 19-20  process 141  read 3      |-|\n");
}

TEST(Register, OneHardKeyDoesNotHideTheFailureOfAnother) {
  std::string text;
  const auto say = [&](int process, std::string_view key, std::string_view type,
                       std::string_view rest) {
    text += "{\"process\":" + std::to_string(process) + ",\"type\":\"" + std::string(type) +
            "\",\"key\":\"" + std::string(key) + "\",\"f\":" + std::string(rest) + "}\n";
  };
  // Twenty writes at once, then reads that need a certain order of them which does not exist.
  for (int i = 0; i < 20; ++i)
    say(i, "hard", "invoke", "\"cas\",\"value\":[" + std::to_string(i) + ",100]");
  for (int i = 0; i < 20; ++i)
    say(20 + i, "hard", "invoke", "\"write\",\"value\":" + std::to_string(i));
  for (int i = 0; i < 20; ++i) say(20 + i, "hard", "ok", "\"write\",\"value\":1");
  for (int i = 0; i < 19; ++i) say(i, "hard", "ok", "\"cas\",\"value\":1");
  say(50, "hard", "invoke", "\"read\"");
  say(50, "hard", "ok", "\"read\",\"value\":777");
  const std::string hard = text;
  for (const auto* value : {"1", "2", "1"}) {
    say(1, "easy", "invoke", "\"write\",\"value\":" + std::string(value));
    say(1, "easy", "ok", "\"write\"");
  }
  say(1, "easy", "invoke", "\"read\"");
  say(1, "easy", "ok", "\"read\",\"value\":2");
  Limits limits;
  limits.steps = 200'000;
  // The hard key's processes are busy to the end, so the easy one has its own.
  std::string easy = text.substr(hard.size());
  for (std::size_t at = easy.find(":1,"); at != std::string::npos; at = easy.find(":1,", at + 1))
    easy.replace(at, 3, ":99,");
  History both = read_text(hard + easy, Model::kCasRegister);
  const Report failed = check(both, limits);
  EXPECT_EQ(failed.verdict, Verdict::kFail);
  ASSERT_EQ(failed.findings.size(), 1u);
  EXPECT_EQ(failed.findings[0].key, "easy");

  History alone = read_text(hard, Model::kCasRegister);
  const Report unknown = check(alone, limits);
  EXPECT_EQ(unknown.verdict, Verdict::kUnknown) << "never a pass";
  EXPECT_THAT(unknown.unknown_because,
              HasSubstr("the limit of 200000 steps is reached; 1 key is undecided"));
  limits.bytes = 1 << 16;
  limits.steps = Limits{}.steps;
  EXPECT_THAT(check(alone, limits).unknown_because,
              HasSubstr("a search reached its limit of 0 MiB"));
  limits.stop = [] { return true; };
  EXPECT_THAT(check(alone, limits).unknown_because, HasSubstr("it was stopped"));
}

// ---- Against trying every order ----

struct Drawing {
  std::string_view name;
  Shape shape;
};

class Random : public testing::TestWithParam<Drawing> {};

TEST_P(Random, TheSearchAgreesWithTryingEveryOrder) {
  constexpr int kHistories = 4000;
  ChoiceStream stream(1, std::string("history/") + std::string(GetParam().name));
  Choices choices(stream);
  int possible = 0, by_zones = 0;
  for (int i = 0; i < kHistories; ++i) {
    Shape shape = GetParam().shape;
    shape.operations = 3 + static_cast<int>(choices.choose(Site::kOperation, 6));
    History history;
    std::vector<Move> moves = random_moves(shape, choices);
    const bool expected = possible_by_trying(moves, history.values);
    possible += expected ? 1 : 0;
    Search searched(moves, kAbsent, history.values);
    const bool found = searched.run({}) == Search::Answer::kPossible;
    ASSERT_EQ(found, expected) << "history " << i;
    if (!found) {
      // The beginning that fails is the shortest one, and the window fails whatever came before.
      const Window window = smallest_window(moves, searched.impossible_at(), history.values);
      ASSERT_FALSE(window.moves.empty()) << "history " << i;
      ASSERT_LE(window.moves.size(), moves.size()) << "history " << i;
    }
    history.keys.id("");
    for (const Move& move : moves) {
      Operation operation;
      operation.began = move.began;
      history.operations.push_back(operation);
    }
    if (const auto proof = check_zones(history, moves)) {
      ++by_zones;
      ASSERT_EQ(proof->possible, expected) << "zones, history " << i;
      if (!expected) {
        ASSERT_FALSE(possible_by_trying(proof->because, history.values)) << "proof, history " << i;
        ASSERT_LE(proof->because.size(), 6u);
      }
    }
  }
  // Both answers must be common, or the comparison says little.
  EXPECT_GT(possible, kHistories / 20);
  EXPECT_LT(possible, kHistories * 19 / 20);
  if (GetParam().shape.unique) {
    EXPECT_GT(by_zones, kHistories / 2);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, Random,
    testing::Values(Drawing{"unique", {.processes = 3, .unique = true}},
                    Drawing{"unique_wide", {.processes = 6, .unique = true}},
                    Drawing{"repeated", {.processes = 3, .values = 2}},
                    Drawing{"repeated_wide", {.processes = 6, .values = 3}},
                    Drawing{"cas", {.processes = 4, .values = 3, .cas = true}},
                    Drawing{"cache", {.processes = 4, .unique = true, .deletes = true}},
                    Drawing{"appends", {.processes = 3, .values = 2, .appends = true}}),
    [](const auto& drawing) { return std::string(drawing.param.name); });

TEST(Search, KnowsTheShortestBeginningThatFails) {
  ChoiceStream stream(2, "history/prefixes");
  Choices choices(stream);
  int failed = 0;
  for (int i = 0; i < 2000; ++i) {
    Values values;
    const std::vector<Move> moves =
        random_moves({.operations = 7, .processes = 3, .values = 3, .cas = true}, choices);
    Search searched(moves, kAbsent, values);
    if (searched.run({}) == Search::Answer::kPossible) continue;
    ++failed;
    const auto beginning = [&](Line end) {
      std::vector<Move> kept;
      for (Move move : moves) {
        if (move.began > end || (move.observes() && move.ended > end)) continue;
        if (move.ended > end) move.ended = kNever;
        kept.push_back(move);
      }
      return kept;
    };
    ASSERT_FALSE(possible_by_trying(beginning(searched.impossible_at()), values)) << i;
    ASSERT_TRUE(possible_by_trying(beginning(searched.impossible_at() - 1), values)) << i;
  }
  EXPECT_GT(failed, 200);
}

TEST(Search, AnUnknownValueIsWhateverFits) {
  Values values;
  const Move read_one{1, 2, Action::kRead, 1}, read_two{3, 4, Action::kRead, 2};
  EXPECT_EQ(search({read_one}, values, kAnyValue), Search::Answer::kPossible);
  EXPECT_EQ(search({read_one, read_two}, values, kAnyValue), Search::Answer::kImpossible);
  // The read that is put in first need not be the one that ends first.
  const Move write_two{1, 8, Action::kWrite, 2}, late_one{2, 5, Action::kRead, 1},
      early_two{3, 4, Action::kRead, 2};
  EXPECT_EQ(search({write_two, late_one, early_two}, values, kAnyValue), Search::Answer::kPossible);
}

TEST(Search, LongHistoriesNeedNoMoreThanTheirWidth) {
  // Operations of three processes, values that repeat: every write is read twice.
  std::vector<Move> moves;
  for (Line line = 1; line < 600'000; line += 6) {
    const auto value = static_cast<ValueId>(line % 7);
    moves.push_back({line, line + 3, Action::kWrite, value});
    moves.push_back({line + 1, line + 4, Action::kRead, value});
    moves.push_back({line + 2, line + 5, Action::kRead, value});
  }
  Values values;
  Search possible(moves, kAbsent, values);
  EXPECT_EQ(possible.run({}), Search::Answer::kPossible);
  EXPECT_LT(possible.steps(), moves.size());
  moves.back().value = 8;
  EXPECT_EQ(search(moves, values), Search::Answer::kImpossible);
}

}  // namespace
}  // namespace sim::history
