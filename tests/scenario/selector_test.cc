#include "sim/scenario/selector.h"

#include <gtest/gtest.h>

namespace sim {
namespace {

using Kind = Selector::Kind;

KnownNames names() {
  KnownNames known;
  known.machines = {"m1", "m2", "m3", "client-1"};
  known.zones = {"a", "b"};
  known.hosts = {"m1", "m2", "m3"};
  known.shards = 3;
  return known;
}

Selector parsed(std::string_view word) {
  SelectorMistake mistake;
  const KnownNames known = names();
  const std::optional<Selector> selector = parse_selector(word, &known, mistake);
  EXPECT_TRUE(selector) << word << ": " << mistake.what;
  return selector.value_or(Selector{});
}

std::string refusal(std::string_view word) {
  SelectorMistake mistake;
  const KnownNames known = names();
  EXPECT_FALSE(parse_selector(word, &known, mistake)) << word;
  return mistake.what + (mistake.hint.empty() ? "" : "; " + mistake.hint);
}

TEST(Selectors, PrintAsTheyAreWritten) {
  for (const char* word :
       {"m3", "client-1", "primary:shard-0", "replica:shard-2", "replicas:shard-1", "shard:0",
        "any-primary", "any-replica", "any-node", "primaries", "replicas", "majority", "minority",
        "all", "clients", "zone:b", "host:m1", "owner-of:user:{42}", "owner-of-slot:16383"}) {
    EXPECT_EQ(to_text(parsed(word)), word);
  }
}

TEST(Selectors, TakeAShardByNumberOrByName) {
  EXPECT_EQ(parsed("primary:0"), parsed("primary:shard-0"));
  EXPECT_EQ(parsed("shard:shard-2"), parsed("shard:2"));
}

TEST(Selectors, SayWhatIsWrongAndWhatWasMeant) {
  EXPECT_EQ(refusal("m4"), "there is no machine \"m4\"; did you mean \"m1\"?");
  EXPECT_EQ(refusal("zone:c"), "there is no zone \"c\"; did you mean \"a\"?");
  EXPECT_EQ(refusal("rack:a1"), "there is no rack \"a1\"; the cluster has none");
  EXPECT_EQ(refusal("primary:shard-3"), "there is no shard 3; the shards are 0 to 2");
  EXPECT_EQ(refusal("primary:first"),
            "expected a shard such as \"shard-0\" in selector \"primary:first\"");
  EXPECT_EQ(refusal("primry:shard-0"),
            "unknown selector \"primry:shard-0\"; did you mean \"primary:shard-0\"?");
  EXPECT_EQ(refusal("primarys"), "unknown selector \"primarys\"; did you mean \"primaries\"?");
  EXPECT_EQ(refusal("owner-of-slot:16384"),
            "expected a slot from 0 to 16383 in selector \"owner-of-slot:16384\"");
  EXPECT_EQ(refusal("zone:"), "selector \"zone:\" names nothing behind its colon");
  EXPECT_EQ(refusal(""), "unknown selector \"\"");
}

TEST(Selectors, SingularFormsMeanOneMachine) {
  EXPECT_FALSE(parsed("any-replica").plural());
  EXPECT_FALSE(parsed("owner-of:k").plural());
  EXPECT_TRUE(parsed("replicas:shard-0").plural());
  EXPECT_TRUE((Selector{Kind::kUnion, "", 0, {parsed("m1"), parsed("m2")}}).plural());
}

TEST(Selectors, EveryFormInTheTableIsSaidInWords) {
  for (const SelectorForm& form : selector_forms()) {
    EXPECT_FALSE(form.form.empty());
    EXPECT_GT(form.description.size(), 10u) << form.form;
  }
}

}  // namespace
}  // namespace sim
