#include "sim/scenario/json.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/scenario/vocabulary_testing.h"

namespace sim {
namespace {

std::string problem_of(const std::string& text) {
  Problems problems("f", text);
  EXPECT_EQ(parse_json(text, problems), nullptr) << text.substr(0, 50);
  EXPECT_EQ(problems.size(), 1u);
  return problems.empty() ? "" : problems.text(1).substr(0, problems.text(1).find('\n'));
}

TEST(Json, EveryValueKnowsWhereItStood) {
  Problems problems;
  const JsonRef root = parse_json(
      "{\"a\": [1, -2.5e3,\n  {\"b\\\"c\": null}],\n\"\u00fc\": \"\u00fc\" , \"t\":true}",
      problems);
  ASSERT_TRUE(root);
  EXPECT_EQ(root->place, (Place{1, 1}));
  const JsonNode& list = *root->find("a")->value;
  EXPECT_EQ(list.place, (Place{1, 7}));
  EXPECT_EQ(list.items[0]->place, (Place{1, 8}));
  EXPECT_EQ(list.items[1]->place, (Place{1, 11}));
  EXPECT_EQ(list.items[1]->text, "-2.5e3");
  EXPECT_EQ(list.items[2]->place, (Place{2, 3}));
  EXPECT_EQ(list.items[2]->members[0].place, (Place{2, 4}));
  EXPECT_EQ(list.items[2]->members[0].key, "b\"c");
  EXPECT_EQ(list.items[2]->members[0].value->place, (Place{2, 12}));
  EXPECT_EQ(root->members[1].place, (Place{3, 1}));
  EXPECT_EQ(root->members[1].value->place, (Place{3, 6})) << "columns count characters, not bytes";
  EXPECT_EQ(root->find("t")->value->place, (Place{3, 16}));
}

TEST(Json, NumbersAreKeptAsWritten) {
  Problems problems;
  const JsonRef root =
      parse_json("[18446744073709551615, 0.1, 123456789012345678901234567890]", problems);
  ASSERT_TRUE(root);
  EXPECT_EQ(root->items[0]->text, "18446744073709551615");
  EXPECT_EQ(root->items[1]->text, "0.1");
  EXPECT_EQ(root->items[2]->text, "123456789012345678901234567890");
}

TEST(Json, RubbishIsRefusedWithItsPlace) {
  EXPECT_EQ(problem_of(""),
            "f:1:1: error: not JSON: syntax error while parsing value - unexpected end of input; "
            "expected '[', "
            "'{', or a literal");
  EXPECT_EQ(problem_of("{\"a\": NaN}").substr(0, 29), "f:1:7: error: not JSON: synta");
  EXPECT_EQ(problem_of("{\"a\": 1e999}").substr(0, 28), "f:1:7: error: not JSON: numb");
  EXPECT_EQ(problem_of("[1,\n 2,\n]").substr(0, 28), "f:3:1: error: not JSON: synt");
  EXPECT_EQ(problem_of("[1] 2").substr(0, 28), "f:1:5: error: not JSON: synt");
  EXPECT_EQ(problem_of("// no\n[]").substr(0, 28), "f:1:1: error: not JSON: synt");
}

TEST(Json, DuplicateKeysAreAllReportedAndTheFirstKept) {
  Problems problems("f", "");
  const JsonRef root = parse_json("{\"a\": 1, \"b\": {\"c\": 1, \"c\": 2},\n \"a\": 3}", problems);
  ASSERT_TRUE(root);
  EXPECT_EQ(problems.text(),
            "f:1:24: error: duplicate key \"c\"\nf:2:2: error: duplicate key \"a\"\n");
  EXPECT_EQ(root->find("a")->value->text, "1");
}

TEST(Json, HostileFilesAreErrors) {
  const std::string deep = problem_of(std::string(10'000, '[') + std::string(10'000, ']'));
  EXPECT_EQ(deep, "f:1:65: error: nested deeper than 64 levels");
  const std::string large = problem_of("[\"" + std::string(5'000'000, 'x') + "\"]");
  EXPECT_EQ(large, "f: error: the file is larger than 4 MiB; no scenario is");
  const std::string text = problem_of("[\"" + std::string(70'000, 'x') + "\"]");
  EXPECT_EQ(text, "f:1:2: error: a text of 70000 bytes; at most 65536 are allowed");
  std::string many = "[0";
  for (int i = 0; i < 300'000; ++i) many += ",[]";
  EXPECT_EQ(problem_of(many + "]").substr(0, 13), "f:1:600001: e");
}

// What was meant is looked for among all names there are, so it must not be looked for without end.
TEST(Json, OfAThousandMistakesOnlyTheFirstAreGuessedAt) {
  std::string keys = R"({"version": 1, "name": "x")";
  for (int i = 100; i < 1'100; ++i) keys += ",\"duration" + std::to_string(i) + "\":0";
  const Loaded loaded = load_scenario("f", keys + "}", small_vocabulary());
  EXPECT_EQ(loaded.problems.size(), 1'000u);
  const std::vector<Problem> problems = loaded.problems.sorted();
  const auto guessed = std::count_if(problems.begin(), problems.end(),
                                     [](const Problem& problem) { return !problem.hint.empty(); });
  EXPECT_EQ(guessed, static_cast<std::ptrdiff_t>(Problems::kGuessedAt));
  EXPECT_EQ(problems.front().hint, "did you mean \"duration\"?");
  EXPECT_NE(loaded.problems.text().find("and 980 more"), std::string::npos);
}

TEST(Json, ListsThatWouldTakeLongToReadAreRefused) {
  const auto repeated = [](const std::string& item, int times) {
    std::string list = item;
    for (int i = 1; i < times; ++i) list += ',' + item;
    return '[' + list + ']';
  };
  const std::string step = R"({"at": "1s", "do": "reset", "node": "m1"})";
  EXPECT_EQ(messages(load(R"(, "timeline": )" + repeated(step, 10'001))),
            "expected at most 10000 objects, got a list of 10001 at /timeline\n");
  EXPECT_EQ(messages(load(R"(, "cluster": {"zones": )" + repeated("\"a\"", 1'001) + "}")),
            "1001 zones; at most 1000 are possible at /cluster/zones\n");
  EXPECT_EQ(messages(load(R"(, "swarm": {"duration": )" + repeated("\"5s\"", 1'001) + "}")),
            "1001 values; at most 1000 are possible at /swarm\n");
  std::string workloads;
  for (int i = 0; i < 11; ++i)
    workloads += (i > 0 ? "," : "") + std::string(R"({"type": "register", "clients": 1000})");
  EXPECT_EQ(messages(load(R"(, "workload": [)" + workloads + "]")),
            "11000 clients; at most 10000 are possible at /workload\n");
}

TEST(Json, MessagesShowNoControlCharactersAndNoNovels) {
  EXPECT_EQ(quote("a\x1b[2Jb"), "\"a\\x1b[2Jb\"");
  EXPECT_EQ(quote(std::string(100, 'x')), '"' + std::string(40, 'x') + "...\"");
}

TEST(Json, RubbishIsQuotedAsWhatATerminalCanShow) {
  const std::string text = "\x1b[2J\xff\xc3\xbc\xc2\x9b";
  Problems problems("f", text);
  EXPECT_EQ(parse_json(text, problems), nullptr);
  const std::string told = problems.text();
  EXPECT_NE(told.find("\n     [2J?\xc3\xbc"), std::string::npos) << told;
  EXPECT_EQ(told.find_first_of("\x1b\xff\x9b"), std::string::npos) << told;
}

TEST(Json, PointersAreEscaped) {
  EXPECT_EQ(pointer_to("/a", "b/c~d"), "/a/b~1c~0d");
  EXPECT_EQ(pointer_to("", std::size_t{3}), "/3");
}

}  // namespace
}  // namespace sim
