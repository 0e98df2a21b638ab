// The tables of the house rules: who may include whom, which third-party headers stay behind which
// fence, and which words are banned where. What checks them is tidy_test.cc.
#pragma once

#include <string_view>
#include <vector>

namespace tidy {

struct Room {
  std::string_view folder;
  std::vector<std::string_view> may_include;  // beside itself
};
// docs/architecture.md, "Who may include whom". A folder stands for all in it, a file for itself.
inline const std::vector<Room>& rooms() {
  static const std::vector<Room> table = {
      {"sim/base/", {}},
      {"sim/node/", {"sim/base/", "sim/trace/record.h"}},
      {"sim/trace/", {"sim/base/"}},
      {"sim/wire/", {"sim/base/", "sim/node/payload.h"}},
      {"sim/core/", {"sim/base/", "sim/wire/", "sim/node/", "sim/trace/record.h"}},
      {"sim/client/", {"sim/base/", "sim/wire/", "sim/node/", "sim/trace/record.h"}},
      {"sim/world/", {"sim/base/", "sim/node/", "sim/trace/"}},
      {"sim/scenario/", {"sim/base/", "sim/trace/"}},
      {"sim/import/", {"sim/base/", "sim/scenario/"}},
      {"sim/faults/",
       {"sim/base/", "sim/scenario/", "sim/trace/", "sim/world/levers.h", "sim/world/topology.h"}},
      {"sim/workloads/", {"sim/base/", "sim/scenario/", "sim/client/"}},
      {"sim/invariants/", {"sim/base/", "sim/scenario/", "sim/trace/"}},
      {"sim/history/", {"sim/base/"}},
      {"sim/hosts/", {"sim/base/", "sim/wire/", "sim/node/", "sim/trace/record.h"}},
      {"viz/", {"sim/base/", "sim/trace/"}},
      {"sim/app/", {"sim/", "viz/"}},
      {"sim/main.cc", {"sim/"}},
  };
  return table;
}

struct Fence {
  std::string_view header;                    // prefix of what is between < and >
  std::vector<std::string_view> only_inside;  // path prefixes
  std::string_view instead;
};
inline const std::vector<Fence>& fences() {
  static const std::vector<Fence> table = {
      {"nlohmann/",
       {"sim/scenario/", "sim/import/", "sim/trace/trace_json.cc", "sim/app/"},
       "pass values, not JSON"},
      {"boost/graph/", {"sim/world/topology.cc", "sim/history/", "viz/"}, "sim/world/topology.h"},
      {"boost/asio", {"sim/hosts/tcp_host.cc"}, "the seam of sim/node/node.h"},
      {"fmt/", {"sim/app/", "sim/main.cc"}, "std::to_string and +"},
      {"CLI/", {"sim/app/command_line.cc"}, "sim/app/command_line.h"},
      {"benchmark/", {"sim/app/"}, "slotsim bench"},
      {"xxhash", {"sim/base/hash.cc"}, "sim/base/hash.h"},
      {"random", {}, "Choices (sim/base/choices.h)"},
      {"thread", {"sim/hosts/"}, "processes: --jobs"},
      {"mutex", {"sim/hosts/"}, "processes: --jobs"},
      {"future", {"sim/hosts/"}, "processes: --jobs"},
      {"atomic", {"sim/hosts/", "sim/app/"}, "processes: --jobs"},
      {"condition_variable", {"sim/hosts/"}, "processes: --jobs"},
      {"ctime", {"sim/hosts/"}, "time as an argument (sim/base/time.h)"},
      {"sys/", {"sim/hosts/"}, "an effect of the node, or sim/hosts"},
      {"unistd.h",
       {"sim/hosts/", "sim/app/", "sim/main.cc"},
       "an effect of the node, or sim/hosts"},
      {"fstream", {"sim/hosts/", "sim/app/", "sim/main.cc"}, "strings and streams as parameters"},
      {"filesystem",
       {"sim/hosts/", "sim/app/", "sim/main.cc"},
       "strings and streams as parameters"},
      {"iostream", {"sim/app/", "sim/main.cc"}, "strings and streams as parameters"},
  };
  return table;
}

struct Ban {
  std::string_view word;
  std::string_view instead;
  std::vector<std::string_view> only_in;  // empty: all of the product
  std::vector<std::string_view> allowed_in;
};
inline const std::vector<Ban>& bans() {
  static const std::vector<std::string_view> decisions = {"sim/core/", "sim/world/", "sim/faults/",
                                                          "sim/base/choices"};
  static const std::string_view time = "time as an argument (sim/base/time.h)";
  static const std::string_view chance = "Choices (sim/base/choices.h)";
  static const std::string_view jobs = "processes: --jobs";
  static const std::string_view shared = "the stage that is handed in (sim/invariants/jury.h)";
  static const std::vector<Ban> table = {
      {"system_clock", time, {}, {}},
      {"steady_clock", time, {}, {}},
      {"high_resolution_clock", time, {}, {}},
      {"gettimeofday", time, {}, {}},
      {"clock_gettime", time, {}, {}},
      {"::time(", time, {}, {}},
      {"time(nullptr)", time, {}, {}},
      {"sleep_for", time, {}, {}},
      {"rand(", chance, {}, {}},
      {"srand(", chance, {}, {}},
      {"random_device", chance, {}, {}},
      {"mt19937", chance, {}, {}},
      {"_distribution", chance, {}, {}},
      {"std::shuffle", chance, {}, {}},
      {"std::thread", jobs, {}, {}},
      {"std::mutex", jobs, {}, {}},
      {"std::async", jobs, {}, {}},
      {"thread_local", jobs, {}, {}},
      {"getenv", "an option of the command line", {}, {"sim/app/", "sim/main.cc"}},
      {"std::hash", "hash_text and fold64 (sim/base/hash.h), equal on every machine", {}, {}},
      {"float", "integers: parts per million, nanoseconds", decisions, {}},
      {"double", "integers: parts per million, nanoseconds", decisions, {}},
      {"stage_", shared, {"sim/invariants/"}, {"sim/invariants/jury."}},
      {"directory_", shared, {"sim/invariants/"}, {"sim/invariants/stage."}},
      {"assert(", "CHECK (sim/base/check.h), which is on in every build", {}, {}},
  };
  return table;
}

}  // namespace tidy
