// The stream of my primary, applied. (Protocol §10.2, §10.3.)
#include <algorithm>
#include <utility>

#include "sim/base/check.h"
#include "sim/base/hash.h"
#include "sim/core/commands.h"
#include "sim/core/mutation.h"
#include "sim/core/replication_internal.h"
#include "sim/core/set_slot.h"

namespace sim {
namespace {

// A real primary runs more commands than we do. Each is told once, and not for ever: a stream of
// rubbish must not fill the memory.
void pass_over(Server& server, Pass& pass, const std::string& name) {
  constexpr std::size_t kNames = 64, kLongest = 64;
  std::set<std::string>& known = server.replication.passed_over;
  if (known.size() >= kNames || !known.insert(name.substr(0, kLongest)).second) return;
  pass.note(event::Remark{"the stream has " + name.substr(0, kLongest) +
                          ", which this node cannot run: passed over"});
}

void run_from_stream(Server& server, Pass& pass, const RequestRef& request) {
  const CommandSpec* const spec = find_command(request->command()[0]);
  if (spec == nullptr) return pass_over(server, pass, request->command()[0]);
  if (!arity_fits(*spec, request->command().size())) return;
  if (deviates(server, Deviation::kOpenSlotsReplicated) && is_set_slot(request->command())) {
    apply_set_slot(server, pass, request->command());
    server.replication.writes_moved = true;
    return;
  }
  if ((spec->flags & (command_flag::kWrite | command_flag::kMayReplicate)) == 0) return;
  Execution execution{server, pass, nullptr, *request, request->command(), Origin::kStream};
  execute(*spec, execution);
  server.replication.writes_moved = true;
}

bool is_word(const RequestRef& request, std::size_t at, std::string_view word) {
  return at < request->command().size() && same_word(request->command()[at], word);
}

void apply(Server& server, Pass& pass, const RequestRef& request) {
  ReplicationState& replication = server.replication;
  pass.charge(server.costs.cpu.per_command);
  if (is_word(request, 0, "REPLCONF") && is_word(request, 1, "GETACK")) {
    send_ack(server, pass);  // what was applied before it; the request itself counts afterwards
  }
  const bool stream_word = is_word(request, 0, "PING") || is_word(request, 0, "SELECT") ||
                           is_word(request, 0, "REPLCONF") || is_word(request, 0, "MULTI") ||
                           is_word(request, 0, "EXEC");
  replication.offset += static_cast<std::int64_t>(request->size());
  if (!stream_word && server.mutation == Mutation::kReplicaSkipsCommand &&
      ++replication.applied_writes % 16 == 0) {
    return;
  }
  replication.chain = fold64(replication.chain, request->hash());
  if (!stream_word) run_from_stream(server, pass, request);
}

bool begins_transaction(const StreamPayload& chunk) {
  return std::any_of(chunk.commands().begin(), chunk.commands().end(),
                     [](const RequestRef& request) { return is_word(request, 0, "MULTI"); });
}

// What of a chunk can be applied now, with the beginning of its first transaction that came before:
// all but the beginning of one that goes on in the next chunk. (Protocol §10.3: the offset does not
// move inside a transaction.)
StreamRef whole_transactions(PrimaryLink& link, const StreamRef& chunk) {
  std::vector<RequestRef>& open = link.transaction;
  const bool begun_before = !open.empty();
  if (!begun_before && !begins_transaction(*chunk)) return chunk;
  std::vector<RequestRef> whole;
  for (const RequestRef& request : chunk->commands()) {
    if (!open.empty() || is_word(request, 0, "MULTI")) {
      open.push_back(request);
      if (!is_word(request, 0, "EXEC")) continue;
      for (RequestRef& part : std::exchange(open, {})) whole.push_back(std::move(part));
    } else {
      whole.push_back(request);
    }
  }
  if (!begun_before && open.empty()) return chunk;
  return whole.empty() ? nullptr : StreamRef(new StreamPayload(std::move(whole)));
}

}  // namespace

void apply_stream(Server& server, Pass& pass, const StreamRef& received) {
  server.cached_wall_ms = pass.wall_ms();
  server.replication.link.last_interaction_s = server.cached_wall_s();
  const StreamRef chunk = whole_transactions(server.replication.link, received);
  if (chunk == nullptr) return;
  for (const RequestRef& request : chunk->commands()) apply(server, pass, request);
  feed_chunk(server, pass, chunk);
  CHECK(server.replication.backlog.end_offset() == server.replication.offset + 1);
}

}  // namespace sim
