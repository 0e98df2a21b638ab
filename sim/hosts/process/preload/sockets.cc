// Sockets: TCP through the world's network, AF_UNIX inside the machine.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "sim/hosts/process/preload/calls.h"
#include "sim/hosts/process/preload/descriptors.h"
#include "sim/hosts/process/preload/raw.h"

namespace sim::process {
namespace {

constexpr std::uint32_t kPipeBytes = 65'536;
constexpr std::uint32_t kUnixBytes = 212'992;
constexpr std::uint16_t kFirstEphemeral = 32'768, kLastEphemeral = 60'999;

std::uint32_t from_network(std::uint32_t word) {
  return __builtin_bswap32(word);
}
std::uint16_t from_network(std::uint16_t word) {
  return __builtin_bswap16(word);
}
bool is_loopback(std::uint32_t ip) {
  return ip >> 24 == 127;
}

// ---- Addresses ----

long put_address(const void* from, std::uint32_t size, long into, long length) {
  if (into == 0 || length == 0) return 0;
  auto* room = pointer<std::uint32_t>(length);
  std::memcpy(pointer<void>(into), from, size < *room ? size : *room);
  *room = size;
  return 0;
}

long put_name(const Object& object, bool remote, long into, long length) {
  if (object.is_unix) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path, object.path, sizeof name.sun_path - 1);
    const std::size_t text = std::strlen(name.sun_path);
    const std::size_t size = offsetof(sockaddr_un, sun_path) + (text > 0 ? text + 1 : 0);
    return put_address(&name, static_cast<std::uint32_t>(size), into, length);
  }
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = from_network(remote ? object.remote_port : object.local_port);
  name.sin_addr.s_addr = from_network(remote ? object.remote_ip : object.local_ip);
  return put_address(&name, sizeof name, into, length);
}

ObjectIndex find_path(const char* path) {
  for (ObjectIndex index = 1; index <= region->objects_high; ++index) {
    if (at(index).kind == ObjectKind::kLocalPort && std::strcmp(at(index).path, path) == 0)
      return index;
  }
  return 0;
}

// Abstract names begin with a zero byte: kept here with '@' before them.
bool unix_name(long name, long length, char (&into)[kPathBytes]) {
  const auto* given = pointer<const sockaddr_un>(name);
  const std::size_t size = static_cast<std::size_t>(length) - offsetof(sockaddr_un, sun_path);
  if (length <= static_cast<long>(offsetof(sockaddr_un, sun_path)) || size + 2 > sizeof into)
    return false;
  const bool abstract = given->sun_path[0] == '\0';
  std::memset(into, 0, sizeof into);
  std::memcpy(into, given->sun_path, size);
  if (abstract) into[0] = '@';
  return true;
}

// ---- Making ----

long make_socket(long domain, long type, long protocol) {
  const long plain = type & 0xff;
  // A machine without IPv6, and without a view of its interfaces: programs know how to do without.
  if (domain != AF_INET && domain != AF_UNIX) return -EAFNOSUPPORT;
  if (plain != SOCK_STREAM && plain != SOCK_DGRAM) return -EPROTONOSUPPORT;
  if (protocol != 0 && protocol != IPPROTO_TCP && protocol != IPPROTO_UDP) return -EPROTONOSUPPORT;
  const ObjectIndex index = new_object(*region, ObjectKind::kSocket);
  if (index == 0) return -ENFILE;
  at(index).nonblocking = (type & SOCK_NONBLOCK) != 0;
  at(index).is_unix = domain == AF_UNIX;
  at(index).datagram = plain == SOCK_DGRAM;
  return give_descriptor(index, (type & SOCK_CLOEXEC) != 0);
}

void join(ObjectIndex a, ObjectIndex b, std::uint32_t capacity) {
  at(a).kind = at(b).kind = ObjectKind::kLocal;
  at(a).link = at(b).link = Link::kOpen;
  at(a).peer = b;
  at(b).peer = a;
  at(a).capacity = at(b).capacity = capacity;
}

