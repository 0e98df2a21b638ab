#include "sim/core/keyspace.h"

#include <algorithm>

#include "sim/base/check.h"
#include "sim/base/hash.h"

namespace sim {
namespace {

constexpr std::uint32_t kSlotsPerChunk = kSlotCount / Keyspace::kChunks;

// Positions are weighed with powers of an odd constant, which has an inverse modulo 2^64: that
// makes all four ends of a push or pop O(1).
constexpr std::uint64_t kBase = 0x9e3779b97f4a7c15u;
constexpr std::uint64_t inverse(std::uint64_t odd) {
  std::uint64_t x = odd;  // Newton: each round doubles the number of right bits, from 3 on
  for (int i = 0; i < 5; ++i) x *= 2 - odd * x;
  return x;
}
constexpr std::uint64_t kBaseInverse = inverse(kBase);
static_assert(kBase * kBaseInverse == 1);

std::uint64_t hash_of(const DataValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return hash_text(*text);
  const List& list = *std::get<ListRef>(value);
  return fold64(list.hash(), list.size());
}
std::uint64_t bytes_of(const DataValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return text->size();
  return std::get<ListRef>(value)->bytes();
}
std::uint32_t place_in_chunk(SlotId slot) {
  return slot.value % kSlotsPerChunk;
}
std::uint32_t chunk_of(SlotId slot) {
  return slot.value / kSlotsPerChunk;
}

}  // namespace

void List::push_front(std::string item) {
  hash_ = hash_ * kBase + hash_text(item);
  power_ *= kBase;
  bytes_ += item.size();
  items_.push_front(std::move(item));
}

void List::push_back(std::string item) {
  hash_ += hash_text(item) * power_;
  power_ *= kBase;
  bytes_ += item.size();
  items_.push_back(std::move(item));
}

std::string List::pop_front() {
  std::string item = std::move(items_.front());
  items_.pop_front();
  hash_ = (hash_ - hash_text(item)) * kBaseInverse;
  power_ *= kBaseInverse;
  bytes_ -= item.size();
  return item;
}

std::string List::pop_back() {
  std::string item = std::move(items_.back());
  items_.pop_back();
  power_ *= kBaseInverse;
  hash_ -= hash_text(item) * power_;
  bytes_ -= item.size();
  return item;
}

List& own_list(DataValue& value) {
  ListRef& list = std::get<ListRef>(value);
  if (list->use_count() > 1) list = ListRef(new List(*list));
  return *list;
}

// The keys of 64 neighbouring slots: entries in a vector with free places, an open-addressing index
// over them, and a list of each slot's keys from the newest to the oldest. Entry 0 stands for
// "none".
class KeyspaceChunk
    : public boost::intrusive_ref_counter<KeyspaceChunk, boost::thread_unsafe_counter> {
 public:
  KeyspaceChunk() : entries_(1), index_(kSmallestIndex) {}

  std::uint32_t find(std::uint64_t hash, std::string_view key) const {
    for (std::size_t at = hash & mask();; at = (at + 1) & mask()) {
      const std::uint32_t number = index_[at];
      if (number == 0) return 0;
      const Entry& entry = entries_[number];
      if (entry.key_hash == hash && entry.key == key) return number;
    }
  }
  Entry& entry(std::uint32_t number) { return entries_[number]; }
  const std::vector<Entry>& entries() const { return entries_; }
  std::uint32_t number_of(const Entry& entry) const {
    return static_cast<std::uint32_t>(&entry - entries_.data());
  }

  // Precondition: the key is not there. The value is left empty.
  Entry& add(SlotId slot, std::uint64_t hash, std::string_view key) {
    if ((used_ + 1) * 2 > index_.size()) grow_index();
    const std::uint32_t number = take_place();
    Entry& entry = entries_[number];
    entry.key.assign(key);
    entry.key_hash = hash;
    entry.slot = slot.value;
    entry.live = true;
    ++used_;
    enter(number);
    std::uint32_t& newest = newest_[place_in_chunk(slot)];
    entry.older = newest;
    if (newest != 0) entries_[newest].newer = number;
    newest = number;
    ++counts_[place_in_chunk(slot)];
    return entry;
  }

  void remove(std::uint32_t number) {
    set_expiry(number, kNoExpiry);
    leave(number);
    Entry& entry = entries_[number];
    const std::uint32_t place = place_in_chunk(SlotId{entry.slot});
    if (entry.newer != 0) {
      entries_[entry.newer].older = entry.older;
    } else {
      newest_[place] = entry.older;
    }
    if (entry.older != 0) entries_[entry.older].newer = entry.newer;
    --counts_[place];
    --used_;
    entry = Entry{};
    free_.push_back(number);
  }

  void set_expiry(std::uint32_t number, std::int64_t expire_at_ms) {
    Entry& entry = entries_[number];
    entry.expire_at_ms = expire_at_ms;
    if (expire_at_ms != kNoExpiry && entry.expiry_index == 0) {
      expiring_.push_back(number);
      entry.expiry_index = static_cast<std::uint32_t>(expiring_.size());
    } else if (expire_at_ms == kNoExpiry && entry.expiry_index != 0) {
      const std::uint32_t moved = expiring_.back();
      expiring_[entry.expiry_index - 1] = moved;
      entries_[moved].expiry_index = entry.expiry_index;
      entry.expiry_index = 0;
      expiring_.pop_back();
    }
  }

  std::uint32_t newest(SlotId slot) const { return newest_[place_in_chunk(slot)]; }
  std::uint32_t count(SlotId slot) const { return counts_[place_in_chunk(slot)]; }
  const std::vector<std::uint32_t>& expiring() const { return expiring_; }

 private:
  static constexpr std::size_t kSmallestIndex = 8;
  std::size_t mask() const { return index_.size() - 1; }

  std::uint32_t take_place() {
    if (free_.empty()) {
      entries_.emplace_back();
      return static_cast<std::uint32_t>(entries_.size() - 1);
    }
    const std::uint32_t number = free_.back();
    free_.pop_back();
    return number;
  }
  void enter(std::uint32_t number) {
    std::size_t at = entries_[number].key_hash & mask();
    while (index_[at] != 0) at = (at + 1) & mask();
    index_[at] = number;
  }
  // Linear probing without tombstones: what follows moves up if its home lies at or before the gap.
  void leave(std::uint32_t number) {
    std::size_t gap = entries_[number].key_hash & mask();
    while (index_[gap] != number) gap = (gap + 1) & mask();
    for (std::size_t at = (gap + 1) & mask(); index_[at] != 0; at = (at + 1) & mask()) {
      const std::size_t home = entries_[index_[at]].key_hash & mask();
      if (((at - home) & mask()) >= ((at - gap) & mask())) {
        index_[gap] = index_[at];
        gap = at;
      }
    }
    index_[gap] = 0;
  }
  void grow_index() {
    index_.assign(index_.size() * 2, 0);
    for (std::uint32_t number = 1; number < entries_.size(); ++number) {
      if (entries_[number].live) enter(number);
    }
  }

  std::vector<Entry> entries_;
  std::vector<std::uint32_t> free_, index_, expiring_;
  std::size_t used_ = 0;
  std::array<std::uint32_t, kSlotsPerChunk> newest_{}, counts_{};
};

struct Keyspace::Table : boost::intrusive_ref_counter<Table, boost::thread_unsafe_counter> {
  std::array<boost::intrusive_ptr<KeyspaceChunk>, kChunks> chunks;
};

Keyspace::Keyspace() = default;
Keyspace::Keyspace(const Keyspace&) = default;
Keyspace& Keyspace::operator=(const Keyspace&) = default;
Keyspace::Keyspace(Keyspace&& other) noexcept {
  *this = std::move(other);
}
Keyspace& Keyspace::operator=(Keyspace&& other) noexcept {
  table_ = std::move(other.table_);
  size_ = std::exchange(other.size_, 0);
  expiring_ = std::exchange(other.expiring_, 0);
  bytes_ = std::exchange(other.bytes_, 0);
  data_hash_ = std::exchange(other.data_hash_, 0);
  watched_ = std::move(other.watched_);
  return *this;
}
Keyspace::~Keyspace() = default;

const std::vector<Entry>* Keyspace::chunk_entries(std::uint32_t chunk) const {
  if (!table_ || !table_->chunks[chunk]) return nullptr;
  return &table_->chunks[chunk]->entries();
}

// The chunk for writing: nobody else sees it afterwards. Null only if it does not exist and
// `create` is false.
KeyspaceChunk* Keyspace::own_chunk(SlotId slot, bool create) {
  if (!table_) {
    if (!create) return nullptr;
    table_ = new Table;
  } else if (table_->use_count() > 1) {
    table_ = new Table(*table_);
  }
  auto& chunk = table_->chunks[chunk_of(slot)];
  if (!chunk) {
    if (create) chunk = new KeyspaceChunk;
  } else if (chunk->use_count() > 1) {
    chunk = new KeyspaceChunk(*chunk);
  }
  return chunk.get();
}

const Entry* Keyspace::find(SlotId slot, std::string_view key) const {
  if (!table_) return nullptr;
  KeyspaceChunk* const chunk = table_->chunks[chunk_of(slot)].get();
  if (chunk == nullptr) return nullptr;
  const std::uint32_t number = chunk->find(hash_text(key), key);
  return number == 0 ? nullptr : &chunk->entry(number);
}

Entry& Keyspace::begin_change(SlotId slot, std::string_view key) {
  KeyspaceChunk* const chunk = own_chunk(slot, false);
  CHECK(chunk != nullptr);
  const std::uint32_t number = chunk->find(hash_text(key), key);
  CHECK(number != 0);
  Entry& entry = chunk->entry(number);
  data_hash_ -= entry.contribution;
  bytes_ -= bytes_of(entry.value);
  return entry;
}

void Keyspace::end_change(Entry& entry) {
  entry.contribution = fold64(fold64(entry.key_hash, hash_of(entry.value)),
                              static_cast<std::uint64_t>(entry.expire_at_ms));
  data_hash_ += entry.contribution;
  bytes_ += bytes_of(entry.value);
}

void Keyspace::put(SlotId slot, std::string_view key, DataValue value, std::int64_t expire_at_ms) {
  KeyspaceChunk* const chunk = own_chunk(slot, true);
  const std::uint64_t hash = hash_text(key);
  std::uint32_t number = chunk->find(hash, key);
  if (number == 0) {
    number = chunk->number_of(chunk->add(slot, hash, key));
    ++size_;
    bytes_ += key.size();
  } else {
    const Entry& entry = chunk->entry(number);
    data_hash_ -= entry.contribution;
    bytes_ -= bytes_of(entry.value);
    expiring_ -= entry.expire_at_ms != kNoExpiry;
  }
  Entry& entry = chunk->entry(number);
  entry.value = std::move(value);
  expiring_ += expire_at_ms != kNoExpiry;
  if (entry.expire_at_ms != expire_at_ms) chunk->set_expiry(number, expire_at_ms);
  end_change(entry);
  changed(key);
}

void Keyspace::set_expiry(SlotId slot, std::string_view key, std::int64_t expire_at_ms) {
  Entry& entry = begin_change(slot, key);
  expiring_ -= entry.expire_at_ms != kNoExpiry;
  expiring_ += expire_at_ms != kNoExpiry;
  KeyspaceChunk* const chunk = own_chunk(slot, false);
  chunk->set_expiry(chunk->number_of(entry), expire_at_ms);
  end_change(entry);
  changed(key);
}

bool Keyspace::erase(SlotId slot, std::string_view key) {
  if (!watched_.empty() && find(slot, key) != nullptr) count_change(key);
  return remove(slot, key);
}

bool Keyspace::remove(SlotId slot, std::string_view key) {
  if (find(slot, key) == nullptr) return false;
  const Entry& entry = begin_change(slot, key);
  expiring_ -= entry.expire_at_ms != kNoExpiry;
  bytes_ -= entry.key.size();
  --size_;
  KeyspaceChunk* const chunk = own_chunk(slot, false);
  chunk->remove(chunk->number_of(entry));
  return true;
}

void Keyspace::clear() {
  auto watched = std::move(watched_);
  for (auto& [key, watch] : watched) watch.changes += find(watch.slot, key) != nullptr ? 1 : 0;
  *this = Keyspace();
  watched_ = std::move(watched);
}

std::uint64_t Keyspace::watch(SlotId slot, std::string_view key) {
  const auto at = watched_.try_emplace(std::string(key), Watch{slot}).first;
  ++at->second.watchers;
  return at->second.changes;
}

void Keyspace::unwatch(std::string_view key) {
  const auto at = watched_.find(key);
  if (--at->second.watchers == 0) watched_.erase(at);
}

void Keyspace::count_change(std::string_view key) {
  const auto at = watched_.find(key);
  if (at != watched_.end()) ++at->second.changes;
}

std::uint32_t Keyspace::count_in_slot(SlotId slot) const {
  if (!table_ || !table_->chunks[chunk_of(slot)]) return 0;
  return table_->chunks[chunk_of(slot)]->count(slot);
}

std::vector<std::string> Keyspace::keys_in_slot(SlotId slot, std::uint64_t count) const {
  std::vector<std::string> keys;
  if (count_in_slot(slot) == 0) return keys;
  KeyspaceChunk& chunk = *table_->chunks[chunk_of(slot)];
  for (std::uint32_t number = chunk.newest(slot); number != 0 && keys.size() < count;
       number = chunk.entry(number).older) {
    keys.push_back(chunk.entry(number).key);
  }
  return keys;
}

std::vector<const Entry*> Keyspace::oldest_first(SlotId slot) const {
  std::vector<const Entry*> entries;
  if (count_in_slot(slot) == 0) return entries;
  KeyspaceChunk& chunk = *table_->chunks[chunk_of(slot)];
  for (std::uint32_t at = chunk.newest(slot); at != 0; at = chunk.entry(at).older) {
    entries.push_back(&chunk.entry(at));
  }
  std::reverse(entries.begin(), entries.end());
  return entries;
}

std::uint64_t Keyspace::erase_slot(SlotId slot) {
  const std::vector<std::string> keys = keys_in_slot(slot, count_in_slot(slot));
  for (const std::string& key : keys) remove(slot, key);
  return keys.size();
}

SlotSet Keyspace::occupied_slots() const {
  SlotSet slots;
  each([&slots](const Entry& entry) { slots.set(entry.slot); });
  return slots;
}

const Entry& Keyspace::expiring_at(std::uint64_t index) const {
  CHECK(index < expiring_);
  for (const auto& chunk : table_->chunks) {
    if (!chunk) continue;
    if (index < chunk->expiring().size()) return chunk->entry(chunk->expiring()[index]);
    index -= chunk->expiring().size();
  }
  check_failed("expiring_ counts the keys that expire", __FILE__, __LINE__);
}

}  // namespace sim
