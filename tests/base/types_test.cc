#include "sim/base/types.h"

#include <gtest/gtest.h>

#include <string>

#include "sim/base/bytes.h"
#include "sim/base/hash.h"

namespace sim {
namespace {

TEST(ConnId, TellsWhoDialledAndInWhichLife) {
  const ConnId dialled = ConnId::dialled(7, 3);
  EXPECT_TRUE(dialled.is_dialled());
  EXPECT_EQ(dialled.incarnation(), 7u);
  EXPECT_EQ(dialled.serial(), 3u);
  const ConnId accepted = ConnId::accepted(7, 3);
  EXPECT_FALSE(accepted.is_dialled());
  EXPECT_EQ(accepted.incarnation(), 7u);
  EXPECT_EQ(accepted.serial(), 3u);
  EXPECT_NE(dialled, accepted);
}

TEST(ConnId, KeepsIncarnationAndSerialApartAtTheirLimits) {
  const ConnId conn = ConnId::dialled(0x7fffffff, 0xffffffff);
  EXPECT_EQ(conn.incarnation(), 0x7fffffffu);
  EXPECT_EQ(conn.serial(), 0xffffffffu);
  EXPECT_NE(ConnId::dialled(1, 0), ConnId::dialled(0, 1));
}

TEST(ConnId, OfZeroNamesNothing) {
  EXPECT_TRUE(kNoConn.is_none());
  EXPECT_FALSE(ConnId::dialled(0, 0).is_none());
  EXPECT_FALSE(ConnId::accepted(0, 1).is_none());
}

TEST(Ipv4, IsPrintedAndReadAsADottedQuad) {
  EXPECT_EQ(format_ipv4(0x0a000102), "10.0.1.2");
  for (const std::uint32_t ipv4 : {0x00000001u, 0x0a000001u, 0x7f000001u, 0xffffffffu}) {
    EXPECT_EQ(parse_ipv4(format_ipv4(ipv4)), ipv4);
  }
}

TEST(Ipv4, IsNothingElse) {
  for (const char* text :
       {"", "1", "1.2.3", "1.2.3.", "1.2.3.4.", "1.2.3.4.5", "1.2.3.256", "1.2.3.-4", "1.2.3.4 ",
        " 1.2.3.4", "1..3.4", "a.b.c.d", "1.2.3.0004", "::1"}) {
    EXPECT_EQ(parse_ipv4(text), 0u) << text;
  }
}

TEST(Endpoint, IsPrintedWithItsPort) {
  EXPECT_EQ(format_endpoint({0x0a000001, 6379}), "10.0.0.1:6379");
}

TEST(NodeName, IsNoneOrFortyCharacters) {
  EXPECT_TRUE(NodeName{}.is_none());
  EXPECT_EQ(NodeName{}.view(), "");
  EXPECT_EQ(NodeName::from(""), NodeName{});
  const std::string text = "0123456789abcdef0123456789abcdef01234567";
  EXPECT_EQ(NodeName::from(text).view(), text);
  EXPECT_LT(NodeName::from(std::string(40, 'a')), NodeName::from(std::string(40, 'b')));
}

TEST(BigEndian, ComesBackAtEveryWidth) {
  std::string bytes = "x";
  append_big_endian(bytes, std::uint64_t{0x0102030405060708});
  append_big_endian(bytes, std::uint16_t{0xfffe});
  append_big_endian(bytes, std::int32_t{-2});
  EXPECT_EQ(bytes, std::string("x\1\2\3\4\5\6\7\10\xff\xfe\xff\xff\xff\xfe"));
  EXPECT_EQ(read_big_endian<std::uint64_t>(bytes, 1), 0x0102030405060708u);
  EXPECT_EQ(read_big_endian<std::uint16_t>(bytes, 9), 0xfffe);
  EXPECT_EQ(read_big_endian<std::int32_t>(bytes, 11), -2);
}

// Digests are made of these. They never change, whatever the compiler or machine.
TEST(Hash, IsWhatItAlwaysWas) {
  EXPECT_EQ(mix64(0), 0xe220a8397b1dcdafu);  // the first output of SplitMix64 seeded with 0
  EXPECT_EQ(fold64(1, 2), 4754066425326119843u);
  EXPECT_EQ(hash_text(""), 0x2d06800538d394c2u);  // XXH3-64 of nothing
  EXPECT_EQ(hash_text("slotsim"), 8754548909301407167u);
  EXPECT_EQ(hash_text("slotsim", 1), 7004784493404395321u);
}

TEST(Hash, DependsOnOrder) {
  EXPECT_NE(fold64(fold64(0, 1), 2), fold64(fold64(0, 2), 1));
}

}  // namespace
}  // namespace sim
