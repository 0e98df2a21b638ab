// When what the network did not take has been sent once more.
#pragma once

#include <algorithm>

#include "sim/base/time.h"

namespace sim {

// A kernel sends again after pauses each twice as long as the last: at the latest as long after an
// outage as that has lasted. An outage that begins before anything has been sent again prolongs the
// one before.
class SentAgain {
 public:
  // Told in the order in which they end.
  void see_outage(SimTime began, SimTime ended) {
    since_ = began > by_ ? began : std::min(since_, began);
    by_ = std::max(by_, ended + (ended - since_) + 1s);
  }
  SimTime by() const { return by_; }  // the beginning of time if there was no outage

 private:
  SimTime since_, by_{Duration::min()};
};

}  // namespace sim
