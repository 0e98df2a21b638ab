// The bytes of descriptors that this library answers for.
#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "sim/hosts/process/preload/descriptors.h"
#include "sim/hosts/process/preload/raw.h"

namespace sim::process {

namespace {

constexpr std::size_t kRecordBytes = 256 * 1024;  // a long write is told in stretches
constexpr int kSigPipe = 13;

}  // namespace

void make_room(std::size_t bytes) {
  if (!has_room(*region, bytes)) hand_over(Reason::kRecordsFull);
}

void tell_bytes(RecordKind kind, std::uint64_t conn, std::uint64_t offset, Bytes name,
                const void* data, std::size_t size) {
  const char* from = static_cast<const char*>(data);
  do {
    const std::size_t part = size < kRecordBytes ? size : kRecordBytes;
    make_room(part + name.size);
    OutRecord record{};
    record.kind = kind;
    record.conn = conn;
    record.offset = offset;
    tell(*region, record, name, {from, part});
    from += part;
    offset += part;
    size -= part;
  } while (size > 0);
}

std::uint64_t hash(const void* data, std::size_t size) {
  const unsigned char* bytes = static_cast<const unsigned char*>(data);
  std::uint64_t value = 0xcbf29ce484222325u ^ size;
  std::size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes + i, 8);
    value = (value ^ word) * 0x9fb21c651e98df25u;
    value ^= value >> 29;
  }
  for (; i < size; ++i) value = (value ^ bytes[i]) * 0x100000001b3u;
  return value;
}

namespace {

// ---- Local pairs: pipes, socketpairs, AF_UNIX ----

long write_local(ObjectIndex index, const void* data, std::size_t size, bool wait, bool quiet) {
  const char* from = static_cast<const char*>(data);
  std::size_t done = 0;
  const std::size_t whole = size <= 4096 ? size : 1;  // so much goes in one piece
  for (;;) {
    Object& object = at(index);
    if (object.peer == 0 || object.send_shut) {
      if (done > 0) return static_cast<long>(done);
      if (!quiet) raise_signal(*region, own_process_index(), kSigPipe);
      return -EPIPE;
    }
    Object& peer = at(object.peer);
    const std::size_t space = peer.capacity > peer.rx.size ? peer.capacity - peer.rx.size : 0;
    if (space >= whole && space > 0) {
      const std::size_t part = size - done < space ? size - done : space;
      append(*region, peer.rx, from + done, part);
      fold(*region, hash(from + done, part));
      done += part;
      changed(*region, object.peer);
      if (done == size) return static_cast<long>(done);
    }
    if (!wait) return done > 0 ? static_cast<long>(done) : -EAGAIN;
    // What makes room is told to those who watch the writing end.
    const long waited = wait_for_change(index, kNoDeadline);
    if (waited == -EINTR) return done > 0 ? static_cast<long>(done) : -EINTR;
  }
}

long read_stream(ObjectIndex index, void* into, std::size_t size, bool peek, bool wait) {
  for (;;) {
    Object& object = at(index);
    if (object.rx.size > 0 && size > 0) {
      const std::size_t taken = take(*region, object.rx, into, size, peek);
      if (object.peer != 0 && !peek) changed(*region, object.peer);
      return static_cast<long>(taken);
    }
    if (size == 0) return 0;
    if (object.error != 0) {
      const long error = object.error;
      object.error = 0;
      return -error;
    }
    if (object.at_end || object.link == Link::kClosed) return 0;
    if (object.kind == ObjectKind::kSocket && object.link != Link::kOpen) return -ENOTCONN;
    if (!wait) return -EAGAIN;
    const std::int64_t timeout = object.receive_timeout;
    const long waited =
        wait_for_change(index, timeout > 0 ? monotonic_now() + timeout : kNoDeadline);
    if (waited < 0) return waited;
  }
}

long write_socket(ObjectIndex index, const void* data, std::size_t size, bool wait, bool quiet) {
  for (;;) {
    Object& object = at(index);
    if (object.link == Link::kFresh) return -ENOTCONN;
    if (object.link == Link::kConnecting && !wait) return -EAGAIN;
    if (object.error != 0) {
      const long error = object.error;
      object.error = 0;
      return -error;
    }
    if (object.link == Link::kClosed || object.send_shut) {
      if (!quiet) raise_signal(*region, own_process_index(), kSigPipe);
      return -EPIPE;
    }
    if (object.link == Link::kOpen && (readiness(*region, index) & ready::kOut) != 0) {
      const std::size_t part = size < kRecordBytes ? size : kRecordBytes;
      object.sent_this_step += part;
      tell_bytes(RecordKind::kSend, object.conn, 0, {}, data, part);
      return static_cast<long>(part);
    }
    if (!wait) return -EAGAIN;
    const long waited = wait_for_change(index, kNoDeadline);
    if (waited == -EINTR) return waited;
  }
}

long read_counter(ObjectIndex index, void* into, std::size_t size, bool wait) {
  if (size < 8) return -EINVAL;
  for (;;) {
    Object& object = at(index);
    if (object.count > 0) {
      const std::uint64_t value =
          object.kind == ObjectKind::kEventFd && object.semaphore ? 1 : object.count;
      object.count -= value;
      std::memcpy(into, &value, 8);
      changed(*region, index);
      return 8;
    }
    if (!wait) return -EAGAIN;
    const long waited = wait_for_change(index, kNoDeadline);
    if (waited == -EINTR) return waited;
  }
}

long read_random(void* into, std::size_t size) {
  fill_random(own_process().random, into, size);
  return static_cast<long>(size);
}

long read_constant(Object& object, void* into, std::size_t size) {
  const std::size_t left = std::strlen(object.path) - object.count;
  const std::size_t part = size < left ? size : left;
  std::memcpy(into, object.path + object.count, part);
  object.count += part;
  return static_cast<long>(part);
}

// "1234:M 26 Nov 2026 00:00:01.234 . GOSSIP ...": a line at debug level that tells no suspicion.
bool is_hushed(std::string_view text) {
  const std::size_t mark = text.substr(0, kMarkWithin).find(" . ");
  const bool one_line = text.find('\n') + 1 == text.size();
  return one_line && mark != std::string_view::npos &&
         text.find("possibly failing") == std::string_view::npos;
}

}  // namespace

