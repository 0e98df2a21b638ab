// One pass of the event loop, as the protocol's functions see it: what time it is, the oracle, and
// where effects go.
//
// Redis writes what a pass produced in the next pass, after its before-sleep hook has saved
// nodes.conf; so sends are collected here and appended after the saves of this pass ("persist, then
// send"; protocol §2.1). `send_at_once` is for the two holes in that rule.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/choices.h"
#include "sim/base/time.h"
#include "sim/node/node.h"

namespace sim {

// What a pass collected and has not let go yet. The node keeps it between passes only to keep its
// memory.
struct Outbox {
  std::vector<Send> sends;
  std::vector<ConnId> closes;
};

class Pass {
 public:
  Pass(const Clocks& clocks, Choices& oracle, Effects& effects, Outbox& outbox)
      : now(clocks), choices(oracle), out_(effects), outbox_(outbox) {}
  Pass(const Pass&) = delete;
  Pass& operator=(const Pass&) = delete;

  const Clocks now;
  Choices& choices;
  // "Fresh wall" of protocol §4.3, in ms and in whole seconds. The cached wall lives in Server.
  std::int64_t wall_ms() const { return to_ms(now.wall); }
  std::int64_t wall_s() const { return to_ms(now.wall) / 1000; }

  void send(ConnId conn, PayloadRef payload) {
    if (!exited_) outbox_.sends.push_back({conn, std::move(payload)});
  }
  void send_at_once(ConnId conn, PayloadRef payload);
  // The connection turned writable: what was collected for it leaves now. (Hole (i) of protocol
  // §2.1.)
  void release(ConnId conn);
  void dial(ConnId conn, Endpoint remote);
  // Now; whatever was collected for it and not yet sent is lost, as a freed link's buffer is.
  void close(ConnId conn);
  // After its collected sends: CLIENT_CLOSE_AFTER_REPLY.
  void close_after_sends(ConnId conn) { outbox_.closes.push_back(conn); }
  void write(std::string file, std::uint64_t offset, SharedBytes data);
  void truncate(std::string file, std::uint64_t size);
  void rename(std::string from, std::string to);
  void remove(std::string file);
  void sync(std::string file);
  void listen(std::uint16_t port);
  // The program ends here: nothing this pass asks for afterwards happens, and what was collected is
  // lost.
  void exit(int code, std::string why);
  bool exited() const { return exited_; }
  template <class Kind>
  void note(Kind event) {
    note_event(Event{std::move(event)});
  }

  // The program is busy for so long with what it does in this pass.
  void charge(Duration time) { spent_ += time; }
  Duration spent() const { return spent_; }

  // End of the pass: what was collected leaves, in the order it was collected.
  void flush();

 private:
  template <class Kind>
  void emit(Kind effect);  // only for pass.cc
  void note_event(Event event);
  void forget_sends(ConnId conn);

  Effects& out_;
  Outbox& outbox_;
  Duration spent_{};
  bool exited_ = false;
};

}  // namespace sim
