// Transcripts of real servers: what one wrote, read, logged and saved, in order, and under each
// line what the witness says to it.
//
//   names m1=<node id> m2=<node id>     who is called what in the answers
//   disk                                nodes.conf at boot: indented lines follow
//   boot 1 <node id>                    a new witness: incarnation, planned id if there is one
//   L 1234:M 26 Nov 2026 ... # text     a line of the log
//   F                                   nodes.conf was written: indented lines follow
//   Y                                   and synced
//   S <packet>                          a bus message was written
//   R <packet>                          one was read
//   view                                the witness is asked
//   -> log: suspects m2 (PFAIL...)      an answer: source and words
//
// Packets are hexadecimal; "00*40" is 40 equal bytes.
#pragma once

#include <string>

namespace sim::testing {

// The transcript with the answers of today's witness.
std::string replay(const std::string& transcript);
// The bytes of a packet as transcripts write it.
std::string packet_bytes(const std::string& text);

}  // namespace sim::testing
