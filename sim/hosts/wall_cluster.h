// Real servers on this machine's loopback, in real time: started, stopped, asked and read.
//
// They live in a temporary directory of their own and die with us, whatever kills us; the directory
// goes with this object.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/wire/resp.h"

namespace sim {

struct WallServer {
  std::string name;                // of its folder
  std::uint16_t port = 0;          // with port + kBusPortOffset free for the bus
  std::vector<std::string> lines;  // of redis.conf; port, bind and logfile are added; the folder is
                                   // where it starts
  std::map<std::string, std::string> files;  // found at the first start
};
inline constexpr std::uint16_t kBusPortOffset = 10000;

// So many ports in a row that nobody listens on, nor on their bus ports; 0: none found.
std::uint16_t find_free_ports(std::size_t count);

class WallCluster {
 public:
  // Starts nobody yet. `program` as for execvp.
  WallCluster(std::string program, std::vector<WallServer> servers);
  ~WallCluster();
  WallCluster(const WallCluster&) = delete;
  WallCluster& operator=(const WallCluster&) = delete;

  std::size_t size() const { return servers_.size(); }
  bool start(std::size_t index);  // false: it runs, or could not be forked
  bool is_up(std::size_t index);
  // SIGKILL takes effect before this returns; others when the program obeys.
  bool signal(std::size_t index, int number);
  // The whole reply to one command, or nothing: nobody listens, or nobody answers in time.
  std::optional<resp::Value> ask(std::size_t index, const resp::Command& command,
                                 int timeout_ms = 500);
  std::string log(std::size_t index) const;     // all of it, over all incarnations
  std::string output(std::size_t index) const;  // what it printed: why it refused to start

 private:
  std::string folder(std::size_t index) const { return directory_ + "/" + servers_[index].name; }

  std::string program_, directory_;
  std::vector<WallServer> servers_;
  std::vector<int> pids_;  // -1: down
};

}  // namespace sim
