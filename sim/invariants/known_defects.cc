#include "sim/invariants/known_defects.h"

#include <algorithm>
#include <array>

namespace sim {
namespace {

constexpr std::string_view kAll = "all";

constexpr std::array kDefects = {
    KnownDefect{1, false, "redis#12344", "redis before 7.0.13",
                "a finished migration of a slot is undone, and the new owner deletes its keys",
                "no-owner-not-claiming"},
    KnownDefect{2, true, "redis#10346", kAll,
                "SETSLOT NODE at a node that was not importing does not get about", ""},
    KnownDefect{3, true, "redis#7116", kAll,
                "a migration that is finished at its source first leaves a slot nobody claims, and "
                "clients go round in a circle",
                ""},
    KnownDefect{4, true, "redis#3122", "redis, valkey before 8.0",
                "a migration in progress, or just finished, is forgotten when a replica takes over",
                "open-slots-replicated"},
    KnownDefect{5, false, "redis#9223", "redis before 7.0",
                "whoever gives its last slot away is refused, or does not follow the taker, if the "
                "news comes before the command",
                ""},
    KnownDefect{6, true, "redis#3083", kAll,
                "a primary that gives its last slot away becomes a replica unasked", ""},
    KnownDefect{7, true, "redis#13018", "redis before 7.2",
                "a primary's stepping down, heard before its successor's claim, leaves its slots "
                "without an owner",
                "demotion-keeps-slots"},
    KnownDefect{8, false, "redis#15472", "redis from 7.2.5, valkey 8.0",
                "a replica stays with a primary that has stepped down, as a replica's replica",
                "demotion-moves-slots"},
    KnownDefect{10, true, "redis#12441", "redis before 7.2.1",
                "a replica of nobody crashes when a slot of nobody is claimed", ""},
    KnownDefect{11, true, "redis#12717", "redis before 7.2.4",
                "a replica takes slots when told to, and crashes when it follows somebody", ""},
    KnownDefect{12, true, "redis#11084", "redis before 7.2",
                "replicas keep the keys of a slot that their primary lost", "lost-keys-replicated"},
    KnownDefect{13, false, "redis#10798", "redis before 7.0.3",
                "a takeover by a restarted replica raises no epoch, and is not believed",
                "primary-epoch-loaded"},
    KnownDefect{14, true, "redis#9548", kAll,
                "a replica that never heard of its primary's greater epoch is refused every vote",
                ""},
    KnownDefect{15, true, "redis#3770", kAll,
                "when several primaries die at once their replicas take one another's votes", ""},
    KnownDefect{17, true, "valkey#762", "redis, valkey before 8.0",
                "replicas with one offset have one rank, and stand at the same time",
                "distinct-ranks"},
    KnownDefect{18, true, "valkey#885", "redis, valkey before 8.0",
                "a replica that changed its shard stands with the offset of the old one",
                "migration-starts-afresh"},
    KnownDefect{19, true, "valkey#4425", kAll,
                "a replica that never had the data is elected, and the shard is empty", ""},
    KnownDefect{20, true, "redis#5081", kAll,
                "a replica restarted while its primary is dead never stands", ""},
    KnownDefect{21, false, "redis#2285", "redis before 4.0",
                "in a large cluster the reports of a failure are too rare to add up",
                "suspects-by-chance"},
    KnownDefect{22, false, "redis#7216", "redis before 5.0.10 and 6.0.2",
                "a peer whose data arrive is suspected because its PONG is late",
                "pongs-only-liveness"},
    KnownDefect{24, true, "redis#12824", "redis before 7.4, valkey before 8.0",
                "where there is one primary, a dead replica is suspected for ever, and listed",
                "sole-primary-declares"},
    KnownDefect{26, true, "valkey#461", "redis, valkey before 8.0",
                "a MEET that is lost leaves two nodes of which one knows the other",
                "meet-until-answered"},
    KnownDefect{27, true, "redis#2437", kAll,
                "a node that not everybody forgot is known to all again after a minute", ""},
    KnownDefect{28, true, "redis#6174", kAll,
                "two clusters become one when a node meets an address that was reused", ""},
    KnownDefect{29, true, "valkey#753", kAll,
                "an old packet from the other connection takes a promotion back", ""},
    KnownDefect{30, true, "valkey#974", kAll,
                "an old primary returns, outbids who took over, and its data win", ""},
    KnownDefect{31, true, "redis#3588", kAll,
                "takeovers on both sides of a split: the last epoch wins, the other side's writes "
                "are gone",
                ""},
    KnownDefect{32, false, "redis#4027", "redis before 6.0",
                "a manual failover waits for an offset that moves on", "pings-while-paused"},
    KnownDefect{33, false, "redis#8435", "redis before 6.2.2",
                "a manual failover hangs when the primary's offset is 0", "zero-offset-unknown"},
    KnownDefect{34, false, "redis#9676", "redis before 6.2.8 and 7.0",
                "clients stay paused for ten seconds after a manual failover",
                "pause-outlasts-failover"},
    KnownDefect{35, true, "redis#13353", "redis before 7.2",
                "a crash while nodes.conf is written leaves one that no server loads",
                "config-by-rename"},
    KnownDefect{37, true, "redis#6416", kAll,
                "a wall clock that is set back keeps a primary from serving", ""},
    KnownDefect{38, true, "redis#2764", kAll,
                "a MIGRATE whose answer is lost leaves a key on both sides, and BUSYKEY after it",
                ""},
    KnownDefect{41, false, "redis#7398", "redis before 6.0.6",
                "the first election is wasted: the replica knew of the failure, its voters did not",
                "replicas-keep-failure"},
    KnownDefect{42, false, "redis#7571", "redis before 6.0.6",
                "after a migration the other nodes learn the new owner only by heartbeat",
                "import-closed-quietly"},
    KnownDefect{44, true, "redis#14984", kAll,
                "a node that two addresses were swapped with has no address any more", ""},
    KnownDefect{
        46, true, "redis#15181", kAll,
        "a dead server that refuses connections is suspected half a timeout late, and dialled "
        "ten times a second",
        ""},
    KnownDefect{47, true, "redis#3161", kAll,
                "a primary that comes back empty in time empties its replicas", ""},
    KnownDefect{49, true, "valkey#2181", kAll,
                "when half of the primaries die at once, some shards stay without a primary", ""},
};

}  // namespace

std::span<const KnownDefect> known_defects() {
  return kDefects;
}

const KnownDefect* find_known_defect(int row) {
  const auto* found = std::find_if(kDefects.begin(), kDefects.end(),
                                   [&](const KnownDefect& defect) { return defect.row == row; });
  return found == kDefects.end() ? nullptr : found;
}

}  // namespace sim
