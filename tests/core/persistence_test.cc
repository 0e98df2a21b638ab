// What survives on disk: the append-only file and the snapshot. (Protocol §10.2.)
#include "sim/core/persistence.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/core/pump.h"

namespace sim {
namespace {

using Lines = std::vector<std::string>;

Config standalone(bool appendonly, const char* fsync = "everysec") {
  Config config;
  config.cluster_enabled = false;
  config.appendonly = appendonly;
  config.appendfsync = fsync;
  return config;
}
std::uint64_t data_hash(const Pump& pump, Pump::BoxId box) {
  return pump.server(box).keyspace.data_hash();
}
bool contains(const Lines& lines, const std::string& line) {
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

TEST(Aof, BringsTheDataBackAfterACrash) {
  Pump pump;
  const Pump::BoxId box = pump.add(standalone(true));
  pump.call(box, {"SET", "k", "v", "EX", "500"});
  pump.call(box, {"RPUSH", "l", "a", "b"});
  pump.call(box, {"LPOP", "l"});
  pump.call(box, {"INCRBY", "n", "5"});
  pump.call(box, {"DEL", "n"});
  const std::uint64_t before = data_hash(pump, box);
  pump.crash(box);
  pump.start(box);
  EXPECT_EQ(data_hash(pump, box), before);
  EXPECT_EQ(pump.server(box).keyspace.size(), 2u);
  pump.call(box, {"SET", "more", "1"});  // appended behind what was there
  const std::uint64_t more = data_hash(pump, box);
  pump.crash(box);
  pump.start(box);
  EXPECT_EQ(data_hash(pump, box), more);
}

TEST(Aof, HoldsPlainCommandsWithAbsoluteTimes) {
  Pump pump;
  const Pump::BoxId box = pump.add(standalone(true));
  pump.files(box).clear();
  pump.call(box, {"GET", "k"});
  pump.call(box, {"PEXPIRE", "k", "100"});
  EXPECT_TRUE(pump.files(box).empty());  // nothing changed
  pump.call(box, {"SETEX", "k", "10", "v"});
  const std::string when = std::to_string(pump.wall_ms() + 10'000);
  std::string tail;
  resp::append_encoded({"SET", "k", "v", "PXAT", when}, tail);
  const std::string& file = pump.files(box).at("appendonly.aof");
  EXPECT_EQ(file.substr(file.size() - tail.size()), tail);
}

TEST(Aof, WithFsyncAlwaysIsSyncedBeforeTheReplyLeaves) {
  Pump pump;
  const Pump::BoxId box = pump.add(standalone(true, "always"));
  pump.call(box, {"SET", "k", "v"});
  EXPECT_EQ(pump.last_effects(box),
            (Lines{"write appendonly.aof", "sync appendonly.aof", "send reply"}));
}

TEST(Aof, WithFsyncEverysecIsSyncedByTheCron) {
  Pump pump;
  const Pump::BoxId box = pump.add(standalone(true));
  pump.call(box, {"SET", "k", "v"});
  EXPECT_EQ(pump.last_effects(box), (Lines{"write appendonly.aof", "send reply"}));
  bool synced = false;
  for (int ms = 0; ms < 1'200; ++ms) {
    pump.advance(1);
    synced |= contains(pump.last_effects(box), "sync appendonly.aof");
  }
  EXPECT_TRUE(synced);
}

TEST(Aof, WithFsyncNoIsNeverSynced) {
  Pump pump;
  const Pump::BoxId box = pump.add(standalone(true, "no"));
  pump.call(box, {"SET", "k", "v"});
  for (int ms = 0; ms < 2'500; ++ms) {
    pump.advance(1);
    ASSERT_FALSE(contains(pump.last_effects(box), "sync appendonly.aof"));
  }
}

TEST(Aof, ATornEndIsCutOff) {
  Pump pump;
  const Pump::BoxId box = pump.add(standalone(true));
  pump.call(box, {"SET", "a", "1"});
  const std::string whole = pump.files(box).at("appendonly.aof");
  pump.call(box, {"SET", "b", "2"});
  pump.crash(box);
  std::string& file = pump.files(box).at("appendonly.aof");
  file.resize(file.size() - 3);
  pump.start(box);
  EXPECT_EQ(pump.server(box).keyspace.size(), 1u);
  EXPECT_EQ(pump.files(box).at("appendonly.aof"), whole);
  pump.call(box, {"SET", "c", "3"});
  pump.crash(box);
  pump.start(box);
  EXPECT_EQ(pump.server(box).keyspace.size(), 2u);
}

TEST(Aof, AnUnfinishedTransactionIsCutOffWhole) {
  std::string content;
  for (const resp::Command& command :
       std::vector<resp::Command>{{"SET", "a", "1"}, {"MULTI"}, {"SET", "b", "2"}}) {
    resp::append_encoded(command, content);
  }
  Pump pump;
  const Pump::BoxId box = pump.add(standalone(true), {{"appendonly.aof", share(content)}});
  EXPECT_EQ(pump.server(box).keyspace.size(), 1u);
  resp::append_encoded(resp::Command{"EXEC"}, content);
  const Pump::BoxId other = pump.add(standalone(true), {{"appendonly.aof", share(content)}});
  EXPECT_EQ(pump.server(other).keyspace.size(), 2u);
}

TEST(Aof, SwitchedOnItHoldsWhatWasThereBefore) {
  Pump pump;
  const Pump::BoxId box = pump.add(standalone(false));
  pump.call(box, {"SET", "k", "v"});
  EXPECT_TRUE(pump.files(box).empty());
  pump.call(box, {"CONFIG", "SET", "appendonly", "yes"});
  pump.call(box, {"SET", "k2", "v"});
  const DiskImage disk{{"appendonly.aof", share(pump.files(box).at("appendonly.aof"))}};
  const Pump::BoxId reborn = pump.add(standalone(true), disk);
  EXPECT_EQ(data_hash(pump, reborn), data_hash(pump, box));
}

TEST(Aof, IsWrittenAnewAfterAFullSync) {
  Pump pump;
  const Pump::BoxId primary = pump.add(standalone(false));
  const Pump::BoxId replica = pump.add(standalone(true));
  pump.call(replica, {"SET", "own", "1"});
  pump.call(primary, {"SET", "k", "v"});
  pump.call(replica, {"REPLICAOF", "10.0.0.1", "6379"});
  pump.advance(7'000);
  pump.call(primary, {"SET", "k2", "v"});
  pump.crash(replica);
  pump.start(replica);
  EXPECT_EQ(data_hash(pump, replica), data_hash(pump, primary));
}

TEST(Snapshot, IsWrittenByAGracefulShutdownOnly) {
  Pump pump;
  const Pump::BoxId box = pump.add(standalone(false));
  pump.call(box, {"RPUSH", "l", "a", "b"});
  pump.crash(box);
  EXPECT_TRUE(pump.files(box).empty());
  pump.start(box);
  pump.call(box, {"RPUSH", "l", "a", "b"});
  const std::uint64_t before = data_hash(pump, box);
  pump.terminate(box);
  EXPECT_FALSE(pump.up(box));
  EXPECT_EQ(pump.files(box).size(), 1u);  // no temporary file is left
  pump.start(box);
  EXPECT_EQ(data_hash(pump, box), before);
}

TEST(Snapshot, WithoutAHistoryDoesNotMakeTheStreamCount) {
  Pump pump;
  const Pump::BoxId box = pump.add(standalone(false));
  pump.call(box, {"SET", "k", "v"});
  pump.terminate(box);
  pump.start(box);
  pump.call(box, {"SET", "k", "v"});
  EXPECT_EQ(pump.server(box).replication.offset, 0);
  EXPECT_TRUE(pump.server(box).replication.replid2.is_none());
}

TEST(Snapshot, IsNotWrittenWithoutSavePoints) {
  Pump pump;
  const Pump::BoxId box = pump.add(standalone(false));
  pump.call(box, {"SET", "k", "v"});
  pump.call(box, {"CONFIG", "SET", "save", ""});
  pump.terminate(box);
  EXPECT_TRUE(pump.files(box).empty());
}

TEST(Snapshot, ADamagedOneStopsTheNode) {
  Pump pump;
  Pump::BoxId box = pump.add(standalone(false), {{"dump.rdb", share("rubbish")}});
  EXPECT_FALSE(pump.up(box));
}

TEST(Snapshot, APrimaryDoesNotLoadWhatExpiredMeanwhile) {
  Pump pump;
  const Pump::BoxId box = pump.add(standalone(false));
  pump.call(box, {"SET", "soon", "v", "PX", "1000"});
  pump.call(box, {"SET", "later", "v", "EX", "1000"});
  pump.terminate(box);
  pump.advance(2'000);
  pump.start(box);
  EXPECT_EQ(pump.server(box).keyspace.size(), 1u);
}

TEST(Snapshot, OfAFullSyncStaysOnTheReplicasDisk) {
  Pump pump;
  Config config = standalone(false);
  config.save_on_shutdown = false;
  const Pump::BoxId primary = pump.add(config), replica = pump.add(config);
  pump.call(primary, {"SET", "k", "v"});
  pump.call(replica, {"REPLICAOF", "10.0.0.1", "6379"});
  pump.advance(7'000);
  pump.crash(replica);
  pump.start(replica);
  EXPECT_EQ(data_hash(pump, replica), data_hash(pump, primary));
}

}  // namespace
}  // namespace sim
