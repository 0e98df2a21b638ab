// The MIGRATE under way, and the connections kept for the next one. (Protocol §9.4.)
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/time.h"
#include "sim/base/types.h"
#include "sim/core/replication_payloads.h"

namespace sim {

struct MigrateOptions {
  bool copy = false, replace = false;
  std::optional<std::string> username, password;
  std::int64_t database = 0;
  Duration timeout{};  // of each single thing that it waits for
};

// A connection to another server, under "10.0.0.2:6379" as MIGRATE was given it.
struct MigrateSocket {
  ConnId conn;
  std::int64_t database = -1;  // selected at the other end; -1: not known
  std::int64_t used_at_s = 0;  // cached wall
  bool broken = false;         // the other end closed it; who uses it next finds out
  std::string heard;           // of replies that are not whole yet
};

// Between its start and its reply the program does nothing else.
struct Migration {
  RequestRef request;
  ConnId client;
  MigrateOptions options;
  std::string target;
  Endpoint endpoint;              // of the target; ipv4 is 0 if that is no address
  SlotId slot;                    // of the keys; 0 outside of a cluster
  std::vector<std::string> keys;  // those that were there; once sent, those that were sent
  std::uint64_t held = 0;         // keys of the slot when it began
  bool may_retry = true;

  // Of the attempt under way:
  bool connecting = false;
  bool writing = false;    // not all is taken by the kernel yet
  MonotonicTime deadline;  // of what it waits for now
  bool auth_awaited = false, select_awaited = false;
  std::string preamble_error;  // what AUTH or SELECT was told: then no key counts as restored
  std::size_t answered = 0;    // so many RESTOREs were
  std::vector<std::string> restored;  // keys that the target has now
  std::optional<std::string> target_error;
};

struct MigrateState {
  std::optional<Migration> under_way;
  std::map<std::string, MigrateSocket> sockets;
};

}  // namespace sim
