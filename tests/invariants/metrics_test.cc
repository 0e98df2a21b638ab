#include "sim/invariants/metrics.h"

#include <gtest/gtest.h>

#include "tests/invariants/story_testing.h"

namespace sim::story {
namespace {

Metrics measured(const Story& story) {
  Stage stage(story.facts.cast);
  Metrics metrics(story.facts);
  for (const Record& record : story.records) {
    stage.see(record);
    metrics.see(record, stage);
  }
  metrics.finish(story.end(), stage);
  return metrics;
}
std::optional<Duration> time_of(const Metrics& metrics, std::string_view name) {
  const auto value = metrics.value(name);
  return value ? std::optional(Duration(*value)) : std::nullopt;
}

Story failover() {
  Story story;
  story.boot().at(10s).crash(m1).at(12500ms);
  story.suspect(m2, m1, event::Suspicion::kNone, event::Suspicion::kPfail).at(12700ms);
  story.suspect(m2, m1, event::Suspicion::kPfail, event::Suspicion::kFail, 2, 2);
  story.healthy(m2, false, "slot 0 is not covered").at(13500ms);
  story.promote(m4, m1, shard(0), 4).at(13600ms).healthy(m2).at(14s);
  story.say(m4, event::WriteApplied{SlotId{1}, 0, 0}).ends(20s);
  return story;
}

TEST(Metrics, TimeAFailoverFromTheCrash) {
  const Metrics metrics = measured(failover());
  EXPECT_EQ(time_of(metrics, "time_to_pfail"), 2500ms);
  EXPECT_EQ(time_of(metrics, "time_to_fail"), 2700ms);
  EXPECT_EQ(time_of(metrics, "election"), 800ms);
  EXPECT_EQ(time_of(metrics, "promotion"), 3500ms);
  EXPECT_EQ(time_of(metrics, "state_ok_again"), 3600ms);
  EXPECT_EQ(time_of(metrics, "recovery"), 4s);
  EXPECT_EQ(metrics.value("promotions"), 1);
}

TEST(Metrics, SumUpWhenAShardHadNoPrimary) {
  const Metrics metrics = measured(failover());
  EXPECT_EQ(time_of(metrics, "unavailability_max"), 3500ms);
  EXPECT_EQ(time_of(metrics, "unavailability_total"), 4400ms) << "m2 was not ok for 900 ms";
  const std::int64_t lost = 3500 * 5461 + 900 * 5462;  // slot-milliseconds, of 16,384 slots in 18 s
  EXPECT_EQ(metrics.value("slot_unavailability_ppm"), lost * 1'000'000 / (18'000ll * 16'384));
}

TEST(Metrics, CountAnIsolatedPrimaryAsLostThoughItRuns) {
  Story story;
  story.boot().at(10s).cut({{"m1"}, {"m2", "m3", "m4", "m5", "m6"}});
  story.at(13s).promote(m4, m1, shard(0), 4).ends(20s);
  const Metrics metrics = measured(story);
  EXPECT_EQ(time_of(metrics, "promotion"), 3s);
  EXPECT_EQ(time_of(metrics, "unavailability_max"), 3s);
}

TEST(Metrics, DoNotReportWhatDidNotHappen) {
  Story story;
  story.boot().ends(20s);
  const Metrics metrics = measured(story);
  EXPECT_EQ(metrics.value("promotion"), std::nullopt);
  EXPECT_EQ(metrics.value("hit_rate"), std::nullopt);
  EXPECT_EQ(metrics.value("acked_writes"), std::nullopt) << "there were no clients";
  EXPECT_EQ(metrics.value("promotions"), 0);
  EXPECT_EQ(time_of(metrics, "unavailability_max"), 0s);
}

TEST(Metrics, CountWhatClientsSaw) {
  Story story;
  story.boot();
  for (std::uint64_t op = 1; op <= 4; ++op) {
    event::OpInvoked invoked;
    invoked.operation = op;
    invoked.kind = op < 4 ? event::OpKind::kWrite : event::OpKind::kRead;
    story.say(client, invoked).at(2s + op * 10ms);
    event::OpCompleted done;
    done.operation = op;
    done.outcome = op == 2   ? event::OpOutcome::kFailed
                   : op == 3 ? event::OpOutcome::kUnknown
                             : event::OpOutcome::kOk;
    done.redirects = static_cast<std::uint32_t>(op);
    story.say(client, done);
  }
  for (const bool hit : {true, false, false, false}) story.say(client, event::CacheRead{hit});
  const Metrics metrics = measured(story);
  EXPECT_EQ(metrics.value("ops"), 4);
  EXPECT_EQ(metrics.value("acked_writes"), 1);
  EXPECT_EQ(metrics.value("failed_ops"), 1);
  EXPECT_EQ(metrics.value("unknown_ops"), 1);
  EXPECT_EQ(metrics.value("availability"), 500'000);
  EXPECT_EQ(metrics.value("redirects_max"), 4);
  EXPECT_EQ(metrics.value("hit_rate"), 250'000);
  EXPECT_EQ(time_of(metrics, "latency_mean"), 10ms);
}

TEST(Metrics, TellHowLongMostOperationsTook) {
  Story story;
  story.boot();
  for (std::uint64_t op = 1; op <= 100; ++op) {
    event::OpInvoked invoked;
    invoked.operation = op;
    event::OpCompleted done;
    done.operation = op;
    story.at(2s * op).say(client, invoked).at(2s * op + 1us * op).say(client, done);
  }
  const Metrics metrics = measured(story);
  const auto within = [&](const char* name, Duration exact) {
    const auto time = time_of(metrics, name);
    return time && *time >= exact && *time <= exact + exact / 64;
  };
  EXPECT_TRUE(within("latency_p50", 50us));
  EXPECT_TRUE(within("latency_p90", 90us));
  EXPECT_TRUE(within("latency_p99", 99us));
  EXPECT_EQ(time_of(metrics, "latency_max"), 100us);
}

TEST(Metrics, CountAsksApart) {
  Story story;
  story.boot();
  for (const char* reply : {"ASK 5 10.0.0.2:6379", "MOVED 5 10.0.0.2:6379", "ASK 6 10.0.0.2:6379"})
    story.say(client, event::Redirected{1, reply});
  event::OpInvoked invoked;
  invoked.operation = 2;
  story.say(client, invoked);
  const Metrics metrics = measured(story);
  EXPECT_EQ(metrics.value("redirects"), 3);
  EXPECT_EQ(metrics.value("asks"), 2);
}

// As the programs of operators say it, and nobody else.
TEST(Metrics, CountWhatOperationsMoved) {
  Story story;
  story.facts.cast.edit()[client].kind = MachineKind::kProgram;
  const auto line = [](const char* text) { return event::LogLine{event::LogLevel::kNotice, text}; };
  story.boot().at(1s).say(plan, event::OperationBegan{1, "reshard", "reshard"});
  story.say(client, line("Moving slot 5 from 10.0.0.1:6379 to 10.0.0.4:6379: ..."));
  story.say(client, line("Moving slot 6 from 10.0.0.1:6379 to 10.0.0.4:6379: "));
  story.say(m1, line("Moving slot 7 from 10.0.0.1:6379 to 10.0.0.4:6379: ..."));
  story.at(4s).say(plan, event::OperationEnded{1, "reshard", true, "", kNoMachine, true, ""});
  story.say(plan, event::OperationBegan{2, "rebalance", "rebalance"});
  story.say(client, line("####"));
  story.at(9s).say(plan,
                   event::OperationEnded{2, "rebalance", false, "dead", kNoMachine, true, ""});
  const Metrics metrics = measured(story);
  EXPECT_EQ(metrics.value("slots_moved"), 6);
  EXPECT_EQ(metrics.value("keys_migrated"), 3);
  EXPECT_EQ(metrics.value("operations_done"), 1);
  EXPECT_EQ(metrics.value("operations_failed"), 1);
  EXPECT_EQ(time_of(metrics, "reshard_time"), 3s);
  EXPECT_EQ(metrics.value("rebalance_time"), std::nullopt);
}

TEST(Metrics, OfOperationsAreToldOnlyWhereThereWereAny) {
  EXPECT_EQ(measured(failover()).value("slots_moved"), std::nullopt);
}

TEST(Metrics, RateBusMessagesPerNodeAndSecond) {
  Story story;
  story.boot().at(10s);
  for (std::uint32_t node = 0; node < 6; ++node) {
    event::ViewSnapshot view = story.view(node);
    view.counters["bus_sent_ping"] = 15;
    story.say(node, view);
  }
  EXPECT_EQ(measured(story).value("bus_sent_ping"), 1500);  // 15 in 10 s
}

TEST(Metrics, OfACopyAreTheSame) {
  const Story story = failover();
  Stage stage(story.facts.cast);
  Metrics whole(story.facts);
  std::unique_ptr<Metrics> copied = std::make_unique<Metrics>(story.facts);
  for (const Record& record : story.records) {
    stage.see(record);
    whole.see(record, stage);
    copied->see(record, stage);
    copied = std::make_unique<Metrics>(*copied);
  }
  whole.finish(story.end(), stage);
  copied->finish(story.end(), stage);
  ASSERT_EQ(whole.values().size(), copied->values().size());
  for (std::size_t i = 0; i < whole.values().size(); ++i) {
    EXPECT_EQ(whole.values()[i].name, copied->values()[i].name);
    EXPECT_EQ(whole.values()[i].value, copied->values()[i].value);
  }
}

// ---- Over seeds ----

MetricTable table_of(std::vector<std::int64_t> values) {
  MetricTable table;
  for (std::size_t i = 0; i < values.size(); ++i) {
    table.add(i + 1, std::vector<Metric>{{"promotion", MetricUnit::kNanoseconds, values[i]}});
  }
  return table;
}

TEST(MetricTable, TakesPercentilesByNearestRank) {
  std::vector<std::int64_t> values;
  for (std::int64_t i = 1; i <= 200; ++i) values.push_back(201 - i);
  const auto distribution = table_of(values).distribution("promotion");
  ASSERT_TRUE(distribution.has_value());
  EXPECT_EQ(distribution->min, 1);
  EXPECT_EQ(distribution->p50, 100);
  EXPECT_EQ(distribution->p90, 180);
  EXPECT_EQ(distribution->p99, 198);
  EXPECT_EQ(distribution->max, 200);
  EXPECT_EQ(distribution->max_seed, 1u);
  EXPECT_EQ(distribution->min_seed, 200u);
  EXPECT_EQ(table_of({7}).distribution("promotion")->p99, 7);
  EXPECT_EQ(table_of({7, 9}).distribution("promotion")->p50, 7);
  EXPECT_EQ(table_of({7, 9}).distribution("promotion")->p90, 9);
  EXPECT_FALSE(table_of({}).distribution("promotion").has_value());
}

TEST(MetricTable, NamesTheLowestOfTheSeedsOfAnExtreme) {
  const auto distribution = table_of({3, 9, 9, 1, 1}).distribution("promotion");
  EXPECT_EQ(distribution->max_seed, 2u);
  EXPECT_EQ(distribution->min_seed, 4u);
}

TEST(FormatMetric, PrintsIntegersInPeoplesUnits) {
  EXPECT_EQ(format_metric(1'204'567'890, MetricUnit::kNanoseconds), "1.204 s");
  EXPECT_EQ(format_metric(500'000, MetricUnit::kNanoseconds), "500.000 us");
  EXPECT_EQ(format_metric(250'100, MetricUnit::kPpm), "25.01 %");
  EXPECT_EQ(format_metric(5'210, MetricUnit::kMilliPerSecond), "5.210/s");
  EXPECT_EQ(format_metric(-3, MetricUnit::kCount), "-3");
}

// Two clients of two workloads; the first hits twice in four, the second once in four.
Story two_caches() {
  Story story;
  MachineInfo second = story.facts.cast[client];
  second.name = "d";
  story.facts.cast.push_back(second);
  story.facts.cast.edit()[client].workload = "near";
  story.facts.cast.edit().back().workload = "far";
  const std::uint32_t other = static_cast<std::uint32_t>(story.facts.cast.size() - 1);
  story.boot();
  for (const bool hit : {true, true, false, false}) story.say(client, event::CacheRead{hit});
  for (const bool hit : {true, false, false, false}) story.say(other, event::CacheRead{hit});
  for (const std::uint32_t who : {client, other}) {
    event::OpInvoked invoked;
    invoked.operation = who;
    invoked.kind = event::OpKind::kWrite;
    story.say(who, invoked);
    event::OpCompleted done;
    done.operation = who;
    done.outcome = who == client ? event::OpOutcome::kOk : event::OpOutcome::kFailed;
    story.say(who, done);
  }
  return story;
}

TEST(Metrics, AreToldOfEachWorkloadWhereThereAreSeveral) {
  const Metrics metrics = measured(two_caches());
  EXPECT_EQ(metrics.value("hit_rate"), 375'000);
  EXPECT_EQ(metrics.value("hit_rate of near"), 500'000);
  EXPECT_EQ(metrics.value("hit_rate of far"), 250'000);
  EXPECT_EQ(metrics.value("acked_writes of near"), 1);
  EXPECT_EQ(metrics.value("failed_ops of far"), 1);
  EXPECT_EQ(metrics.value("promotions of far"), std::nullopt) << "that is the cluster's";
}

TEST(Metrics, OfAWorkloadAloneAreNotToldTwice) {
  Story story = two_caches();
  story.facts.cast.edit().back().workload = "near";
  const Metrics metrics = measured(story);
  EXPECT_EQ(metrics.value("hit_rate"), 375'000);
  EXPECT_EQ(metrics.value("hit_rate of near"), std::nullopt);
}

TEST(Metrics, TakeOverWhatInvariantsHaveCounted) {
  const Story story;
  Metrics metrics(story.facts);
  const std::vector<Metric> counted{metric("lost_writes", 3)};
  metrics.finish(SimTime{}, Stage(story.facts.cast), counted);
  EXPECT_EQ(metrics.value("lost_writes"), 3);
}

TEST(MetricKinds, AnswerForAWorkloadOnlyWhereThatMakesSense) {
  EXPECT_EQ(find_metric("hit_rate of x"), find_metric("hit_rate"));
  EXPECT_EQ(find_metric("measured_y of x"), find_metric("measured_y"));
  EXPECT_EQ(find_metric("promotion of x"), nullptr);
  EXPECT_EQ(find_metric("nonsense of x"), nullptr);
}

TEST(MetricKinds, CoverWhatAFailoverReports) {
  const Metrics metrics = measured(failover());
  for (const Metric& metric : metrics.values()) {
    const MetricKind* kind = find_metric(metric.name);
    ASSERT_NE(kind, nullptr) << metric.name;
    EXPECT_EQ(kind->unit, metric.unit);
  }
}

}  // namespace
}  // namespace sim::story
