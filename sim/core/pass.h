// One pass of the event loop, as the protocol's functions see it: what time it is, the oracle, and where effects go.
//
// Redis writes what a pass produced in the next pass, after its before-sleep hook has saved nodes.conf; so sends are
// collected here and appended after the saves of this pass ("persist, then send"; protocol §2.1). `send_at_once` is for the two
// holes in that rule.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/choices.h"
#include "sim/base/time.h"
#include "sim/node/node.h"

namespace sim {

class Pass {
 public:
  Pass(const Clocks& clocks, Choices& oracle, Effects& effects) : now(clocks), choices(oracle), out_(effects) {}
  Pass(const Pass&) = delete;
  Pass& operator=(const Pass&) = delete;

  const Clocks now;
  Choices& choices;
  // "Fresh wall" of protocol §4.3, in ms and in whole seconds. The cached wall lives in Server.
  std::int64_t wall_ms() const { return to_ms(now.wall); }
  std::int64_t wall_s() const { return to_ms(now.wall) / 1000; }

  void send(ConnId conn, PayloadRef payload) { later_.push_back({conn, std::move(payload)}); }
  void send_at_once(ConnId conn, PayloadRef payload) { out_.push_back(Send{conn, std::move(payload)}); }
  void dial(ConnId conn, Endpoint remote) { out_.push_back(Dial{conn, remote}); }
  // Now; whatever was collected for it and not yet sent is lost, as a freed link's buffer is.
  void close(ConnId conn) { out_.push_back(Close{conn, false}); }
  // After its collected sends: CLIENT_CLOSE_AFTER_REPLY.
  void close_after_sends(ConnId conn) { close_later_.push_back(conn); }
  void write(std::string file, std::uint64_t offset, SharedBytes data) {
    out_.push_back(WriteFile{std::move(file), offset, std::move(data)});
  }
  void truncate(std::string file, std::uint64_t size) { out_.push_back(TruncateFile{std::move(file), size}); }
  void rename(std::string from, std::string to) { out_.push_back(RenameFile{std::move(from), std::move(to)}); }
  void remove(std::string file) { out_.push_back(RemoveFile{std::move(file)}); }
  void sync(std::string file) { out_.push_back(SyncFile{std::move(file)}); }
  void listen(std::uint16_t port) { out_.push_back(Listen{port}); }
  void exit(int code, std::string why) { out_.push_back(Exit{code, std::move(why)}); }
  template <class Kind>
  void note(Kind event) {
    out_.push_back(Note{Event{std::move(event)}});
  }

  // End of the pass: what was collected leaves, in the order it was collected.
  void flush() {
    for (Send& send : later_) out_.push_back(std::move(send));
    for (ConnId conn : close_later_) out_.push_back(Close{conn, false});
    later_.clear();
    close_later_.clear();
  }

 private:
  Effects& out_;
  std::vector<Send> later_;
  std::vector<ConnId> close_later_;
};

}  // namespace sim
