// Claim: every acknowledged write is in the final data, or its loss is one that asynchronous
// replication permits: its primary failed before the elected replica had it, or it was applied by
// a primary cut off from the majority, within the window in which that primary cannot know. And
// the final data show nothing that nobody wrote.
// - Source: Cluster spec, "Write safety"; protocol §15.2, 3, 5, 19.
// - Scope: always, where auditors read the final data.
// - Kills: ack-before-apply.
//
// Known defects: row 47 (a primary that comes back empty and at once keeps its slots, and its
// replicas copy the void), rows 30 and 31 (takeovers lose what the other side wrote).
#include <algorithm>
#include <array>
#include <string>

#include "sim/invariants/losses.h"
#include "sim/invariants/verdict.h"

namespace sim {
namespace {

class AckedWritesAccounted final : public CopyableVerdict<AckedWritesAccounted> {
 public:
  explicit AckedWritesAccounted(const RunFacts& facts)
      : CopyableVerdict("no auditor read the final data of a key that was written"),
        losses_(facts),
        cast_(facts.cast) {}

  void see(const Record& record, const Stage& stage) override {
    losses_.see(record, stage);
    last_record_ = record.sequence;
  }

  void finish(const Ending&) override {
    losses_.finish();
    if (losses_.overflowed()) {
      give_up("gave up: more than " + std::to_string(Losses::kWritesMax) + " writes");
    }
    if (losses_.acked_writes() > 0) evidence();
    for (const Contradiction& contradiction : losses_.contradictions()) {
      violation(contradiction.at, last_record_, contradiction.what);
    }
    for (const Loss& loss : losses_.losses()) {
      if (loss.permitted()) continue;
      const std::string what = losses_.sentence_of(loss);
      if (loss.standing == LossStanding::kDefect) {
        known_defect(loss.acked, last_record_, loss.row, what);
      } else {
        violation(loss.acked, last_record_, what);
      }
    }
  }

  std::string numbers() const override {
    std::string text = counted(losses_.acked_writes(), "acknowledged write") + " to " +
                       counted(losses_.keys_read(), "key") + ", " + std::to_string(losses_.lost()) +
                       " lost";
    for (const LossRow& row : losses_.table().rows) {
      text += "; " + std::to_string(row.count) + " " + row.letter + " " + row.name + ", " +
              row.standing;
      if (row.window_ns > 0) text += " (window " + words(Duration{row.window_ns}) + ")";
    }
    if (losses_.removed() > 0)
      text += "; " + std::to_string(losses_.removed()) + " removed by clients";
    if (losses_.known_by_answer() > 0) {
      text += "; of " + counted(losses_.known_by_answer(), "write") +
              " only who answered is known, so more is taken for permitted";
    }
    if (losses_.keys_unread() > 0)
      text += "; " + counted(losses_.keys_unread(), "key") + " could not be read";
    return text;
  }

  std::optional<LossTable> losses() const override {
    if (losses_.acked_writes() == 0) return std::nullopt;
    return losses_.table();
  }

  std::vector<Metric> metrics() const override {
    std::vector<Metric> all;
    add_metrics("", all);
    for (const std::string& workload : workloads_apart(cast_)) add_metrics(workload, all);
    return all;
  }

 private:
  // Of one workload, or of all ("").
  void add_metrics(const std::string& workload, std::vector<Metric>& into) const {
    const auto concerns = [&](MachineId client) {
      return workload.empty() || cast_[client.value].workload == workload;
    };
    const auto& acked = losses_.acked_by();
    if (std::none_of(acked.begin(), acked.end(),
                     [&](const auto& writes) { return concerns(writes.first); }))
      return;
    std::int64_t lost = 0, defects = 0, forbidden = 0, window = 0, writes = 0;
    for (const auto& [client, count] : acked) {
      if (concerns(client)) writes += static_cast<std::int64_t>(count);
    }
    std::array<std::int64_t, kLossClasses> counts{}, windows{};
    for (const Loss& loss : losses_.losses()) {
      if (!concerns(loss.client)) continue;
      const auto kind = static_cast<std::size_t>(loss.kind);
      ++lost;
      ++counts[kind];
      windows[kind] = std::max<std::int64_t>(windows[kind], loss.window.count());
      defects += loss.standing == LossStanding::kDefect ? 1 : 0;
      forbidden += loss.standing == LossStanding::kViolation ? 1 : 0;
      if (loss.permitted()) window = std::max<std::int64_t>(window, loss.window.count());
    }
    const auto put = [&](std::string_view name, std::int64_t value) {
      into.push_back(metric(metric_of(name, workload), value));
    };
    put("lost_writes", lost);
    put("lost_share", ratio(lost, kPerMillion, std::max<std::int64_t>(1, writes)));
    for (const LossKind& kind : loss_kinds()) {
      const auto index = static_cast<std::size_t>(kind.kind);
      put("lost_" + std::string(kind.name), counts[index]);
      if (kind.permitted) put("loss_window_" + std::string(kind.name), windows[index]);
    }
    put("lost_by_defect", defects);
    put("lost_forbidden", forbidden);
    put("loss_window", window);
  }

  Losses losses_;
  Cast cast_;
  std::uint64_t last_record_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_acked_writes_accounted(const RunFacts& facts) {
  return std::make_unique<AckedWritesAccounted>(facts);
}

}  // namespace sim
