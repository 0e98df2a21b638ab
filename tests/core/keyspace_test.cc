#include "sim/core/keyspace.h"

#include <gtest/gtest.h>

#include <map>

#include "sim/base/choices.h"
#include "sim/wire/crc16.h"

namespace sim {
namespace {

void put(Keyspace& keyspace, const std::string& key, const std::string& value,
         std::int64_t expire_at_ms = kNoExpiry) {
  keyspace.put(slot_of(key), key, value, expire_at_ms);
}
std::string get(const Keyspace& keyspace, const std::string& key) {
  const Entry* const entry = keyspace.find(slot_of(key), key);
  return entry != nullptr ? std::get<std::string>(entry->value) : "(none)";
}
std::vector<std::string> keys_by_age(const Keyspace& keyspace) {
  std::vector<std::string> keys;
  keyspace.each_by_age([&](const Entry& entry) { keys.push_back(entry.key); });
  return keys;
}

TEST(Keyspace, AgreesWithAnOrdinaryMap) {
  Keyspace keyspace;
  std::map<std::string, std::string> twin;
  ChoiceStream stream(1, "keyspace");
  Choices choices(stream);
  for (int i = 0; i < 20000; ++i) {
    const std::string key = "k" + std::to_string(choices.choose(Site::kKey, 700));
    if (choices.choose(Site::kOperation, 3) == 0) {
      EXPECT_EQ(keyspace.erase(slot_of(key), key), twin.erase(key) == 1);
    } else {
      put(keyspace, key, std::to_string(i));
      twin[key] = std::to_string(i);
    }
    ASSERT_EQ(keyspace.size(), twin.size());
  }
  for (const auto& [key, value] : twin) EXPECT_EQ(get(keyspace, key), value);
  std::size_t counted = 0;
  keyspace.each([&](const Entry& entry) { counted += twin.count(entry.key); });
  EXPECT_EQ(counted, twin.size());
}

TEST(Keyspace, CopyDoesNotSeeLaterChanges) {
  Keyspace original;
  put(original, "a", "1");
  original.put(slot_of("l"), "l", ListRef(new List), kNoExpiry);
  Keyspace copy = original;
  put(original, "a", "2");
  put(copy, "b", "3");
  original.modify(slot_of("l"), "l", [](DataValue& value) { own_list(value).push_back("x"); });
  EXPECT_EQ(get(copy, "a"), "1");
  EXPECT_EQ(get(original, "b"), "(none)");
  EXPECT_EQ(std::get<ListRef>(copy.find(slot_of("l"), "l")->value)->size(), 0u);
  EXPECT_NE(copy.data_hash(), original.data_hash());
}

TEST(Keyspace, HashForgetsOrderAndHistory) {
  Keyspace one, other;
  put(one, "a", "1");
  put(one, "b", "2", 500);
  put(other, "c", "gone");
  put(other, "b", "old");
  other.erase(slot_of("c"), "c");
  put(other, "b", "2");
  other.set_expiry(slot_of("b"), "b", 500);
  put(other, "a", "1");
  EXPECT_EQ(one.data_hash(), other.data_hash());
  EXPECT_EQ(one.estimated_bytes(), other.estimated_bytes());
  other.set_expiry(slot_of("b"), "b", 501);
  EXPECT_NE(one.data_hash(), other.data_hash());
  other.clear();
  EXPECT_EQ(other.data_hash(), Keyspace().data_hash());
}

TEST(Keyspace, EqualListsHashEqualHoweverBuilt) {
  List straight, crooked;
  for (const char* item : {"a", "b", "c"}) straight.push_back(item);
  crooked.push_back("x");
  crooked.push_front("b");
  crooked.push_front("a");
  EXPECT_EQ(crooked.pop_back(), "x");
  crooked.push_back("c");
  crooked.push_front("y");
  EXPECT_EQ(crooked.pop_front(), "y");
  EXPECT_EQ(straight.hash(), crooked.hash());
  crooked.pop_back();
  EXPECT_NE(straight.hash(), crooked.hash());
}

TEST(Keyspace, KeysOfASlotComeNewestFirst) {
  Keyspace keyspace;
  for (const char* key : {"{t}1", "{t}2", "{t}3", "{t}4"}) put(keyspace, key, "v");
  const SlotId slot = slot_of("{t}");
  keyspace.erase(slot, "{t}2");
  put(keyspace, "{t}1", "again");  // overwriting does not make it newer
  put(keyspace, "{t}2", "reborn");
  EXPECT_EQ(keyspace.count_in_slot(slot), 4u);
  const std::vector<std::string> expected{"{t}2", "{t}4", "{t}3", "{t}1"};
  EXPECT_EQ(keyspace.keys_in_slot(slot, 100), expected);
  EXPECT_EQ(keyspace.keys_in_slot(slot, 1), std::vector<std::string>{"{t}2"});
  EXPECT_EQ(keyspace.erase_slot(slot), 4u);
  EXPECT_TRUE(keyspace.empty());
}

TEST(Keyspace, CopyingByAgeKeepsEveryOrder) {
  Keyspace keyspace, rebuilt;
  for (int i = 0; i < 300; ++i) put(keyspace, "k" + std::to_string(i % 3) + std::to_string(i), "v");
  for (int i = 0; i < 300; i += 7) keyspace.erase(slot_of("k00"), "k00");
  keyspace.each_by_age([&](const Entry& entry) {
    rebuilt.put(entry.slot_id(), entry.key, entry.value, entry.expire_at_ms);
  });
  EXPECT_EQ(keys_by_age(keyspace), keys_by_age(rebuilt));
  EXPECT_EQ(rebuilt.occupied_slots(), keyspace.occupied_slots());
}

TEST(Keyspace, KnowsWhichKeysExpire) {
  Keyspace keyspace;
  for (int i = 0; i < 50; ++i)
    put(keyspace, "k" + std::to_string(i), "v", i % 2 == 0 ? 1000 + i : kNoExpiry);
  EXPECT_EQ(keyspace.expiring(), 25u);
  put(keyspace, "k0", "v");
  keyspace.erase(slot_of("k2"), "k2");
  keyspace.set_expiry(slot_of("k4"), "k4", kNoExpiry);
  keyspace.set_expiry(slot_of("k1"), "k1", 7);
  EXPECT_EQ(keyspace.expiring(), 23u);
  for (std::uint64_t i = 0; i < keyspace.expiring(); ++i) {
    EXPECT_NE(keyspace.expiring_at(i).expire_at_ms, kNoExpiry);
  }
}

}  // namespace
}  // namespace sim
