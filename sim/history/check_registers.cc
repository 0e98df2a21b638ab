// Registers, key by key: a history is linearizable if that of each key is (Herlihy and Wing 1990,
// locality). Keys whose values are unique are decided at once; the others share a budget that
// grows: all get a little first, then those that are left more, so that one hard key cannot hide
// the failure of another.
#include <algorithm>
#include <utility>

#include "sim/history/check.h"
#include "sim/history/moves.h"
#include "sim/history/partition.h"
#include "sim/history/search.h"
#include "sim/history/window.h"
#include "sim/history/zones.h"

namespace sim::history {
namespace {

class Registers {
 public:
  Registers(History& history, const Limits& limits)
      : history_(history), limits_(limits), keys_(by_key(history)) {}

  Report run() {
    report_.claim = history_.model == Model::kCache
                        ? "each key is a cache entry, which may be forgotten but does not come back"
                        : "each key is linearizable";
    std::vector<std::uint32_t> hard;
    for (std::uint32_t key = 0; key < keys_.size(); ++key) {
      if (keys_.of(key).empty()) continue;
      ++report_.parts;
      if (!by_zones(key)) hard.push_back(key);
    }
    search(std::move(hard));
    return std::move(report_);
  }

 private:
  bool by_zones(std::uint32_t key) {
    std::vector<Move> moves = moves_of(history_, keys_.of(key));
    auto proof = check_zones(history_, moves);
    if (!proof) return false;
    ++report_.parts_by_zones;
    if (!proof->possible) add(key, proof->why + ":\n", std::move(proof->because));
    return true;
  }

  void search(std::vector<std::uint32_t> left) {
    constexpr std::uint64_t kFirstBudget = 20'000, kGrowth = 10;
    std::uint64_t undecidable = 0;
    for (std::uint64_t budget = kFirstBudget; !left.empty() && !out_of_budget();
         budget *= kGrowth) {
      std::vector<std::uint32_t> undecided;
      for (const std::uint32_t key : left) {
        if (out_of_budget() || !search(key, budget)) {
          undecided.push_back(key);
        } else if (out_of_memory_) {
          out_of_memory_ = false;
          ++undecidable;
        }
      }
      left = std::move(undecided);
      if (report_.verdict == Verdict::kFail)
        break;  // the verdict is there, so the rest need not be known
    }
    const std::uint64_t open = left.size() + undecidable;
    if (open == 0) return;
    report_.unknown_because =
        (left.empty()
             ? "a search reached its limit of " + std::to_string(limits_.bytes >> 20) + " MiB"
         : steps_left() == 0 ? "the limit of " + std::to_string(limits_.steps) + " steps is reached"
         : report_.verdict == Verdict::kFail ? "there are violations already"
                                             : "it was stopped") +
        "; " + std::to_string(open) + (open == 1 ? " key is" : " keys are") + " undecided";
    if (report_.verdict == Verdict::kPass) report_.verdict = Verdict::kUnknown;
  }

  std::uint64_t steps_left() const {
    return limits_.steps - std::min(limits_.steps, report_.steps);
  }
  bool out_of_budget() const { return steps_left() == 0 || (limits_.stop && limits_.stop()); }

  // False: with more steps it may be decided. Without memory it never will be.
  bool search(std::uint32_t key, std::uint64_t budget) {
    std::vector<Move> moves = moves_of(history_, keys_.of(key));
    Search search(moves, kAbsent, history_.values);
    const std::uint64_t steps = std::min(budget, steps_left());
    const Search::Answer answer = search.run({steps, limits_.bytes, limits_.stop});
    report_.steps += std::min(search.steps(), steps);
    if (answer == Search::Answer::kUnknown) {
      if (search.steps() > steps || (limits_.stop && limits_.stop())) return false;
      out_of_memory_ = true;
    } else if (answer == Search::Answer::kImpossible) {
      refute(key, moves, search.impossible_at());
    }
    return true;
  }

  void refute(std::uint32_t key, const std::vector<Move>& moves, Line impossible_at) {
    if (report_.finding_count >= kFindingsKept) return report_.add({});
    Window window = smallest_window(moves, impossible_at, history_.values);
    std::string why = "no order of these explains what they returned, ";
    why += window.from == 0 ? "nothing being there at first"
                            : "whatever was there after line " + std::to_string(window.from);
    if (window.others == 1) why += ", and one operation beside them does not help";
    if (window.others > 1)
      why += ", and " + std::to_string(window.others) + " operations beside them do not help";
    add(key, why + ":\n", std::move(window.moves));
  }

  void add(std::uint32_t key, std::string text, std::vector<Move> moves) {
    Finding finding;
    finding.anomaly = history_.model == Model::kCache ? "not-a-cache" : "not-linearizable";
    finding.key = history_.keys.text(key);
    for (const Move& move : moves) finding.lines.push_back(move.began);
    std::sort(finding.lines.begin(), finding.lines.end());
    finding.text = std::move(text) + draw_moves(history_, std::move(moves));
    report_.add(std::move(finding));
  }

  History& history_;
  const Limits& limits_;
  Report report_;
  const Partition keys_;
  bool out_of_memory_ = false;  // of the search just done
};

}  // namespace

Report check_registers(History& history, const Limits& limits) {
  return Registers(history, limits).run();
}

}  // namespace sim::history
