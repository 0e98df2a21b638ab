#include "sim/app/process_directives.h"

#include <algorithm>
#include <array>

#include "sim/base/words.h"

namespace sim {
namespace {

constexpr std::string_view kHost = "the host of processes sets it, for a machine of its own world";
constexpr std::string_view kAway = "a server that leaves its parent is out of the world's hands";
constexpr std::string_view kThreads =
    "threads that wait by spinning have no order that a seed decides";
constexpr std::string_view kRealTime = "its timer goes by real time";
constexpr std::string_view kTls = "TLS draws randomness that no seed decides";

constexpr std::array kRefused{
    RefusedDirective{"port", "", kHost},
    RefusedDirective{"bind", "", kHost},
    RefusedDirective{"dir", "", kHost},
    RefusedDirective{"logfile", "", kHost},
    RefusedDirective{"pidfile", "", kHost},
    RefusedDirective{"unixsocket", "", kHost},
    RefusedDirective{"cluster-enabled", "", kHost},
    RefusedDirective{"cluster-port", "", kHost},
    RefusedDirective{"cluster-config-file", "", kHost},
    RefusedDirective{"include", "", "what it would read is not in the scenario"},
    RefusedDirective{"syslog-enabled", "no", "lines in the system's log are not in the trace"},
    RefusedDirective{"daemonize", "no", kAway},
    RefusedDirective{"supervised", "no", kAway},
    RefusedDirective{"io-threads", "1", kThreads},
    RefusedDirective{"watchdog-period", "0", kRealTime},
    RefusedDirective{"tls-port", "0", kTls},
};

}  // namespace

std::span<const RefusedDirective> refused_directives() {
  return kRefused;
}

std::optional<std::string> refuse_for_process(std::string_view name, std::string_view value) {
  for (const RefusedDirective& refused : kRefused) {
    if (!same_word(refused.name, name)) continue;
    if (!refused.harmless.empty() && same_word(refused.harmless, value)) return std::nullopt;
    return std::string(refused.why);
  }
  return std::nullopt;
}

}  // namespace sim
