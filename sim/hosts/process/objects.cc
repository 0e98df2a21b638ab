// Open file descriptions: what is ready, who watches, and what the driver does to sockets.
#include <cstring>

#include "sim/hosts/process/kernel.h"

namespace sim::process {

// ---- Objects ----

ObjectIndex new_object(Region& region, ObjectKind kind) {
  ObjectIndex index = region.free_object;
  if (index != 0) {
    region.free_object = region.objects[index].next_accept;
  } else {
    index = region.objects_high + 1;
    if (index >= kObjectCount) return 0;
    region.objects_high = index;
  }
  region.objects[index] = Object{};
  region.objects[index].kind = kind;
  region.objects[index].refs = 1;
  region.objects[index].timer_at = kNoDeadline;
  return index;
}

void retain(Region& region, ObjectIndex object) {
  ++region.objects[object].refs;
}

namespace {

void lose_peer(Region& region, ObjectIndex index) {
  Object& object = region.objects[index];
  if (object.peer == 0) return;
  Object& other = region.objects[object.peer];
  const ObjectIndex peer = object.peer;
  object.peer = other.peer = 0;
  other.at_end = true;
  if (object.is_unix && object.rx.size > 0) other.reset = true;
  changed(region, peer);
}

void close_socket(Region& region, ObjectIndex index) {
  Object& object = region.objects[index];
  if (object.conn != 0 && object.link != Link::kClosed) {
    OutRecord record{};
    record.kind = RecordKind::kClose;
    record.conn = object.conn;
    record.offset = object.rx.size > 0 ? 1 : 0;  // what was not read is answered by RST
    tell(region, record);
  }
}

}  // namespace

void release(Region& region, ObjectIndex index) {
  Object& object = region.objects[index];
  if (--object.refs > 0) return;
  while (object.watchers != 0) drop_watch(region, object.watchers);
  while (object.members != 0) drop_watch(region, object.members);
  if (object.kind == ObjectKind::kSocket) close_socket(region, index);
  if (object.kind == ObjectKind::kLocal) lose_peer(region, index);
  if (object.kind == ObjectKind::kListener || object.kind == ObjectKind::kLocalPort) {
    while (object.accept_head != 0) {
      const ObjectIndex waiting = object.accept_head;
      object.accept_head = region.objects[waiting].next_accept;
      release(region, waiting);
    }
    OutRecord record{};
    record.kind = RecordKind::kUnlisten;
    record.port = object.local_port;
    if (object.kind == ObjectKind::kListener) tell(region, record);
  }
  if (object.kind == ObjectKind::kTimerFd) --region.timer_descriptors;
  clear(region, object.rx);
  object.kind = ObjectKind::kFree;
  object.next_accept = region.free_object;
  region.free_object = index;
}

namespace {

std::uint32_t socket_readiness(const Object& object) {
  if (object.link == Link::kFresh)
    return object.datagram ? ready::kOut : ready::kOut | ready::kHangUp;
  if (object.link == Link::kConnecting) return 0;
  std::uint32_t mask = 0;
  if (object.rx.size > 0 || object.at_end || object.reset) mask |= ready::kIn;
  if (object.at_end || object.reset) mask |= ready::kReadHangUp;
  if (object.link == Link::kClosed || object.reset) {
    mask |= ready::kIn | ready::kOut | ready::kHangUp;
    if (object.error != 0) mask |= ready::kError;
    return mask;
  }
  if (object.at_end && object.send_shut) mask |= ready::kHangUp;
  if (object.unsent == 0 && object.sent_this_step < kSentAtOnce) mask |= ready::kOut;
  return mask;
}

std::uint32_t local_readiness(const Region& region, const Object& object) {
  std::uint32_t mask = 0;
  if (object.reads) {
    if (object.rx.size > 0 || (object.at_end && object.is_unix)) mask |= ready::kIn;
    if (object.at_end)
      mask |= object.is_unix ? ready::kHangUp | ready::kReadHangUp : ready::kHangUp;
  }
  if (object.writes) {
    if (object.peer == 0) {
      mask |= object.is_unix ? ready::kOut : ready::kOut | ready::kError;
    } else {
      const Object& peer = region.objects[object.peer];
      if (peer.rx.size < peer.capacity) mask |= ready::kOut;
    }
  }
  return mask;
}

}  // namespace

std::uint32_t readiness(const Region& region, ObjectIndex index) {
  const Object& object = region.objects[index];
  switch (object.kind) {
    case ObjectKind::kSocket:
      return socket_readiness(object);
    case ObjectKind::kListener:
    case ObjectKind::kLocalPort:
      return object.accept_head != 0 ? ready::kIn : 0;
    case ObjectKind::kLocal:
      return local_readiness(region, object);
    case ObjectKind::kEpoll:
      for (WatchIndex member = object.ready_head; member != 0;
           member = region.watches[member].ready_next) {
        const Watch& one = region.watches[member];
        if ((readiness(region, one.object) & (one.events | ready::kError | ready::kHangUp)) != 0)
          return ready::kIn;
      }
      return 0;
    case ObjectKind::kEventFd:
      return (object.count > 0 ? ready::kIn : 0) | ready::kOut;
    case ObjectKind::kTimerFd:
      return object.count > 0 ? ready::kIn : 0;
    case ObjectKind::kRandom:
    case ObjectKind::kDiskFile:
    case ObjectKind::kLog:
    case ObjectKind::kConstant:
      return ready::kIn | ready::kOut;
    case ObjectKind::kFree:
      break;
  }
  return 0;
}

void changed(Region& region, ObjectIndex index) {
  WatchIndex next = 0;
  for (WatchIndex at = region.objects[index].watchers; at != 0; at = next) {
    Watch& watch = region.watches[at];
    next = watch.next;
    if (watch.task != 0) {
      const TaskIndex task = watch.task;
      wake(region, task, Wake::kEvent);
      // Waking took all of its watches away, perhaps the next one here too: begin again.
      next = region.objects[index].watchers;
      if (region.tasks[task].watches != 0) next = watch.next;
      continue;
    }
    if (watch.off) continue;
    const std::uint32_t wanted = watch.events | ready::kError | ready::kHangUp;
    if ((readiness(region, index) & wanted) == 0) continue;
    const bool news = !watch.queued;
    queue_member(region, at);
    if (news || (watch.events & ready::kEdge) != 0) changed(region, watch.epoll);
  }
}

// ---- Watches ----

namespace {

WatchIndex new_watch(Region& region, ObjectIndex object) {
  WatchIndex index = region.free_watch;
  if (index != 0) {
    region.free_watch = region.watches[index].next;
  } else {
    index = ++region.watches_high;
    if (index >= kWatchCount) __builtin_trap();
  }
  Watch& watch = region.watches[index];
  watch = Watch{};
  watch.object = object;
  watch.next = region.objects[object].watchers;
  if (watch.next != 0) region.watches[watch.next].prev = index;
  region.objects[object].watchers = index;
  return index;
}

void own(Region& region, WatchIndex& first, WatchIndex index) {
  region.watches[index].owner_next = first;
  if (first != 0) region.watches[first].owner_prev = index;
  first = index;
}

}  // namespace

WatchIndex watch(Region& region, ObjectIndex object, TaskIndex task) {
  const WatchIndex index = new_watch(region, object);
  region.watches[index].task = task;
  own(region, region.tasks[task].watches, index);
  return index;
}

void unwatch_all(Region& region, TaskIndex task) {
  while (region.tasks[task].watches != 0) drop_watch(region, region.tasks[task].watches);
}

WatchIndex find_member(const Region& region, ObjectIndex epoll, std::int32_t fd,
                       ObjectIndex object) {
  for (WatchIndex at = region.objects[object].watchers; at != 0; at = region.watches[at].next) {
    if (region.watches[at].epoll == epoll && region.watches[at].fd == fd) return at;
  }
  return 0;
}

WatchIndex add_member(Region& region, ObjectIndex epoll, std::int32_t fd, ObjectIndex object) {
  const WatchIndex index = new_watch(region, object);
  region.watches[index].epoll = epoll;
  region.watches[index].fd = fd;
  own(region, region.objects[epoll].members, index);
  return index;
}

void queue_member(Region& region, WatchIndex index) {
  Watch& member = region.watches[index];
  if (member.queued) return;
  Object& epoll = region.objects[member.epoll];
  member.queued = true;
  member.ready_next = 0;
  member.ready_prev = epoll.ready_tail;
  (epoll.ready_tail == 0 ? epoll.ready_head : region.watches[epoll.ready_tail].ready_next) = index;
  epoll.ready_tail = index;
}

void unqueue_member(Region& region, WatchIndex index) {
  Watch& member = region.watches[index];
  if (!member.queued) return;
  Object& epoll = region.objects[member.epoll];
  (member.ready_prev == 0 ? epoll.ready_head : region.watches[member.ready_prev].ready_next) =
      member.ready_next;
  (member.ready_next == 0 ? epoll.ready_tail : region.watches[member.ready_next].ready_prev) =
      member.ready_prev;
  member.queued = false;
}

void drop_watch(Region& region, WatchIndex index) {
  Watch& watch = region.watches[index];
  unqueue_member(region, index);
  (watch.prev == 0 ? region.objects[watch.object].watchers : region.watches[watch.prev].next) =
      watch.next;
  if (watch.next != 0) region.watches[watch.next].prev = watch.prev;
  WatchIndex& first =
      watch.task != 0 ? region.tasks[watch.task].watches : region.objects[watch.epoll].members;
  (watch.owner_prev == 0 ? first : region.watches[watch.owner_prev].owner_next) = watch.owner_next;
  if (watch.owner_next != 0) region.watches[watch.owner_next].owner_prev = watch.owner_prev;
  watch.next = region.free_watch;
  region.free_watch = index;
}

// ---- Sockets, as the driver sees them ----

void connect_done(Region& region, ObjectIndex index, std::uint32_t local_ip,
                  std::uint16_t local_port, std::int32_t error) {
  Object& socket = region.objects[index];
  if (socket.link != Link::kConnecting) return;
  socket.link = error == 0 ? Link::kOpen : Link::kClosed;
  socket.error = error;
  if (error == 0) {
    if (socket.local_ip == 0) socket.local_ip = local_ip;
    if (socket.local_port == 0) socket.local_port = local_port;
  } else {
    socket.conn = 0;
  }
  changed(region, index);
}

ObjectIndex find_listener(const Region& region, std::uint32_t ip, std::uint16_t port) {
  ObjectIndex anywhere = 0;
  for (ObjectIndex index = 1; index <= region.objects_high; ++index) {
    const Object& object = region.objects[index];
    if (object.kind != ObjectKind::kListener || object.local_port != port) continue;
    if (object.local_ip == ip) return index;
    if (object.local_ip == 0) anywhere = index;
  }
  return anywhere;
}

void await_accept(Region& region, ObjectIndex listener, ObjectIndex connection) {
  Object& port = region.objects[listener];
  (port.accept_tail == 0 ? port.accept_head : region.objects[port.accept_tail].next_accept) =
      connection;
  port.accept_tail = connection;
  changed(region, listener);
}

ObjectIndex offer(Region& region, ObjectIndex listener, std::uint64_t conn, std::uint32_t local_ip,
                  std::uint16_t local_port, std::uint32_t remote_ip, std::uint16_t remote_port) {
  const ObjectIndex index = new_object(region, ObjectKind::kSocket);
  if (index == 0) return 0;
  Object& socket = region.objects[index];
  socket.link = Link::kOpen;
  socket.conn = conn;
  socket.local_ip = local_ip;
  socket.local_port = local_port;
  socket.remote_ip = remote_ip;
  socket.remote_port = remote_port;
  await_accept(region, listener, index);
  return index;
}

void receive(Region& region, ObjectIndex index, Bytes bytes) {
  Object& socket = region.objects[index];
  append(region, socket.rx, bytes.data, bytes.size);
  changed(region, index);
}

void end_of_stream(Region& region, ObjectIndex index, bool reset, std::int32_t error) {
  Object& socket = region.objects[index];
  socket.at_end = true;
  if (reset) {
    clear(region, socket.rx);
    socket.reset = true;
    socket.link = Link::kClosed;
    socket.error = error;
    socket.conn = 0;
  }
  changed(region, index);
}

}  // namespace sim::process
