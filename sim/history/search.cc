#include "sim/history/search.h"

#include <algorithm>
#include <bit>
#include <tuple>
#include <utility>

#include "sim/base/check.h"
#include "sim/base/hash.h"

namespace sim::history {

Search::Search(std::vector<Move> moves, ValueId initial, Values& values)
    : values_(values), initial_(initial), moves_(std::move(moves)) {
  values_bytes_before_ = values_.bytes();
  const auto first_open = std::stable_partition(moves_.begin(), moves_.end(),
                                                [](const Move& move) { return !move.open(); });
  std::vector<Move> open(first_open, moves_.end());
  moves_.erase(first_open, moves_.end());
  std::sort(moves_.begin(), moves_.end(),
            [](const Move& a, const Move& b) { return a.ended < b.ended; });
  make_pending();
  make_classes(open);
  find_reads(open);
}

void Search::find_reads(const std::vector<Move>& open) {
  const auto appends = [](const Move& move) { return move.action == Action::kAppend; };
  texts_grow_ = std::any_of(moves_.begin(), moves_.end(), appends) &&
                std::all_of(open.begin(), open.end(), appends);
  if (!texts_grow_) return;
  next_read_.resize(moves_.size());
  next_change_.resize(moves_.size());
  auto read = static_cast<std::uint32_t>(moves_.size()), change = read;
  for (std::uint32_t end = read; end-- > 0;) {
    if (moves_[end].action == Action::kRead) read = end;
    if (moves_[end].action == Action::kWrite || moves_[end].action == Action::kCas) change = end;
    next_read_[end] = read;
    next_change_[end] = change;
  }
}

// An open write of what nobody asks for may as well never have happened.
bool Search::can_matter(const Move& open) const {
  if (open.observes()) return false;
  if (open.action != Action::kWrite) return true;
  return std::any_of(moves_.begin(), moves_.end(), [&](const Move& move) {
    return move.action == Action::kAppend || move.action == Action::kCasMismatch ||
           (move.action != Action::kWrite && move.value == open.value);
  });
}

void Search::make_classes(const std::vector<Move>& open) {
  const bool any_cas_or_append = std::any_of(open.begin(), open.end(), [](const Move& move) {
    return move.action == Action::kCas || move.action == Action::kAppend;
  });
  std::vector<const Move*> kept;
  for (const Move& move : open) {
    if (!move.observes() && (any_cas_or_append || can_matter(move))) kept.push_back(&move);
  }
  const auto doing = [](const Move* move) {
    return std::tuple(move->action, move->value, move->argument);
  };
  std::sort(kept.begin(), kept.end(), [&](const Move* a, const Move* b) {
    return doing(a) != doing(b) ? doing(a) < doing(b) : a->began < b->began;
  });
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (i == 0 || doing(kept[i]) != doing(kept[i - 1]))
      classes_.push_back({kept[i]->action, kept[i]->value, kept[i]->argument});
    classes_.back().began.push_back(kept[i]->began);
  }
  std::uint32_t word = static_cast<std::uint32_t>(key_words_), shift = 0;
  for (Class& one : classes_) {
    const auto width = static_cast<std::uint32_t>(std::bit_width(one.began.size()));
    if (shift + width > 64) {
      ++word;
      shift = 0;
    }
    one.word = word;
    one.shift = shift;
    one.mask = (std::uint64_t{1} << width) - 1;
    shift += width;
  }
  key_words_ = word + (shift > 0 ? 1 : 0);
  stride_ = key_words_ + 1;
}

void Search::make_pending() {
  std::vector<std::uint32_t> by_beginning(moves_.size());
  for (std::uint32_t i = 0; i < by_beginning.size(); ++i) by_beginning[i] = i;
  std::sort(by_beginning.begin(), by_beginning.end(),
            [this](std::uint32_t a, std::uint32_t b) { return moves_[a].began < moves_[b].began; });
  slots_.resize(moves_.size());
  std::vector<std::uint32_t> active, free;
  std::uint32_t slots = 0;
  std::size_t next = 0;
  for (std::uint32_t end = 0; end < moves_.size(); ++end) {
    for (; next < by_beginning.size() && moves_[by_beginning[next]].began < moves_[end].ended;
         ++next) {
      const std::uint32_t begun = by_beginning[next];
      if (free.empty()) free.push_back(slots++);
      slots_[begun] = free.back();
      free.pop_back();
      active.push_back(begun);
    }
    pending_begin_.push_back(pending_.size());
    pending_.insert(pending_.end(), active.begin(), active.end());
    free.push_back(slots_[end]);
    active.erase(std::find(active.begin(), active.end(), end));
  }
  pending_begin_.push_back(pending_.size());
  key_words_ = 1 + (slots + 63) / 64;
}

