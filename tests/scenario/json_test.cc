#include "sim/scenario/json.h"

#include <gtest/gtest.h>

#include <chrono>

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

// Hostile files are errors, found in under a second.
TEST(Json, HostileFilesAreErrorsAtOnce) {
  const auto start = std::chrono::steady_clock::now();
  const std::string deep = problem_of(std::string(10'000, '[') + std::string(10'000, ']'));
  EXPECT_EQ(deep, "f:1:65: error: nested deeper than 64 levels");
  const std::string large = problem_of("[\"" + std::string(5'000'000, 'x') + "\"]");
  EXPECT_EQ(large, "f: error: the file is larger than 4 MiB; no scenario is");
  const std::string text = problem_of("[\"" + std::string(70'000, 'x') + "\"]");
  EXPECT_EQ(text, "f:1:2: error: a text of 70000 bytes; at most 65536 are allowed");
  std::string many = "[0";
  for (int i = 0; i < 300'000; ++i) many += ",[]";
  EXPECT_EQ(problem_of(many + "]").substr(0, 13), "f:1:600001: e");
  std::string keys = R"({"version": 1, "name": "x")";
  for (int i = 0; i < 100'000; ++i) keys += ",\"k" + std::to_string(i) + "\":0";
  const Loaded loaded = load_scenario("f", keys + "}", small_vocabulary());
  EXPECT_EQ(loaded.problems.size(), 100'000u);
  EXPECT_NE(loaded.problems.text().find("and 99980 more"), std::string::npos);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10))
      << "five files, even under a sanitizer";
}

TEST(Json, MessagesShowNoControlCharactersAndNoNovels) {
  EXPECT_EQ(quote("a\x1b[2Jb"), "\"a\\x1b[2Jb\"");
  EXPECT_EQ(quote(std::string(100, 'x')), '"' + std::string(40, 'x') + "...\"");
}

TEST(Json, PointersAreEscaped) {
  EXPECT_EQ(pointer_to("/a", "b/c~d"), "/a/b~1c~0d");
  EXPECT_EQ(pointer_to("", std::size_t{3}), "/3");
}

}  // namespace
}  // namespace sim
