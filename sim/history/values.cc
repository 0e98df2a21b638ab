#include "sim/history/values.h"

#include <limits>
#include <optional>

#include "sim/base/check.h"
#include "sim/base/hash.h"
#include "sim/base/numbers.h"

namespace sim::history {
namespace {

constexpr ValueId kNamed = 1u << 31;

// Only what a number prints as is that number: "05" and "-0" are texts.
std::optional<ValueId> small_number(std::string_view text) {
  if (text.empty() || text.size() > 10 || (text[0] == '0' && text.size() > 1)) return std::nullopt;
  const auto number = whole_number<std::uint32_t>(text);
  if (!number || *number >= kNamed) return std::nullopt;
  return number;
}

}  // namespace

Names::Names() : table_(16) {}

std::string_view Names::text(std::uint32_t id) const {
  CHECK(id < ends_.size());
  const std::uint32_t begin = id == 0 ? 0 : ends_[id - 1];
  return std::string_view(texts_).substr(begin, ends_[id] - begin);
}

std::uint64_t Names::bytes() const {
  return texts_.capacity() + (ends_.capacity() + table_.capacity()) * sizeof(std::uint32_t);
}

std::size_t Names::slot_of(std::string_view text) const {
  const std::size_t mask = table_.size() - 1;
  std::size_t slot = hash_text(text) & mask;
  while (table_[slot] != 0 && this->text(table_[slot] - 1) != text) slot = (slot + 1) & mask;
  return slot;
}

std::uint32_t Names::id(std::string_view text) {
  std::size_t slot = slot_of(text);
  if (table_[slot] != 0) return table_[slot] - 1;
  if ((ends_.size() + 1) * 4 > table_.size() * 3) {
    grow();
    slot = slot_of(text);
  }
  CHECK(texts_.size() + text.size() < std::numeric_limits<std::uint32_t>::max());
  texts_ += text;
  ends_.push_back(static_cast<std::uint32_t>(texts_.size()));
  table_[slot] = size();
  return size() - 1;
}

void Names::grow() {
  table_.assign(table_.size() * 2, 0);
  for (std::uint32_t id = 0; id < size(); ++id) table_[slot_of(text(id))] = id + 1;
}

ValueId Values::id(std::string_view text) {
  if (const auto number = small_number(text)) return *number;
  const std::uint32_t name = names_.id(text);
  CHECK(name < kAnyValue - 1 - kNamed);  // the last numbers have other meanings
  return kNamed + name;
}

std::string Values::text(ValueId value) const {
  if (value == kAbsent) return "nil";
  if (value < kNamed) return std::to_string(value);
  return std::string(names_.text(value - kNamed));
}

bool Values::begins_with(ValueId whole, ValueId part) const {
  if (part == kAbsent || part == whole) return true;
  if (whole == kAbsent) return false;
  if (whole >= kNamed && part >= kNamed)
    return names_.text(whole - kNamed).starts_with(names_.text(part - kNamed));
  return text(whole).starts_with(text(part));
}

ValueId Values::concatenation(ValueId left, ValueId right) {
  std::string both = left == kAbsent ? "" : text(left);
  if (right != kAbsent) both += text(right);
  return id(both);
}

}  // namespace sim::history