std::span<const std::uint32_t> Search::pending(std::uint32_t end) const {
  return std::span(pending_).subspan(pending_begin_[end],
                                     pending_begin_[end + 1] - pending_begin_[end]);
}

std::uint64_t Search::used(Words frame, const Class& one) const {
  return frame[one.word] >> one.shift & one.mask;
}

std::uint64_t Search::begun(std::uint32_t end, const Class& one) const {
  if (one.began.back() < moves_[end].ended) return one.began.size();
  return static_cast<std::uint64_t>(
      std::lower_bound(one.began.begin(), one.began.end(), moves_[end].ended) - one.began.begin());
}

bool Search::settle(Words frame) {
  std::uint32_t end = end_due(frame);
  const ValueId value = value_in(frame);
  for (; end < moves_.size(); ++end) {
    for (const std::uint32_t index : pending(end)) {
      const Move& move = moves_[index];
      const bool right = move.action == Action::kRead
                             ? move.value == value
                             : move.action == Action::kCasMismatch && move.value != value;
      if (right) frame[1 + slots_[index] / 64] |= std::uint64_t{1} << slots_[index] % 64;
    }
    if (!is_in(frame, slots_[end])) break;
    frame[1 + slots_[end] / 64] &= ~(std::uint64_t{1} << slots_[end] % 64);
  }
  frame[0] = std::uint64_t{end} << 32 | value;
  deepest_end_ = std::max(deepest_end_, end);
  return end == moves_.size();
}

// By a write or a cas that can still come before the read that ends at `before`.
bool Search::may_be_replaced(Words frame, std::uint32_t before) const {
  const std::uint32_t end = end_due(frame);
  if (next_change_[end] < before) return true;
  const auto under_way = pending(before);
  return std::any_of(under_way.begin(), under_way.end(), [&](std::uint32_t index) {
    const Move& move = moves_[index];
    if (move.action != Action::kWrite && move.action != Action::kCas) return false;
    return move.began > moves_[end].ended || !is_in(frame, slots_[index]);
  });
}

bool Search::hopeless(Words frame) const {
  const ValueId value = value_in(frame);
  if (!texts_grow_ || value == kAnyValue || value == kAbsent) return false;
  const std::uint32_t end = end_due(frame);
  const auto cannot_be_read = [&](std::uint32_t read) {
    return !values_.begins_with(moves_[read].value, value) && !may_be_replaced(frame, read);
  };
  for (const std::uint32_t index : pending(end)) {
    if (moves_[index].action == Action::kRead && !is_in(frame, slots_[index]) &&
        cannot_be_read(index))
      return true;
  }
  const std::uint32_t read = next_read_[end];
  return read < moves_.size() && moves_[read].began > moves_[end].ended && cannot_be_read(read);
}

bool Search::remember(Words frame) {
  if ((seen_count_ + 1) * 2 > seen_.size() / key_words_) grow();
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < key_words_; ++i) hash = fold64(hash, frame[i]);
  const std::size_t mask = seen_.size() / key_words_ - 1;
  for (std::size_t slot = hash & mask;; slot = (slot + 1) & mask) {
    const auto place = seen_.begin() + static_cast<std::ptrdiff_t>(slot * key_words_);
    if (*place == 0) {
      std::copy_n(frame.begin(), key_words_, place);
      *place = frame[0] + (std::uint64_t{1} << 32);  // never 0
      ++seen_count_;
      return true;
    }
    if (*place == frame[0] + (std::uint64_t{1} << 32) &&
        std::equal(place + 1, place + static_cast<std::ptrdiff_t>(key_words_), frame.begin() + 1))
      return false;
  }
}

void Search::grow() {
  const std::vector<std::uint64_t> old = std::move(seen_);
  seen_.assign(std::max<std::size_t>(old.size() * 2, 64 * key_words_), 0);
  seen_count_ = 0;
  std::vector<std::uint64_t> key(key_words_);
  for (std::size_t i = 0; i < old.size(); i += key_words_) {
    if (old[i] == 0) continue;
    std::copy_n(old.begin() + static_cast<std::ptrdiff_t>(i), key_words_, key.begin());
    key[0] -= std::uint64_t{1} << 32;
    remember(key);
  }
}

ValueId Search::concatenation(ValueId left, ValueId right) {
  constexpr std::size_t kJoined = 4096;
  if (joined_.empty()) joined_.resize(kJoined);
  Joined& kept = joined_[fold64(left, right) % kJoined];
  if (kept.left != left || kept.right != right)
    kept = {left, right, values_.concatenation(left, right)};
  return kept.both;
}

