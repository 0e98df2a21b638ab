// A stage for renderer tests: a made-up cluster whose records are written by hand, without running
// anything.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sim/base/slot_set.h"
#include "sim/trace/fold.h"
#include "sim/trace/record.h"
#include "viz/picture.h"

namespace sim {

class Stage {
 public:
  // `shards` primaries m1.. with slots split evenly, then their replicas, shard by shard; boots,
  // all is well at t = 0. With zones, machines go round the zones "a", "b", ...
  Stage(int shards, int replicas, int zones) : shards_(shards) {
    const int size = shards * (1 + replicas);
    for (int i = 0; i < size; ++i) {
      MachineInfo info;
      info.name = "m" + std::to_string(i + 1);
      info.host = "host-" + std::to_string(i + 1);
      info.shard = i < shards ? i : (i - shards) / replicas;
      info.planned_primary = i < shards;
      info.planned_id = id(i);
      // A replica stands one zone further than its primary.
      const int spread = i < shards ? i : info.shard + 1 + (i - shards) % replicas;
      if (zones > 0) info.zone = std::string(1, static_cast<char>('a' + spread % zones));
      cast.push_back(info);
    }
  }

  static NodeName id(int machine) {
    std::string text(40, '0');
    const std::string digits = std::to_string(machine + 1);
    return NodeName::from(text.replace(40 - digits.size(), digits.size(), digits));
  }
  SlotsRef slots_of(int shard) const {
    SlotSet set;
    const auto cut = [this](int n) {
      return static_cast<std::size_t>(n) * kSlotCount / static_cast<std::size_t>(shards_);
    };
    for (std::size_t slot = cut(shard); slot < cut(shard + 1); ++slot) set.set(slot);
    return share_slots(set);
  }

  // Machine -1: the plan's own record. Times are since boot; the cluster is formed at 1 s.
  void add(Duration at, int machine, Event event) {
    const MachineId who = machine < 0 ? kNoMachine : MachineId{static_cast<std::uint32_t>(machine)};
    records.push_back({records.size(), sim_time(at), who, Source::kInternal, std::move(event)});
  }
  void form() {
    for (int i = 0; i < static_cast<int>(cast.size()); ++i) {
      add(0s, i, event::MachineStarted{});
      if (cast[static_cast<std::size_t>(i)].kind == MachineKind::kClient) continue;
      add(1ms, i, event::NodeStarted{.id = id(i)});
      claim(1ms, i);
      add(900ms, i, event::HealthChanged{true, ""});
    }
    add(1s, -1, event::PhaseBegan{event::Phase::kFaults});
  }
  // What the machine was planned to be.
  void claim(Duration at, int machine) {
    const int shard = cast[static_cast<std::size_t>(machine)].shard;
    if (machine < shards_) {
      claim_primary(at, machine, shard, static_cast<std::uint64_t>(machine + 1));
    } else {
      claim_replica(at, machine, shard);
    }
  }
  void claim_primary(Duration at, int machine, int shard, std::uint64_t epoch) {
    add(at, machine, event::Claim{id(machine), Role::kPrimary, {}, slots_of(shard), epoch, epoch});
  }
  void claim_replica(Duration at, int machine, int primary) {
    add(at, machine, event::Claim{id(machine), Role::kReplica, id(primary), no_slots(), 0, 0});
  }
  void suspect(Duration at, int observer, int peer, event::Suspicion to) {
    add(at, observer, event::SuspicionChanged{id(peer), event::Suspicion::kNone, to, 2, 2});
  }
  // m1 dies at `at`; its first replica takes over two seconds later.
  void fail_over(Duration at) {
    const int heir = shards_;
    add(at, -1, event::FaultBegan{1, "crash", "crash m1 (primary of shard-0)", {MachineId{0}}});
    add(at, 0, event::MachineCrashed{});
    for (int i = 1; i < static_cast<int>(cast.size()); ++i)
      suspect(at + 1s, i, 0, event::Suspicion::kFail);
    add(at + 2s, heir, event::ElectionStarted{id(0), 99, 0, 2, false});
    add(at + 2s + 10ms, heir, event::Promoted{id(0), 99, 2, 2, false, false});
    claim_primary(at + 2s + 10ms, heir, 0, 99);
  }

  std::vector<MachineInfo> cast;
  std::vector<Record> records;

 private:
  int shards_;
};

inline ClusterPicture picture_of(const Stage& stage, Scene scene = {}) {
  scene.cast = stage.cast;
  PictureFold fold(scene);
  for (const Record& record : stage.records) fold.see(record);
  return fold.picture();
}

}  // namespace sim
