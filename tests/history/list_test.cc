// Lists and counters: each anomaly once, by hand, and many histories that have none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/history/history_testing.h"

namespace sim::history {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Transactions as lines "process: steps", each begun and ended before the next, or, behind '(' and
// ')', only begun or only ended. "1: x+1 y=[2 3]" appends 1 to x and reads y. A '!' before the
// steps says that it failed, a '?' that nobody knows.
std::string edn_of(std::string_view lines) {
  std::string out;
  std::istringstream in{std::string(lines)};
  std::string line;
  while (std::getline(in, line)) {
    const bool begins = line[0] != ')', ends = line[0] != '(';
    if (!begins || !ends) line.erase(0, 1);
    const std::string process = line.substr(0, line.find(':'));
    std::string rest = line.substr(line.find(':') + 2), type = "ok";
    if (rest[0] == '!') type = "fail";
    if (rest[0] == '?') type = "info";
    if (type != "ok") rest.erase(0, 1);
    std::string invoke, done;
    for (std::size_t at = 0; at < rest.size();) {
      const std::string key = rest.substr(at, 1);
      const bool read = rest[at + 1] == '=';
      const std::size_t stop =
          std::min(rest.size(), read ? rest.find(']', at) + 1 : rest.find(' ', at));
      const std::string value = rest.substr(at + 2, stop - at - 2);
      invoke +=
          "[:" + std::string(read ? "r " : "append ") + key + (read ? " nil]" : " " + value + "]");
      done += "[:" + std::string(read ? "r " : "append ") + key + " " + value + "]";
      at = stop + 1;
    }
    const auto say = [&](const std::string& what, const std::string& value) {
      out += "{:process " + process + " :type :" + what + " :f :txn :value [" + value + "]}\n";
    };
    if (begins) say("invoke", invoke);
    if (ends) say(type, type == "ok" ? done : invoke);
  }
  return out;
}

Report report_of(std::string_view lines) {
  History history = read_text(edn_of(lines), Model::kListAppend);
  return check(history, {});
}
std::vector<std::string> anomalies(std::string_view lines) {
  std::vector<std::string> names;
  for (const Finding& finding : report_of(lines).findings) names.push_back(finding.anomaly);
  return names;
}

TEST(Lists, NothingIsWrongWithOneAfterTheOther) {
  EXPECT_THAT(anomalies("1: x+1\n"
                        "2: x=[1] y=[]\n"
                        "1: x+2 y+1\n"
                        "2: y=[1] x=[1 2]\n"),
              ElementsAre());
}

TEST(Lists, WhatOverlapsMayGoEitherWay) {
  EXPECT_THAT(anomalies("(1: x+1\n"
                        "(2: x=[]\n"
                        "(3: x=[1]\n"
                        ")3: x=[1]\n"
                        ")2: x=[]\n"
                        ")1: x+1\n"),
              ElementsAre());
}

TEST(Lists, G0IsWritesInTwoOrders) {
  EXPECT_THAT(anomalies("(1: x+1 y+1\n"
                        "(2: x+2 y+2\n"
                        ")1: x+1 y+1\n"
                        ")2: x+2 y+2\n"
                        "3: x=[1 2] y=[2 1]\n"),
              ElementsAre("G0"));
}

TEST(Lists, G1aIsAReadOfWhatFailed) {
  EXPECT_THAT(anomalies("1: !x+1\n"
                        "2: x=[1]\n"),
              ElementsAre("G1a"));
  EXPECT_THAT(anomalies("1: ?x+1\n"
                        "2: x=[1]\n"),
              ElementsAre())
      << "what is of unknown outcome may be seen";
}

TEST(Lists, G1bIsAReadInTheMiddle) {
  EXPECT_THAT(anomalies("(1: x+1 x+2\n"
                        "(2: x=[1]\n"
                        ")2: x=[1]\n"
                        ")1: x+1 x+2\n"
                        "3: x=[1 2]\n"),
              testing::Contains("G1b"));
}

TEST(Lists, G1cIsReadingEachOther) {
  EXPECT_THAT(anomalies("(1: x+1 y=[1]\n"
                        "(2: y+1 x=[1]\n"
                        ")1: x+1 y=[1]\n"
                        ")2: y+1 x=[1]\n"),
              ElementsAre("G1c"));
}

TEST(Lists, GSingleIsReadSkew) {
  const Report report = report_of(
      "(1: x=[] y=[1]\n"
      "(2: x+1 y+1\n"
      ")2: x+1 y+1\n"
      ")1: x=[] y=[1]\n"
      "3: x=[1]\n");
  ASSERT_EQ(report.findings.size(), 1u);
  EXPECT_EQ(report.findings[0].anomaly, "G-single");
  EXPECT_EQ(report.findings[0].text,
            "no order of these fits, for each had to be before the next:\n"
            "    T1 = process 1, lines 1 to 4: read x [], read y [1]\n"
            "    T2 = process 2, lines 2 to 3: append x 1, append y 1\n"
            "  T1 < T2, because T1 read \"x\" without 1, which T2 appended next.\n"
            "  However T2 < T1, because T1 read 1 in \"y\", which T2 appended: a contradiction.\n");
}

TEST(Lists, G2IsWriteSkew) {
  EXPECT_THAT(anomalies("(1: x=[] y+1\n"
                        "(2: y=[] x+1\n"
                        ")1: x=[] y+1\n"
                        ")2: y=[] x+1\n"
                        "3: x=[1] y=[1]\n"),
              ElementsAre("G2"));
}

TEST(Lists, AStaleReadBreaksRealTime) {
  EXPECT_THAT(anomalies("1: x+1\n"
                        "2: x=[]\n"
                        "3: x=[1]\n"),
              ElementsAre("G-single-realtime"));
  EXPECT_THAT(anomalies("1: x+1\n"
                        "1: x=[]\n"
                        "3: x=[1]\n"),
              ElementsAre("G-single-process"));
  // Two keys tied together by a third transaction, each fine by itself.
  EXPECT_THAT(anomalies("(1: x+1\n"
                        ")1: x+1\n"
                        "(2: x=[] y+1\n"
                        ")2: x=[] y+1\n"
                        "3: x=[1] y=[1]\n"),
              ElementsAre("G-single-realtime"));
}

TEST(Lists, LostDoubledAndInventedElements) {
  EXPECT_THAT(anomalies("1: x+1\n"
                        "2: x+2\n"
                        "3: x=[1]\n"),
              ElementsAre("lost-element"));
  EXPECT_THAT(anomalies("1: x+1\n"
                        "3: x=[1]\n"
                        "2: x+2\n"),
              ElementsAre())
      << "nobody read later";
  EXPECT_THAT(anomalies("1: x+1\n"
                        "3: x=[1 1]\n"),
              ElementsAre("duplicate-element"));
  EXPECT_THAT(anomalies("1: x+1\n"
                        "3: x=[1 7]\n"),
              ElementsAre("invented-element"));
}

TEST(Lists, ReadsThatContradictEachOther) {
  const Report report = report_of(
      "1: x+1\n"
      "1: x+2\n"
      "2: x=[1 2]\n"
      "1: x+3\n"
      "2: x=[1 3]\n");
  ASSERT_EQ(report.findings.size(), 2u);
  EXPECT_EQ(report.findings[0].anomaly, "incompatible-order");
  EXPECT_THAT(report.findings[0].text,
              HasSubstr("other reads agree on 2 at position 2, and this one has 3"));
  EXPECT_EQ(report.findings[1].anomaly, "lost-element");
  EXPECT_THAT(report.findings[1].text, HasSubstr("2 was acknowledged and read, and is gone"));
}

TEST(Lists, ATransactionContradictsItself) {
  EXPECT_THAT(anomalies("1: x+1 x=[]\n"), testing::Contains("internal"));
  EXPECT_THAT(anomalies("1: x=[] x+1 x=[1]\n"), ElementsAre());
  EXPECT_THAT(anomalies("2: x+1\n"
                        "1: x=[] x=[1]\n"),
              testing::Contains("internal"));
}

TEST(Lists, AnElementMayBeAppendedOnce) {
  EXPECT_THAT([] { report_of("1: x+1\n1: x+1\n"); },
              testing::Throws<HistoryError>(testing::Field(
                  &HistoryError::what,
                  HasSubstr("1 is appended of key \"x\" a second time (first in line 1)"))));
}

// Transactions on a store that does them one at a time, at some moment between begin and end.
std::string serial_history(Choices& choices, int transactions) {
  struct Running {
    bool busy = false, done = false;
    std::vector<std::pair<char, int>> steps;  // key; element, 0 to read
    std::string invoke, ok;
  };
  std::map<char, std::vector<int>> store;
  std::vector<Running> processes(5);
  std::string out;
  int element = 0, begun = 0;
  const auto draw = [&](std::uint64_t n) { return choices.choose(Site::kOperation, n); };
  const auto say = [&](std::size_t process, const char* type, const std::string& value) {
    out += "{:process " + std::to_string(process) + " :type :" + type + " :f :txn :value [" +
           value + "]}\n";
  };
  while (begun < transactions) {
    const std::size_t process = draw(processes.size());
    Running& one = processes[process];
    if (!one.busy) {
      one = {true};
      ++begun;
      for (std::uint64_t i = 0; i <= draw(3); ++i) {
        const char key = static_cast<char>('a' + draw(4));
        const bool read = draw(2) == 0;
        one.steps.emplace_back(key, read ? 0 : ++element);
        one.invoke += read ? std::string("[:r ") + key + " nil]"
                           : std::string("[:append ") + key + ' ' + std::to_string(element) + ']';
      }
      say(process, "invoke", one.invoke);
    } else if (!one.done) {
      for (const auto& [key, value] : one.steps) {
        if (value != 0) store[key].push_back(value);
        one.ok += value != 0 ? std::string("[:append ") + key + ' ' + std::to_string(value) + ']'
                             : std::string("[:r ") + key + " [";
        if (value != 0) continue;
        for (const int item : store[key]) one.ok += std::to_string(item) + ' ';
        one.ok += "]]";
      }
      one.done = true;
    } else {
      one.busy = false;
      draw(10) == 0 ? say(process, "info", one.invoke) : say(process, "ok", one.ok);
    }
  }
  return out;
}

TEST(Lists, OneAtATimeHasNoAnomaly) {
  ChoiceStream stream(3, "history/serial");
  Choices choices(stream);
  for (int i = 0; i < 60; ++i) {
    History history = read_text(serial_history(choices, 60), Model::kListAppend);
    const Report report = check(history, {});
    ASSERT_EQ(report.verdict, Verdict::kPass) << i << ": " << report.findings[0].text;
  }
}

TEST(Lists, AReadThatMissesAnElementIsFound) {
  ChoiceStream stream(4, "history/stale");
  Choices choices(stream);
  int found = 0, changed = 0;
  for (int i = 0; i < 60; ++i) {
    std::string text = serial_history(choices, 60);
    const std::size_t at = text.rfind(" ]]");
    if (at == std::string::npos) continue;
    const std::size_t before = text.find_last_of(" [", at - 1);
    text.erase(before + 1, at - before - 1);
    ++changed;
    History history = read_text(text, Model::kListAppend);
    found += check(history, {}).verdict == Verdict::kFail ? 1 : 0;
  }
  // Some overlap the append they miss, so that it may be so.
  EXPECT_GT(found, changed / 2);
  EXPECT_GT(changed, 50);
}

// ---- Counters ----

std::vector<std::string> counted(const std::string& text) {
  History history = read_text(text, Model::kCounter);
  std::vector<std::string> names;
  for (const Finding& finding : check(history, {}).findings) names.push_back(finding.anomaly);
  return names;
}
std::string event(int process, const char* type, const char* rest) {
  return "{:process " + std::to_string(process) + " :type :" + type + ' ' + rest + "}\n";
}
std::string both(int process, const char* invoke, const char* ok) {
  return event(process, "invoke", invoke) + event(process, "ok", ok);
}

TEST(Counter, LiesBetweenWhatIsCertainAndWhatIsPossible) {
  const std::string one = both(1, ":f :add :value 1", ":f :add :value 1");
  const auto read = [](const char* value) {
    return both(2, ":f :read", (":f :read :value " + std::string(value)).c_str());
  };
  EXPECT_THAT(counted(one + read("1")), ElementsAre());
  EXPECT_THAT(counted(read("nil") + one), ElementsAre());
  EXPECT_THAT(counted(one + one + read("1") + read("1")), ElementsAre("lost-increment"));
  EXPECT_THAT(counted(one + read("2")), ElementsAre("read-from-the-future"));
  const std::string open = event(3, "invoke", ":f :add :value 5") + event(3, "info", ":f :add");
  EXPECT_THAT(counted(open + read("0") + read("5")), ElementsAre());
  EXPECT_THAT(counted(open + read("5") + read("0")), ElementsAre("went-back"));
  const std::string failed = event(3, "invoke", ":f :add :value 5") + event(3, "fail", ":f :add");
  EXPECT_THAT(counted(failed + read("5")), ElementsAre("read-from-the-future"));
}

TEST(Counter, NoTwoIncrementsAreToldTheSame) {
  const auto increment = [](int process, int result) {
    return both(process, ":f :increment",
                (":f :increment :result " + std::to_string(result)).c_str());
  };
  EXPECT_THAT(counted(increment(1, 1) + increment(2, 2)), ElementsAre());
  const std::string two = event(1, "invoke", ":f :increment") + event(2, "invoke", ":f :increment");
  EXPECT_THAT(counted(two + event(1, "ok", ":f :increment :result 1") +
                      event(2, "ok", ":f :increment :result 1")),
              ElementsAre("lost-increment"));
  EXPECT_THAT(counted(increment(1, 1) + increment(2, 1)), testing::Contains("lost-increment"));
}

TEST(Counter, MayGoDownIfItWasToldTo) {
  EXPECT_THAT(
      counted(both(1, ":f :add :value 3", ":f :add") + both(1, ":f :add :value -2", ":f :add") +
              both(2, ":f :read", ":f :read :value 1")),
      ElementsAre());
}

}  // namespace
}  // namespace sim::history
