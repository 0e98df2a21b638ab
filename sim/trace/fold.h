// A fold over the trace: what every invariant, metric, renderer and selector is.
//
// Folds are values: copied with the world, run while it runs, or replayed afterwards over a saved
// trace.
#pragma once

#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "sim/trace/record.h"

namespace sim {

// Who takes part. Index = MachineId::value. A copy shares what it holds until one of the two is
// changed: many folds of a run have it.
class Cast {
 public:
  Cast() = default;
  Cast(std::vector<MachineInfo> people)
      : people_(std::make_shared<std::vector<MachineInfo>>(std::move(people))) {}
  Cast(std::initializer_list<MachineInfo> people) : Cast(std::vector<MachineInfo>(people)) {}

  const MachineInfo& operator[](std::size_t index) const { return (*people_)[index]; }
  std::size_t size() const { return people_->size(); }
  bool empty() const { return people_->empty(); }
  auto begin() const { return people_->cbegin(); }
  auto end() const { return people_->cend(); }
  const std::vector<MachineInfo>& people() const { return *people_; }

  void push_back(MachineInfo info) { edit().push_back(std::move(info)); }
  std::vector<MachineInfo>& edit() {
    if (people_.use_count() > 1) people_ = std::make_shared<std::vector<MachineInfo>>(*people_);
    return *people_;
  }

 private:
  std::shared_ptr<std::vector<MachineInfo>> people_ = std::make_shared<std::vector<MachineInfo>>();
};

class TraceFold {
 public:
  virtual ~TraceFold() = default;
  // Records arrive in order of `sequence`.
  virtual void see(const Record& record) = 0;
};

}  // namespace sim