ValueId Search::after(ValueId value, Action action, ValueId operand, ValueId argument) {
  switch (action) {
    case Action::kWrite:
      return operand;
    case Action::kCas:
      return value == operand || value == kAnyValue ? argument : kNoValue;
    case Action::kAppend:
      if (value == kAnyValue || operand == kAbsent) return value;
      return concatenation(value, operand);
    case Action::kRead:
      return value == kAnyValue ? operand : kNoValue;
    default:
      return kNoValue;
  }
}

// Whether the operation that must be next, or it after what brought `value` about, can be.
bool Search::satisfies(const Move& due, ValueId value) const {
  switch (due.action) {
    case Action::kRead:
    case Action::kCas:
      return value == due.value;
    case Action::kCasMismatch:
      return value != due.value;
    default:
      return false;
  }
}

bool Search::anybody_can_tell(Words frame, ValueId value) const {
  const std::uint32_t end = end_due(frame);
  for (const std::uint32_t index : pending(end)) {
    const Move& move = moves_[index];
    if (is_in(frame, slots_[index])) continue;
    if (move.action == Action::kAppend || satisfies(move, value)) return true;
  }
  return std::any_of(classes_.begin(), classes_.end(), [&](const Class& one) {
    if (used(frame, one) == begun(end, one)) return false;
    return one.action == Action::kAppend || (one.action == Action::kCas && one.value == value);
  });
}

// Ways to go on are tried in two rounds: first what lets the due operation in, then the rest.
bool Search::expand(Words from, Words to) {
  const std::uint32_t end = end_due(from);
  const ValueId value = value_in(from);
  const std::span<const std::uint32_t> under_way = pending(end);
  const std::uint64_t ways = under_way.size() + classes_.size();
  std::uint64_t& cursor = from[key_words_];
  for (; cursor < 2 * ways; ++cursor) {
    const std::uint64_t way = cursor % ways;
    const bool first_round = cursor < ways;
    if (way < under_way.size()) {
      const std::uint32_t index = under_way[way];
      const Move& move = moves_[index];
      if (is_in(from, slots_[index])) continue;
      const ValueId next = after(value, move.action, move.value, move.argument);
      if (next == kNoValue) continue;
      if (first_round != (index == end || satisfies(moves_[end], next))) continue;
      std::copy_n(from.begin(), key_words_, to.begin());
      to[1 + slots_[index] / 64] |= std::uint64_t{1} << slots_[index] % 64;
      to[0] = std::uint64_t{end} << 32 | next;
    } else {
      const Class& one = classes_[way - under_way.size()];
      if (used(from, one) == begun(end, one)) continue;
      const ValueId next = after(value, one.action, one.value, one.argument);
      if (next == kNoValue || next == value) continue;
      if (first_round != satisfies(moves_[end], next)) continue;
      if (!anybody_can_tell(from, next)) continue;
      std::copy_n(from.begin(), key_words_, to.begin());
      to[one.word] += std::uint64_t{1} << one.shift;
      to[0] = std::uint64_t{end} << 32 | next;
    }
    to[key_words_] = 0;
    ++cursor;
    return true;
  }
  return false;
}

std::uint64_t Search::bytes() const {
  return (frames_.capacity() + seen_.capacity()) * sizeof(std::uint64_t) +
         pending_.capacity() * sizeof(std::uint32_t) + values_.bytes() - values_bytes_before_;
}

Search::Answer Search::run(const Limits& limits) {
  constexpr std::uint64_t kStepsBetweenLooks = 1 << 14;
  frames_.assign(stride_ * 64, 0);
  frame(0)[0] = initial_;
  if (settle(frame(0))) return Answer::kPossible;
  remember(frame(0));
  std::size_t depth = 0;
  for (;;) {
    if ((depth + 2) * stride_ > frames_.size()) frames_.resize(frames_.size() * 2);
    if (!expand(frame(depth), frame(depth + 1))) {
      if (depth == 0) return Answer::kImpossible;
      --depth;
      continue;
    }
    ++steps_;
    if (steps_ > limits.steps) return Answer::kUnknown;
    if (steps_ % kStepsBetweenLooks == 0 &&
        (bytes() > limits.bytes || (limits.stop && limits.stop())))
      return Answer::kUnknown;
    if (settle(frame(depth + 1))) return Answer::kPossible;
    if (!hopeless(frame(depth + 1)) && remember(frame(depth + 1))) ++depth;
  }
}

Line Search::impossible_at() const {
  CHECK(deepest_end_ < moves_.size());
  return moves_[deepest_end_].ended;
}

}  // namespace sim::history
