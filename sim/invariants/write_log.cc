#include "sim/invariants/write_log.h"

#include "sim/base/check.h"

namespace sim {
namespace {

// Seven bits a byte, the lowest first; the eighth says that more follow (LEB128).
void put(std::vector<std::uint8_t>& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) out.push_back(static_cast<std::uint8_t>(number | 0x80));
  out.push_back(static_cast<std::uint8_t>(number));
}

// Small whichever way it goes: 0, -1, 1, -2, 2, ... are 0, 1, 2, 3, 4, ...
void put_difference(std::vector<std::uint8_t>& out, std::int64_t from, std::int64_t to) {
  const std::uint64_t by = static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
  const std::uint64_t negative = by >> 63;
  put(out, negative != 0 ? ~(by << 1) : by << 1);
}

std::int64_t count_of(SimTime at) {
  return at.time_since_epoch().count();
}

// Which of the parts that most writes do without follow.
enum Part : std::uint64_t {
  kRepeats = 1,
  kWait = 2,
  kEffect = 4,
  kIsolated = 8,
  kDeposed = 16,
  kByAnswer = 32,
  kNeverCompleted = 64,
};

}  // namespace

void WriteLog::pack() {
  for (const LoggedWrite& write : latest_) {
    const LoggedWrite& before = last_packed_;
    const WriteEffect& effect = write.effect;
    const bool took_effect = effect != WriteEffect{};
    const bool waits = write.replicas_wanted > 0 || write.replicas > 0;
    const bool never = write.completed == SimTime::max();
    std::uint64_t parts = 0;
    const auto has = [&parts](Part part, bool it_has) {
      if (it_has) parts |= part;
    };
    has(kRepeats, write.repeats > 0);
    has(kWait, waits);
    has(kEffect, took_effect);
    has(kIsolated, effect.isolated_for.has_value());
    has(kDeposed, effect.deposed);
    has(kByAnswer, effect.by_answer);
    has(kNeverCompleted, never);
    put(packed_, parts);
    put_difference(packed_, static_cast<std::int64_t>(before.operation),
                   static_cast<std::int64_t>(write.operation));
    put(packed_, static_cast<std::uint64_t>(write.kind));
    put(packed_, static_cast<std::uint64_t>(write.outcome));
    put_difference(packed_, count_of(before.invoked), count_of(write.invoked));
    if (!never) put_difference(packed_, count_of(write.invoked), count_of(write.completed));
    if (write.repeats > 0) put(packed_, write.repeats);
    put(packed_, write.value.size());
    packed_.insert(packed_.end(), write.value.begin(), write.value.end());
    put(packed_, write.client.value);
    if (waits) {
      put(packed_, write.replicas_wanted);
      put(packed_, write.replicas);
    }
    if (took_effect) {
      put(packed_, effect.machine.value);
      put_difference(packed_, count_of(write.invoked), count_of(effect.at));
      put(packed_, effect.slot.value);
      put_difference(packed_, before.effect.offset, effect.offset);
      put(packed_, effect.history);
      put(packed_, effect.epoch);
      put(packed_, effect.sides);
      if (effect.isolated_for) put_difference(packed_, 0, effect.isolated_for->count());
    }
    last_packed_ = write;
    ++packed_count_;
  }
  latest_.clear();
  latest_.shrink_to_fit();
}

std::uint64_t WriteLog::Reader::number() {
  std::uint64_t number = 0;
  for (unsigned shift = 0;; shift += 7) {
    CHECK(at_ < bytes_.size() && shift < 64);
    const std::uint8_t byte = bytes_[at_++];
    number |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return number;
  }
}

std::int64_t WriteLog::Reader::difference() {
  const std::uint64_t folded = number();
  return static_cast<std::int64_t>((folded & 1) != 0 ? ~(folded >> 1) : folded >> 1);
}

bool WriteLog::Reader::next() {
  if (at_ == bytes_.size()) return false;
  const auto add = [&](std::int64_t before) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(before) +
                                     static_cast<std::uint64_t>(difference()));
  };
  const std::uint64_t parts = number();
  LoggedWrite& write = write_;
  write.operation = static_cast<std::uint64_t>(add(static_cast<std::int64_t>(write.operation)));
  write.kind = static_cast<event::OpKind>(number());
  write.outcome = static_cast<event::OpOutcome>(number());
  write.invoked = SimTime{Duration{add(count_of(write.invoked))}};
  write.completed = (parts & kNeverCompleted) != 0
                        ? SimTime::max()
                        : SimTime{Duration{add(count_of(write.invoked))}};
  write.repeats = (parts & kRepeats) != 0 ? static_cast<std::uint32_t>(number()) : 0;
  const std::uint64_t length = number();
  CHECK(length <= bytes_.size() - at_);
  const auto from = bytes_.begin() + static_cast<std::ptrdiff_t>(at_);
  write.value.assign(from, from + static_cast<std::ptrdiff_t>(length));
  at_ += length;
  write.client = MachineId{static_cast<std::uint32_t>(number())};
  write.replicas_wanted = write.replicas = 0;
  if ((parts & kWait) != 0) {
    write.replicas_wanted = static_cast<std::uint32_t>(number());
    write.replicas = static_cast<std::uint32_t>(number());
  }
  const std::int64_t offset_before = write.effect.offset;
  write.effect = {};
  if ((parts & kEffect) == 0) return true;
  WriteEffect& effect = write.effect;
  effect.machine = MachineId{static_cast<std::uint32_t>(number())};
  effect.at = SimTime{Duration{add(count_of(write.invoked))}};
  effect.slot = SlotId{static_cast<std::uint16_t>(number())};
  effect.offset = add(offset_before);
  effect.history = static_cast<HistoryNumber>(number());
  effect.epoch = number();
  effect.sides = static_cast<std::uint32_t>(number());
  effect.deposed = (parts & kDeposed) != 0;
  effect.by_answer = (parts & kByAnswer) != 0;
  if ((parts & kIsolated) != 0) effect.isolated_for = Duration{difference()};
  return true;
}

}  // namespace sim
