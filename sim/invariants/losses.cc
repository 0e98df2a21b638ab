// Collecting: histories of keys, effects of writes, turns of fortune; and comparing histories with
// the final reads.
#include "sim/invariants/losses.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "sim/base/hash.h"
#include "sim/invariants/bounds.h"
#include "sim/invariants/verdict.h"

namespace sim {
namespace {

std::int64_t number_in(const std::string& text, std::int64_t otherwise) {
  std::int64_t number = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool acked(event::OpOutcome outcome) {
  return outcome == event::OpOutcome::kOk;
}

}  // namespace

Losses::Losses(const RunFacts& facts)
    : cast_(facts.cast),
      minority_window_(noticed_within(facts)),
      takeovers_(facts.takeovers),
      persistent_(facts.persistent),
      min_replicas_(facts.min_replicas_to_write),
      min_replicas_lag_(facts.min_replicas_max_lag),
      processes_(facts.processes) {}

void Losses::see(const Record& record, const Stage& stage) {
  const Directory& directory = stage.directory();
  if (!merged_ && std::holds_alternative<event::PeerLearned>(record.event) &&
      directory.has_merged())
    merged_ = record.at;
  if (const auto* write = std::get_if<event::WriteApplied>(&record.event)) {
    see_effect(record, *write, stage);
  } else if (const auto* stream = std::get_if<event::StreamAt>(&record.event)) {
    see_stream(record, *stream);
  } else if (const auto* reach = std::get_if<event::Reachability>(&record.event)) {
    reach_changed_ = record.at;
    see_sides(*reach);
  } else if (std::holds_alternative<event::OpInvoked>(record.event) ||
             std::holds_alternative<event::OpCompleted>(record.event)) {
    see_client(record, stage);
  } else {
    see_turn(record, stage);
    see_replication(record, directory);
    see_migration(record, directory);
  }
  if (stage.weighed()) find_contested(directory);
}

void Losses::see_client(const Record& record, const Stage& stage) {
  if (const auto* invoked = std::get_if<event::OpInvoked>(&record.event)) {
    if (invoked->final_read) {
      final_reads_[invoked->operation] = invoked->key;
      Key& key = keys_[invoked->key];
      if (!key.final) key.final = FinalRead{};
    } else if (changes_data(invoked->kind)) {
      Write write;
      write.operation = invoked->operation;
      write.kind = invoked->kind;
      write.invoked = record.at;
      write.value = invoked->value;
      write.client = record.machine;
      in_flight_[invoked->operation] = {invoked->key, std::move(write)};
    }
    return;
  }
  const auto& done = std::get<event::OpCompleted>(record.event);
  if (const auto read = final_reads_.find(done.operation); read != final_reads_.end()) {
    Key& key = keys_[read->second];
    if (acked(done.outcome) && !key.answered) {
      key.answered = true;
      key.final->at = record.at;
      key.final->absent = done.absent;
      key.final->value = done.value;
      key.final->list = done.list;
    }
    final_reads_.erase(read);
    return;
  }
  const auto found = in_flight_.find(done.operation);
  if (found == in_flight_.end()) return;
  auto& [key, write] = found->second;
  write.outcome = done.outcome;
  if (acked(done.outcome)) write.completed = record.at;
  write.replicas_wanted = done.replicas_wanted;
  write.replicas = done.replicas;
  const bool waited = done.replicas_wanted > 0 && done.replicas >= done.replicas_wanted;
  waited_ += waited && acked(done.outcome) ? 1 : 0;
  write.repeats = done.attempts > done.redirects + 1 ? done.attempts - done.redirects - 1 : 0;
  if (const auto effect = effects_.find(done.operation); effect != effects_.end()) {
    write.effect = effect->second;
    effects_.erase(effect);
  } else if (const auto answered = effect_by_answer(done, write.invoked, stage)) {
    write.effect = *answered;
    ++known_by_answer_;
  }
  Key& history = keys_[key];
  if (++writes_kept_ <= kWritesMax) {
    history.writes.add(std::move(write));
  } else {
    overflowed_ = true;
  }
  if (history.writes.latest().size() >= history.tidy_at) tidy(history);
  in_flight_.erase(found);
}

// What an acknowledged write has overwritten can be missed no more, whatever is lost: only its
// value may still turn up. What may be missed to the end is packed.
void Losses::tidy(Key& key) {
  SimTime newest = SimTime::min();
  for (const Write& write : key.writes.latest()) {
    if (acked(write.outcome)) newest = std::max(newest, write.invoked);
  }
  const auto past = [&](const Write& write) {
    return write.kind == event::OpKind::kWrite && acked(write.outcome) &&
           write.effect.machine != kNoMachine && write.completed < newest;
  };
  for (const Write& write : key.writes.latest()) {
    if (!past(write)) continue;
    key.past.push_back({hash_text(write.value), write.completed});
    ++key.past_acked[write.client];
  }
  writes_kept_ -= key.writes.drop_latest_if(past);
  if (key.writes.latest().size() >= kPackAt) key.writes.pack();
  key.tidy_at = std::max(kTidyAt, 2 * key.writes.latest().size());
}

// A real server does not tell what it applies, but its client knows who said OK.
std::optional<Losses::Effect> Losses::effect_by_answer(const event::OpCompleted& done,
                                                       SimTime invoked, const Stage& stage) const {
  if (!acked(done.outcome)) return std::nullopt;
  for (const MachineId machine : processes_) {
    const MachineInfo& info = cast_[machine.value];
    if (done.node != info.name && done.node != format_endpoint(info.endpoint)) continue;
    Effect effect;
    effect.machine = machine;
    effect.at = invoked;
    effect.by_answer = true;
    effect.deposed = may_be_deposed(machine, stage.directory());
    const event::Claim* claim = stage.directory().claim(machine);
    effect.epoch = claim == nullptr ? 0 : claim->config_epoch;
    effect.sides = sides_now_;
    const auto since = stage.isolated_since(machine);
    const auto rejoined = stage.rejoined_at(machine);
    if (since) {
      effect.isolated_for = std::max<Duration>(invoked - *since, Duration{});
    } else if (rejoined && *rejoined >= invoked) {
      effect.isolated_for = std::min(stage.isolation_lasted(machine), minority_window_);
    }
    return effect;
  }
  return std::nullopt;
}

// Somebody with a greater epoch has won its slots, who may have died since.
bool Losses::was_outbid(MachineId machine, const event::Claim* claim) const {
  const auto winner = outbid_.find(machine);
  return winner != outbid_.end() && claim != nullptr && claim->role == Role::kPrimary &&
         winner->second > claim->config_epoch;
}

// Some slot that it claims has another owner. (Which slot the key is in is not known here.)
bool Losses::may_be_deposed(MachineId machine, const Directory& directory) const {
  const event::Claim* claim = directory.claim(machine);
  if (claim == nullptr) return false;
  const SlotSet doubtful = claim->slots->slots() & contested_;
  for (std::uint16_t slot = 0; doubtful.any() && slot < kSlotCount; ++slot) {
    if (doubtful.test(slot)) return directory.owner_of(SlotId{slot}) != machine;
  }
  return false;
}

void Losses::see_effect(const Record& record, const event::WriteApplied& write,
                        const Stage& stage) {
  if (write.operation == 0) return;
  ++effects_seen_;
  Effect effect;
  effect.machine = record.machine;
  effect.at = record.at;
  effect.slot = write.slot;
  effect.offset = write.offset;
  const event::Claim* claim = stage.directory().claim(record.machine);
  effect.epoch = claim == nullptr ? 0 : claim->config_epoch;
  effect.sides = sides_now_;
  if (const auto since = stage.isolated_since(record.machine))
    effect.isolated_for = record.at - *since;
  effect.deposed = was_outbid(record.machine, claim);
  if (contested_.test(write.slot.value)) {
    effect.deposed |= stage.directory().owner_of(write.slot) != record.machine;
  }
  effects_[write.operation] = effect;
  unplaced_[record.machine].push_back(write.operation);
}

// The pass that applied the writes ends: now their place in a replication history is known.
void Losses::see_stream(const Record& record, const event::StreamAt& stream) {
  if (const auto found = unplaced_.find(record.machine); found != unplaced_.end()) {
    for (const std::uint64_t operation : found->second) {
      const auto effect = effects_.find(operation);
      if (effect != effects_.end()) effect->second.history = number_of(stream.replid);
    }
    unplaced_.erase(found);
  }
  Place& place = places_[record.machine];
  const HistoryNumber history = number_of(stream.replid);
  const bool branches =
      stream.role == Role::kPrimary && place.history != 0 && place.history != history;
  if (branches) parents_.insert({history, place});
  place = {history, stream.offset};
}

HistoryNumber Losses::number_of(const NodeName& replid) {
  if (replid.is_none()) return 0;
  const auto next = static_cast<HistoryNumber>(histories_.size() + 1);
  return histories_.try_emplace(replid, next).first->second;
}

// Slots that more than one live primary claims, so that asking who owns one is needed only for
// these.
void Losses::find_contested(const Directory& directory) {
  SlotSet once;
  contested_.reset();
  for (const MachineId primary : directory.primaries()) {
    const SlotSet& slots = directory.claim(primary)->slots->slots();
    contested_ |= once & slots;
    once |= slots;
  }
}

// ---- The end ----

void Losses::finish() {
  for (auto& [operation, flight] : in_flight_) keys_[flight.first].writes.add(flight.second);
  in_flight_.clear();
  for (const auto& [name, key] : keys_) {
    if (!key.final || !key.answered) {
      keys_unread_ += key.final && !key.writes.empty() ? 1 : 0;
      continue;
    }
    ++keys_read_;
    std::array<bool, 16> has{};
    for (const auto& [client, writes] : key.past_acked) {
      has[static_cast<std::size_t>(event::OpKind::kWrite)] = true;
      acked_ += writes;
      acked_by_[client] += writes;
    }
    key.writes.each([&, &name = name](const Write& write) {  // clang 14 wants it named
      has[static_cast<std::size_t>(write.kind)] = true;
      if (acked(write.outcome)) ++acked_, ++acked_by_[write.client];
      const bool must_show = write.kind != event::OpKind::kDelete && acked(write.outcome);
      if (must_show && write.effect.machine == kNoMachine && effects_seen_ > 0) lose(name, write);
    });
    if (has[static_cast<std::size_t>(event::OpKind::kAppend)]) {
      judge_list(name, key);
    } else if (has[static_cast<std::size_t>(event::OpKind::kIncrement)]) {
      judge_counter(name, key);
    } else if (has[static_cast<std::size_t>(event::OpKind::kWrite)]) {
      judge_register(name, key);
    }
  }
}

// An acknowledged write that took no effect anywhere is lost whatever the data look like; `finish`
// has counted it.
bool Losses::took_effect(const Write& write) const {
  return write.effect.machine != kNoMachine || effects_seen_ == 0;
}

// A register shows one write, and that must not be older than an acknowledged one that nothing else
// has overwritten.
void Losses::judge_register(const std::string& name, const Key& key) {
  SimTime shown_until =
      SimTime::min();  // when the write that is shown was over; never, if that is not known
  bool known = false;
  const std::uint64_t hash = hash_text(key.final->value);
  for (const PastWrite& past : key.past) {
    if (key.final->absent || past.value_hash != hash) continue;
    known = true;
    shown_until = std::max(shown_until, past.completed);
  }
  key.writes.each([&](const Write& write) {
    const bool matches =
        key.final->absent ? write.kind == event::OpKind::kDelete
                          : write.kind == event::OpKind::kWrite && write.value == key.final->value;
    if (!matches) return;
    known = true;
    shown_until = std::max(shown_until, write.completed);
    if (write.outcome == event::OpOutcome::kFailed) {
      contradict(key.final->at,
                 "key \"" + name + "\" shows \"" + write.value + "\", a write that was refused");
    }
  });
  if (!known && !key.final->absent) {
    return contradict(key.final->at, "key \"" + name + "\" shows \"" + key.final->value +
                                         "\", which nobody wrote");
  }
  SimTime newest = SimTime::min();  // the last invocation of an acknowledged change
  key.writes.each([&](const Write& write) {
    if (acked(write.outcome)) newest = std::max(newest, write.invoked);
  });
  key.writes.each([&](const Write& write) {
    const bool judged = write.kind == event::OpKind::kWrite && acked(write.outcome);
    const bool shown = !key.final->absent && write.value == key.final->value;
    const bool superseded = newest > write.completed;
    if (judged && took_effect(write) && !shown && !superseded && write.invoked > shown_until) {
      lose(name, write);
    }
  });
}

// A counter shows a sum: at least the acknowledged increments, at most those and all of unknown
// fate.
void Losses::judge_counter(const std::string& name, const Key& key) {
  std::int64_t least = 0, most = 0;
  bool deleted = false;
  const auto counts = [&](const Write& write) {
    return write.kind == event::OpKind::kIncrement && acked(write.outcome) && took_effect(write);
  };
  key.writes.each([&](const Write& write) {
    deleted |= write.kind == event::OpKind::kDelete;
    if (write.kind != event::OpKind::kIncrement || write.outcome == event::OpOutcome::kFailed)
      return;
    const std::int64_t delta = number_in(write.value, 1);
    most += delta * (1 + static_cast<std::int64_t>(write.repeats));
    if (counts(write)) {
      least += delta;
    } else if (acked(write.outcome)) {  // counted as lost already
      most -= delta;
    }
  });
  if (deleted) return;  // no sum to compare with
  const std::int64_t shown = key.final->absent ? 0 : number_in(key.final->value, 0);
  if (shown > most) {
    contradict(key.final->at, "counter \"" + name + "\" shows " + std::to_string(shown) +
                                  ", but at most " + std::to_string(most) + " was ever added");
  }
  if (shown >= least) return;
  // Which ones are gone the sum does not tell; those with an explanation first, the newest of them
  // first.
  std::vector<std::pair<Loss, Write>> judged;
  key.writes.each([&](const Write& write) {
    if (counts(write)) judged.emplace_back(classify(name, write), write);
  });
  std::reverse(judged.begin(), judged.end());
  std::stable_sort(judged.begin(), judged.end(), [](const auto& a, const auto& b) {
    if (a.first.standing != b.first.standing) return a.first.standing < b.first.standing;
    if (a.first.kind != b.first.kind) return a.first.kind < b.first.kind;
    return a.first.window > b.first.window;  // a known turn rather than none
  });
  for (const auto& [loss, write] : judged) {
    if (least <= shown) break;
    least -= std::max<std::int64_t>(1, number_in(write.value, 1));
    lose(name, write);
  }
}

// A list shows every acknowledged element, each once, and none that was refused or never appended.
void Losses::judge_list(const std::string& name, const Key& key) {
  std::map<std::string, std::uint32_t> shown;
  for (const std::string& element : key.final->list) ++shown[element];
  key.writes.each([&](const Write& write) {
    if (write.kind != event::OpKind::kAppend) return;
    const auto found = shown.find(write.value);
    if (found == shown.end()) {
      if (acked(write.outcome) && took_effect(write)) lose(name, write);
      return;
    }
    const auto told = [&](const std::string& what) {
      contradict(key.final->at, "list \"" + name + "\" shows \"" + write.value + "\"" + what);
    };
    if (write.outcome == event::OpOutcome::kFailed) told(", an append that was refused");
    if (found->second > 1 + write.repeats) {
      told(" " + std::to_string(found->second) + " times, appended once");
    }
    shown.erase(found);
  });
  for (const auto& [element, times] : shown) {
    contradict(key.final->at,
               "list \"" + name + "\" shows \"" + element + "\", which nobody appended");
  }
}

void Losses::lose(const std::string& name, const Write& write) {
  if (was_removed(name, write)) {
    ++removed_;
    return;
  }
  Loss loss = classify(name, write);
  const auto kind = static_cast<std::size_t>(loss.kind);
  ++counts_[kind];
  windows_[kind] = std::max(windows_[kind], loss.window);
  losses_.push_back(std::move(loss));
}

}  // namespace sim
