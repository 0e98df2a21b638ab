// Records in plain words: one line each, for timelines, transcripts and reports.
//
//   m4: stands for election in epoch 7 instead of m1 (rank 0, needs 2 votes)
//   m2: holds m1 as FAIL (2 reports, 2 needed)
//
// Lines name machines, never node ids; who an id belongs to is the directory's knowledge at that
// moment. They carry no time: the caller prints it with `format_time`, aligned as it likes.
#pragma once

#include <string>

#include "sim/base/time.h"
#include "sim/trace/directory.h"
#include "sim/trace/fold.h"
#include "sim/trace/record.h"

namespace sim {

std::string describe(const Record& record, const Directory& who);
// With planned ids only: right until a node takes another id. Copies the cast; not for loops.
std::string describe(const Record& record, const Cast& cast);

// What a person wants to see of a run that went well or badly: faults, crashes, FAIL verdicts,
// elections and votes, promotions, who follows whom, health, lost data, convergence. A few dozen
// lines a failover; everything else is detail.
bool is_milestone(const Event& event);

// "12.345s", "-0.250s": seconds with milliseconds, rounded down.
std::string format_time(SimTime at);

}  // namespace sim
