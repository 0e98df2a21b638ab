// What can be told of an unmodified redis-server by who sees only its messages, its nodes.conf and
// its log, in the words that a ClusterNode uses of itself (sim/trace/record.h).
//
// The three sources overlap. The witness keeps a picture of what the server believes; whoever
// changes the picture first tells the event, and who repeats it tells nothing. What none of them
// shows is not told: docs/real_servers.md, "What is seen of a real server", has the table.
//
// Everything must come in the order in which the program did it: a line when it was logged, a file
// when it was written, a message when the program wrote or read it. A message that was written is
// older than it looks (it may have waited in the server's buffer), so messages only ever add what
// the other two cannot show.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/hosts/process/picture.h"
#include "sim/trace/record.h"
#include "sim/wire/bus.h"
#include "sim/wire/names.h"

namespace sim {

// One per incarnation of one server program. A value: copies are independent, except that they
// share the table of names, which is only a cache.
class Witness {
 public:
  struct Facts {
    NamesRef names;                          // of the run; never null
    NodeName planned_id;                     // none if the server makes its own
    std::uint32_t incarnation = 0;           // as in Booted
    std::string nodes_conf;                  // what the disk has at boot; "" if nothing
    std::string config_file = "nodes.conf";  // cluster-config-file
    bool logs_suspicion = false;             // it is known to; else its first line at debug tells
  };
  explicit Witness(Facts facts);

  // Each whole cluster-bus message that this server wrote, or has read. Rubbish is ignored.
  void sent_bus(std::string_view message, Notes& out);
  void received_bus(std::string_view message, Notes& out);
  // The same for who has it decoded; its names are those of the facts' table.
  void sent_bus(const bus::Message& message, Notes& out);
  void received_bus(const bus::Message& message, Notes& out);
  // One line of the log, with or without its newline:
  // "1234:M 26 Nov 2026 00:00:01.234 # Cluster state changed: ok".
  void log_line(std::string_view line, Notes& out);
  // A file after each write() to it (`content` is the whole of it), and each fsync of one. Only
  // nodes.conf says something. The two are told apart: what is written is not yet safe.
  void file_written(std::string_view name, const std::string& content, Notes& out);
  void file_synced(std::string_view name, Notes& out);

  // What it believes, as far as the above has told. Fields that cannot be seen are left empty:
  // keys, data_hash; of peers `linked`. The fingerprint is over the same facts as a ClusterNode's,
  // so that views can be compared within one kind and across.
  event::ViewSnapshot view(bool full) const;

 private:
  NamesRef names_;
  std::string config_file_;
  Picture picture_;
};

}  // namespace sim
