// What is read of each format, and what is said of what cannot be read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/history/history_testing.h"

namespace sim::history {
namespace {

using testing::HasSubstr;

std::vector<std::string> described(const History& history) {
  std::vector<std::string> all;
  for (const Operation& one : history.operations) all.push_back(describe(history, one));
  return all;
}

TEST(Reader, OurOwnLines) {
  const History history = read_text(
      "{\"slotsim_history\":1,\"scenario\":\"x\",\"seed\":7}\n"
      "{\"process\":\"c-1/0\",\"type\":\"invoke\",\"f\":\"write\",\"key\":\"k\",\"value\":\"a "
      "b\"}\r\n"
      "\n"
      "{\"process\": 2, \"type\": \"invoke\", \"f\": \"read\", \"key\": \"k\", \"time\": 12}\n"
      "{\"process\":\"c-1/0\",\"type\":\"info\",\"f\":\"write\",\"error\":\"timeout\"}\n"
      "{\"process\":2,\"type\":\"ok\",\"f\":\"read\",\"key\":\"k\",\"value\":\"a b\"}\n"
      "{\"process\":2,\"type\":\"invoke\",\"f\":\"write\",\"key\":\"k\",\"value\":5}\n"
      "{\"process\":2,\"type\":\"fail\",\"f\":\"write\",\"key\":\"k\",\"value\":5}\n"
      "{\"process\":3,\"type\":\"invoke\",\"f\":\"read\",\"key\":\"k\",\"value\":null}",
      Model::kRegister);
  EXPECT_THAT(described(history),
              testing::ElementsAre("process c-1/0, line 2, outcome unknown: write a b",
                                   "process 2, lines 4 to 6: read a b",
                                   "process 2, lines 7 to 8: write 5"));
  EXPECT_TRUE(history.operations[2].failed);
  EXPECT_EQ(history.invoked, 4u);
  EXPECT_EQ(history.answered, 1u);
  EXPECT_EQ(history.refused, 1u);
  EXPECT_EQ(history.unknown, 2u);
  EXPECT_EQ(history.never_ended, 1u);
}

TEST(Reader, ANumberIsTheTextItPrintsAs) {
  Values values;
  EXPECT_EQ(values.id("5"), ValueId{5});
  EXPECT_EQ(values.text(values.id("05")), "05");
  EXPECT_NE(values.id("05"), values.id("5"));
  EXPECT_EQ(values.text(values.id("2147483648")), "2147483648");
  EXPECT_EQ(values.text(values.id("-1")), "-1");
  EXPECT_EQ(values.text(values.concatenation(kAbsent, 5)), "5");
  EXPECT_EQ(values.concatenation(1, 2), ValueId{12});
  for (int i = 0; i < 1000; ++i) values.id("text " + std::to_string(i));
  EXPECT_EQ(values.text(values.id("text 7")), "text 7");
}

TEST(Reader, JepsensEdn) {
  // Bracketed, over several lines, with tags, commas, comments and a nemesis.
  const History history = read_text(
      "[{:process 0, :type :invoke, :f :write, :value 3, :index 0, :time 1}\n"
      " #jepsen.history.Op{:process :nemesis, :type :info, :f :start, :value nil}\n"
      " {:process 1, :type :invoke,\n"
      "  :f :cas, :value [3 4]} ; a comment\n"
      " {:process 0, :type :ok, :f :write, :value 3},\n"
      " {:process 1, :type :fail, :f :cas, :value [3 4]}\n"
      " {:process 2, :type :invoke, :f :cas, :value [3 5]}\n"
      " {:process 2, :type :fail, :f :cas, :value [3 5], :error :connection-refused}\n"
      "]\n",
      Model::kCasRegister);
  EXPECT_THAT(described(history),
              testing::ElementsAre("process 0, lines 1 to 5: write 3",
                                   "process 1, lines 3 to 6: cas 3 -> 4, not equal",
                                   "process 2, lines 7 to 8: cas 3 -> 5"));
  EXPECT_FALSE(history.operations[1].failed) << "it compared, which says something";
  EXPECT_TRUE(history.operations[2].failed);
}

TEST(Reader, IndependentKeysOfJepsen) {
  const History history = read_text(
      "{:process 0 :type :invoke :f :write :value [x 3]}\n"
      "{:process 0 :type :ok :f :write :value [x 3]}\n"
      "{:process 0 :type :invoke :f :cas :value [y [1 2]]}\n"
      "{:process 0 :type :ok :f :cas :value [y [1 2]]}\n"
      "{:process 0 :type :invoke :f :read :value [x nil]}\n"
      "{:process 0 :type :ok :f :read :value [x 3]}\n",
      Model::kCasRegister);
  EXPECT_EQ(history.keys.size(), 2u);
  EXPECT_THAT(described(history), testing::ElementsAre("process 0, lines 1 to 2: write 3",
                                                       "process 0, lines 3 to 4: cas 1 -> 2",
                                                       "process 0, lines 5 to 6: read 3"));
}

TEST(Reader, JepsensLog) {
  const History history = read_text(
      "INFO  jepsen.core - Worker 0 starting\n"
      "INFO  jepsen.util - 0\t:invoke\t:write\t3\n"
      "INFO  jepsen.util - :nemesis\t:info\t:start\tnil\n"
      "INFO  jepsen.util - 1\t:invoke\t:read\tnil\n"
      "INFO  jepsen.util - 0\t:info\t:write\t:timed-out\n"
      "INFO  jepsen.util - 1\t:ok\t:read\t3\n"
      "INFO  jepsen.util - 1   :invoke :cas   [3 4]\n"
      "INFO  jepsen.util - 1   :fail   :cas   :timed-out\n"
      "INFO  jepsen.util - 1 :invoke :read nil\n"
      "INFO  jepsen.util - 1 :fail :read :timed-out\n",
      Model::kCasRegister);
  EXPECT_THAT(described(history),
              testing::ElementsAre("process 0, line 2, outcome unknown: write 3",
                                   "process 1, lines 4 to 6: read 3",
                                   "process 1, lines 7 to 8: cas 3 -> 4"));
  EXPECT_TRUE(history.operations[2].failed);
}

TEST(Reader, PorcupinesTextOfKeyValueStores) {
  History history = read_text(
      "{:process 0, :type :invoke, :f :get, :key \"0\", :value nil}\n"
      "{:process 0, :type :ok, :f :get, :key \"0\", :value \"\"}\n"
      "{:process 0, :type :invoke, :f :append, :key \"0\", :value \"x 0 1 y\"}\n"
      "{:process 0, :type :ok, :f :append, :key \"0\", :value \"x 0 1 y\"}\n"
      "{:process 0, :type :invoke, :f :append, :key \"0\", :value \"z\"}\n"
      "{:process 0, :type :ok, :f :append, :key \"0\", :value \"z\"}\n"
      "{:process 0, :type :invoke, :f :get, :key \"0\", :value nil}\n"
      "{:process 0, :type :ok, :f :get, :key \"0\", :value \"x 0 1 yz\"}\n"
      "{:process 0, :type :invoke, :f :put, :key \"0\", :value \"p\"}\n"
      "{:process 0, :type :ok, :f :put, :key \"0\", :value \"p\"}\n",
      Model::kKv);
  EXPECT_EQ(history.operations[0].value, kAbsent) << "what is absent is empty";
  EXPECT_EQ(check(history, {}).verdict, Verdict::kPass);
}

TEST(Reader, OfAWorkloadOnly) {
  const std::string text =
      "{\"process\":1,\"type\":\"invoke\",\"f\":\"write\",\"value\":1,\"workload\":\"a\"}\n"
      "{\"process\":2,\"type\":\"invoke\",\"f\":\"increment\",\"workload\":\"b\"}\n";
  EXPECT_EQ(read_text(text, Model::kRegister, "a").invoked, 1u);
  EXPECT_EQ(read_text(text, Model::kCounter, "b").invoked, 1u);
}

TEST(Reader, SaysWhatIsWrongAndWhere) {
  const auto of = [](const std::string& text) { return error_of(text, Model::kRegister); };
  const std::string first = "{\"process\":1,\"type\":\"invoke\",\"f\":\"write\",\"value\":1}\n";
  EXPECT_EQ(of(""), "0:0: the file is empty: there is nothing to check");
  EXPECT_EQ(of("\r\n\n"), "0:0: the file is empty: there is nothing to check");
  EXPECT_EQ(of("{\"slotsim_history\":1}\n"), "0:0: there is no operation in it");
  EXPECT_EQ(of("{\"slotsim_history\":2}\n"), "1:20: a history of version 1 is all that is known");
  EXPECT_THAT(of("hello\n"), HasSubstr("1:1: this is no history"));
  EXPECT_EQ(of(first + first),
            "2:1: process 1 begins an operation, though the one it began in line 1 has not ended");
  EXPECT_EQ(of("{\"process\":1,\"type\":\"ok\",\"f\":\"read\",\"value\":1}\n"),
            "1:1: process 1 ends an operation that it never began");
  EXPECT_EQ(of(first + "{\"process\":1,\"type\":\"ok\",\"f\":\"read\",\"value\":1}\n"),
            "2:30: process 1 ends another operation than it began in line 1");
  EXPECT_EQ(of("{\"process\":1,\"type\":\"inwoke\",\"f\":\"read\"}\n"),
            "1:21: \"inwoke\" is no type: expected invoke, ok, fail or info");
  EXPECT_EQ(of("{\"process\":1,\"type\":\"invoke\",\"f\":\"cas\",\"value\":[1,2]}\n"),
            "1:34: \"cas\" is not an operation of this model, which has read, write and delete");
  EXPECT_EQ(of("{\"type\":\"invoke\",\"f\":\"read\"}\n"), "1:1: an operation needs a \"process\"");
  EXPECT_EQ(of(first + "[1]\n"),
            "2:1: expected an operation, a map with \"process\", \"type\", \"f\"");
  EXPECT_EQ(of(first + "{\"process\":1 \"type\":2}\n"), "2:14: expected ',' or '}'");
  EXPECT_EQ(of(first + "{\"process\":1,}\n"), "2:14: unexpected '}'");
  EXPECT_EQ(of(first + "{\"process\n{}"), "2:10: the line ends in the middle of an operation");
  EXPECT_THAT(of(first + "{\"process\":1,\"ty"),
              HasSubstr("2:17: the file ends inside this operation"));
  EXPECT_THAT(of("{:process 1 :type :invoke :f :write :value 1}\n{:process 1 :type"),
              HasSubstr("2:1: the file ends inside this operation"));
  EXPECT_EQ(of(std::string(100, '[')), "0:0: there is no operation in it");
  EXPECT_THAT(of("{\"a\":" + std::string(100, '[')), HasSubstr("nested deeper than any operation"));
}

TEST(Reader, ListsOfTransactionsHaveToMatch) {
  const auto of = [](const std::string& text) { return error_of(text, Model::kListAppend); };
  const std::string invoke =
      "{:process 1 :type :invoke :f :txn :value [[:append x 1] [:r y nil]]}\n";
  EXPECT_EQ(of(invoke + "{:process 1 :type :ok :f :txn :value [[:append x 1] [:r y [2]]]}\n"), "");
  EXPECT_EQ(of(invoke + "{:process 1 :type :ok :f :txn :value [[:append x 1]]}\n"),
            "2:38: the transaction has fewer steps than it began with");
  EXPECT_EQ(of(invoke + "{:process 1 :type :ok :f :txn :value [[:append x 1] [:r z [2]]]}\n"),
            "2:53: another step than the one the transaction began with");
  EXPECT_EQ(of("{:process 1 :type :invoke :f :txn :value [[:push x 1]]}\n"),
            "1:43: expected a step such as [\"append\", key, value] or [\"r\", key, null]");
}

}  // namespace
}  // namespace sim::history
