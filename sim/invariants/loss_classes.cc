// What became of one lost write: from the machine that applied it, turn by turn, to the one that
// lost it.
#include <algorithm>
#include <utility>

#include "sim/invariants/losses.h"
#include "sim/invariants/verdict.h"

namespace sim {

namespace {

// Rows of protocol §14.
constexpr int kOpenSlotsNotReplicated = 4, kClustersMerge = 28, kOldPrimaryReturns = 30,
              kTakeoverLoses = 31, kEmptyRestart = 47;

void permit(Loss& loss, LossClass kind) {
  loss.kind = kind;
  loss.standing = LossStanding::kPermitted;
}
void forbid(Loss& loss, LossClass kind) {
  loss.kind = kind;
  loss.standing = LossStanding::kViolation;
}
void blame_defect(Loss& loss, LossClass kind, int row) {
  loss.kind = kind;
  loss.standing = LossStanding::kDefect;
  loss.row = row;
}

}  // namespace

bool Losses::was_removed(const std::string& name, const Write& write) const {
  const Effect& effect = write.effect;
  return std::any_of(removals_.begin(), removals_.end(), [&](const Removal& removal) {
    if (removal.at < effect.at || (!removal.key.empty() && removal.key != name)) return false;
    return effect.by_answer ? removal.machine == effect.machine
                            : removal.slots->slots().test(effect.slot.value);
  });
}

Loss Losses::classify(const std::string& name, const Write& write) const {
  Loss loss;
  const Effect& effect = write.effect;
  forbid(loss, LossClass::kUnexplained);
  loss.operation = write.operation;
  loss.key = name;
  loss.client = write.client;
  loss.acked = write.completed;
  loss.replicas_wanted = write.replicas_wanted;
  loss.replicas = write.replicas;
  loss.primary = effect.machine;
  loss.applied = effect.at;
  loss.slot = effect.slot;
  loss.offset = effect.offset;
  loss.epoch = effect.epoch;
  if (effect.machine == kNoMachine) {
    loss.why =
        effects_seen_ > 0 ? "no node ever applied it" : "where it took effect was not recorded";
    return loss;
  }
  const std::string where = name_of(effect.machine) + " applied it at " + moment(effect.at);
  if (effect.isolated_for || effect.deposed) {
    blame_minority(effect, loss);
    loss.why = where + loss.why;
    return loss;
  }
  if (!follow(write, effect, loss)) loss.why = where + " and nothing happened that could lose it";
  if (loss.kind == LossClass::kUnexplained) blame_move(write, loss);
  if (loss.kind == LossClass::kUnexplained && merged_) {
    blame_defect(loss, LossClass::kMerge, kClustersMerge);
    loss.why += "; this cluster and another had met at " + moment(*merged_);
  }
  return loss;
}

void Losses::blame_minority(const Effect& effect, Loss& loss) const {
  const auto replaced = std::find_if(turns_.begin(), turns_.end(), [&](const Turn& turn) {
    return turn.kind == Turn::Kind::kPromoted && turn.other == effect.machine &&
           turn.at >= effect.at - minority_window_;
  });
  if (replaced != turns_.end()) {
    loss.successor = replaced->machine;
    loss.lost = replaced->at;
  }
  if (!effect.isolated_for) {
    permit(loss, LossClass::kMinority);
    loss.why = " when another primary had taken its slots, of which it had not heard";
    return;
  }
  const bool in_time = *effect.isolated_for <= minority_window_;
  if (in_time) {
    permit(loss, LossClass::kMinority);
  } else if (takeovers_) {
    blame_defect(loss, LossClass::kBeyond, kTakeoverLoses);
  } else {
    forbid(loss, LossClass::kBeyond);
  }
  loss.window = *effect.isolated_for;
  loss.sides = sides_[effect.sides];
  loss.why = ", " + words(*effect.isolated_for) +
             " after it was cut off from the majority (at most " + words(minority_window_) +
             " is permitted)";
  if (!in_time && takeovers_) loss.why += "; takeovers had made a majority on either side";
  if (min_replicas_ > 0) {
    loss.why += "; min-replicas-to-write " + std::to_string(min_replicas_) +
                " stops one that is cut off from its replicas too after about " +
                words(min_replicas_lag_ + 1s);
  }
}

// The winner of an election did not have it.
void Losses::blame_promotion(const Write& write, const Effect& effect, const Turn& turn,
                             Loss& loss) const {
  if (turn.takeover) {
    blame_defect(loss, LossClass::kForced, kTakeoverLoses);
    loss.why += " (takeover)";
  } else if (turn.coordinated) {
    forbid(loss, LossClass::kUnexplained);
    loss.why += ", in a coordinated manual failover, which must lose nothing";
  } else if (turn.manual) {
    permit(loss, LossClass::kForced);
    loss.why += " (forced)";
  } else if (!blame_wait(write, effect, turn, loss)) {
    permit(loss, LossClass::kAsync);
  }
}

// As many replicas as its client had asked for had acknowledged it. WAIT does not promise that one
// of them is elected (protocol §15.17), but the rank rule prefers them: who knows of others that
// are ahead must let them stand first.
bool Losses::blame_wait(const Write& write, const Effect& effect, const Turn& turn,
                        Loss& loss) const {
  if (write.replicas_wanted == 0 || write.replicas < write.replicas_wanted) return false;
  loss.why += "; WAIT had counted " + counted(write.replicas, "replica");
  std::uint32_t ahead = 0;
  std::string names;
  for (const Rival& rival : turn.rivals) {
    if (effect.history == 0 || !contains(rival.place, effect)) continue;
    names += (names.empty() ? "" : ", ") + name_of(rival.machine);
    ahead += rival.settled ? 1 : 0;
  }
  if (names.empty()) {
    loss.why += ", of which none could be elected any more";
    return false;
  }
  loss.why += ", and " + names + " had it and could have been elected";
  if (turn.rank < ahead) {
    forbid(loss, LossClass::kWait);
    loss.why += "; " + name_of(turn.machine) + " stood with rank " + std::to_string(turn.rank) +
                " though " + std::to_string(ahead) + " were ahead of it and known to be";
  } else {
    permit(loss, LossClass::kWait);
    loss.why += ", but need not be";
  }
  return true;
}

// Did `holder`, who had it, give way to the very primary that it had replaced?
void Losses::blame_retaking(const Turn& turn, MachineId holder, Loss& loss) const {
  const auto before = std::find_if(turns_.begin(), turns_.end(), [&](const Turn& earlier) {
    return earlier.kind == Turn::Kind::kPromoted && earlier.machine == holder &&
           earlier.other == turn.other && earlier.at <= turn.at;
  });
  const bool returned = turn.other != kNoMachine && before != turns_.end();
  if (returned) {
    loss.successor = turn.other;
    loss.why += "; " + name_of(turn.other) + ", which it had replaced at " + moment(before->at) +
                " with epoch " + std::to_string(before->epoch) +
                ", had taken its slots back with epoch " + std::to_string(turn.other_epoch);
  }
  if (takeovers_) {
    const bool dropped = turn.kind == Turn::Kind::kDropped;
    blame_defect(loss, LossClass::kRetaken, dropped ? kOldPrimaryReturns : kTakeoverLoses);
    loss.why += " after a takeover";
  } else {
    forbid(loss, returned ? LossClass::kRetaken : LossClass::kUnexplained);
  }
}

// Perhaps the key was among those that were handed over, and was lost where it went.
bool Losses::follow_move(const Write& write, const Effect& effect, const Turn& moved,
                         Loss& loss) const {
  Effect there = effect;
  there.machine = moved.other;
  there.at = moved.at;
  there.history = moved.place.history;
  there.offset = moved.place.offset;
  Loss lost = loss;
  if (!follow(write, there, lost) || lost.kind == LossClass::kUnexplained) return false;
  lost.primary = moved.other;
  loss = std::move(lost);
  loss.why = "it went to " + name_of(moved.other) + " with its slot, and " + loss.why;
  return true;
}

// A slot was open between two primaries when one of them was replaced: its replica had not been
// told (7.0 tells none), and who asks for a key that has gone to the other is told that there is
// none. Of a real server's write not even the slot is known.
void Losses::blame_move(const Write& write, Loss& loss) const {
  const Effect& effect = write.effect;
  std::map<SlotId, std::pair<MachineId, MachineId>> open;
  const Turn* moved = nullptr;
  for (const Turn& turn : turns_) {
    if (turn.kind == Turn::Kind::kOpened && !effect.by_answer && turn.slot == effect.slot) {
      moved = &turn;
    }
    const bool about = effect.by_answer || turn.slot == effect.slot;
    if (turn.kind == Turn::Kind::kOpened && about) {
      open[turn.slot] = {turn.machine, turn.other};
    } else if (turn.kind == Turn::Kind::kClosed) {
      open.erase(turn.slot);
    } else if (turn.kind == Turn::Kind::kPromoted) {
      for (const auto& [slot, way] : open) {
        if (way.first != turn.other && way.second != turn.other) continue;
        blame_defect(loss, LossClass::kMigration, kOpenSlotsNotReplicated);
        loss.successor = turn.machine;
        loss.lost = turn.at;
        loss.why = name_of(turn.machine) + " replaced " + name_of(turn.other) + " at " +
                   moment(turn.at) +
                   " and had not been told of the slot that was on its way from " +
                   name_of(way.first) + " to " + name_of(way.second);
        return;
      }
    }
  }
  if (moved == nullptr) return;
  forbid(loss, LossClass::kMigration);
  loss.why += "; its slot was on the move from " + name_of(moved->machine) + " to " +
              name_of(moved->other) + " since " + moment(moved->at);
}

// Goes through the turns after the write's effect. True once one of them explains, or condemns, the
// loss.
bool Losses::follow(const Write& write, const Effect& effect, Loss& loss) const {
  MachineId holder = effect.machine;
  // Who answered may have been replaced just before and not have heard.
  const SimTime since = effect.by_answer ? effect.at - minority_window_ : effect.at;
  const Turn* reloaded = nullptr;  // by whom from its disk, if that may have lost it
  const auto first = std::lower_bound(turns_.begin(), turns_.end(), since,
                                      [](const Turn& turn, SimTime at) { return turn.at < at; });
  const auto decide = [&](const Turn& turn, std::string why) {
    loss.window = turn.at - effect.at;
    loss.lost = turn.at;
    loss.successor = turn.kind == Turn::Kind::kPromoted ? turn.machine : turn.other;
    loss.why = std::move(why);
  };
  for (auto turn = first; turn != turns_.end(); ++turn) {
    const std::string when = " at " + moment(turn->at);
    if (turn->kind == Turn::Kind::kPromoted && turn->other == holder) {
      if (had_it(*turn, holder, write, effect)) {
        // A copy made after a restart proves no more than the disk did.
        if (effect.history != 0 && contains(turn->place, effect)) reloaded = nullptr;
        holder = turn->machine;
        continue;
      }
      if (reloaded != nullptr) break;
      decide(*turn, name_of(turn->machine) + " replaced " + name_of(holder) + when +
                        (effect.by_answer ? " and may not have had it" : " without having it"));
      blame_promotion(write, effect, *turn, loss);
      return true;
    }
    if (turn->machine != holder) continue;
    const bool moved = turn->kind == Turn::Kind::kMigrated && turn->slot == effect.slot &&
                       turn->other != holder && turn->at > effect.at;
    if (moved && !effect.by_answer && follow_move(write, effect, *turn, loss)) return true;
    const bool keys_unseen = effect.by_answer && persistent_;  // loaded from an append only file
    if (turn->kind == Turn::Kind::kRestarted && turn->keys == 0 && !keys_unseen) {
      decide(*turn,
             name_of(holder) + " came back empty" + when + " before anybody had replaced it");
      if (cast_[holder.value].kind == MachineKind::kClusterNode) {
        blame_defect(loss, LossClass::kRestart, kEmptyRestart);
      } else {
        permit(loss, LossClass::kRestart);
      }
      return true;
    }
    if (turn->kind == Turn::Kind::kRestarted) reloaded = &*turn;
    if (turn->kind == Turn::Kind::kDropped) {
      if (reloaded != nullptr) break;
      decide(*turn,
             name_of(holder) + ", which had it, dropped " + counted(turn->keys, "key") + when);
      blame_retaking(*turn, holder, loss);
      return true;
    }
    if (turn->kind == Turn::Kind::kCopied) {
      decide(*turn, name_of(holder) + ", which had it, copied " + name_of(turn->other) + when);
      blame_retaking(*turn, holder, loss);
      return true;
    }
  }
  if (reloaded == nullptr) return false;
  permit(loss, LossClass::kRestart);
  loss.window = reloaded->at - effect.at;
  loss.lost = reloaded->at;
  loss.successor = reloaded->machine;
  loss.why = name_of(reloaded->machine) + " was restarted at " + moment(reloaded->at) +
             " from a disk that did not have it";
  return true;
}

// Who waited for the offset of a primary that had paused had everything.
bool Losses::had_it(const Turn& promoted, MachineId holder, const Write& write,
                    const Effect& effect) const {
  const bool unplaced = effect.by_answer && effect.history == 0;
  if (unplaced && promoted.coordinated && promoted.at >= write.completed) return true;
  return holds(promoted, holder, effect);
}

// Did the winner have the write when it was promoted? By its place in the replication history, or,
// where that tells nothing, because it has copied everything from the holder since.
bool Losses::holds(const Turn& promoted, MachineId holder, const Effect& effect) const {
  if (effect.history != 0 && contains(promoted.place, effect)) return true;
  return std::any_of(turns_.begin(), turns_.end(), [&](const Turn& turn) {
    return turn.kind == Turn::Kind::kCopied && turn.machine == promoted.machine &&
           turn.other == holder && turn.at >= effect.at && turn.at <= promoted.at &&
           !offset_in(effect.history, turn.place);
  });
}

bool Losses::contains(Place place, const Effect& effect) const {
  const auto reached = offset_in(effect.history, place);
  return reached && *reached >= effect.offset;
}

// How far in `history` who is at `place` has come. Histories branch where a replica is promoted:
// what came before belongs to both.
std::optional<std::int64_t> Losses::offset_in(HistoryNumber history, Place place) const {
  for (std::size_t hops = 0; hops <= parents_.size() && place.history != 0; ++hops) {
    if (place.history == history) return place.offset;
    const auto parent = parents_.find(place.history);
    if (parent == parents_.end()) return std::nullopt;
    place = {parent->second.history, std::min(place.offset, parent->second.offset)};
  }
  return std::nullopt;
}

}  // namespace sim
