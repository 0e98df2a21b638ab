// Records in plain words: one line each, for timelines, transcripts and reports.
//
//   m4: stands for election in epoch 7 instead of m1 (rank 0, needs 2 votes)
//   m2: holds m1 as FAIL (2 primaries agree, 2 needed)
//
// Lines name machines, never node ids; who an id belongs to is the directory's knowledge at that
// moment. They carry no time: the caller prints it with `format_time`, aligned as it likes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/time.h"
#include "sim/trace/directory.h"
#include "sim/trace/fold.h"
#include "sim/trace/record.h"

namespace sim {

std::string describe(const Record& record, const Directory& who);
// With planned ids only: right until a node takes another id. Copies the cast; not for loops.
std::string describe(const Record& record, const Cast& cast);

// Whose words they are: the machine's that tells the record, or that answers a scripted command;
// kNoMachine for what the plan tells.
MachineId speaker_of(const Record& record, const Directory& who);

// The words alone. What many say alike is said in the plural: "m2: holds m1 as FAIL", "m2 and m3:
// hold m1 as FAIL".
enum class Speakers : std::uint8_t { kOne, kMany };
std::string words_for(const Event& event, const Directory& who, Speakers speakers = Speakers::kOne);
// The same change of mind about several peers, who are named in place of its own.
std::string words_for(const event::SuspicionChanged& change, const std::vector<std::string>& peers,
                      const Directory& who, Speakers speakers);

// "m1", "m1 and m2", and of more than five "m1, m2, m3 and 94 others".
std::string name_list(const std::vector<std::string>& names);
// "3 programs killed", "1 program killed". `unit` begins with a plural; "" stands for "effects".
std::string effects_text(std::uint64_t count, std::string_view unit);

// A console's reply in one line that fits one: CLUSTER INFO is long, and told as "a:1\r\nb:2".
std::string reply_text(std::string_view reply);
// How a program ended that a machine is there for: "code 1: Fatal error, can't open config file".
std::string exit_text(const event::ProgramExited& exit);
// How one of a step ended: "exit code 1, having said \"... no such host\"", "no end".
std::string ending_text(const event::ProgramRan& ran);
// "is done", "failed (not done in time)"
std::string operation_end_text(const event::OperationEnded& ended);

// What a person wants to see of a run that went well or badly: faults, crashes, suspicion and FAIL
// verdicts, elections and votes, promotions, who follows whom, health, answers, lost data,
// convergence. A few dozen lines a failover; everything else is detail.
bool is_milestone(const Event& event);

// "12.345s", "-0.250s": seconds with milliseconds, rounded down, so that a moment is named after
// the millisecond it lies in and equal moments are named alike everywhere.
std::string format_time(SimTime at);

}  // namespace sim
