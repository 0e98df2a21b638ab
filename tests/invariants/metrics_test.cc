#include "sim/invariants/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/invariants/story_testing.h"

namespace sim::story {
namespace {

using ::testing::HasSubstr;

Metrics measured(const Story& story) {
  Metrics metrics(story.facts);
  for (const Record& record : story.records) metrics.see(record);
  metrics.finish(story.end());
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
  Metrics whole(story.facts);
  std::unique_ptr<Metrics> copied = std::make_unique<Metrics>(story.facts);
  for (const Record& record : story.records) {
    whole.see(record);
    copied->see(record);
    copied = std::make_unique<Metrics>(*copied);
  }
  whole.finish(story.end());
  copied->finish(story.end());
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
  EXPECT_EQ(distribution->worst_seed, 1u);
  EXPECT_EQ(table_of({7}).percentile("promotion", 99), 7);
  EXPECT_EQ(table_of({7, 9}).percentile("promotion", 50), 7);
  EXPECT_EQ(table_of({7, 9}).percentile("promotion", 51), 9);
  EXPECT_EQ(table_of({}).percentile("promotion", 50), std::nullopt);
}

TEST(MetricTable, NamesTheLowestOfTheWorstSeeds) {
  EXPECT_EQ(table_of({3, 9, 9, 1}).distribution("promotion")->worst_seed, 2u);
}

Bound bound_of(std::string_view key, std::string_view text) {
  const auto parsed = parse_bound(key, text);
  if (const auto* error = std::get_if<std::string>(&parsed)) ADD_FAILURE() << *error;
  return std::holds_alternative<Bound>(parsed) ? std::get<Bound>(parsed) : Bound{};
}
std::string error_of(std::string_view key, std::string_view text) {
  const auto parsed = parse_bound(key, text);
  return std::holds_alternative<std::string>(parsed) ? std::get<std::string>(parsed) : "";
}

TEST(Bounds, AreReadExactly) {
  const Bound bound = bound_of("promotion_p99", "<1.5s");
  EXPECT_EQ(bound.metric, "promotion");
  EXPECT_EQ(bound.statistic, Statistic::kP99);
  EXPECT_EQ(bound.comparison, Comparison::kLess);
  EXPECT_EQ(bound.limit, 1'500'000'000);
  EXPECT_EQ(bound_of("hit_rate_min", ">= 95.5%").limit, 955'000);
  EXPECT_EQ(bound_of("lost_writes", "==0").statistic, Statistic::kMax);
  EXPECT_EQ(bound_of("unavailability_max", "<=2m").limit, 120'000'000'000);
  EXPECT_EQ(bound_of("unavailability_max", "<=2m").metric, "unavailability_max");
  EXPECT_EQ(bound_of("bus_sent_ping_p50", "<5.2/s").limit, 5200);
}

TEST(Bounds, TellWhatIsWrongWithThem) {
  EXPECT_THAT(error_of("promotoin_p99", "<20s"), HasSubstr("no metric is called \"promotoin\""));
  EXPECT_THAT(error_of("promotion", "20s"), HasSubstr("a bound begins with <, <=, ==, >= or >"));
  EXPECT_THAT(error_of("promotion", "<20"), HasSubstr("expected a duration such as"));
  EXPECT_THAT(error_of("promotion", "<20%"), HasSubstr("got \"<20%\""));
  EXPECT_THAT(error_of("lost_writes", "<1.5"), HasSubstr("expected a plain number"));
  for (const char* text :
       {"", "<", "<s", "<1.s", "<.5s", "<1..5s", "<-1s", "<99999999999h", "<1e3s", "<NaNs"}) {
    EXPECT_NE(error_of("promotion", text), "") << text;
  }
}

TEST(Bounds, HoldOrNotAndNameTheWorstSeed) {
  const MetricTable table = table_of({1'000'000'000, 3'000'000'000});
  const BoundResult tight = evaluate(bound_of("promotion_max", "<3s"), table);
  EXPECT_TRUE(tight.measured);
  EXPECT_FALSE(tight.holds);
  EXPECT_EQ(tight.seed, 2u);
  EXPECT_EQ(tight.sentence, "promotion_max <3s: is 3.000 s over 2 runs (worst seed 2)");
  EXPECT_TRUE(evaluate(bound_of("promotion_max", "<=3s"), table).holds);
  EXPECT_TRUE(evaluate(bound_of("promotion_p50", "==1s"), table).holds);
  EXPECT_FALSE(evaluate(bound_of("election", "<3s"), table).holds) << "not measured does not hold";
}

TEST(FormatMetric, PrintsIntegersInPeoplesUnits) {
  EXPECT_EQ(format_metric(1'204'567'890, MetricUnit::kNanoseconds), "1.204 s");
  EXPECT_EQ(format_metric(500'000, MetricUnit::kNanoseconds), "500.000 us");
  EXPECT_EQ(format_metric(250'100, MetricUnit::kPpm), "25.01 %");
  EXPECT_EQ(format_metric(5'210, MetricUnit::kMilliPerSecond), "5.210/s");
  EXPECT_EQ(format_metric(-3, MetricUnit::kCount), "-3");
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
