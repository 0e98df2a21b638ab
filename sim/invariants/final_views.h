// The last full answers of all live cluster nodes to the question what they believe, gathered at
// the end of a run.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/slot_set.h"
#include "sim/base/time.h"
#include "sim/trace/directory.h"
#include "sim/trace/record.h"

namespace sim {

class FinalViews {
 public:
  struct Owner {
    NodeName id;
    SlotsRef slots;  // not empty
  };
  struct Owners {
    std::vector<Owner> by_id;
    std::uint64_t hash = 0;
  };
  struct View {
    SimTime at;
    std::uint64_t record = 0;
    event::ViewSnapshot said;              // of the peers only the node itself, and no counters
    std::shared_ptr<const Owners> owners;  // whom it believes to own slots
  };

  // A thousand nodes' views of each other are a million peers. So nothing is kept of them but the
  // owners of slots, and of those one copy for all views that agree.
  explicit FinalViews(SimTime settle_from) : settle_from_(settle_from) {}

  // `directory` has seen the record.
  void see(const Record& record, const Directory& directory);

  // By machine; only nodes that still ran, unpaused, when they were asked, and have not died since.
  const std::map<MachineId, View>& views() const { return views_; }
  // Why no claim about quiescence can be judged from these views; empty if it can. `quiet` is how
  // long before the views everything must have been healed, restarted and left alone.
  std::string not_quiescent(Duration quiet) const;

 private:
  std::shared_ptr<const Owners> owners_in(const event::ViewSnapshot& view) const;

  std::map<MachineId, View> views_;
  SimTime settle_from_, last_disturbance_{Duration::min()};
  bool cut_ = false;
};

}  // namespace sim
