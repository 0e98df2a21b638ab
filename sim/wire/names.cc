#include "sim/wire/names.h"

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "sim/base/check.h"
#include "sim/base/hash.h"

namespace sim {
namespace {

constexpr std::size_t kIpMax = 46;  // the bus' field

std::uint64_t content_hash(const NodeName& name) {
  return hash_bytes(name.text.data(), name.text.size());
}
std::uint64_t content_hash(const Address& address) {
  const std::uint64_t ports =
      (std::uint64_t{address.port} << 32) | (std::uint64_t{address.cport} << 16) | address.pport;
  return hash_text(address.ip, ports);
}

// Values by index and back. An open-addressing table of indices beside the values: their addresses
// never change, and the table is only ever probed, never walked, so its layout is nobody's
// business.
template <class T>
class Interned {
 public:
  explicit Interned(T none) { intern(std::move(none)); }

  std::uint32_t intern(T value) {
    if (2 * (values_.size() + 1) > buckets_.size()) grow();
    const std::uint64_t hash = content_hash(value);
    std::size_t at = hash & (buckets_.size() - 1);
    for (; buckets_[at] != kEmpty; at = (at + 1) & (buckets_.size() - 1)) {
      const std::uint32_t index = buckets_[at];
      if (hashes_[index] == hash && values_[index] == value) return index;
    }
    const auto index = static_cast<std::uint32_t>(values_.size());
    CHECK(index != kEmpty);
    buckets_[at] = index;
    values_.push_back(std::move(value));
    hashes_.push_back(hash);
    return index;
  }
  const T& value(std::uint32_t index) const {
    CHECK(index < values_.size());
    return values_[index];
  }
  std::uint64_t hash(std::uint32_t index) const {
    CHECK(index < hashes_.size());
    return hashes_[index];
  }
  std::size_t size() const { return values_.size(); }

 private:
  static constexpr std::uint32_t kEmpty = 0xffffffff;

  void grow() {
    buckets_.assign(buckets_.empty() ? 64 : 2 * buckets_.size(), kEmpty);
    for (std::uint32_t index = 0; index < hashes_.size(); ++index) {
      std::size_t at = hashes_[index] & (buckets_.size() - 1);
      while (buckets_[at] != kEmpty) at = (at + 1) & (buckets_.size() - 1);
      buckets_[at] = index;
    }
  }

  std::deque<T> values_;
  std::vector<std::uint64_t> hashes_;
  std::vector<std::uint32_t> buckets_;  // a power of two of them, at most half full
};

}  // namespace

struct Names::Tables {
  Interned<NodeName> names{NodeName{}};
  Interned<Address> addresses{Address{}};
};

Names::Names() : tables_(std::make_unique<Tables>()) {}
Names::~Names() = default;

NameRef Names::intern(const NodeName& name) {
  return {tables_->names.intern(name)};
}

AddressRef Names::intern(const Address& address) {
  // As much of the text as the wire carries, so that the typed form says the same as the bytes.
  Address cut = address;
  cut.ip.resize(std::min({cut.ip.size(), cut.ip.find('\0'), kIpMax}));
  return {tables_->addresses.intern(std::move(cut))};
}

const NodeName& Names::name(NameRef ref) const {
  return tables_->names.value(ref.index);
}
const Address& Names::address(AddressRef ref) const {
  return tables_->addresses.value(ref.index);
}
std::uint64_t Names::hash(NameRef ref) const {
  return tables_->names.hash(ref.index);
}
std::uint64_t Names::hash(AddressRef ref) const {
  return tables_->addresses.hash(ref.index);
}
std::uint32_t Names::name_count() const {
  return static_cast<std::uint32_t>(tables_->names.size());
}

}  // namespace sim
