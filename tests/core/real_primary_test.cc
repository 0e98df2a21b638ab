// A node as the replica of a real server: what a primary says byte by byte, and what becomes of it.
// (Protocol §10.1, §10.3.)
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "sim/core/cluster_node.h"
#include "sim/core/replication.h"
#include "sim/wire/crc16.h"
#include "sim/wire/rdb.h"
#include "tests/core/pump.h"

namespace sim {
namespace {

const std::string kId(40, 'a');
const std::string kMark(40, '7');

std::string real_rdb(const std::string& name) {
  std::ifstream file(SLOTSIM_SOURCE_DIR "/tests/wire/testdata/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
std::string small_rdb() {
  rdb::Writer writer;
  writer.database(1, 0);
  writer.text("k", "v");
  return writer.finish();
}
std::string by_length(const std::string& rdb) {
  return "$" + std::to_string(rdb.size()) + "\r\n" + rdb;
}
std::string by_mark(const std::string& rdb) {
  return "$EOF:" + kMark + "\r\n" + rdb + kMark;
}
std::string full_sync(std::int64_t offset, const std::string& rdb) {
  return "+FULLRESYNC " + kId + " " + std::to_string(offset) + "\r\n" + rdb;
}

// A replica, and a test that plays its primary.
class Replica {
 public:
  Replica() {
    Config config;
    config.cluster_enabled = false;
    node_ = std::make_unique<ClusterNode>(NodeSetup{config, std::make_shared<Names>()});
    step(Booted{0, std::make_shared<DiskImage>(), {parse_ipv4("10.0.0.1"), 6379}});
    const ConnId client = ConnId::accepted(0, 1);
    step(Accepted{client, {}, {parse_ipv4("10.9.9.9"), 1}});
    step(Received{client, PayloadRef(new resp::RequestPayload({"SET", "own", "1"}))});
    step(Received{client, PayloadRef(new resp::RequestPayload({"REPLICAOF", "10.0.0.2", "6379"}))});
    step(Connected{link_, {}, {}});
  }
  // The primary says `bytes`, in stretches of `stroke`.
  void hear(const std::string& bytes, std::size_t stroke = 1) {
    for (std::size_t at = 0; at < bytes.size(); at += stroke) {
      step(Received{link_, PayloadRef(new RawBytes(bytes.substr(at, stroke)))});
    }
  }
  void shake_hands() { hear("+PONG\r\n+OK\r\n+OK\r\n"); }
  // What it said on the link since this was last asked.
  std::string said() {
    std::string said;
    for (const std::string& bytes : sent_) said += bytes;
    sent_.clear();
    return said;
  }
  std::string get(const std::string& key) const {
    const Entry* const entry = server().keyspace.find(slot_of(key), key);
    return entry == nullptr ? "(none)" : std::get<std::string>(entry->value);
  }
  const Server& server() const { return node_->server(); }
  const PrimaryLink& link() const { return server().replication.link; }
  std::int64_t offset() const { return server().replication.offset; }

  std::vector<std::string> remarks;
  int exit_code = 0;

 private:
  void step(Input input) {
    Effects effects;
    ChoiceStream stream(1, "replica");
    Choices choices(stream);
    const std::vector<Input> inputs{std::move(input)};
    node_->step({kWallStart, MonotonicTime{Duration{1}}}, inputs, choices, effects);
    for (const Effect& effect : effects) {
      if (const auto* dial = std::get_if<Dial>(&effect)) link_ = dial->conn;
      if (const auto* exit = std::get_if<Exit>(&effect)) exit_code = exit->code;
      if (const auto* send = std::get_if<Send>(&effect); send != nullptr && send->conn == link_) {
        sent_.push_back(send->payload->bytes());
      }
      const auto* note = std::get_if<Note>(&effect);
      if (note == nullptr) continue;
      if (const auto* remark = std::get_if<event::Remark>(&note->event)) {
        remarks.push_back(remark->text);
      }
    }
  }

  std::unique_ptr<ClusterNode> node_;
  ConnId link_;
  std::vector<std::string> sent_;
};

TEST(RealPrimary, IsAskedForItsDataAndGivesThem) {
  Replica replica;
  EXPECT_EQ(replica.said(), words({"PING"}));
  replica.hear("+PONG\r\n");
  EXPECT_EQ(replica.said(), words({"REPLCONF", "listening-port", "6379"}) +
                                words({"REPLCONF", "capa", "eof", "capa", "psync2"}));
  replica.hear("+OK\r\n-ERR whatever\r\n");
  EXPECT_NE(replica.said().find("PSYNC"), std::string::npos);
  replica.hear("\n\n" + full_sync(1000, "\n\n" + by_mark(small_rdb())));
  EXPECT_TRUE(primary_link_up(replica.server()));
  EXPECT_EQ(replica.get("k"), "v");
  EXPECT_EQ(replica.get("own"), "(none)");
  EXPECT_EQ(replica.offset(), 1000);
  EXPECT_EQ(replica.server().replication.replid.view(), kId);
  EXPECT_EQ(replica.said(), words({"REPLCONF", "ACK", "1000"}));
}

TEST(RealPrimary, TheStreamMayFollowTheSnapshotInTheSameBreath) {
  const std::string stream = words({"SELECT", "0"}) + words({"SET", "k", "w"});
  for (const std::size_t stroke : {std::size_t{1}, std::size_t{7}, std::size_t{100'000}}) {
    Replica replica;
    replica.shake_hands();
    replica.hear(full_sync(7, by_length(small_rdb()) + stream), stroke);
    EXPECT_EQ(replica.get("k"), "w") << stroke;
    EXPECT_EQ(replica.offset(), 7 + static_cast<std::int64_t>(stream.size()));
  }
}

TEST(RealPrimary, ItsSnapshotIsReadAndWhatWeCannotHoldIsNamed) {
  Replica replica;
  replica.shake_hands();
  replica.hear(full_sync(1, by_mark(real_rdb("other-types-7.0.15.rdb"))), 50);
  EXPECT_EQ(replica.get("held"), "yes");
  ASSERT_EQ(replica.remarks.size(), 1u);
  EXPECT_NE(replica.remarks[0].find("2 hash"), std::string::npos);
  replica.hear(words({"HSET", "h", "f", "v"}) + words({"HSET", "h", "f", "w"}));
  ASSERT_EQ(replica.remarks.size(), 2u);
  EXPECT_NE(replica.remarks[1].find("HSET"), std::string::npos);
}

TEST(RealPrimary, KeepsNoChainSoNoneIsTold) {
  Replica replica;
  replica.shake_hands();
  replica.hear(full_sync(1, by_mark(small_rdb())));
  EXPECT_FALSE(replica.server().replication.told_chain().has_value());
}

TEST(RealPrimary, TheOffsetStandsStillInsideATransaction) {
  Replica replica;
  replica.shake_hands();
  replica.hear(full_sync(0, by_mark(small_rdb())));
  const std::string begin = words({"MULTI"}) + words({"SET", "k", "1"});
  const std::string rest = words({"SET", "k", "2"}) + words({"EXEC"});
  replica.hear(begin);
  EXPECT_EQ(replica.offset(), 0);
  EXPECT_EQ(replica.get("k"), "v");
  replica.hear(rest);
  EXPECT_EQ(replica.offset(), static_cast<std::int64_t>((begin + rest).size()));
  EXPECT_EQ(replica.get("k"), "2");
}

TEST(RealPrimary, ACommandNobodyKnowsIsCountedAndNoRubbish) {
  Replica replica;
  replica.shake_hands();
  replica.hear(full_sync(100, by_mark(small_rdb())));
  replica.hear(words({"XYZ"}) + words({"PING"}));
  EXPECT_TRUE(primary_link_up(replica.server()));
  EXPECT_EQ(replica.offset(), 100 + 13 + 14);
}

TEST(RealPrimary, RubbishInTheStreamCostsTheLinkAndItsHistory) {
  for (const char* rubbish :
       {"hello\r\n", "\r\n\r\n", "*1\r\n$-5\r\n", "*x\r\n", "$3\r\nfoo\r\n"}) {
    Replica replica;
    replica.shake_hands();
    replica.hear(full_sync(100, by_mark(small_rdb())));
    replica.hear(words({"SET", "k", "w"}) + rubbish + words({"SET", "k", "x"}), 1000);
    EXPECT_FALSE(primary_link_up(replica.server())) << rubbish;
    EXPECT_EQ(replica.get("k"), "w") << rubbish;
    EXPECT_FALSE(replica.server().replication.cached) << rubbish;
  }
}

TEST(RealPrimary, RubbishBeforeTheSnapshotOnlyCostsTheLink) {
  for (const std::string& rubbish :
       {std::string(5000, 'x'), full_sync(1, "+hello\r\n"), full_sync(1, "$-1\r\n"),
        full_sync(1, "$12x\r\n"), full_sync(1, "-ERR no memory\r\n"), std::string("+HUH\r\n"),
        std::string("+FULLRESYNC short 1\r\n"), std::string("-NOMASTERLINK later\r\n")}) {
    Replica replica;
    replica.shake_hands();
    replica.hear(rubbish, 64);
    EXPECT_EQ(replica.link().state, PrimaryLink::State::kMustConnect) << rubbish.substr(0, 80);
    EXPECT_EQ(replica.get("own"), "1");
  }
}

// So it is with 7.0.15: it has flushed its data by then, and what it cannot read ends it.
TEST(RealPrimary, ADamagedSnapshotEndsTheReplica) {
  std::string damaged = small_rdb();
  damaged[damaged.size() - 1] = static_cast<char>(damaged[damaged.size() - 1] ^ 1);
  Replica replica;
  replica.shake_hands();
  replica.hear(full_sync(1, by_length(damaged)));
  EXPECT_EQ(replica.exit_code, 1);
}

TEST(RealPrimary, ASnapshotOfAVersionToComeCostsTheData) {
  std::string future = small_rdb();
  future.replace(5, 4, "0099");
  Replica replica;
  replica.shake_hands();
  replica.hear(full_sync(1, by_length(future)));
  EXPECT_EQ(replica.exit_code, 0);
  EXPECT_EQ(replica.link().state, PrimaryLink::State::kMustConnect);
  EXPECT_EQ(replica.get("own"), "(none)");
}

TEST(RealPrimary, SendsTransactionsThatAreAppliedAsAWhole) {
  Replica replica;
  replica.shake_hands();
  replica.hear(full_sync(0, by_length(small_rdb())));
  const std::string multi = words({"MULTI"}), set = words({"SET", "k", "2"});
  replica.hear(words({"SELECT", "0"}) + multi + set);
  EXPECT_EQ(replica.get("k"), "v");
  EXPECT_EQ(replica.offset(), 23);  // of the SELECT: it does not move inside a transaction
  replica.hear(words({"SET", "other", "3"}));
  EXPECT_EQ(replica.get("other"), "(none)");
  replica.hear(words({"EXEC"}));
  EXPECT_EQ(replica.get("k"), "2");
  EXPECT_EQ(replica.get("other"), "3");
  const std::string whole = multi + set + words({"SET", "other", "3"}) + words({"EXEC"});
  EXPECT_EQ(replica.offset(), 23 + static_cast<std::int64_t>(whole.size()));
}

}  // namespace
}  // namespace sim
