#include "sim/app/last_records.h"

#include <utility>

namespace sim {

void LastRecords::keep(Record record) {
  if (auto* view = std::get_if<event::ViewSnapshot>(&record.event)) {
    view->peers = std::vector<event::PeerView>();  // {} would keep its memory
  }
  if (records_.size() == kKept) records_.erase(records_.begin());
  records_.push_back(std::move(record));
}

}  // namespace sim