long make_pair(long into, bool pipe, long flags) {
  const ObjectIndex a = new_object(*region, ObjectKind::kLocal);
  const ObjectIndex b = new_object(*region, ObjectKind::kLocal);
  if (a == 0 || b == 0) return -ENFILE;
  join(a, b, pipe ? kPipeBytes : kUnixBytes);
  at(a).nonblocking = at(b).nonblocking = (flags & O_NONBLOCK) != 0;
  at(a).is_unix = at(b).is_unix = !pipe;
  at(a).reads = at(b).writes = true;
  at(b).reads = at(a).writes = !pipe;
  const long first = give_descriptor(a, (flags & O_CLOEXEC) != 0);
  const long second = give_descriptor(b, (flags & O_CLOEXEC) != 0);
  if (first < 0 || second < 0) return first < 0 ? first : second;
  pointer<int>(into)[0] = static_cast<int>(first);
  pointer<int>(into)[1] = static_cast<int>(second);
  return 0;
}

// ---- Binding and listening ----

// Two may listen on one port if each has an address of its own.
bool port_taken(std::uint32_t ip, std::uint16_t port) {
  for (ObjectIndex index = 1; index <= region->objects_high; ++index) {
    const Object& object = at(index);
    if (object.kind != ObjectKind::kListener || object.local_port != port) continue;
    if (ip == 0 || object.local_ip == 0 || object.local_ip == ip) return true;
  }
  return false;
}

std::uint16_t ephemeral_port() {
  do {
    if (region->next_port < kFirstEphemeral || region->next_port > kLastEphemeral)
      region->next_port = kFirstEphemeral;
    ++region->next_port;
  } while (port_taken(0, region->next_port));
  return region->next_port;
}

long bind_call(ObjectIndex index, long name, long length) {
  Object& object = at(index);
  if (object.is_unix) {
    char path[kPathBytes];
    if (!unix_name(name, length, path)) return -EINVAL;
    if (find_path(path) != 0) return -EADDRINUSE;
    if (path[0] != '@') {  // the file that programs look for, and remove
      const long fd = raw(SYS_openat, AT_FDCWD, address(path), O_CREAT | O_EXCL | O_WRONLY, 0755);
      if (fd < 0) return fd == -EEXIST ? -EADDRINUSE : fd;
      raw(SYS_close, fd);
    }
    std::memcpy(object.path, path, sizeof path);
    return 0;
  }
  const auto* given = pointer<const sockaddr_in>(name);
  if (given->sin_family != AF_INET) return -EAFNOSUPPORT;
  const std::uint32_t ip = from_network(given->sin_addr.s_addr);
  if (ip != 0 && !is_loopback(ip) && ip != region->address) return -EADDRNOTAVAIL;
  const std::uint16_t port = from_network(given->sin_port);
  if (port != 0 && port_taken(ip, port)) return -EADDRINUSE;
  object.local_ip = ip;
  object.local_port = port;
  return 0;
}

long listen_call(ObjectIndex index) {
  Object& object = at(index);
  if (object.kind == ObjectKind::kListener || object.kind == ObjectKind::kLocalPort) return 0;
  if (object.is_unix) {
    object.kind = ObjectKind::kLocalPort;
    return 0;
  }
  if (object.local_port == 0) object.local_port = ephemeral_port();
  if (port_taken(object.local_ip, object.local_port)) return -EADDRINUSE;
  object.kind = ObjectKind::kListener;
  OutRecord record{};
  record.kind = RecordKind::kListen;
  record.port = object.local_port;
  tell(*region, record);
  return 0;
}

long accept_call(ObjectIndex index, long name, long length, long flags) {
  for (;;) {
    Object& listener = at(index);
    if (listener.kind != ObjectKind::kListener && listener.kind != ObjectKind::kLocalPort)
      return -EINVAL;
    const ObjectIndex waiting = listener.accept_head;
    if (waiting != 0) {
      listener.accept_head = at(waiting).next_accept;
      if (listener.accept_head == 0) listener.accept_tail = 0;
      at(waiting).next_accept = 0;
      at(waiting).nonblocking = (flags & SOCK_NONBLOCK) != 0;
      put_name(at(waiting), true, name, length);
      return give_descriptor(waiting, (flags & SOCK_CLOEXEC) != 0);
    }
    if (listener.nonblocking) return -EAGAIN;
    const long waited = wait_for_change(index, kNoDeadline);
    if (waited == -EINTR) return waited;
  }
}

