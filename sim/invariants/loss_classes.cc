// What became of one lost write: from the machine that applied it, turn by turn, to the one that
// lost it.
#include <algorithm>
#include <utility>

#include "sim/invariants/losses.h"
#include "sim/invariants/verdict.h"

namespace sim {

Loss Losses::classify(const std::string& name, const Write& write) const {
  Loss loss{
      LossClass::kUnexplained, write.operation, write.completed, {}, 0, name, {}, write.client};
  const Effect& effect = write.effect;
  if (effect.machine == kNoMachine) {
    loss.why =
        effects_seen_ > 0 ? "no node ever applied it" : "where it took effect was not recorded";
    return loss;
  }
  const std::string where = name_of(effect.machine) + " applied it at " + moment(effect.at);
  if (effect.isolated_for) {
    const bool in_time = *effect.isolated_for <= minority_window_;
    loss.kind = in_time ? LossClass::kMinority : LossClass::kUnexplained;
    loss.window = *effect.isolated_for;
    loss.why = where + ", " + words(*effect.isolated_for) +
               " after it was cut off from the majority (at most " + words(minority_window_) +
               " is permitted)";
    if (!in_time && takeovers_) {
      loss.kind = LossClass::kDefect;
      loss.row = 31;
      loss.why += "; takeovers had made a majority on either side";
    }
    return loss;
  }
  if (effect.deposed) {
    loss.kind = LossClass::kMinority;
    loss.why = where + " when another primary had taken its slots, of which it had not heard";
    return loss;
  }
  if (!follow(write, effect, loss)) loss.why = where + " and nothing happened that could lose it";
  if (loss.kind == LossClass::kUnexplained) blame_move(write, loss);
  if (loss.kind == LossClass::kUnexplained && merged_) {
    loss.kind = LossClass::kDefect;
    loss.row = 28;
    loss.why += "; this cluster and another had met at " + moment(*merged_);
  }
  return loss;
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
  for (const Turn& turn : turns_) {
    const bool about = effect.by_answer || turn.slot == effect.slot;
    if (turn.kind == Turn::Kind::kOpened && about) {
      open[turn.slot] = {turn.machine, turn.other};
    } else if (turn.kind == Turn::Kind::kClosed) {
      open.erase(turn.slot);
    } else if (turn.kind == Turn::Kind::kPromoted) {
      for (const auto& [slot, way] : open) {
        if (way.first != turn.other && way.second != turn.other) continue;
        loss.kind = LossClass::kDefect;
        loss.row = 4;
        loss.why = name_of(turn.machine) + " replaced " + name_of(turn.other) + " at " +
                   moment(turn.at) +
                   " and had not been told of the slot that was on its way from " +
                   name_of(way.first) + " to " + name_of(way.second);
        return;
      }
    }
  }
}

// Goes through the turns after the write's effect. True once one of them explains, or condemns, the
// loss.
bool Losses::follow(const Write& write, const Effect& effect, Loss& loss) const {
  MachineId holder = effect.machine;
  // Who answered may have been replaced just before and not have heard.
  const SimTime since = effect.by_answer ? effect.at - minority_window_ : effect.at;
  std::optional<SimTime> reloaded;
  const auto first = std::lower_bound(turns_.begin(), turns_.end(), since,
                                      [](const Turn& turn, SimTime at) { return turn.at < at; });
  const auto decide = [&](LossClass kind, const Turn& turn, std::string why) {
    loss.kind = kind;
    loss.window = turn.at - effect.at;
    loss.why = std::move(why);
    return true;
  };
  for (auto turn = first; turn != turns_.end(); ++turn) {
    const std::string when = " at " + moment(turn->at);
    if (turn->kind == Turn::Kind::kPromoted && turn->other == holder) {
      if (had_it(*turn, holder, write, effect)) {
        holder = turn->machine;
        continue;
      }
      const std::string why =
          name_of(turn->machine) + " replaced " + name_of(holder) + when +
          (effect.by_answer ? " and may not have had it" : " without having it");
      if (turn->takeover) {
        loss.row = 31;
        return decide(LossClass::kDefect, *turn, why + " (takeover)");
      }
      if (turn->coordinated) {
        return decide(LossClass::kUnexplained, *turn,
                      why + ", in a coordinated manual failover, which must lose nothing");
      }
      return decide(LossClass::kAsync, *turn, why);
    }
    if (turn->machine != holder) continue;
    const bool moved = turn->kind == Turn::Kind::kMigrated && turn->slot == effect.slot &&
                       turn->other != holder && turn->at > effect.at;
    if (moved && !effect.by_answer && follow_move(write, effect, *turn, loss)) return true;
    const bool keys_unseen = effect.by_answer && persistent_;  // loaded from an append only file
    if (turn->kind == Turn::Kind::kRestarted && turn->keys == 0 && !keys_unseen) {
      const std::string why =
          name_of(holder) + " came back empty" + when + " before anybody had replaced it";
      if (!stage_.directory().is_cluster_node(holder)) return decide(LossClass::kAsync, *turn, why);
      loss.row = 47;
      return decide(LossClass::kDefect, *turn, why);
    }
    if (turn->kind == Turn::Kind::kRestarted) reloaded = turn->at;
    if (turn->kind == Turn::Kind::kDropped) {
      if (reloaded) break;
      if (takeovers_) {
        loss.row = 30;
        return decide(LossClass::kDefect, *turn,
                      name_of(holder) + " dropped its keys" + when + " after a takeover");
      }
      return decide(
          LossClass::kUnexplained, *turn,
          name_of(holder) + ", which had it, dropped " + counted(turn->keys, "key") + when);
    }
    if (turn->kind == Turn::Kind::kCopied) {
      if (takeovers_) loss.row = 31;
      return decide(takeovers_ ? LossClass::kDefect : LossClass::kUnexplained, *turn,
                    name_of(holder) + ", which had it, copied " + name_of(turn->other) + when);
    }
  }
  if (!reloaded) return false;
  loss.kind = LossClass::kAsync;
  loss.window = *reloaded - effect.at;
  loss.why = name_of(holder) + " was restarted at " + moment(*reloaded) +
             " from a disk that did not have it";
  return true;
}

// Who waited for the offset of a primary that had paused had everything.
bool Losses::had_it(const Turn& promoted, MachineId holder, const Write& write,
                    const Effect& effect) const {
  const bool unplaced = effect.by_answer && effect.history.is_none();
  if (unplaced && promoted.coordinated && promoted.at >= write.completed) return true;
  return holds(promoted, holder, effect);
}

// Did the winner have the write when it was promoted? By its place in the replication history, or
// because it has copied everything from the holder since.
bool Losses::holds(const Turn& promoted, MachineId holder, const Effect& effect) const {
  if (!effect.history.is_none() && contains(promoted.place, effect)) return true;
  return std::any_of(turns_.begin(), turns_.end(), [&](const Turn& turn) {
    return turn.kind == Turn::Kind::kCopied && turn.machine == promoted.machine &&
           turn.other == holder && turn.at >= effect.at && turn.at <= promoted.at;
  });
}

// Histories branch where a replica is promoted: what came before belongs to both.
bool Losses::contains(Place place, const Effect& effect) const {
  for (std::size_t hops = 0; hops <= parents_.size(); ++hops) {
    if (place.history == effect.history) return place.offset >= effect.offset;
    const auto parent = parents_.find(place.history);
    if (parent == parents_.end()) return false;
    place = {parent->second.history, std::min(place.offset, parent->second.offset)};
  }
  return false;
}

}  // namespace sim
