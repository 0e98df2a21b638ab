// Nodes of other clusters, for whom nobody is judged until somebody of this cluster comes to know
// them: then whoever judges hears what they have last said of themselves.
#pragma once

#include <map>
#include <vector>

#include "sim/trace/directory.h"
#include "sim/trace/record.h"

namespace sim {

class Newcomers {
 public:
  // What a foreign node says.
  void see(const Record& record);
  // The last words of those who are foreign no more, in the order in which they were said, each
  // only once: when they started as it was, what holds since as of now.
  std::vector<Record> adopted(const Directory& directory, SimTime now);

 private:
  // By machine and by kind of event: that it started, what it claims, how it is.
  std::map<MachineId, std::map<std::size_t, Record>> last_;
};

}  // namespace sim
