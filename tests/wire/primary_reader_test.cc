// What a primary says, read from any cut of its bytes.
#include "sim/wire/primary_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sim {
namespace {

std::string encoded(const resp::Command& command) {
  std::string bytes;
  resp::append_encoded(command, bytes);
  return bytes;
}
std::string text(const resp::Value& value) {
  return resp::describe(value);
}

TEST(PrimaryReader, RepliesAreLinesAndEmptyOnesNothing) {
  PrimaryReader reader;
  resp::Value reply;
  reader.feed("\n\r\n+PO");
  EXPECT_FALSE(reader.next_reply(reply));
  reader.feed("NG\r\n-ERR no\nwhat?\r\n");
  ASSERT_TRUE(reader.next_reply(reply));
  EXPECT_EQ(std::get<resp::Simple>(reply.data).text, "PONG");
  ASSERT_TRUE(reader.next_reply(reply));
  EXPECT_EQ(std::get<resp::Error>(reply.data).text, "ERR no");
  ASSERT_TRUE(reader.next_reply(reply));
  EXPECT_EQ(std::get<resp::Error>(reply.data).text, "what?") << text(reply);
  EXPECT_FALSE(reader.next_reply(reply));
  EXPECT_EQ(reader.broken(), "");
}

TEST(PrimaryReader, ALineWithoutEndIsRefused) {
  PrimaryReader reader;
  resp::Value reply;
  reader.feed(std::string(1024, '+'));
  EXPECT_FALSE(reader.next_reply(reply));
  EXPECT_EQ(reader.broken(), "");
  reader.feed("+");
  EXPECT_FALSE(reader.next_reply(reply));
  EXPECT_EQ(reader.broken(), "too long a line");
}

// The mark nearly occurs in the data, and begins in one stretch and ends in another.
TEST(PrimaryReader, TheMarkIsFoundWhereverTheStretchesAreCut) {
  const std::string mark(40, 'm');
  const std::string rdb = "REDIS" + std::string(39, 'm') + "n" + std::string(300, 'x') + "l";
  const std::string bytes = "\n$EOF:" + mark + "\r\n" + rdb + mark + encoded({"PING"});
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    PrimaryReader reader;
    std::string read;
    reader.feed(std::string_view(bytes).substr(0, cut));
    const bool at_once = reader.next_snapshot(read);
    reader.feed(std::string_view(bytes).substr(cut));
    ASSERT_TRUE(at_once || reader.next_snapshot(read)) << cut;
    EXPECT_EQ(read, rdb);
    std::vector<resp::Command> commands;
    EXPECT_TRUE(reader.next_commands(commands));
    EXPECT_EQ(commands, std::vector<resp::Command>{{"PING"}});
  }
}

TEST(PrimaryReader, ALengthSaysWhereTheSnapshotEnds) {
  PrimaryReader reader;
  std::string read;
  reader.feed("$5\r\nab\r\n");
  EXPECT_FALSE(reader.next_snapshot(read));
  reader.feed("c*1\r\n");
  ASSERT_TRUE(reader.next_snapshot(read));
  EXPECT_EQ(read, "ab\r\nc");
  std::vector<resp::Command> commands;
  EXPECT_FALSE(reader.next_commands(commands));
  reader.feed("$4\r\nPING\r\n");
  EXPECT_TRUE(reader.next_commands(commands));
}

TEST(PrimaryReader, TransactionsComeWhole) {
  PrimaryReader reader;
  std::vector<resp::Command> commands;
  reader.feed(encoded({"PING"}) + encoded({"multi"}) + encoded({"SET", "a", "MULTI"}));
  ASSERT_TRUE(reader.next_commands(commands));
  EXPECT_EQ(commands.size(), 1u);
  EXPECT_FALSE(reader.next_commands(commands));
  reader.feed(encoded({"Exec"}) + encoded({"PING"}));
  ASSERT_TRUE(reader.next_commands(commands));
  EXPECT_EQ(commands.size(), 4u);
}

TEST(PrimaryReader, WhatStandsBeforeRubbishIsStillRead) {
  PrimaryReader reader;
  std::vector<resp::Command> commands;
  reader.feed(encoded({"PING"}) + "\r\n" + encoded({"PING"}));
  ASSERT_TRUE(reader.next_commands(commands));
  EXPECT_EQ(commands.size(), 1u);
  EXPECT_NE(reader.broken(), "");
  EXPECT_FALSE(reader.next_commands(commands));
}

}  // namespace
}  // namespace sim
