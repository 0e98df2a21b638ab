// What real redis-server 7.0.15 processes wrote, read, logged and saved (tests/hosts/testdata,
// captured on loopback), and what the witness makes of it. REWRITE=1 writes the answers anew;
// commit the difference only if you can explain it.
#include "sim/hosts/process/witness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/core/cluster_node.h"
#include "tests/hosts/transcript_testing.h"

namespace sim {
namespace {

namespace fs = std::filesystem;

const fs::path kTranscripts = fs::path(SLOTSIM_SOURCE_DIR) / "tests/hosts/testdata";

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> transcripts() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kTranscripts)) {
    if (entry.path().extension() == ".txt") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class WitnessTranscript : public ::testing::TestWithParam<std::string> {};

TEST_P(WitnessTranscript, ComesToTheSame) {
  const fs::path path = kTranscripts / (GetParam() + ".txt");
  const std::string recorded = read_file(path);
  const std::string answered = testing::replay(recorded);
  if (std::getenv("REWRITE") != nullptr) std::ofstream(path, std::ios::binary) << answered;
  EXPECT_EQ(answered, recorded);
}

INSTANTIATE_TEST_SUITE_P(Of, WitnessTranscript, ::testing::ValuesIn(transcripts()),
                         [](const auto& transcript) { return transcript.param; });

// ---- By hand: a cluster of three shards that a nodes.conf describes ----

NodeName id(char letter) {
  return NodeName::from(std::string(40, letter));
}

std::string node_line(char letter, const std::string& flags, const std::string& primary,
                      int config_epoch, const std::string& slots) {
  return std::string(40, letter) + " 10.0.0." + std::to_string(letter - 'a' + 1) + ":6379@16379 " +
         flags + " " + primary + " 0 1700000000000 " + std::to_string(config_epoch) + " connected" +
         (slots.empty() ? "" : " " + slots) + "\n";
}

// a, b and c are primaries, d follows a; the server is `me`.
std::string nodes_conf(char me, const std::string& flags_of_b = "master", int current_epoch = 3,
                       int last_vote = 0) {
  const auto mine = [me](char letter, const std::string& flags) {
    return letter == me ? "myself," + flags : flags;
  };
  return node_line('a', mine('a', "master"), "-", 1, "0-5460") +
         node_line('b', mine('b', flags_of_b), "-", 2, "5461-10922") +
         node_line('c', mine('c', "master"), "-", 3, "10923-16383") +
         node_line('d', mine('d', "slave"), std::string(40, 'a'), 1, "") + "vars currentEpoch " +
         std::to_string(current_epoch) + " lastVoteEpoch " + std::to_string(last_vote) + "\n";
}

class ByHand : public ::testing::Test {
 protected:
  Witness witness(char me, std::uint32_t incarnation = 0) const {
    Witness made({names_, {}, incarnation, nodes_conf(me), "nodes.conf"});
    Notes ignored;
    made.log_line("1:M 26 Nov 2026 00:00:00.000 * Ready to accept connections", ignored);
    return made;
  }
  static Notes log(Witness& witness, const std::string& text, char level = '#') {
    Notes notes;
    witness.log_line("1:M 26 Nov 2026 00:00:01.234 " + std::string(1, level) + " " + text + "\n",
                     notes);
    return notes;
  }
  static Notes save(Witness& witness, const std::string& content) {
    Notes notes;
    witness.file_written("nodes.conf", content, notes);
    return notes;
  }
  // A heartbeat of `sender`, a primary, that gossips b.
  std::string heartbeat(char sender, std::uint16_t flags_of_b, std::uint32_t ping_sent_s,
                        std::uint64_t current_epoch = 3) const {
    return bus::encode(heartbeat_of(sender, flags_of_b, ping_sent_s, current_epoch), *names_);
  }
  bus::Message heartbeat_of(char sender, std::uint16_t flags_of_b, std::uint32_t ping_sent_s,
                            std::uint64_t current_epoch) const {
    bus::Message message;
    message.header.type = bus::Type::kPing;
    message.header.sender = names_->intern(id(sender));
    message.header.current_epoch = current_epoch;
    message.header.flags = bus::flag::kMaster | bus::flag::kMyself;
    message.header.slots = share_slots(SlotSet{}.set(0));
    message.header.count = 1;
    const AddressRef address = names_->intern(Address{"10.0.0.2", 6379, 16379, 0});
    const Profile profile{names_->intern(id('b')), address, flags_of_b};
    message.body = bus::Heartbeat{{{names_->intern(profile), ping_sent_s, 0}}, {}};
    return message;
  }

  NamesRef names_ = std::make_shared<Names>();
};

template <class Kind>
std::vector<Kind> all(const Notes& notes) {
  std::vector<Kind> found;
  for (const Note& note : notes) {
    if (const auto* event = std::get_if<Kind>(&note.event)) found.push_back(*event);
  }
  return found;
}

TEST_F(ByHand, AMomentThatTwoSourcesShowIsToldByTheFirst) {
  Witness seen = witness('a');
  log(seen, "*** NODE " + std::string(40, 'b') + " possibly failing", '.');
  const Notes by_log = log(
      seen, "FAIL message received from " + std::string(40, 'c') + " about " + std::string(40, 'b'),
      '*');
  ASSERT_EQ(all<event::SuspicionChanged>(by_log).size(), 1u);
  EXPECT_EQ(by_log.front().source, Source::kLog);
  EXPECT_TRUE(all<event::SuspicionChanged>(save(seen, nodes_conf('a', "master,fail"))).empty());

  Witness deaf = witness('a');
  const Notes by_disk = save(deaf, nodes_conf('a', "master,fail"));
  ASSERT_EQ(all<event::SuspicionChanged>(by_disk).size(), 1u);
  EXPECT_EQ(by_disk.front().source, Source::kDisk);
}

TEST_F(ByHand, ReportsAreCountedByReporterAndOnlyWhileTheyStand) {
  const std::string marked =
      "Marking node " + std::string(40, 'b') + " as failing (quorum reached).";
  Witness seen = witness('a');
  Notes notes;
  seen.received_bus(heartbeat('c', bus::flag::kMaster | bus::flag::kPfail, 1), notes);
  seen.received_bus(heartbeat('c', bus::flag::kMaster | bus::flag::kPfail, 1), notes);
  Witness retracted = seen;
  retracted.received_bus(heartbeat('c', bus::flag::kMaster, 0), notes);
  EXPECT_TRUE(notes.empty());
  EXPECT_EQ(all<event::SuspicionChanged>(log(seen, marked)).at(0).reports, 2u);
  const auto alone = all<event::SuspicionChanged>(log(retracted, marked));
  EXPECT_EQ(alone.at(0).reports, 1u);
  EXPECT_EQ(alone.at(0).quorum, 2u);
}

// A heartbeat waits in the server's buffer: what it says may be over when it leaves.
TEST_F(ByHand, GossipThatIsOlderThanTheDiskTellsNothing) {
  constexpr std::uint16_t kSuspect = bus::flag::kMaster | bus::flag::kPfail;
  Witness seen = witness('a');
  Notes notes;
  seen.sent_bus(heartbeat('a', kSuspect, 100), notes);
  ASSERT_EQ(all<event::SuspicionChanged>(notes).size(), 1u);
  EXPECT_EQ(notes.back().source, Source::kWire);
  EXPECT_EQ(all<event::SuspicionChanged>(save(seen, nodes_conf('a'))).size(), 1u);
  notes.clear();
  seen.sent_bus(heartbeat('a', kSuspect, 100), notes);
  EXPECT_TRUE(notes.empty());
  seen.sent_bus(heartbeat('a', kSuspect, 105), notes);
  EXPECT_EQ(all<event::SuspicionChanged>(notes).size(), 1u);
}

TEST_F(ByHand, ALogAtDebugLeavesGossipNothingToTell) {
  Witness seen = witness('a');
  log(seen, "pong packet received: " + std::string(40, 'b'), '.');
  Notes notes;
  seen.sent_bus(heartbeat('a', bus::flag::kMaster | bus::flag::kPfail, 100), notes);
  EXPECT_TRUE(notes.empty());
}

TEST_F(ByHand, AHeaderRaisesTheEpochAndNeverLowersIt) {
  Witness seen = witness('a');
  Notes notes;
  seen.sent_bus(heartbeat('a', bus::flag::kMaster, 0, 7), notes);
  EXPECT_EQ(all<event::EpochChanged>(notes).at(0).current_to, 7u);
  EXPECT_EQ(all<event::Claim>(notes).at(0).current_epoch, 7u);
  notes.clear();
  seen.sent_bus(heartbeat('a', bus::flag::kMaster, 0, 6), notes);
  EXPECT_TRUE(notes.empty());
  EXPECT_EQ(seen.view(false).current_epoch, 7u);
}

// That is an invariant's to judge, so it must not be smoothed over.
TEST_F(ByHand, AFileTellsAnEpochThatWentBack) {
  Witness seen = witness('a');
  save(seen, nodes_conf('a', "master", 9));
  const auto change = all<event::EpochChanged>(save(seen, nodes_conf('a', "master", 8))).at(0);
  EXPECT_EQ(change.current_from, 9u);
  EXPECT_EQ(change.current_to, 8u);
}

TEST_F(ByHand, WhatLeftTheFileIsForgottenAndGossipDoesNotBringItBack) {
  Witness seen = witness('a');
  std::string without_b = nodes_conf('a');
  const std::size_t at = without_b.find(std::string(40, 'b'));
  without_b.erase(at, without_b.find('\n', at) + 1 - at);
  const Notes notes = save(seen, without_b);
  EXPECT_EQ(all<event::PeerForgotten>(notes).at(0).peer, id('b'));
  EXPECT_TRUE(all<event::SlotsRebound>(notes).at(0).to.is_none());
  Notes after;
  seen.sent_bus(heartbeat('a', bus::flag::kMaster, 0), after);
  EXPECT_TRUE(after.empty());
  EXPECT_EQ(all<event::PeerLearned>(save(seen, nodes_conf('a'))).at(0).peer, id('b'));
}

TEST_F(ByHand, OpenSlotsAreToldFromTheFile) {
  Witness seen = witness('a');
  const auto with = [](const std::string& open) {
    std::string conf = nodes_conf('a');
    conf.insert(conf.find('\n'), open);
    return conf;
  };
  const std::string migrating = " [5->-" + std::string(40, 'b') + "]";
  const std::string importing = " [6000-<-" + std::string(40, 'b') + "]";
  const auto opened = all<event::SlotOpened>(save(seen, with(migrating + importing)));
  ASSERT_EQ(opened.size(), 2u);
  EXPECT_EQ(opened[0].slot, SlotId{5});
  EXPECT_FALSE(opened[0].importing);
  EXPECT_TRUE(opened[1].importing);
  EXPECT_EQ(opened[1].other, id('b'));
  EXPECT_TRUE(all<event::SlotOpened>(save(seen, with(migrating + importing))).empty());
  const auto closed = all<event::SlotClosed>(save(seen, with(importing)));
  ASSERT_EQ(closed.size(), 1u);
  EXPECT_EQ(closed[0].slot, SlotId{5});
}

TEST_F(ByHand, SavesAreToldAsWrittenAndAsSynced) {
  Witness seen = witness('a');
  Notes notes;
  seen.file_written("dump.rdb", nodes_conf('a'), notes);
  seen.file_synced("dump.rdb", notes);
  EXPECT_TRUE(notes.empty());
  seen.file_written("nodes.conf", nodes_conf('a'), notes);
  seen.file_synced("nodes.conf", notes);
  ASSERT_EQ(notes.size(), 2u);
  EXPECT_FALSE(all<event::ConfigSaved>(notes).at(0).synced);
  EXPECT_TRUE(all<event::ConfigSaved>(notes).at(1).synced);
}

// Lines of 7.0.15 that the transcripts do not happen to have.
TEST_F(ByHand, RareLinesOfTheLog) {
  Witness seen = witness('d');
  EXPECT_TRUE(log(seen, "Replica rank updated to #2, added 1000 milliseconds of delay.").empty());
  EXPECT_EQ(all<event::ElectionStarted>(log(seen, "Starting a failover election for epoch 4."))
                .at(0)
                .rank,
            2u);
  EXPECT_EQ(all<event::ElectionExpired>(
                log(seen, "Currently unable to failover: Failover attempt expired."))
                .size(),
            1u);
  const std::string old_data =
      "Currently unable to failover: Disconnected from master for longer than allowed. Please "
      "check the 'cluster-replica-validity-factor' configuration option.";
  EXPECT_EQ(all<event::ElectionHindered>(log(seen, old_data)).at(0).why, "its data is too old");
  EXPECT_TRUE(log(seen, old_data).empty());
  log(seen, "Manual failover user request accepted.");
  EXPECT_EQ(all<event::ManualFailover>(log(seen, "Manual failover timed out.")).at(0).phase,
            "timed out");
  log(seen, "MASTER <-> REPLICA sync: Finished with success");
  log(seen, "MASTER timeout: no data nor PING received...");
  EXPECT_EQ(all<event::ReplicationDown>(log(seen, "Connection with master lost.")).at(0).why,
            "the primary was silent for longer than repl-timeout");
  EXPECT_EQ(all<event::Following>(log(seen,
                                      "I'm a sub-replica! Reconfiguring myself as a replica "
                                      "of grandmaster " +
                                          std::string(40, 'c')))
                .at(0)
                .primary,
            id('c'));
  const Notes moved = log(seen, "Migrating to orphaned master " + std::string(40, 'b'));
  EXPECT_EQ(all<event::ReplicaMigrated>(moved).at(0).from, id('c'));
  EXPECT_EQ(all<event::ReplicaMigrated>(moved).at(0).to, id('b'));
  EXPECT_EQ(all<event::Following>(moved).at(0).primary, id('b'));

  Witness primary = witness('a');
  const auto yielded =
      all<event::EpochChanged>(log(primary, "WARNING: configEpoch collision with node " +
                                                std::string(40, 'b') + ". configEpoch set to 4"));
  EXPECT_EQ(yielded.at(0).cause, event::EpochCause::kCollision);
  EXPECT_EQ(yielded.at(0).config_to, 4u);
}

TEST_F(ByHand, RubbishTellsNothing) {
  Witness seen = witness('a');
  Notes notes;
  for (const std::string line :
       {"", "\n", "Killed", "1:M 26 Nov 2026 00:00:01.234 #", "Cluster state changed: ok"}) {
    seen.log_line(line, notes);
  }
  seen.sent_bus("RCmb", notes);
  seen.received_bus(std::string(2256, '\xff'), notes);
  seen.file_written("nodes.conf", nodes_conf('a').substr(0, 60), notes);
  EXPECT_TRUE(notes.empty());
  EXPECT_TRUE(log(seen, "Cluster state changed: perhaps").empty());
  EXPECT_TRUE(log(seen, "Marking node nobody as failing (quorum reached).").empty());
  EXPECT_EQ(log(seen, "Cluster state changed: ok").size(), 1u);
}

TEST_F(ByHand, CopiesAreIndependent) {
  Witness seen = witness('a');
  Witness copy = seen;
  EXPECT_EQ(log(seen, "Cluster state changed: ok").size(), 1u);
  EXPECT_TRUE(seen.view(false).healthy);
  EXPECT_FALSE(copy.view(false).healthy);
  EXPECT_EQ(log(copy, "Cluster state changed: ok").size(), 1u);
}

// Views of both kinds of nodes are compared with each other.
TEST_F(ByHand, AViewHasTheFingerprintThatAClusterNodeGivesIt) {
  const std::string conf = nodes_conf('a', "master,fail");
  const Witness seen({names_, {}, 1, conf, "nodes.conf"});
  ClusterNode node({Config{}, names_, Mutation::kNone});
  DiskImage disk;
  disk["nodes.conf"] = std::make_shared<const std::string>(conf);
  ChoiceStream stream(1, "witness");
  Choices choices(stream);
  Effects effects;
  const std::vector<Input> inputs = {
      Booted{1, std::make_shared<const DiskImage>(disk), Endpoint{1, 6379}}, Probed{true}};
  node.step({kWallStart, MonotonicTime{}}, inputs, choices, effects);
  event::ViewSnapshot theirs;
  for (const Effect& effect : effects) {
    const auto* note = std::get_if<Note>(&effect);
    const auto* view = note ? std::get_if<event::ViewSnapshot>(&note->event) : nullptr;
    if (view != nullptr) theirs = *view;
  }
  const event::ViewSnapshot ours = seen.view(true);
  EXPECT_EQ(theirs.known_nodes, 4u);
  EXPECT_EQ(ours.fingerprint, theirs.fingerprint);
  EXPECT_EQ(ours.known_nodes, theirs.known_nodes);
  EXPECT_EQ(ours.suspected, theirs.suspected);
  EXPECT_EQ(ours.current_epoch, theirs.current_epoch);
  EXPECT_EQ(ours.config_epoch, theirs.config_epoch);
  EXPECT_EQ(ours.id, theirs.id);
}

}  // namespace
}  // namespace sim
