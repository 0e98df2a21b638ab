#include "sim/core/data.h"

#include <algorithm>

#include "sim/core/blocked.h"
#include "sim/core/charges.h"
#include "sim/core/cluster_state.h"
#include "sim/core/commands.h"
#include "sim/core/mutation.h"
#include "sim/core/persistence.h"
#include "sim/core/replication_internal.h"

namespace sim {
namespace {

// Each round looks at so many keys that have an expiry, and another round follows while more than a
// tenth of them were due.
constexpr std::uint64_t kSample = 20;
constexpr int kRounds = 16;

RequestRef propagate_deletion(Server& server, std::string key) {
  RequestRef del(new resp::RequestPayload({"DEL", std::move(key)}));
  replication_append(server, del);
  persistence_append(server, *del);
  return del;
}

void expire_key(Server& server, const Entry& entry) {
  const SlotId slot = entry.slot_id();
  if (server.mutation == Mutation::kExpiryUntold) {
    server.keyspace.erase(slot, std::string(entry.key));
    return;
  }
  const RequestRef del = propagate_deletion(server, std::string(entry.key));
  server.keyspace.erase(slot, del->command()[1]);
}

void tell_of_deletion(Server& server, SlotId slot) {
  const std::uint64_t all = server.keyspace.count_in_slot(slot);
  for (std::string& key : server.keyspace.keys_in_slot(slot, all)) {
    propagate_deletion(server, std::move(key));
  }
}

// Only primaries expire keys; replicas wait for the DEL. With few expiring keys all are looked at;
// otherwise a stretch of them from a place left to chance.
void expire_actively(Server& server, Pass& pass) {
  if (server.keyspace.expiring() == 0 || server.replication.link.primary) return;
  if (!server.debug.expires_actively) return;
  if (server.config.cluster_enabled && !am_primary(server.cluster)) return;
  if (writes_paused(server)) return;
  for (int round = 0; round < kRounds && server.keyspace.expiring() > 0; ++round) {
    const std::uint64_t expiring = server.keyspace.expiring();
    const std::uint64_t looked_at = std::min(kSample, expiring);
    const std::uint64_t first =
        expiring > kSample ? pass.choices.choose(Site::kExpireSample, expiring) : 0;
    std::uint64_t expired = 0, at = first;
    for (std::uint64_t i = 0; i < looked_at && server.keyspace.expiring() > 0; ++i) {
      at %= server.keyspace.expiring();
      const Entry& entry = server.keyspace.expiring_at(at);
      if (is_expired(entry, pass.wall_ms())) {
        expire_key(server, entry);
        ++expired;
      } else {
        ++at;
      }
    }
    if (expired * 10 <= looked_at) return;
  }
}

}  // namespace

void data_cron(Server& server, Pass& pass) {
  blocked_cron(server, pass);
  full_sync_cron(server, pass);
  expire_actively(server, pass);
  if (server.config.appendonly) persistence_cron(server, pass);
}

void data_before_sleep(Server& server, Pass& pass) {
  blocked_before_sleep(server, pass);
  sessions_resume(server, pass);
  if (server.sessions.acks_wanted && !writes_paused(server)) {
    server.sessions.acks_wanted = false;
    replication_request_acks(server);
  }
  replication_before_sleep(server, pass);
  if (server.config.appendonly) persistence_before_sleep(server, pass);
}

std::uint64_t drop_slot_keys(Server& server, Pass& pass, const SlotSet& slots) {
  const bool tell = deviates(server, Deviation::kLostKeysReplicated);
  std::uint64_t dropped = 0;
  each_slot(slots, [&](SlotId gone) {
    if (tell) tell_of_deletion(server, gone);
    dropped += server.keyspace.erase_slot(gone);
  });
  if (dropped > 0) pass.note(event::KeysDropped{dropped, "their slots were lost to another node"});
  return dropped;
}

void drop_all_keys(Server& server, Pass& pass, std::string why) {
  charge_flush(server, pass);
  server.weight = {};
  if (server.keyspace.empty()) return;
  pass.note(event::KeysDropped{server.keyspace.size(), std::move(why)});
  server.keyspace.clear();
}

void apply_config_change(Server& server, Pass& pass, const Config& before) {
  const Config& now = server.config;
  if (now.repl_backlog_size != before.repl_backlog_size && server.replication.backlog.exists()) {
    server.replication.backlog.resize(now.repl_backlog_size);
  }
  if (now.appendonly && !before.appendonly) persistence_rewrite_aof(server, pass);
  if (!now.appendonly && before.appendonly) server.persistence = Persistence{};
  if (now.cluster_enabled) cluster_config_changed(server, pass, before);
  refresh_good_replicas(server);
}

}  // namespace sim
