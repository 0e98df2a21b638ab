#include "sim/core/loading.h"

#include <algorithm>
#include <chrono>

#include "sim/core/pass.h"
#include "sim/core/server.h"

namespace sim {
namespace {

constexpr std::uint64_t kSliceBytes = std::uint64_t{2} << 20;  // between two looks at the sockets
constexpr std::uint64_t kUsualRate = 100'000'000;              // bytes a second
constexpr Duration kNewlineEvery = 1s;
// A clock that drifts may be a little beyond the end of a slice when that is over.
constexpr Duration kPunctual = 1us;

std::uint64_t rate_of(const Server& server) {
  return server.costs.load_rate != 0 ? server.costs.load_rate : kUsualRate;
}

// Until the program looks at its sockets again.
Duration left_of_slice(const Loading& loading, MonotonicTime now) {
  const Duration into = (now - loading.begun) % loading.slice;
  if (now <= loading.begun || into < kPunctual) return Duration::zero();
  return std::min(loading.slice - into, loading.until - now);
}

void tell_primary(Server& server, Pass& pass) {
  Loading& loading = server.loading;
  if (loading.from != Loading::From::kPrimary || pass.now.monotonic < loading.newline_at) return;
  const ConnId conn = server.replication.link.conn;
  if (!conn.is_none()) pass.send(conn, PayloadRef(new RawBytes("\n")));
  loading.newline_at = pass.now.monotonic + kNewlineEvery;
}

}  // namespace

bool begin_loading(Server& server, Pass& pass, Loading::From from, std::uint64_t real_bytes,
                   std::uint64_t virtual_bytes) {
  const bool priced = server.costs.load_rate != 0;
  if (!priced && from == Loading::From::kDisk) return false;
  const std::uint64_t bytes = real_bytes + (priced ? virtual_bytes : 0);
  const Duration time = time_at(bytes, rate_of(server));
  if (bytes <= kSliceBytes) {
    if (priced) pass.charge(time);
    return false;
  }
  Loading& loading = server.loading;
  loading.from = from;
  loading.begun = pass.now.monotonic + pass.spent();
  loading.until = loading.begun + time;
  loading.slice = time_at(kSliceBytes, rate_of(server));
  loading.newline_at = loading.begun + kNewlineEvery;
  pass.note(event::LoadingBegan{bytes, from == Loading::From::kDisk ? "its disk" : "its primary"});
  return true;
}

bool load_on(Server& server, Pass& pass) {
  server.cached_wall_ms = pass.wall_ms();
  if (server.shutdown.asked) {
    pass.exit(0, "terminated while loading");  // and saves nothing
    return false;
  }
  const MonotonicTime now = pass.now.monotonic;
  if (now >= server.loading.until) {
    stop_loading(server, pass);
    return true;
  }
  tell_primary(server, pass);
  const Duration left = left_of_slice(server.loading, now);
  if (left > pass.spent()) pass.charge(left - pass.spent());
  return false;
}

void stop_loading(Server& server, Pass& pass) {
  if (server.loading.on()) pass.note(event::LoadingEnded{});
  server.loading = {};
}

MonotonicTime next_of(const Loading& loading) {
  if (loading.from == Loading::From::kDisk) return loading.until;
  return std::min(loading.until, loading.newline_at);
}

}  // namespace sim
