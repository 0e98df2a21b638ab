// RDB files: those that redis-server 7.0.15 wrote, those that we write, and damaged ones.
#include "sim/wire/rdb.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "sim/wire/crc64.h"
#include "sim/wire/listpack.h"
#include "sim/wire/lzf.h"
#include "tests/wire/testdata_testing.h"

namespace sim::rdb {
namespace {

using List = std::vector<std::string>;

File read(const std::string& bytes) {
  auto decoded = decode(bytes);
  if (const auto* broken = std::get_if<Broken>(&decoded)) {
    ADD_FAILURE() << broken->why;
    return {};
  }
  return std::get<File>(std::move(decoded));
}
std::string why(const std::string& bytes) {
  const auto decoded = decode(bytes);
  const auto* const broken = std::get_if<Broken>(&decoded);
  return broken == nullptr ? "" : broken->why;
}

std::string times(int count, const std::string& text) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

std::map<std::string, Key> by_name(const File& file) {
  std::map<std::string, Key> keys;
  for (const Key& key : file.keys) keys[key.key] = key;
  return keys;
}

TEST(Crc64, IsThatOfTheUsualVector) {
  EXPECT_EQ(crc64("123456789"), 0xe9c6d914c4b8d9caU);
  EXPECT_EQ(crc64("6789", crc64("12345")), crc64("123456789"));
}

TEST(RealRdb, StringsInEveryEncoding) {
  const File file = read(captured("strings-and-lists-7.0.15.rdb"));
  auto keys = by_name(file);
  std::string pairs;
  for (int i = 0; i < 100; ++i) {
    if (i > 0) pairs += 'x';
    pairs += static_cast<char>('a' + i % 26);
    pairs += static_cast<char>('a' + i * 7 % 26);
  }
  const std::map<std::string, std::string> kExpected = {
      {"int8", "-5"},
      {"int16", "-12345"},
      {"int32", "2147483647"},
      {"int32min", "-2147483648"},
      {"big", "2147483648"},
      {"zeros", "007"},
      {"minus", "-0"},
      {"plus", "+1"},
      {"empty", ""},
      {"short", "value"},
      {"lzf", times(300, "ab")},
      {"lzf2", times(20, "0123456789") + "tail"},
      {times(6, "abcdefgh"), "long key"},
      {"len14", pairs},
      {"expires", "soon"},
  };
  for (const auto& [key, value] : kExpected) {
    ASSERT_EQ(keys.count(key), 1u) << key;
    EXPECT_EQ(std::get<std::string>(keys[key].value), value) << key;
  }
  EXPECT_EQ(keys.size(), kExpected.size() + 4);  // three lists, and one string of odd bytes
  EXPECT_EQ(keys["expires"].expire_at_ms, 4102444800123);
  EXPECT_EQ(keys["int8"].expire_at_ms, std::nullopt);
  EXPECT_EQ(file.aux.find("redis-ver")->second, "7.0.15");
  EXPECT_EQ(file.aux.find("redis-bits")->second, "64");
  EXPECT_TRUE(file.skipped.empty());
}

TEST(RealRdb, ListsPackedAndPlain) {
  auto keys = by_name(read(captured("strings-and-lists-7.0.15.rdb")));
  EXPECT_EQ(std::get<List>(keys["numbers"].value),
            (List{"0", "127", "128", "-1", "4095", "-4096", "4096", "-32768", "32767", "32768",
                  "-8388608", "8388607", "8388608", "-2147483648", "2147483647", "2147483648",
                  "-9223372036854775808", "9223372036854775807"}));
  EXPECT_EQ(keys["numbers"].expire_at_ms, 4102444800000);
  EXPECT_EQ(std::get<List>(keys["texts"].value),
            (List{"", "a", times(63, "b"), times(64, "c"), times(4095, "d"), times(4096, "e"),
                  "12a", "-", "00"}));
  EXPECT_EQ(std::get<List>(keys["nodes"].value),
            (List{"first", times(150, "p") + times(150, "q"), "last", times(250, "r")}));
}

TEST(RealRdb, WhatWeCannotHoldIsCounted) {
  const File file = read(captured("other-types-7.0.15.rdb"));
  const std::map<std::string_view, std::uint64_t> kExpected = {{"set", 2},
                                                               {"hash", 2},
                                                               {"sorted set", 2},
                                                               {"stream", 1},
                                                               {"function library", 1},
                                                               {"another database", 1}};
  EXPECT_EQ(file.skipped, kExpected);
  auto keys = by_name(file);
  EXPECT_EQ(keys.size(), 2u);
  EXPECT_EQ(std::get<std::string>(keys["held"].value), "yes");
  EXPECT_EQ(std::get<List>(keys["held-too"].value), List{"x"});
}

TEST(RealRdb, WhatServesEvictionIsPassedOver) {
  EXPECT_EQ(by_name(read(captured("lfu-7.0.15.rdb"))).count("hot"), 1u);
  // This one was also written without a checksum.
  EXPECT_EQ(by_name(read(captured("idle-7.0.15.rdb"))).count("cold"), 1u);
}

// ---- Ours ----

List awkward_texts() {
  List texts = {"",      "0",   "-1", "127",        "128",         "-129",
                "32768", "007", "-0", "2147483647", "-2147483648", "2147483648",
                "+1",    " 1",  "1 ", "\r\n$",      "-2147483649", "abc"};
  for (const int size : {62, 63, 64, 16383, 16384, 70000}) texts.push_back(times(size, "z"));
  texts.push_back(std::string("\0\xff", 2));
  return texts;
}

std::string ours() {
  Writer writer;
  writer.aux("redis-ver", "7.0.15");
  writer.aux("ctime", "1700000000");
  const List texts = awkward_texts();
  writer.database(2 * texts.size() + 1, 1);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i == 0) writer.expiry(4102444800123);
    writer.text("key:" + std::to_string(i), texts[i]);
    writer.text(texts[i] + "#", "1");
  }
  writer.list("list", texts.size());
  for (const std::string& text : texts) writer.item(text);
  return writer.finish();
}

