#include "sim/trace/trace_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/trace/random_event_testing.h"

namespace sim {
namespace {

using ::testing::HasSubstr;

Cast two_machines() {
  std::vector<MachineInfo> cast(2);
  cast[0] = {.name = "m1",
             .endpoint = {0x0a000001, 6379},
             .host = "h1",
             .rack = "r",
             .zone = "a",
             .region = "eu",
             .shard = 0,
             .planned_id = NodeName::from(std::string(40, 'a')),
             .planned_primary = true};
  cast[1].name = "client-1";
  cast[1].kind = MachineKind::kClient;
  return cast;
}
TraceHeader header_of(const Cast& cast) {
  return {"fail\"over", 0xffff'ffff'ffff'ffff, cast};
}

// Could become any member of an aggregate; counts how many there are.
struct Anything {
  template <class T>
  operator T() const;  // NOLINT: implicit on purpose, never defined
};
template <class E, class... Members>
constexpr int member_count() {
  if constexpr (requires { E{Members{}..., Anything{}}; }) {
    return member_count<E, Members..., Anything>();
  } else {
    return static_cast<int>(sizeof...(Members));
  }
}
template <class E>
E random_event(std::uint64_t seed) {
  E event;
  RandomFields filler(seed, 2);
  fields(filler, event);
  EXPECT_EQ(filler.visited, member_count<E>())
      << "event_fields.h forgets a field of " << detail::type_name<E>();
  return event;
}
template <std::size_t... I>
std::vector<Event> one_of_each(std::uint64_t seed, std::index_sequence<I...>) {
  return {Event(random_event<std::variant_alternative_t<I, AnyEvent>>(seed))...};
}
std::vector<Event> one_of_each(std::uint64_t seed) {
  return one_of_each(seed, std::make_index_sequence<kEventKinds>());
}

std::string text_of(const Record& record, const Cast& cast) {
  std::string text;
  append_json(record, cast, text);
  return text;
}

// Why reading this fails; "" if it does not.
std::string complaint(const std::string& text) {
  try {
    std::istringstream in(text);
    TraceReader reader(in);
    while (reader.next()) {}
  } catch (const TraceError& error) {
    return error.what();
  }
  return "";
}
std::string header_line() {
  std::string text;
  append_json(header_of(two_machines()), text);
  return text;
}

TEST(TraceJson, NamesEventKindsAfterTheirTypes) {
  EXPECT_EQ(event_name(event::NodeStarted{}), "NodeStarted");
  EXPECT_EQ(event_name(event::Converged{}), "Converged");
}

TEST(TraceJson, KnowsEveryFieldOfWhatIsNested) {
  event::PeerView view;
  MachineInfo info;
  RandomFields views(1, 2), infos(1, 2);
  fields(views, view);
  fields(infos, info);
  EXPECT_EQ(views.visited, member_count<event::PeerView>());
  EXPECT_EQ(infos.visited, member_count<MachineInfo>());
}

TEST(TraceJson, EveryEventKindSurvivesTheRoundTrip) {
  const Cast cast = two_machines();
  std::vector<std::string> written;
  std::string file;
  append_json(header_of(cast), file);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    for (Event& event : one_of_each(seed)) {
      const Record record{written.size(),
                          sim_time(Duration{12'345'678'901 + static_cast<std::int64_t>(seed)}),
                          MachineId{static_cast<std::uint32_t>(seed % 2)},
                          static_cast<Source>(seed % 7), std::move(event)};
      written.push_back(text_of(record, cast));
      file += written.back();
    }
  }
  std::istringstream in(file);
  TraceReader reader(in);
  for (const std::string& line : written) {
    const std::optional<Record> record = reader.next();
    ASSERT_TRUE(record.has_value());
    ASSERT_EQ(text_of(*record, cast), line);
  }
  EXPECT_FALSE(reader.next().has_value());
  EXPECT_EQ(reader.skipped(), 0u);
}

TEST(TraceJson, WritesWhatAPersonCanRead) {
  const Record record{7, sim_time(1500us), MachineId{0}, Source::kWorld,
                      event::MachineCrashed{true}};
  EXPECT_EQ(
      text_of(record, two_machines()),
      "{\"n\":7,\"at\":1500000,\"machine\":\"m1\",\"source\":\"world\",\"kind\":\"MachineCrashed\","
      "\"power_lost\":true}\n");
}

TEST(TraceJson, RecordsOfNoMachineStayOfNoMachine) {
  const Record record{0, sim_time(1s), kNoMachine, Source::kPlan, event::Converged{}};
  std::istringstream in(header_line() + text_of(record, two_machines()));
  TraceReader reader(in);
  EXPECT_EQ(reader.next()->machine, kNoMachine);
}

TEST(TraceJson, HeaderSurvivesTheRoundTrip) {
  std::istringstream in(header_line());
  TraceReader reader(in);
  EXPECT_EQ(reader.header().scenario, "fail\"over");
  EXPECT_EQ(reader.header().seed, 0xffff'ffff'ffff'ffff);
  std::string again;
  append_json(reader.header(), again);
  EXPECT_EQ(again, header_line());
}

TEST(TraceJson, UnknownKindsAreSkippedAndCounted) {
  std::istringstream in(header_line() + "{\"n\":0,\"at\":1,\"kind\":\"Unheard\",\"x\":[1]}\n" +
                        "{\"n\":1,\"at\":2,\"kind\":\"Converged\",\"new_field\":3}\n");
  TraceReader reader(in);
  const std::optional<Record> record = reader.next();
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->sequence, 1u);
  EXPECT_EQ(reader.skipped(), 1u);
}

TEST(TraceJson, AbsentFieldsKeepTheirDefaults) {
  std::istringstream in(header_line() +
                        "{\"n\":0,\"at\":1,\"kind\":\"OpCompleted\",\"operation\":5}\n");
  TraceReader reader(in);
  const auto completed = std::get<event::OpCompleted>(reader.next()->event);
  EXPECT_EQ(completed.operation, 5u);
  EXPECT_EQ(completed.attempts, 1u);
}

TEST(TraceJson, DamageIsToldWithItsLine) {
  EXPECT_EQ(complaint(""), "line 1: expected a slotsim trace, got an empty file");
  EXPECT_THAT(complaint("{\"version\":1}\n"), HasSubstr("line 1: expected the header"));
  EXPECT_THAT(complaint("{\"slotsim_trace\":2}\n"), HasSubstr("got version 2"));
  EXPECT_THAT(complaint(header_line() + "{\"n\":0,\"at\":1,\"ki"),
              HasSubstr("line 2: expected a record"));
  EXPECT_THAT(complaint(header_line() + "{\"n\":-1,\"kind\":\"Converged\"}"),
              HasSubstr("\"n\" to be no negative"));
  EXPECT_THAT(complaint(header_line() + "{\"machine\":\"m9\",\"kind\":\"Converged\"}"),
              HasSubstr("not \"m9\""));
  EXPECT_THAT(complaint(header_line() + "{\"kind\":\"Claim\",\"slots\":\"5-1\"}"),
              HasSubstr("slot ranges"));
  EXPECT_THAT(complaint(header_line() + "{\"kind\":\"Claim\",\"slots\":\"16384\"}"),
              HasSubstr("slot ranges"));
  EXPECT_THAT(complaint(header_line() + "{\"kind\":\"Claim\",\"id\":\"abc\"}"),
              HasSubstr("40 characters"));
  EXPECT_THAT(complaint(header_line() + "{\"kind\":\"Claim\",\"role\":\"boss\"}"),
              HasSubstr("primary, replica"));
  EXPECT_THAT(complaint(header_line() + "{\"kind\":\"WriteApplied\",\"slot\":70000}"),
              HasSubstr("fits its field"));
  EXPECT_THAT(complaint(header_line() + "{\"kind\":\"StreamAt\",\"chain\":\"xyz\"}"),
              HasSubstr("hex digits"));
}

}  // namespace
}  // namespace sim
