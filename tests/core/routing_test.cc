// Whom a command goes to: the rows of protocol §9.2, in their order.
#include "sim/core/routing.h"

#include <gtest/gtest.h>

#include "sim/core/mutation.h"
#include "sim/core/replication.h"
#include "sim/wire/crc16.h"

namespace sim {
namespace {

// A primary that owns the lower half of the slots; the other primary owns the rest but for
// "unserved".
class Routes : public ::testing::Test {
 protected:
  Routes() {
    server.names = std::make_shared<Names>();
    add('a', "10.0.0.1", 6379);
    other = add('b', "10.0.0.2", 6380);
    own(kMyself, 0, 8191);
    own(other, 8192, 16383);
    server.cluster.owners.assign(slot_of(kUnserved), kNoPeer);
    server.cluster.ok = true;
  }

  PeerId add(char letter, const char* ip, std::uint16_t port) {
    const NameRef name = server.names->intern(NodeName::from(std::string(40, letter)));
    const PeerId peer = server.cluster.peers.add(name);
    Address address;
    address.ip = ip;
    address.port = port;
    server.cluster.peers.set_address(peer, server.names->intern(address));
    server.cluster.peers.hot(peer).set(bus::flag::kMaster);
    return peer;
  }
  void own(PeerId peer, std::uint32_t first, std::uint32_t last) {
    SlotSet slots;
    for (std::uint32_t slot = first; slot <= last; ++slot) slots.set(slot);
    server.cluster.owners.assign(slots, peer);
  }
  void become_replica_of(PeerId primary) {
    PeerHot& me = server.cluster.peers.hot(kMyself);
    me.clear(bus::flag::kMaster);
    me.set(bus::flag::kSlave);
    server.cluster.peers.cold(kMyself).primary = primary;
  }
  std::string ask(resp::Command command) {
    return route(server, session, *find_command(command[0]), command).refusal;
  }