// ---- Connecting ----

long connect_unix(ObjectIndex index, long name, long length) {
  char path[kPathBytes];
  if (!unix_name(name, length, path)) return -EINVAL;
  const ObjectIndex port = find_path(path);
  if (port == 0) {
    const bool exists = path[0] != '@' && raw(SYS_access, address(path), 0) == 0;
    return exists || path[0] == '@' ? -ECONNREFUSED : -ENOENT;
  }
  const ObjectIndex other = new_object(*region, ObjectKind::kLocal);
  if (other == 0) return -ENFILE;
  join(index, other, kUnixBytes);
  for (const ObjectIndex end : {index, other})
    at(end).is_unix = at(end).reads = at(end).writes = true;
  await_accept(*region, port, other);
  return 0;
}

// What a second connect() of the same socket says.
long connect_again(Object& object) {
  if (object.link == Link::kConnecting) return -EALREADY;
  if (object.link == Link::kOpen) {
    if (object.told_refused) return -EISCONN;
    object.told_refused = true;  // the first one after success says so, as in Linux
    return 0;
  }
  const long error = object.error != 0 ? object.error : ECONNREFUSED;
  object.error = 0;
  return -error;
}

long connect_call(ObjectIndex index, long name, long length) {
  Object& object = at(index);
  if (object.kind == ObjectKind::kLocal) return -EISCONN;
  if (object.is_unix) return connect_unix(index, name, length);
  const auto* given = pointer<const sockaddr_in>(name);
  if (given->sin_family == AF_UNSPEC && object.datagram) return 0;
  if (given->sin_family != AF_INET) return -EAFNOSUPPORT;
  const std::uint32_t ip = from_network(given->sin_addr.s_addr);
  if (object.datagram) {  // how a resolver learns its own address
    object.remote_ip = ip;
    object.remote_port = from_network(given->sin_port);
    object.local_ip = is_loopback(ip) ? ip : region->address;
    object.local_port = ephemeral_port();
    return 0;
  }
  if (object.link != Link::kFresh) return connect_again(object);
  const bool to_self = ip == 0 || is_loopback(ip) || ip == region->address;
  if (region->alone && !to_self) return -ENETUNREACH;
  object.remote_ip = ip == 0 ? (127u << 24) + 1 : ip;
  object.remote_port = from_network(given->sin_port);
  if (object.local_ip == 0)
    object.local_ip = is_loopback(object.remote_ip) ? object.remote_ip : region->address;
  object.link = Link::kConnecting;
  const std::uint32_t serial = region->next_dial++;
  object.conn = (std::uint64_t{region->incarnation} << 33) | (std::uint64_t{serial} << 1) | 1;
  if (object.local_port == 0) {  // as the world has it, too
    object.local_port = static_cast<std::uint16_t>(kFirstEphemeral + serial % 28'232);
  }
  OutRecord record{};
  record.kind = RecordKind::kDial;
  record.conn = object.conn;
  record.offset = index;
  record.ip = to_self ? region->address : ip;
  record.port = object.remote_port;
  tell(*region, record);
  if (object.nonblocking) return -EINPROGRESS;
  while (at(index).link == Link::kConnecting) {
    if (wait_for_change(index, kNoDeadline) == -EINTR) return -EINTR;
  }
  const long result = connect_again(at(index));
  return result == -EISCONN ? 0 : result;
}

long shutdown_call(ObjectIndex index, long how) {
  Object& object = at(index);
  if (object.kind == ObjectKind::kLocal) {
    if (how != SHUT_RD && object.peer != 0) {
      object.send_shut = true;
      at(object.peer).at_end = true;
      changed(*region, object.peer);
    }
    if (how != SHUT_WR) object.at_end = true;
    return 0;
  }
  if (object.link != Link::kOpen) return -ENOTCONN;
  if (how == SHUT_RD) {
    object.at_end = true;
    return 0;
  }
  // The other side is told that nothing follows. What it still sends is answered by RST: the
  // network of the world has no half-closed connections.
  object.send_shut = true;
  if (how == SHUT_WR && !object.at_end)
    unsupported("shuts down only one direction of a TCP connection (shutdown SHUT_WR)");
  OutRecord record{};
  record.kind = RecordKind::kClose;
  record.conn = object.conn;
  tell(*region, record);
  object.conn = 0;
  object.link = Link::kClosed;
  object.at_end = true;
  changed(*region, index);
  return 0;
}

// ---- Options ----

long get_option(ObjectIndex index, long level, long name, long value, long length) {
  Object& object = at(index);
  auto* room = pointer<std::uint32_t>(length);
  int answer = 0;
  if (level == SOL_SOCKET) {
    if (name == SO_ERROR) {
      answer = object.error;
      object.error = 0;
    } else if (name == SO_TYPE) {
      answer = object.datagram ? SOCK_DGRAM : SOCK_STREAM;
    } else if (name == SO_SNDBUF || name == SO_RCVBUF) {
      answer = 212'992;
    } else if (name == SO_DOMAIN) {
      answer = object.is_unix ? AF_UNIX : AF_INET;
    } else if (name == SO_ACCEPTCONN) {
      answer = object.kind == ObjectKind::kListener;
    } else if (name == SO_PEERCRED) {
      const std::uint32_t credentials[3] = {static_cast<std::uint32_t>(own_process().pid), 0, 0};
      std::memcpy(pointer<void>(value), credentials, *room < 12 ? *room : 12);
      return 0;
    }
  }
  if (*room < sizeof answer) return -EINVAL;
  std::memcpy(pointer<void>(value), &answer, sizeof answer);
  *room = sizeof answer;
  return 0;
}

long set_option(ObjectIndex index, long level, long name, long value) {
  if (level == SOL_SOCKET && name == SO_RCVTIMEO) {
    const auto* time = pointer<const timeval>(value);
    at(index).receive_timeout = time->tv_sec * 1'000'000'000 + time->tv_usec * 1'000;
  }
  return 0;  // buffers, keep-alive and delays are the network model's business
}

// ---- Messages ----

long message_call(ObjectIndex index, const msghdr* message, long flags, bool sends) {
  if (sends && message->msg_controllen > 0)
    unsupported("passes descriptors or credentials with a message (SCM_RIGHTS)");
  const bool wait = !at(index).nonblocking && (flags & MSG_DONTWAIT) == 0;
  long sum = 0;
  for (std::size_t i = 0; i < message->msg_iovlen; ++i) {
    const iovec& part = message->msg_iov[i];
    if (part.iov_len == 0) continue;
    const long done =
        sends ? write_object(index, part.iov_base, part.iov_len, wait, (flags & MSG_NOSIGNAL) != 0)
              : read_object(index, part.iov_base, part.iov_len, (flags & MSG_PEEK) != 0,
                            wait && sum == 0);
    if (done < 0) return sum > 0 ? sum : done;
    sum += done;
    if (static_cast<std::size_t>(done) < part.iov_len) break;
  }
  return sum;
}

long receive_call(ObjectIndex index, const Call& call) {
  if (at(index).datagram) unsupported("receives datagrams");
  const bool wait = !at(index).nonblocking && (call.d & MSG_DONTWAIT) == 0;
  const bool peek = (call.d & MSG_PEEK) != 0;
  auto* into = pointer<char>(call.b);
  std::size_t size = static_cast<std::size_t>(call.c), done = 0;
  do {
    const long part = read_object(index, into + done, size - done, peek, wait);
    if (part <= 0) return done > 0 ? static_cast<long>(done) : part;
    done += static_cast<std::size_t>(part);
  } while ((call.d & MSG_WAITALL) != 0 && done < size);
  if (call.f != 0) *pointer<std::uint32_t>(call.f) = 0;
  return static_cast<long>(done);
}

long send_call(ObjectIndex index, const Call& call) {
  if (at(index).datagram) unsupported("sends datagrams");
  const bool wait = !at(index).nonblocking && (call.d & MSG_DONTWAIT) == 0;
  const auto* from = pointer<const char>(call.b);
  const std::size_t size = static_cast<std::size_t>(call.c);
  std::size_t done = 0;
  do {
    const long part =
        write_object(index, from + done, size - done, wait, (call.d & MSG_NOSIGNAL) != 0);
    if (part < 0) return done > 0 ? static_cast<long>(done) : part;
    done += static_cast<std::size_t>(part);
  } while (wait && done < size);
  return static_cast<long>(done);
}

bool makes_sockets(const Call& call, long& result) {
  switch (call.number) {
    case SYS_socket:
      result = make_socket(call.a, call.b, call.c);
      return true;
    case SYS_socketpair:
      if (call.a != AF_UNIX) unsupported("makes a socketpair that is not AF_UNIX");
      result = make_pair(call.d, false,
                         ((call.b & SOCK_NONBLOCK) != 0 ? O_NONBLOCK : 0) |
                             ((call.b & SOCK_CLOEXEC) != 0 ? O_CLOEXEC : 0));
      return true;
    case SYS_pipe:
      result = make_pair(call.a, true, 0);
      return true;
    case SYS_pipe2:
      result = make_pair(call.a, true, call.b);
      return true;
    default:
      return false;
  }
}

}  // namespace

