// Keys and values of a history as small numbers, so that operations are small and equal values are
// equal numbers.
//
// Redis knows only texts: 5 and "5" are the same value here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sim::history {

// Texts numbered from 0 in the order they first came. At most 4 GiB of text.
class Names {
 public:
  Names();
  std::uint32_t id(std::string_view text);
  std::string_view text(std::uint32_t id) const;
  std::uint32_t size() const { return static_cast<std::uint32_t>(ends_.size()); }
  std::uint64_t bytes() const;  // of memory

 private:
  std::size_t slot_of(std::string_view text) const;
  void grow();

  std::string texts_;                 // one after the other
  std::vector<std::uint32_t> ends_;   // where the text of an id ends in `texts_`
  std::vector<std::uint32_t> table_;  // open addressing: id + 1, 0 for empty
};

// A number below 2^31 is its own id; other texts are numbered from 2^31.
using ValueId = std::uint32_t;
inline constexpr ValueId kAbsent = 0xffffffff;  // no value: what is read of a key that is not there
inline constexpr ValueId kAnyValue = 0xfffffffe;  // of a search: nothing is known of it yet

class Values {
 public:
  ValueId id(std::string_view text);
  std::string text(ValueId value) const;  // "nil" if absent
  // The text of `left` with that of `right` behind it; an absent one is empty.
  ValueId concatenation(ValueId left, ValueId right);
  // Whether the text of `whole` begins with that of `part`; an absent one is empty.
  bool begins_with(ValueId whole, ValueId part) const;
  std::uint64_t bytes() const { return names_.bytes(); }

 private:
  Names names_;
};

}  // namespace sim::history
