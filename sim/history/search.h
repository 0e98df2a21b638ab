// The search for an order of the operations on one key that explains what they returned.
//
// As Wing and Gong (1993) with the memory of Lowe (2017): depth first, never twice from the same
// configuration. What makes it fast:
// - An operation is put in the order only when one must be, because it ended. Then a configuration
//   is the next end that is due, which of the operations under way are in the order already, and
//   the value: a few words, however long the history is.
// - What only observes is put in as soon as the value is right, since that can do no harm.
// - Open operations that would do the same are one class, of which the earliest is used first. One
//   is used only if something under way can tell.
// - A text that nobody can replace meanwhile has to be a beginning of what is read of it next.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "sim/history/moves.h"
#include "sim/history/report.h"

namespace sim::history {

class Search {
 public:
  enum class Answer : std::uint8_t { kPossible, kImpossible, kUnknown };

  // `initial` is what the register holds at first; kAnyValue: it is not known. `values` gets what
  // appends put together. Both outlive the search.
  Search(std::vector<Move> moves, ValueId initial, Values& values);

  Answer run(const Limits& limits);
  std::uint64_t steps() const { return steps_; }
  // Of an impossible history: the end of its shortest beginning that is impossible.
  Line impossible_at() const;

 private:
  static constexpr ValueId kNoValue = 0xfffffffd;  // the move cannot be next

  // Open operations that do the same.
  struct Class {
    Action action{};
    ValueId value = kAbsent, argument = kAbsent;
    std::vector<Line> began;  // ascending
    std::uint32_t word = 0, shift = 0;
    std::uint64_t mask = 0;  // before the shift
  };
  using Words = std::span<std::uint64_t>;

  void make_classes(const std::vector<Move>& open);
  void make_pending();
  void find_reads(const std::vector<Move>& open);
  bool can_matter(const Move& open) const;

  std::uint32_t end_due(Words frame) const { return static_cast<std::uint32_t>(frame[0] >> 32); }
  static ValueId value_in(Words frame) { return static_cast<ValueId>(frame[0]); }
  Words frame(std::size_t depth) { return Words(frames_).subspan(depth * stride_, stride_); }
  bool is_in(Words frame, std::uint32_t slot) const {
    return (frame[1 + slot / 64] >> slot % 64 & 1) != 0;
  }
  std::span<const std::uint32_t> pending(std::uint32_t end) const;
  std::uint64_t used(Words frame, const Class& one) const;
  std::uint64_t begun(std::uint32_t end, const Class& one) const;

  bool settle(Words frame);  // takes in what can be taken in; true if all ends are behind it
  bool hopeless(Words frame) const;
  bool may_be_replaced(Words frame, std::uint32_t before) const;
  bool remember(Words frame);
  void grow();
  bool expand(Words from, Words to);  // the next way to go on; false if there is none
  ValueId after(ValueId value, Action action, ValueId argument_value, ValueId argument);
  ValueId concatenation(ValueId left, ValueId right);
  bool satisfies(const Move& due, ValueId value) const;
  bool anybody_can_tell(Words frame, ValueId value) const;
  std::uint64_t bytes() const;

  Values& values_;
  ValueId initial_;
  std::vector<Move> moves_;             // those that ended, by end
  std::vector<std::uint32_t> slots_;    // of each: its bit while it is under way
  std::vector<std::uint32_t> pending_;  // for each end, what is under way then, by beginning
  std::vector<std::uint64_t> pending_begin_;
  std::vector<Class> classes_;
  bool texts_grow_ = false;  // there are appends, and nothing open replaces what they made
  std::vector<std::uint32_t> next_read_, next_change_;  // for each end, the next such end

  std::size_t key_words_ = 0, stride_ = 0;  // a frame: [end due | value], bits, open used, cursor
  std::vector<std::uint64_t> frames_;
  std::vector<std::uint64_t> seen_;  // open addressing; keys whose first word is 0 are empty
  std::uint64_t seen_count_ = 0;
  struct Joined {
    ValueId left = kNoValue, right = kNoValue, both = kNoValue;
  };
  std::vector<Joined> joined_;  // a cache
  std::uint64_t steps_ = 0;
  std::uint64_t values_bytes_before_ = 0;
  std::uint32_t deepest_end_ = 0;
};

}  // namespace sim::history
