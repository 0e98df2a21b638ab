// A machine that runs programs of the operating system, as the plan hands it to whoever hosts them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/types.h"
#include "sim/node/node.h"
#include "sim/scenario/programs.h"
#include "sim/scenario/scenario.h"
#include "sim/wire/names.h"

namespace sim {

struct ProcessMachine {
  std::string name;
  Endpoint endpoint;               // of a server: its client port; of others port 0
  std::uint16_t bus_port = 0;      // of a cluster node
  std::string program;             // of a server; empty: none runs but what `words` or steps say
  bool cluster_enabled = false;    // of a server
  Directives config;               // of a server, as given; later ones win
  std::vector<std::string> words;  // of a machine with a command of its own, addresses filled in
  ProcessModel model;
  // Of a cluster node: what its witness goes by.
  NamesRef names;
  NodeName planned_id;                   // of its generated nodes.conf; none otherwise
  std::vector<std::uint16_t> bus_ports;  // of all servers of the cluster
  bool log_suspicions = false;           // it runs at loglevel debug, for these alone
};

// Makes the nodes of such a machine.
using ProcessHost = std::function<std::shared_ptr<const NodeFactory>(const ProcessMachine&)>;

}  // namespace sim
