// Claim: when WAIT answers n, n replicas have processed the write that was waited for.
// - Source: Redis documentation, "WAIT"; protocol §10.4, §15.17.
// - Scope: always.
// - Kills: wait-counts-all, ack-ahead.
//
// What a replica has processed is what it has told of its stream, or was given when its link came
// up. The write waited for is the primary's last one at or before the place that is waited for:
// what else is in the stream (PING, GETACK) no replica tells of. Of each primary the newest 1,024
// writes are remembered.
#include <algorithm>
#include <deque>
#include <map>
#include <string>

#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"
#include "sim/trace/directory.h"

namespace sim {
namespace {

constexpr std::size_t kWritesKept = 1024;

class WaitTellsTheTruth final : public CopyableVerdict<WaitTellsTheTruth> {
 public:
  explicit WaitTellsTheTruth(const RunFacts& facts)
      : CopyableVerdict("nobody waited for replicas") {
    if (!facts.processes.empty()) {
      cannot_check("a real server tells neither its stream nor how it answers WAIT");
    }
  }

  void see(const Record& record, const Stage& stage) override {
    if (const auto* write = std::get_if<event::WriteApplied>(&record.event)) {
      std::deque<std::int64_t>& writes = writes_[record.machine];
      if (!writes.empty() && write->offset < writes.back()) writes.clear();  // another history
      writes.push_back(write->offset);
      if (writes.size() > kWritesKept) writes.pop_front();
    } else if (const auto* stream = std::get_if<event::StreamAt>(&record.event)) {
      if (stream->role == Role::kReplica)
        reached_[record.machine] = {stream->replid, stream->offset};
    } else if (const auto* up = std::get_if<event::ReplicationUp>(&record.event)) {
      reached_[record.machine] = {up->replid, up->offset};
    } else if (const auto* waited = std::get_if<event::WaitAnswered>(&record.event)) {
      see_answer(record, *waited, stage.directory());
    }
  }

  std::string numbers() const override {
    return counted(answers_, "answer") + ", " + std::to_string(counted_) + " replicas counted";
  }

 private:
  struct Place {
    NodeName history;
    std::int64_t offset = 0;
  };

  void see_answer(const Record& record, const event::WaitAnswered& waited,
                  const Directory& directory) {
    const std::deque<std::int64_t>& writes = writes_[record.machine];
    const auto after = std::upper_bound(writes.begin(), writes.end(), waited.offset);
    if (after == writes.begin()) return;  // no write, or one too long ago
    const std::int64_t needed = *std::prev(after);
    evidence();
    ++answers_;
    counted_ += waited.replicas;
    std::uint32_t have = 0;
    for (const auto& [machine, place] : reached_) {
      if (place.history == waited.replid && place.offset >= needed) ++have;
    }
    if (waited.replicas <= have) return;
    violation(record, std::string(directory.name(record.machine)) + " answered WAIT with " +
                          std::to_string(waited.replicas) + " for the write at offset " +
                          std::to_string(needed) + ", which " + counted(have, "replica") +
                          (have == 1 ? " has" : " have") + " processed");
  }

  std::map<MachineId, std::deque<std::int64_t>> writes_;  // their offsets, ascending
  std::map<MachineId, Place> reached_;
  std::uint64_t answers_ = 0, counted_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_wait_tells_the_truth(const RunFacts& facts) {
  return std::make_unique<WaitTellsTheTruth>(facts);
}

}  // namespace sim
