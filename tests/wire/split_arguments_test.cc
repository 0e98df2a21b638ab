#include "sim/wire/split_arguments.h"

#include <gtest/gtest.h>

namespace sim {
namespace {

using Words = std::vector<std::string>;

TEST(SplitArguments, PartsWordsByWhiteSpace) {
  EXPECT_EQ(split_arguments("  a bc\t\vd\r\n"), (Words{"a", "bc", "d"}));
  EXPECT_EQ(split_arguments(""), Words{});
  EXPECT_EQ(split_arguments(" \t "), Words{});
}

TEST(SplitArguments, EndAtANul) {
  EXPECT_EQ(split_arguments(std::string_view("a b\0c", 5)), (Words{"a", "b"}));
}

TEST(SplitArguments, UnderstandEscapesInDoubleQuotes) {
  EXPECT_EQ(split_arguments(R"("a b" "\n\r\t\b\a" "\x41\xff\\\"\q")"),
            (Words{"a b", "\n\r\t\b\a", "A\xff\\\"q"}));
  EXPECT_EQ(split_arguments(R"("\xg1" "\x4")"), (Words{"xg1", "x4"}));
}

TEST(SplitArguments, UnderstandOnlyTheQuoteInSingleQuotes) {
  EXPECT_EQ(split_arguments(R"('a\'b' 'c\nd')"), (Words{"a'b", "c\\nd"}));
}

TEST(SplitArguments, MayQuoteTheEndOfAWord) {
  EXPECT_EQ(split_arguments(R"(foo"bar" '')"), (Words{"foobar", ""}));
}

TEST(SplitArguments, RefuseQuotesThatDoNotCloseOrTouchTheNextWord) {
  for (const char* line : {"\"a", "'a", "\"a\\", "\"a\"b", "'a'b", "a\"", "\"a\\\""}) {
    EXPECT_EQ(split_arguments(line), std::nullopt) << line;
  }
}

}  // namespace
}  // namespace sim
