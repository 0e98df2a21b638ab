// Reading a data set takes its time, and meanwhile a program does little else.
//
// A real server reads the file in one go and looks at its sockets each 2 MB: it takes what has
// come, answers (-LOADING mostly; PONG to a PING of the bus), and reads on. No timer runs
// meanwhile: no cron, hence no PING of its own, no suspicion, no election. At a start it does not
// even look at the bus: connections wait to be accepted. (Seen on 7.0.15 with key-load-delay;
// protocol §2.1.)
#pragma once

#include <cstdint>

#include "sim/base/time.h"

namespace sim {

class Pass;
struct Server;

struct Loading {
  enum class From : std::uint8_t { kNothing, kDisk, kPrimary } from = From::kNothing;
  MonotonicTime begun, until;
  Duration slice{};          // sockets are looked at each time so much has passed
  MonotonicTime newline_at;  // the primary is told by then that its replica lives
  bool on() const { return from != From::kNothing; }
};

// Begins to load so many bytes when what this pass does is over. False: they take no time, or are
// so few that they are read in one go, which is part of this pass. Without a `load_rate` what a
// start finds takes no time, and of what a primary sent the real bytes go at 100 MB a second.
bool begin_loading(Server& server, Pass& pass, Loading::From from, std::uint64_t real_bytes,
                   std::uint64_t virtual_bytes);
// A pass of a program that loads. True: that is over now, and `loading` is off again.
bool load_on(Server& server, Pass& pass);
void stop_loading(Server& server, Pass& pass);
// When it wants to be woken. Precondition: it loads.
MonotonicTime next_of(const Loading& loading);

}  // namespace sim