bool socket_call(const Call& call, long& result) {
  if (makes_sockets(call, result)) return true;
  switch (call.number) {
    case SYS_bind:
    case SYS_listen:
    case SYS_accept:
    case SYS_accept4:
    case SYS_connect:
    case SYS_shutdown:
    case SYS_getsockname:
    case SYS_getpeername:
    case SYS_getsockopt:
    case SYS_setsockopt:
    case SYS_sendto:
    case SYS_recvfrom:
    case SYS_sendmsg:
    case SYS_recvmsg:
      break;
    case SYS_sendmmsg:
    case SYS_recvmmsg:
      if (object_of(call.a) == 0) return false;
      unsupported("sends or receives many messages at once (sendmmsg, recvmmsg)");
    default:
      return false;
  }
  const ObjectIndex index = object_of(call.a);
  if (index == 0) {
    result = raw(SYS_fcntl, call.a, F_GETFD) < 0 ? -EBADF : -ENOTSOCK;
    return true;
  }
  const Object& object = at(index);
  switch (call.number) {
    case SYS_bind:
      result = bind_call(index, call.b, call.c);
      break;
    case SYS_listen:
      result = listen_call(index);
      break;
    case SYS_accept:
      result = accept_call(index, call.b, call.c, 0);
      break;
    case SYS_accept4:
      result = accept_call(index, call.b, call.c, call.d);
      break;
    case SYS_connect:
      result = connect_call(index, call.b, call.c);
      break;
    case SYS_shutdown:
      result = shutdown_call(index, call.b);
      break;
    case SYS_getsockname:
      result = put_name(object, false, call.b, call.c);
      break;
    case SYS_getpeername:
      result = object.link == Link::kOpen ? put_name(object, true, call.b, call.c) : -ENOTCONN;
      break;
    case SYS_getsockopt:
      result = get_option(index, call.b, call.c, call.d, call.e);
      break;
    case SYS_setsockopt:
      result = set_option(index, call.b, call.c, call.d);
      break;
    case SYS_sendto:
      result = send_call(index, call);
      break;
    case SYS_recvfrom:
      result = receive_call(index, call);
      break;
    default:
      result =
          message_call(index, pointer<const msghdr>(call.b), call.c, call.number == SYS_sendmsg);
  }
  return true;
}

}  // namespace sim::process