TEST(OurRdb, ReadsAsWritten) {
  const File file = read(ours());
  const List texts = awkward_texts();
  ASSERT_EQ(file.keys.size(), 2 * texts.size() + 1);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(file.keys[2 * i].key, "key:" + std::to_string(i));
    EXPECT_EQ(std::get<std::string>(file.keys[2 * i].value), texts[i]);
    EXPECT_EQ(file.keys[2 * i + 1].key, texts[i] + "#");
  }
  EXPECT_EQ(file.keys[0].expire_at_ms, 4102444800123);
  EXPECT_EQ(file.keys[1].expire_at_ms, std::nullopt);
  EXPECT_EQ(std::get<List>(file.keys.back().value), texts);
  EXPECT_EQ(file.aux.size(), 2u);
}

TEST(OurRdb, PassesTheCheckOfARealServer) {
  if (std::system("redis-check-rdb --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "no such tool";
  const auto path = std::filesystem::path(testing::TempDir()) / "slotsim-ours.rdb";
  std::ofstream(path, std::ios::binary) << ours();
  EXPECT_EQ(std::system(("redis-check-rdb " + path.string() + " >/dev/null").c_str()), 0);
  std::filesystem::remove(path);
}

// ---- Damaged ----

TEST(DamagedRdb, WhatIsNoRdbFileIsForeign) {
  for (const std::string bytes : {"", "REDIS", "RADIS0010", "REDIS0011\xff", "REDISabcd"}) {
    const auto decoded = decode(bytes);
    const auto* const broken = std::get_if<Broken>(&decoded);
    ASSERT_NE(broken, nullptr) << bytes;
    EXPECT_TRUE(broken->foreign) << bytes;
  }
}

TEST(DamagedRdb, ADamagedByteIsFoundByItsChecksumAtLatest) {
  const std::string good = captured("strings-and-lists-7.0.15.rdb");
  for (std::size_t at = 9; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x41);
    EXPECT_NE(why(bad), "") << "byte " << at;
  }
}

TEST(DamagedRdb, AFileCutShortAnywhereIsBroken) {
  for (const char* name : {"strings-and-lists-7.0.15.rdb", "other-types-7.0.15.rdb"}) {
    const std::string good = captured(name);
    for (std::size_t size = 0; size < good.size(); ++size) {
      EXPECT_NE(why(good.substr(0, size)), "") << name << " cut to " << size;
    }
  }
}

TEST(DamagedRdb, HugeClaimsCostNothing) {
  const std::string head = "REDIS0010";
  const std::string huge = "\x81\x7f" + times(7, "\xff");
  EXPECT_EQ(why(head + std::string(1, '\0') + huge), "it ends too soon");
  EXPECT_EQ(why(head + "\x01\x01k" + huge), "it ends too soon");
  const std::string compressed = std::string("\xc3\x02", 2) + huge + std::string("\x00q", 2);
  EXPECT_EQ(why(head + std::string("\x00\x01k", 3) + compressed),
            "a compressed string that does not expand");
}

TEST(Lzf, RefusesToReachBeforeTheBeginning) {
  EXPECT_EQ(lzf_expand(std::string("\x00q\x20\x00", 4), 4), "qqqq");
  EXPECT_EQ(lzf_expand(std::string("\x00q\x20\x01", 4), 4), std::nullopt);
  EXPECT_EQ(lzf_expand(std::string("\x00q\x20\x00", 4), 5), std::nullopt);
  EXPECT_EQ(lzf_expand("\x05q", 6), std::nullopt);
  EXPECT_EQ(lzf_expand(std::string("\x00q\xe0", 3), 400), std::nullopt);
}

TEST(Listpack, RefusesWhatDoesNotAddUp) {
  List items;
  const std::string good("\x0a\x00\x00\x00\x01\x00\x81q\x02\xff", 10);
  EXPECT_TRUE(read_listpack(good, items));
  EXPECT_EQ(items, List{"q"});
  for (std::size_t at : {0u, 4u, 6u, 9u}) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] + 1);
    EXPECT_FALSE(read_listpack(bad, items)) << at;
  }
  EXPECT_FALSE(read_listpack(good.substr(0, 6), items));
}

}  // namespace
}  // namespace sim::rdb