  static constexpr const char* kMine = "bar";        // slot 5061
  static constexpr const char* kOthers = "foo";      // slot 12182
  static constexpr const char* kUnserved = "hello";  // slot 866
  Server server;
  Session session;
  PeerId other;
};

TEST_F(Routes, ServesItsOwnSlotsAndCommandsWithoutKeys) {
  EXPECT_EQ(ask({"GET", kMine}), "");
  EXPECT_EQ(ask({"SET", kMine, "v"}), "");
  EXPECT_EQ(ask({"PING"}), "");
  EXPECT_EQ(ask({"FLUSHALL"}), "");
  const resp::Command command{"GET", kMine};
  EXPECT_EQ(route(server, session, *find_command("GET"), command).slot, SlotId{5061});
}

TEST_F(Routes, RedirectsToTheOwner) {
  EXPECT_EQ(ask({"GET", kOthers}), "MOVED 12182 10.0.0.2:6380");
  EXPECT_EQ(ask({"MSET", kOthers, "1", "{foo}2", "2"}), "MOVED 12182 10.0.0.2:6380");
}

TEST_F(Routes, NamesTheOwnerTheWayThatIsPreferred) {
  server.config.cluster_preferred_endpoint_type = "unknown-endpoint";
  EXPECT_EQ(ask({"GET", kOthers}), "MOVED 12182 :6380");
  server.config.cluster_preferred_endpoint_type = "hostname";
  EXPECT_EQ(ask({"GET", kOthers}), "MOVED 12182 ?:6380");
  server.cluster.hostnames[other] = "host-b";
  EXPECT_EQ(ask({"GET", kOthers}), "MOVED 12182 host-b:6380");
}

TEST_F(Routes, FirstKeyUnservedWinsOverCrossslotButOnlyInScanOrder) {
  EXPECT_EQ(ask({"GET", kUnserved}), "CLUSTERDOWN Hash slot not served");
  EXPECT_EQ(ask({"MGET", kUnserved, kMine}), "CLUSTERDOWN Hash slot not served");
  EXPECT_EQ(ask({"MGET", kMine, kUnserved}),
            "CROSSSLOT Keys in request don't hash to the same slot");
  EXPECT_EQ(ask({"DEL", kMine, kMine}), "");  // the same key twice is no second key
}

TEST_F(Routes, CrossslotWinsOverTheClusterBeingDown) {
  server.cluster.ok = false;
  EXPECT_EQ(ask({"MGET", kMine, kOthers}), "CROSSSLOT Keys in request don't hash to the same slot");
  EXPECT_EQ(ask({"GET", kUnserved}), "CLUSTERDOWN Hash slot not served");
  EXPECT_EQ(ask({"GET", kMine}), "CLUSTERDOWN The cluster is down");
  EXPECT_EQ(ask({"GET", kOthers}), "CLUSTERDOWN The cluster is down");
  EXPECT_EQ(ask({"PING"}), "");
}

TEST_F(Routes, WhenDownReadsMayBeAllowed) {
  server.cluster.ok = false;
  server.config.cluster_allow_reads_when_down = true;
  EXPECT_EQ(ask({"GET", kMine}), "");
  EXPECT_EQ(ask({"GET", kOthers}), "MOVED 12182 10.0.0.2:6380");
  EXPECT_EQ(ask({"SET", kMine, "v"}),
            "CLUSTERDOWN The cluster is down and only accepts read commands");
}

TEST_F(Routes, AReplicaServesReadsToWhoAskedForThem) {
  own(other, 0, 8191);
  become_replica_of(other);
  EXPECT_EQ(ask({"GET", kOthers}), "MOVED 12182 10.0.0.2:6380");
  session.readonly = true;
  EXPECT_EQ(ask({"GET", kOthers}), "");
  EXPECT_EQ(ask({"SET", kOthers, "v"}), "MOVED 12182 10.0.0.2:6380");
  const PeerId third = add('c', "10.0.0.3", 6379);
  own(third, 12182, 12182);
  EXPECT_EQ(ask({"GET", kOthers}), "MOVED 12182 10.0.0.3:6379");
}

// ---- Open slots: rows 9 to 13 ----

constexpr const char* kTryAgain = "TRYAGAIN Multiple keys request during rehashing of slot";

class OpenSlots : public Routes {
 protected:
  void put(const std::string& key, std::int64_t expire_at_ms = kNoExpiry) {
    server.keyspace.put(slot_of(key), key, std::string("v"), expire_at_ms);
  }
  void migrate(const char* key) { server.cluster.migrating_to[slot_of(key)] = other; }
  void import(const char* key) { server.cluster.importing_from[slot_of(key)] = other; }
};

TEST_F(OpenSlots, AMigratingSlotServesWhatItHasAndAsksForTheRest) {
  put("{bar}1");
  put("{bar}2");
  migrate(kMine);
  EXPECT_EQ(ask({"GET", "{bar}1"}), "");
  EXPECT_EQ(ask({"MGET", "{bar}1", "{bar}2"}), "");
  EXPECT_EQ(ask({"GET", "{bar}3"}), "ASK 5061 10.0.0.2:6380");
  EXPECT_EQ(ask({"MSET", "{bar}3", "v", "{bar}4", "v"}), "ASK 5061 10.0.0.2:6380");
  EXPECT_EQ(ask({"MGET", "{bar}1", "{bar}3"}), kTryAgain);
  session.asking = true;  // says nothing to the source
  EXPECT_EQ(ask({"GET", "{bar}3"}), "ASK 5061 10.0.0.2:6380");
}

TEST_F(OpenSlots, AKeyWhoseTimeIsOverIsMissing) {
  put("{bar}1", 1000);
  migrate(kMine);
  server.cached_wall_ms = 1000;
  EXPECT_EQ(ask({"GET", "{bar}1"}), "");
  server.cached_wall_ms = 1001;
  EXPECT_EQ(ask({"GET", "{bar}1"}), "ASK 5061 10.0.0.2:6380");
  EXPECT_EQ(server.keyspace.size(), 1u);  // and nothing expires by being looked at
}

TEST_F(OpenSlots, AnImportingSlotServesWhoWasAskedToAsk) {
  import(kOthers);
  EXPECT_EQ(ask({"GET", kOthers}), "MOVED 12182 10.0.0.2:6380");
  session.asking = true;
  EXPECT_EQ(ask({"GET", kOthers}), "");
  EXPECT_EQ(ask({"SET", kOthers, "v"}), "");
  EXPECT_EQ(ask({"MGET", kOthers, kOthers}), "");  // one key, if twice
  EXPECT_EQ(ask({"MGET", kOthers, "{foo}1"}), kTryAgain);
  put(kOthers);
  put("{foo}1");
  EXPECT_EQ(ask({"MGET", kOthers, "{foo}1"}), "");
  session.asking = false;
  EXPECT_EQ(ask({"GET", kOthers}), "MOVED 12182 10.0.0.2:6380");
}

TEST_F(OpenSlots, RestoreAskingAsksItself) {
  EXPECT_EQ(ask({"RESTORE-ASKING", kOthers, "0", "x"}), "MOVED 12182 10.0.0.2:6380");
  import(kOthers);
  EXPECT_EQ(ask({"RESTORE-ASKING", kOthers, "0", "x"}), "");
  EXPECT_EQ(ask({"RESTORE", kOthers, "0", "x"}), "MOVED 12182 10.0.0.2:6380");
}

TEST_F(OpenSlots, MigrateWorksOnBothEndsOfAnOpenSlotOnly) {
  const resp::Command one{"MIGRATE", "h", "1", kMine, "0", "1"};
  const resp::Command many{"MIGRATE", "h",    "1",    "",      "0",     "1",
                           "AUTH",    "KEYS", "KEYS", kOthers, "{foo}1"};
  EXPECT_EQ(ask(one), "");
  EXPECT_EQ(ask(many), "MOVED 12182 10.0.0.2:6380");
  import(kOthers);
  EXPECT_EQ(ask(many), "");
  migrate(kMine);
  EXPECT_EQ(ask(one), "");  // though the key is not there
  EXPECT_EQ(ask({"MIGRATE", "h", "1", "", "0", "1", "KEYS", kOthers, kMine}),
            "CROSSSLOT Keys in request don't hash to the same slot");
}

TEST_F(OpenSlots, ATransactionGoesWhereAllItsKeysAre) {
  put("{bar}1");
  migrate(kMine);
  const resp::Command first{"GET", "{bar}1"}, second{"SET", "{bar}2", "v"};
  const RoutedCommand commands[] = {{*find_command("GET"), first}, {*find_command("SET"), second}};
  const auto asked = [&](std::size_t count) {
    return route(server, session, *find_command("PING"), std::span(commands, count)).refusal;
  };
  EXPECT_EQ(asked(1), "");
  EXPECT_EQ(asked(2), kTryAgain);
}

TEST_F(OpenSlots, AReplicaMindsThemForReadersInLaterVersionsOnly) {
  become_replica_of(other);
  own(other, 0, 8191);
  session.readonly = true;
  migrate(kMine);
  EXPECT_EQ(ask({"GET", kMine}), "") << "7.0 knows open slots on primaries only";
  server.deviations.add(Deviation::kReplicasAsk);
  EXPECT_EQ(ask({"GET", kMine}).substr(0, 8), "ASK 5061");
  put(kMine);
  EXPECT_EQ(ask({"GET", kMine}), "");
  EXPECT_EQ(ask({"MGET", kMine, "{bar}2"}).substr(0, 8), "TRYAGAIN");
  session.readonly = false;
  EXPECT_EQ(ask({"GET", "{bar}2"}).substr(0, 10), "MOVED 5061");
}

TEST_F(OpenSlots, TheClusterBeingDownWins) {
  migrate(kMine);
  server.cluster.ok = false;
  EXPECT_EQ(ask({"GET", kMine}), "CLUSTERDOWN The cluster is down");
}

TEST_F(Routes, AServerWithoutAClusterNeverRedirects) {
  server.config.cluster_enabled = false;
  server.cluster.ok = false;
  EXPECT_EQ(ask({"MGET", kMine, kOthers, kUnserved}), "");
}

TEST_F(Routes, MutationRedirectsToItself) {
  server.mutation = Mutation::kRedirectToSelf;
  EXPECT_EQ(ask({"GET", kOthers}), "MOVED 12182 10.0.0.1:6379");
}

// ---- The checks that come after routing (protocol §9.1), and the pause of writes ----

class SessionChecks : public Routes {
 protected:
  SessionChecks() : stream(1, "test"), choices(stream) {
    session_accepted(server, {kConn, {}, {}});
    clocks.wall = kWallStart;
  }
  // The replies to this pass.
  std::vector<std::string> send(std::vector<resp::Command> commands) {
    return pass([&](Pass& now) {
      for (resp::Command& command : commands) {
        session_received(server, now, kConn,
                         PayloadRef(new resp::RequestPayload(std::move(command))));
      }
    });
  }
  template <class Body>
  std::vector<std::string> pass(Body body) {
    Effects effects;
    Outbox outbox;
    Pass now(clocks, choices, effects, outbox);
    body(now);
    sessions_resume(server, now);
    now.flush();
    std::vector<std::string> replies;
    for (const Effect& effect : effects) {
      const auto* const sent = std::get_if<Send>(&effect);
      if (sent == nullptr) continue;
      replies.push_back(
          resp::describe(static_cast<const resp::ReplyPayload&>(*sent->payload).value()));
    }
    return replies;
  }
  std::string one(resp::Command command) {
    const auto replies = send({std::move(command)});
    return replies.size() == 1 ? replies[0] : "(" + std::to_string(replies.size()) + " replies)";
  }

