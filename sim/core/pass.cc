#include "sim/core/pass.h"

namespace sim {

namespace {

constexpr std::size_t kKeptSends = 64;  // more are a burst, and its memory is given back

}  // namespace

template <class Kind>
void Pass::emit(Kind effect) {
  if (!exited_) out_.emplace_back(std::move(effect));
}

void Pass::send_at_once(ConnId conn, PayloadRef payload) {
  emit(Send{conn, std::move(payload)});
}

void Pass::release(ConnId conn) {
  for (Send& send : outbox_.sends) {
    if (send.conn == conn) emit(std::move(send));
  }
  // Moved-from sends still carry their connection.
  forget_sends(conn);
}

void Pass::dial(ConnId conn, Endpoint remote) {
  emit(Dial{conn, remote});
}

void Pass::close(ConnId conn) {
  forget_sends(conn);
  emit(Close{conn, false});
}

void Pass::write(std::string file, std::uint64_t offset, SharedBytes data) {
  emit(WriteFile{std::move(file), offset, std::move(data)});
}

void Pass::truncate(std::string file, std::uint64_t size) {
  emit(TruncateFile{std::move(file), size});
}

void Pass::rename(std::string from, std::string to) {
  emit(RenameFile{std::move(from), std::move(to)});
}

void Pass::remove(std::string file) {
  emit(RemoveFile{std::move(file)});
}

void Pass::sync(std::string file) {
  emit(SyncFile{std::move(file)});
}

void Pass::listen(std::uint16_t port) {
  emit(Listen{port});
}

void Pass::exit(int code, std::string why) {
  emit(Exit{code, std::move(why)});
  exited_ = true;
}

void Pass::flush() {
  if (outbox_.sends.empty() && outbox_.closes.empty()) return;
  for (Send& send : outbox_.sends) emit(std::move(send));
  for (ConnId conn : outbox_.closes) emit(Close{conn, false});
  outbox_.sends.clear();
  if (outbox_.sends.capacity() > kKeptSends) outbox_.sends.shrink_to_fit();
  outbox_.closes.clear();
}

void Pass::note_event(Event event) {
  emit(Note{std::move(event)});
}

void Pass::forget_sends(ConnId conn) {
  std::erase_if(outbox_.sends, [conn](const Send& send) { return send.conn == conn; });
}

}  // namespace sim
