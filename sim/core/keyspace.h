// The keyspace: keys, values and expiry times, as a value that is cheap to copy.
//
// Keys live in chunks of 64 hash slots; a copy shares all chunks and the first writer of a chunk
// copies that chunk only. A copied world, a snapshot on its way to a replica and the running node
// thus share what they have in common. Nothing here expires by itself: callers compare
// `expire_at_ms` with the clock the rule asks for (protocol §4.3). No order here depends on
// hashing: keys of a slot come newest first (as in Redis 7.0), all keys in order of slot.
#pragma once

#include <array>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sim/base/slot_set.h"
#include "sim/base/types.h"

namespace sim {

// A list that knows its hash: equal lists hash equal, however they were built.
class List : public boost::intrusive_ref_counter<List, boost::thread_unsafe_counter> {
 public:
  void push_front(std::string item);
  void push_back(std::string item);
  std::string pop_front();  // precondition of both: not empty
  std::string pop_back();
  std::size_t size() const { return items_.size(); }
  const std::string& operator[](std::size_t index) const { return items_[index]; }
  std::uint64_t hash() const { return hash_; }
  std::uint64_t bytes() const { return bytes_; }  // of all items together

 private:
  std::deque<std::string> items_;
  std::uint64_t hash_ = 0;  // sum of item hash * P^position, modulo 2^64
  std::uint64_t bytes_ = 0;
  std::uint64_t power_ = 1;  // P^size
};
using ListRef = boost::intrusive_ptr<List>;

using DataValue = std::variant<std::string, ListRef>;  // the list is shared: see `own_list`
// The list for writing: copied first if another keyspace shares it. Precondition: `value` holds
// one.
List& own_list(DataValue& value);

inline constexpr std::int64_t kNoExpiry = -1;

struct Entry {
  std::string key;
  DataValue value;
  std::int64_t expire_at_ms = kNoExpiry;  // unix time
  SlotId slot_id() const { return SlotId{slot}; }

 private:
  friend class Keyspace;
  friend class KeyspaceChunk;
  std::uint64_t key_hash = 0, contribution = 0;  // to data_hash
  std::uint32_t newer = 0, older = 0;            // neighbours in the slot's list; 0: none
  std::uint32_t expiry_index = 0;  // place in the chunk's list of expiring keys; 0: none
  std::uint16_t slot = 0;
  bool live = false;
};

class KeyspaceChunk;  // keyspace.cc

class Keyspace {
 public:
  static constexpr std::uint32_t kChunks = 256;

  Keyspace();
  Keyspace(const Keyspace&);
  Keyspace& operator=(const Keyspace&);
  Keyspace(Keyspace&&) noexcept;
  Keyspace& operator=(Keyspace&&) noexcept;
  ~Keyspace();

  std::uint64_t size() const { return size_; }
  std::uint64_t expiring() const { return expiring_; }
  bool empty() const { return size_ == 0; }
  // Hash of all (key, value, expiry), whatever their order and history.
  std::uint64_t data_hash() const { return data_hash_; }
  // What an RDB file of this would weigh, roughly: the sum of keys and values and a few bytes each.
  std::uint64_t estimated_bytes() const { return bytes_ + size_ * 16; }

  // Precondition everywhere: `slot` is `slot_of(key)`. Pointers live until the next change.
  const Entry* find(SlotId slot, std::string_view key) const;
  // Creates or replaces key, value and expiry.
  void put(SlotId slot, std::string_view key, DataValue value, std::int64_t expire_at_ms);
  // Calls `change(DataValue&)` on the key's value. Precondition: the key exists.
  template <class Change>
  void modify(SlotId slot, std::string_view key, Change&& change) {
    Entry& entry = begin_change(slot, key);
    change(entry.value);
    end_change(entry);
    changed(key);
  }
  // Precondition: the key exists.
  void set_expiry(SlotId slot, std::string_view key, std::int64_t expire_at_ms);
  bool erase(SlotId slot, std::string_view key);
  void clear();

  std::uint32_t count_in_slot(SlotId slot) const;
  // At most `count` keys of a slot, newest first.
  std::vector<std::string> keys_in_slot(SlotId slot, std::uint64_t count) const;
  // Deletes all keys of a slot; answers how many.
  std::uint64_t erase_slot(SlotId slot);
  // Slots that hold keys.
  SlotSet occupied_slots() const;

  // Counts, from now on, the changes of this key, which need not exist; as often as `unwatch` will
  // be called. Answers the count so far. What `erase_slot` deletes does not count, as in 7.0.
  std::uint64_t watch(SlotId slot, std::string_view key);
  void unwatch(std::string_view key);
  // Precondition: the key is watched.
  std::uint64_t changes(std::string_view key) const { return watched_.find(key)->second.changes; }

  // The `index`-th of the `expiring()` keys with an expiry. Precondition: index < expiring().
  const Entry& expiring_at(std::uint64_t index) const;

  // `visit(const Entry&)` for every key: by ascending slot, oldest first. Storing the keys in this
  // order elsewhere gives a keyspace that answers in the same orders as this one's next such copy.
  template <class Visit>
  void each_by_age(Visit&& visit) const {
    for (std::uint32_t slot = 0; slot < kSlotCount; ++slot) {
      if (slot % (kSlotCount / kChunks) == 0 && chunk_entries(chunk_index(slot)) == nullptr) {
        slot += kSlotCount / kChunks - 1;
        continue;
      }
      for (const Entry* entry : oldest_first(SlotId{static_cast<std::uint16_t>(slot)}))
        visit(*entry);
    }
  }
  // `visit(const Entry&)` for every key, by ascending slot group, in an order that only the history
  // of commands decides.
  template <class Visit>
  void each(Visit&& visit) const {
    for (std::uint32_t chunk = 0; chunk < kChunks; ++chunk) each_in_chunk(chunk, visit);
  }
  template <class Visit>
  void each_in_chunk(std::uint32_t chunk, Visit&& visit) const {
    const std::vector<Entry>* entries = chunk_entries(chunk);
    if (entries == nullptr) return;
    for (const Entry& entry : *entries) {
      if (entry.live) visit(entry);
    }
  }

 private:
  struct Table;
  static std::uint32_t chunk_index(std::uint32_t slot) { return slot / (kSlotCount / kChunks); }
  const std::vector<Entry>* chunk_entries(std::uint32_t chunk) const;
  std::vector<const Entry*> oldest_first(SlotId slot) const;
  KeyspaceChunk* own_chunk(SlotId slot, bool create);
  Entry& begin_change(SlotId slot, std::string_view key);
  void end_change(Entry& entry);
  struct Watch {
    SlotId slot;
    std::uint32_t watchers = 0;
    std::uint64_t changes = 0;
  };
  void changed(std::string_view key) {
    if (!watched_.empty()) count_change(key);
  }
  void count_change(std::string_view key);
  bool remove(SlotId slot, std::string_view key);

  boost::intrusive_ptr<Table> table_;  // null while empty
  std::uint64_t size_ = 0, expiring_ = 0, bytes_ = 0, data_hash_ = 0;
  std::map<std::string, Watch, std::less<>> watched_;
};

}  // namespace sim