  static constexpr ConnId kConn = ConnId::accepted(0, 1);
  ChoiceStream stream;
  Choices choices;
  Clocks clocks;
};

TEST_F(SessionChecks, MovedWinsOverEverythingElse) {
  server.replication.link.primary = Endpoint{1, 1};
  server.loading.from = Loading::From::kPrimary;
  server.config.replica_serve_stale_data = false;
  pause_writes(server, to_ms(clocks.wall) + 1000);
  EXPECT_NE(one({"SET", kOthers, "v"}).find("MOVED 12182"), std::string::npos);
}

TEST_F(SessionChecks, ComeInRedisOrder) {
  server.config.min_replicas_to_write = 1;
  EXPECT_NE(one({"SET", kMine, "v"}).find("NOREPLICAS"), std::string::npos);
  server.replication.link.primary = Endpoint{1, 1};
  server.loading.from = Loading::From::kPrimary;
  server.config.replica_serve_stale_data = false;
  EXPECT_NE(one({"SET", kMine, "v"}).find("READONLY"), std::string::npos);
  server.config.replica_read_only = false;
  EXPECT_NE(one({"SET", kMine, "v"}).find("MASTERDOWN"), std::string::npos);
  server.config.replica_serve_stale_data = true;
  EXPECT_NE(one({"SET", kMine, "v"}).find("LOADING"), std::string::npos);
  EXPECT_NE(one({"PING"}).find("LOADING"), std::string::npos);
  EXPECT_EQ(one({"READONLY"}).find("LOADING"), std::string::npos);
}

TEST_F(SessionChecks, PausedWritesWaitAndWhatFollowsThemToo) {
  pause_writes(server, to_ms(clocks.wall) + 1000);
  EXPECT_EQ(one({"GET", kMine}), resp::describe({resp::Null{}}));
  EXPECT_TRUE(send({{"SET", kMine, "v"}, {"GET", kMine}}).empty());
  clocks.wall += 1000ms;
  server.cached_wall_ms = to_ms(clocks.wall);
  EXPECT_TRUE(pass([](Pass&) {}).empty());  // over only when the clock has passed its end
  server.cached_wall_ms += 1;
  clocks.wall += 1ms;
  EXPECT_EQ(pass([](Pass&) {}).size(), 2u);
  EXPECT_EQ(one({"GET", kMine}), resp::describe(resp::bulk("v")));
}

TEST_F(SessionChecks, APausedWriteWhoseSlotMovedIsRedirected) {
  pause_writes(server, to_ms(clocks.wall) + 1000);
  EXPECT_TRUE(send({{"SET", kMine, "v"}}).empty());
  own(other, 0, 8191);
  const auto replies = pass([&](Pass& now) { session_role_changed(server, now); });
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_NE(replies[0].find("MOVED 5061"), std::string::npos);
}

TEST_F(SessionChecks, NothingExpiresWhileWritesArePaused) {
  send({{"SET", kMine, "v", "PX", "10"}});
  pause_writes(server, to_ms(clocks.wall) + 1000);
  clocks.wall += 20ms;
  EXPECT_EQ(one({"GET", kMine}), resp::describe({resp::Null{}}));
  EXPECT_EQ(server.keyspace.size(), 1u);
}

TEST_F(SessionChecks, AskingLastsForOneCommand) {
  send({{"ASKING"}});
  EXPECT_TRUE(server.sessions.by_conn.at(kConn).asking);
  send({{"PING"}});
  EXPECT_FALSE(server.sessions.by_conn.at(kConn).asking);
}

}  // namespace
}  // namespace sim
