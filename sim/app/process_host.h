// How unmodified programs get onto the machines of a world: the files, arguments and environment
// they start with.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sim/app/process_machine.h"
#include "sim/node/node.h"
#include "sim/wire/names.h"

namespace sim {

// The file that a program's name means, as a shell would find it; empty if there is none.
std::string find_program(std::string_view name);

// Makes the nodes of a run's machines. Throws UsageError if a program is not there.
class Processes {
 public:
  // `bus_ports`: of all servers of the cluster.
  Processes(NamesRef names, std::vector<std::uint16_t> bus_ports)
      : names_(std::move(names)), bus_ports_(std::move(bus_ports)) {}
  std::shared_ptr<const NodeFactory> host(const ProcessMachine& machine);

 private:
  NamesRef names_;
  std::vector<std::uint16_t> bus_ports_;
  std::uint32_t machines_ = 0;
};

}  // namespace sim