long wait_for_change(ObjectIndex index, std::int64_t deadline) {
  watch(*region, index, self());
  const Wake why = block(deadline);
  if (why == Wake::kTimeout) return -EAGAIN;
  if (why == Wake::kSignal && !take_signals()) return -EINTR;
  return 0;
}

long read_object(ObjectIndex index, void* into, std::size_t size, bool peek, bool wait) {
  count_call();
  switch (at(index).kind) {
    case ObjectKind::kSocket:
    case ObjectKind::kLocal:
      if (at(index).kind == ObjectKind::kLocal && !at(index).reads) return -EBADF;
      return read_stream(index, into, size, peek, wait);
    case ObjectKind::kEventFd:
    case ObjectKind::kTimerFd:
      return read_counter(index, into, size, wait);
    case ObjectKind::kRandom:
      return read_random(into, size);
    case ObjectKind::kConstant:
      return read_constant(at(index), into, size);
    default:
      return -EINVAL;
  }
}

long write_object(ObjectIndex index, const void* from, std::size_t size, bool wait, bool quiet) {
  count_call();
  switch (at(index).kind) {
    case ObjectKind::kSocket:
      return write_socket(index, from, size, wait, quiet);
    case ObjectKind::kLocal:
      if (!at(index).writes) return -EBADF;
      return write_local(index, from, size, wait, quiet);
    case ObjectKind::kEventFd: {
      std::uint64_t more = 0;
      if (size < 8) return -EINVAL;
      std::memcpy(&more, from, 8);
      at(index).count += more;
      changed(*region, index);
      return 8;
    }
    case ObjectKind::kLog:
      if (region->hushes_debug && is_hushed({static_cast<const char*>(from), size}))
        return static_cast<long>(size);
      tell_bytes(RecordKind::kLog, static_cast<std::uint64_t>(own_process().root_pid), 0, {}, from,
                 size);
      return static_cast<long>(size);
    default:
      return -EINVAL;
  }
}

}  // namespace sim::process
