#include "sim/world/disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/world/stage.h"

namespace sim {
namespace {

std::string text(const Disk& disk, const std::string& file) {
  const DiskImage image = disk.image();
  const auto found = image.find(file);
  return found == image.end() ? "(none)" : *found->second;
}

std::uint64_t apply(Disk& disk, DiskChange::What what, const std::string& file = "",
                    std::uint64_t seed = 1) {
  ChoiceStream stream(seed, "disk");
  Choices choices(stream);
  return disk.apply({what, file}, choices);
}

// The file content against a plain string, over random operations.
TEST(FileContent, BehavesLikeAString) {
  ChoiceStream stream(1, "files");
  Choices choices(stream);
  for (int run = 0; run < 50; ++run) {
    FileContent file;
    std::string twin;
    for (int i = 0; i < 60; ++i) {
      const std::string data(choices.choose(Site::kKey, 40), static_cast<char>('a' + i % 26));
      const std::uint64_t at = choices.choose(Site::kKey, 3) == 0
                                   ? choices.choose(Site::kKey, twin.size() + 20)
                                   : twin.size();
      if (choices.choose(Site::kKey, 8) == 0) {
        file.truncate(at);
        twin.resize(at);
      } else {
        file.write(at, share(data));
        if (twin.size() < at + data.size()) twin.resize(at + data.size());
        twin.replace(at, data.size(), data);
      }
      ASSERT_EQ(*file.whole(), twin);
      ASSERT_EQ(file.size(), twin.size());
      ASSERT_EQ(*file.stretch(3, 7).whole(), twin.size() < 3 ? "" : twin.substr(3, 7));
    }
  }
}

TEST(Disk, ACrashKeepsTheCacheAPowerLossDoesNot) {
  Disk disk;
  disk.write({"aof", 0, share("one")});
  disk.sync({"aof"});
  disk.write({"aof", 3, share("two")});
  disk.write({"new", 0, share("x")});
  EXPECT_EQ(text(disk, "aof"), "onetwo");
  Disk other = disk;
  EXPECT_EQ(other.lose_unsynced(), 4u);
  EXPECT_EQ(text(other, "aof"), "one");
  EXPECT_EQ(text(other, "new"), "");  // its creation was durable, its bytes were not
  EXPECT_EQ(other.lose_unsynced(), 0u);
  EXPECT_EQ(text(disk, "aof"), "onetwo");
}

TEST(Disk, RenameAndRemoveAreDurableAtOnce) {
  Disk disk;
  disk.write({"tmp", 0, share("new")});
  disk.sync({"tmp"});
  disk.write({"conf", 0, share("old")});
  disk.sync({"conf"});
  disk.rename({"tmp", "conf"});
  disk.write({"gone", 0, share("x")});
  disk.remove({"gone"});
  disk.lose_unsynced();
  EXPECT_EQ(text(disk, "conf"), "new");
  EXPECT_EQ(text(disk, "tmp"), "(none)");
  EXPECT_EQ(text(disk, "gone"), "(none)");
}

TEST(Disk, LosesOneFileOrAll) {
  Disk disk(FirstDisk{{"a", {share("aa")}}, {"b", {share("bbb")}}});
  EXPECT_EQ(apply(disk, DiskChange::What::kKeep), 0u);
  EXPECT_EQ(apply(disk, DiskChange::What::kLoseFile, "nothing"), 0u);
  EXPECT_EQ(apply(disk, DiskChange::What::kLoseFile, "a"), 2u);
  EXPECT_EQ(text(disk, "a"), "(none)");
  EXPECT_EQ(apply(disk, DiskChange::What::kLoseAll), 3u);
  EXPECT_TRUE(disk.image().empty());
  EXPECT_EQ(apply(disk, DiskChange::What::kLoseAll), 0u);
}

TEST(Disk, ATornWriteIsNeverTheWholeOne) {
  std::set<std::string> outcomes;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Disk disk(FirstDisk{{"conf", {share("AAAAAAAA")}}});
    disk.write({"conf", 0, share("AABBBBAA")});
    disk.sync({"conf"});  // torn all the same: the write that was in progress is the last one
    EXPECT_GT(apply(disk, DiskChange::What::kTearFile, "conf", seed), 0u);
    const std::string torn = text(disk, "conf");
    EXPECT_NE(torn, "AABBBBAA");
    EXPECT_EQ(torn.size(), 8u);
    outcomes.insert(torn);
    disk.lose_unsynced();
    EXPECT_EQ(text(disk, "conf"), torn);
  }
  EXPECT_THAT(outcomes,
              ::testing::UnorderedElementsAre("AAAAAAAA", "AABAAAAA", "AABBAAAA", "AABBBAAA"));
}

TEST(Disk, ATornAppendIsShorter) {
  Disk disk(FirstDisk{{"aof", {share("1234")}}});
  disk.write({"aof", 4, share("5678")});
  EXPECT_GT(apply(disk, DiskChange::What::kTearFile, "aof"), 0u);
  const std::string torn = text(disk, "aof");
  EXPECT_EQ(std::string("12345678").substr(0, torn.size()), torn);
  EXPECT_GE(torn.size(), 5u);  // half-way: at least a byte of it made it
  EXPECT_LT(torn.size(), 8u);
}

TEST(Disk, TearsWhatItFoundIfNothingWasWritten) {
  Disk disk(FirstDisk{{"nodes.conf", {share("some lines")}}});
  EXPECT_GT(apply(disk, DiskChange::What::kTearFile, "nodes.conf"), 0u);
  EXPECT_LT(text(disk, "nodes.conf").size(), 10u);
  EXPECT_EQ(apply(disk, DiskChange::What::kTearFile, "absent"), 0u);
}

TEST(Disk, AppendingALotStaysCheap) {
  Disk disk;
  const SharedBytes line = share(std::string(100, 'x'));
  for (std::uint64_t i = 0; i < 50'000; ++i) {
    disk.write({"aof", i * 100, line});
    if (i % 1000 == 0) disk.sync({"aof"});
  }
  EXPECT_EQ(text(disk, "aof").size(), 5'000'000u);
}

TEST(DiskInTheWorld, PowerLossAndChangesShowAtBoot) {
  stage::Stage s;
  s.tell("m1", "write f 0 synced");
  s.tell("m1", "sync f");
  s.tell("m1", "write f 6 cached");
  const MachineId m1 = s.id("m1");
  const auto restart = [&](bool power, const DiskChange& change) {
    s.levers().crash(m1, power);
    s.levers().start(m1, change);
    s.run_for(1s);
    return s.texts("m1", "booted").back();
  };
  EXPECT_EQ(restart(false, {}), "booted f=syncedcached");
  EXPECT_EQ(s.levers().disk_bytes_changed(m1), 0u);
  EXPECT_EQ(restart(false, {DiskChange::What::kLoseUnsynced, ""}), "booted f=synced");
  EXPECT_EQ(s.levers().disk_bytes_changed(m1), 6u);
  s.tell("m1", "write f 6 cached");
  EXPECT_EQ(restart(true, {}), "booted f=synced");
  EXPECT_EQ(restart(false, {DiskChange::What::kLoseFile, "f"}), "booted");
  EXPECT_EQ(s.levers().disk_bytes_changed(m1), 6u);
}

}  // namespace
}  // namespace sim
