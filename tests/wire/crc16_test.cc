#include "sim/wire/crc16.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace sim {
namespace {

// CRC-16/XMODEM from its definition, bit by bit.
std::uint16_t slow_crc16(std::string_view bytes) {
  std::uint32_t crc = 0;
  for (const char c : bytes) {
    crc ^= static_cast<std::uint32_t>(static_cast<unsigned char>(c)) << 8;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
      crc &= 0xffff;
    }
  }
  return static_cast<std::uint16_t>(crc);
}

TEST(Crc16, HasTheCheckValueOfXmodem) {
  EXPECT_EQ(crc16("123456789"), 0x31C3);
}

TEST(Crc16, OfWholeKeysIsAsTabulated) {
  using namespace std::string_literals;
  const std::pair<std::string, int> kVectors[] = {
      {"", 0x0000},
      {"a", 0x7C87},
      {"foo", 0xAF96},
      {"bar", 0x93C5},
      {"hello", 0xC362},
      {"somekey", 0x6B32},
      {"mykey", 0xF95F},
      {"key1", 0xA3E5},
      {"x", 0xFF9F},
      {"user1000", 0x4D73},
      {"{}", 0x7B99},
      {"foo{}{bar}", 0xE0AB},
      {"{}foo", 0x251C},
      {"foo{bar", 0x3BAE},
      {"key:{", 0x738F},
      {"\0"s, 0x0000},
      {"\xff\xff\xff", 0xD26C},
      {std::string(100, 'a'), 0xD748},
  };
  for (const auto& [key, crc] : kVectors) EXPECT_EQ(crc16(key), crc) << key;
}

TEST(Crc16, AgreesWithItsDefinitionOnEveryByteAndOnLongKeys) {
  std::string key;
  for (int i = 0; i < 1000; ++i) {
    key += static_cast<char>(i * 7);
    ASSERT_EQ(crc16(key), slow_crc16(key));
    ASSERT_EQ(crc16(key.substr(key.size() - 1)), slow_crc16(key.substr(key.size() - 1)));
  }
}

TEST(KeySlot, IsAsTabulated) {
  using namespace std::string_literals;
  const std::pair<std::string, int> kVectors[] = {
      {"", 0},
      {"a", 15495},
      {"foo", 12182},
      {"bar", 5061},
      {"hello", 866},
      {"123456789", 12739},
      {"somekey", 11058},
      {"mykey", 14687},
      {"key1", 9189},
      {"x", 16287},
      {"user1000", 3443},
      {"{user1000}.following", 3443},
      {"{user1000}.followers", 3443},
      {"foo{}{bar}", 8363},
      {"foo{{bar}}zap", 4015},
      {"foo{bar}{zap}", 5061},
      {"{}", 15257},
      {"{}foo", 9500},
      {"}{a}", 15495},
      {"foo{bar", 15278},
      {"key:{", 13199},
      {"\0"s, 0},
      {"\xff\xff\xff", 4716},
      {std::string(100, 'a'), 5960},
  };
  for (const auto& [key, slot] : kVectors) EXPECT_EQ(slot_of(key).value, slot) << key;
}

TEST(KeySlot, ReachesTheBoundariesOfAThreeWaySplit) {
  const std::pair<const char*, int> kVectors[] = {
      {"k596", 0},       {"k37999", 1},     {"k100009", 5460}, {"k13535", 5461},
      {"k12284", 10922}, {"k69207", 10923}, {"k10322", 16383},
  };
  for (const auto& [key, slot] : kVectors) EXPECT_EQ(slot_of(key).value, slot) << key;
}

TEST(HashTag, IsWhatLiesBetweenTheFirstBraces) {
  EXPECT_EQ(hash_tag("foo{bar}{zap}"), "bar");
  EXPECT_EQ(hash_tag("foo{{bar}}zap"), "{bar");
  EXPECT_EQ(hash_tag("}{a}"), "a");
}

TEST(HashTag, IsTheWholeKeyWithoutAPairOrWithNothingInIt) {
  for (const char* key : {"foo", "foo{bar", "foo}bar", "{}", "{}foo", "foo{}{bar}", "}{"}) {
    EXPECT_EQ(hash_tag(key), key);
  }
}

}  // namespace
}  // namespace sim
