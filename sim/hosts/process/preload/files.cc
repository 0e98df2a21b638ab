// Reading, writing and duplicating descriptors; and the files whose changes the driver hears of.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

#include "sim/hosts/process/preload/calls.h"
#include "sim/hosts/process/preload/descriptors.h"
#include "sim/hosts/process/preload/raw.h"

namespace sim::process {
namespace {

void tell_name(RecordKind kind, Bytes name, Bytes other = {}, std::uint64_t offset = 0) {
  make_room(name.size + other.size);
  OutRecord record{};
  record.kind = kind;
  record.offset = offset;
  tell(*region, record, name, other);
}

Bytes text(const char* of) {
  return {of, std::strlen(of)};
}

// The part of `path` below the machine's directory; null: it lies elsewhere, or is not mirrored.
const char* mirrored(const char* path) {
  if (!region->mirrors_disk || path == nullptr) return nullptr;
  if (path[0] == '/') {
    const std::size_t length = std::strlen(region->directory);
    if (std::strncmp(path, region->directory, length) != 0 || path[length] != '/') return nullptr;
    path += length + 1;
  }
  while (path[0] == '.' && path[1] == '/') path += 2;
  return path[0] == '\0' || std::strlen(path) >= kPathBytes ? nullptr : path;
}

// ---- Files of the machine's directory ----

long write_file(ObjectIndex index, long fd, const void* data, std::size_t size,
                std::int64_t offset) {
  Object& object = at(index);
  std::int64_t begins = offset;
  if (begins < 0) {
    begins = object.append ? raw(SYS_lseek, fd, 0, SEEK_END) : raw(SYS_lseek, fd, 0, SEEK_CUR);
  }
  const long written = offset < 0
                           ? raw(SYS_write, fd, address(data), static_cast<long>(size))
                           : raw(SYS_pwrite64, fd, address(data), static_cast<long>(size), offset);
  if (written > 0) {
    tell_bytes(RecordKind::kWriteFile, 0, static_cast<std::uint64_t>(begins), text(object.path),
               data, static_cast<std::size_t>(written));
  }
  return written;
}

// Constants instead of what the real machine would say.
long open_constant(const char* content, bool close_on_exec) {
  const ObjectIndex index = new_object(*region, ObjectKind::kConstant);
  if (index == 0) return -ENFILE;
  const std::size_t size = std::strlen(content);
  std::memcpy(at(index).path, content, size < kPathBytes ? size + 1 : kPathBytes);
  return give_descriptor(index, close_on_exec);
}

bool is(const char* path, const char* name) {
  return std::strcmp(path, name) == 0;
}

const char* constant_content(const char* path) {
  if (is(path, "/proc/self/smaps")) return "Rss: 8192 kB\nPrivate_Dirty: 4096 kB\n";
  if (is(path, "/sys/devices/system/cpu/online") || is(path, "/sys/devices/system/cpu/possible"))
    return "0\n";
  if (is(path, "/proc/sys/vm/overcommit_memory")) return "1\n";
  if (is(path, "/proc/sys/net/core/somaxconn")) return "4096\n";
  if (is(path, "/sys/kernel/mm/transparent_hugepage/enabled")) return "always [madvise] never\n";
  if (is(path, "/proc/loadavg")) return "0.00 0.00 0.00 1/1 1\n";
  if (is(path, "/proc/uptime")) return "1000.00 1000.00\n";
  return nullptr;
}

// Field 24 of /proc/self/stat is the resident size, which no two runs have in common.
const char* kOwnStat =
    "1 (program) R 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 100 16777216 2048 4294967295 0 0 0 0 0 0 "
    "0 "
    "0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

bool is_own_stat(const char* path) {
  if (std::strncmp(path, "/proc/", 6) != 0) return false;
  if (is(path, "/proc/self/stat")) return true;
  long pid = 0;
  const char* at_digit = path + 6;
  while (*at_digit >= '0' && *at_digit <= '9') pid = pid * 10 + (*at_digit++ - '0');
  return pid == own_process().pid && is(at_digit, "/stat") && region->mirrors_disk;
}

long open_call(long directory, const char* path, long flags, long mode) {
  if (path == nullptr) return -EFAULT;
  if (is(path, "/dev/urandom") || is(path, "/dev/random"))
    return give_descriptor(new_object(*region, ObjectKind::kRandom), (flags & O_CLOEXEC) != 0);
  const bool close_on_exec = (flags & O_CLOEXEC) != 0;
  if (const char* content = constant_content(path)) return open_constant(content, close_on_exec);
  if (is_own_stat(path)) return open_constant(kOwnStat, close_on_exec);
  const char* name = directory == AT_FDCWD || path[0] == '/' ? mirrored(path) : nullptr;
  const bool changes = (flags & (O_WRONLY | O_RDWR)) != 0 && (flags & O_DIRECTORY) == 0;
  bool existed = true;
  if (name != nullptr && changes) existed = raw(SYS_faccessat, directory, address(path), 0) == 0;
  const long fd = raw(SYS_openat, directory, address(path), flags, mode);
  if (fd < 0 || fd >= kFdCount || name == nullptr || !changes) return fd;
  const ObjectIndex index = new_object(*region, ObjectKind::kDiskFile);
  if (index == 0) return fd;
  std::memcpy(at(index).path, name, std::strlen(name) + 1);
  at(index).append = (flags & O_APPEND) != 0;
  own_process().object_of[fd] = static_cast<std::uint16_t>(index);
  if (!existed) tell_bytes(RecordKind::kWriteFile, 0, 0, text(name), "", 0);
  if (existed && (flags & O_TRUNC) != 0) tell_name(RecordKind::kTruncateFile, text(name));
  return fd;
}

void forget_descriptor(long fd) {
  std::uint16_t& slot = own_process().object_of[fd];
  const ObjectIndex index = slot;
  slot = 0;
  if (index == 0) return;
  make_room(0);
  release(*region, index);
}

long close_call(long fd) {
  if (fd >= 0 && fd < kFdCount) forget_descriptor(fd);
  return raw(SYS_close, fd);
}

long duplicate(long fd, long copy) {
  if (copy < 0) return copy;
  if (copy >= kFdCount) return copy;
  const ObjectIndex index = object_of(fd);
  if (copy != fd) forget_descriptor(copy);
  own_process().object_of[copy] = static_cast<std::uint16_t>(index);
  if (index != 0 && copy != fd) retain(*region, index);
  return copy;
}

long fcntl_call(long fd, long command, long argument) {
  const ObjectIndex index = object_of(fd);
  if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)
    return duplicate(fd, raw(SYS_fcntl, fd, command, argument));
  const bool is_lock = command == F_SETLKW || command == F_OFD_SETLKW;
  if (is_lock) {
    const long at_once = command == F_SETLKW ? F_SETLK : F_OFD_SETLK;
    for (;;) {
      const long locked = raw(SYS_fcntl, fd, at_once, argument);
      if (locked != -EAGAIN && locked != -EACCES) return locked;
      block(monotonic_now() + 1'000'000);
    }
  }
  if (index == 0 || at(index).kind == ObjectKind::kDiskFile) {
    return raw(SYS_fcntl, fd, command, argument);
  }
  if (command == F_GETFL) return O_RDWR | (at(index).nonblocking ? O_NONBLOCK : 0);
  if (command == F_SETFL) {
    at(index).nonblocking = (argument & O_NONBLOCK) != 0;
    return 0;
  }
  if (command == F_GETFD || command == F_SETFD) return raw(SYS_fcntl, fd, command, argument);
  if (command == 1031 || command == 1032) {  // F_SETPIPE_SZ, F_GETPIPE_SZ
    Object& object = at(index);
    if (command == 1031) object.capacity = static_cast<std::uint32_t>(argument);
    return object.capacity;
  }
  return command == F_SETOWN || command == F_GETOWN ? 0 : -EINVAL;
}

long ioctl_call(ObjectIndex index, long fd, long request, long argument) {
  Object& object = at(index);
  if (object.kind == ObjectKind::kDiskFile) return raw(SYS_ioctl, fd, request, argument);
  if (request == FIONBIO) {
    object.nonblocking = *pointer<int>(argument) != 0;
    return 0;
  }
  if (request == FIONREAD) {
    *pointer<int>(argument) = static_cast<int>(object.rx.size);
    return 0;
  }
  return request == FIOCLEX || request == FIONCLEX ? raw(SYS_ioctl, fd, request, argument)
                                                   : -ENOTTY;
}

long stat_call(ObjectIndex index, struct stat* into) {
  std::memset(into, 0, sizeof *into);
  const ObjectKind kind = at(index).kind;
  const bool pipe = kind == ObjectKind::kLog || (kind == ObjectKind::kLocal && !at(index).is_unix);
  into->st_mode = (pipe                                                            ? S_IFIFO
                   : kind == ObjectKind::kRandom                                   ? S_IFCHR
                   : kind == ObjectKind::kEventFd || kind == ObjectKind::kConstant ? S_IFREG
                                                                                   : S_IFSOCK) |
                  0600;
  into->st_ino = index;
  into->st_nlink = 1;
  into->st_blksize = 4096;
  return 0;
}

long close_range_call(long first, long last, long flags) {
  if ((flags & 4) != 0) return raw(SYS_close_range, first, last, flags);  // CLOEXEC only
  const long end = last < kFdCount - 1 ? last : kFdCount - 1;
  for (long fd = first; fd <= end; ++fd) forget_descriptor(fd);
  return raw(SYS_close_range, first, last, flags);
}

long rename_call(long from_directory, const char* from, long to_directory, const char* to,
                 long flags) {
  const char* old_name = mirrored(from);
  const char* new_name = mirrored(to);
  const long result =
      raw(SYS_renameat2, from_directory, address(from), to_directory, address(to), flags);
  if (result == 0 && old_name != nullptr && new_name != nullptr) {
    for (ObjectIndex index = 1; index <= region->objects_high; ++index) {
      Object& object = at(index);
      if (object.kind == ObjectKind::kDiskFile && is(object.path, old_name))
        std::memcpy(object.path, new_name, std::strlen(new_name) + 1);
    }
    tell_name(RecordKind::kRenameFile, text(old_name), text(new_name));
  }
  return result;
}

long remove_call(long directory, const char* path, long flags) {
  const char* name = mirrored(path);
  const long result = raw(SYS_unlinkat, directory, address(path), flags);
  if (result == 0 && name != nullptr && flags == 0) tell_name(RecordKind::kRemoveFile, text(name));
  return result;
}

long lock_call(long fd, long operation) {
  for (;;) {
    const long locked = raw(SYS_flock, fd, operation | 4);  // LOCK_NB
    if (locked != -EWOULDBLOCK || (operation & 4) != 0) return locked;
    block(monotonic_now() + 1'000'000);
  }
}

long vector_call(const Call& call, bool writes) {
  const auto* parts = pointer<const iovec>(call.b);
  long sum = 0;
  for (long i = 0; i < call.c; ++i) {
    if (parts[i].iov_len == 0) continue;
    const int fd = static_cast<int>(call.a);
    const long done = writes ? do_write(fd, parts[i].iov_base, parts[i].iov_len)
                             : do_read(fd, parts[i].iov_base, parts[i].iov_len);
    if (done < 0) return sum > 0 ? sum : done;
    sum += done;
    if (static_cast<std::size_t>(done) < parts[i].iov_len) break;
    // A second part must not wait for more to come.
    if (!writes && object_of(fd) != 0 && (readiness(*region, object_of(fd)) & ready::kIn) == 0)
      break;
  }
  return sum;
}

long sendfile_call(const Call& call) {
  if (object_of(call.a) == 0) return raw(call.number, call.a, call.b, call.c, call.d);
  char block_of[16384];
  const std::size_t most = static_cast<std::size_t>(call.d) < sizeof block_of
                               ? static_cast<std::size_t>(call.d)
                               : sizeof block_of;
  auto* offset = pointer<std::int64_t>(call.c);
  const long got =
      offset != nullptr
          ? raw(SYS_pread64, call.b, address(block_of), static_cast<long>(most), *offset)
          : raw(SYS_pread64, call.b, address(block_of), static_cast<long>(most),
                raw(SYS_lseek, call.b, 0, SEEK_CUR));
  if (got <= 0) return got;
  const long sent = do_write(static_cast<int>(call.a), block_of, static_cast<std::size_t>(got));
  if (sent > 0 && offset != nullptr) *offset += sent;
  if (sent > 0 && offset == nullptr) raw(SYS_lseek, call.b, sent, SEEK_CUR);
  return sent;
}

bool is_sync(long number) {
  return number == SYS_fsync || number == SYS_fdatasync || number == SYS_sync_file_range;
}

// Calls on a descriptor that is not the real kernel's, or a real file that is mirrored.
bool object_call(const Call& call, ObjectIndex index, long& result) {
  const bool file = at(index).kind == ObjectKind::kDiskFile;
  switch (call.number) {
    case SYS_ioctl:
      result = ioctl_call(index, call.a, call.b, call.c);
      return true;
    case SYS_fstat:
      if (file) return false;
      result = stat_call(index, pointer<struct stat>(call.b));
      return true;
    case SYS_lseek:
    case SYS_pread64:
      if (file) return false;
      result = -ESPIPE;
      return true;
    case SYS_pwrite64:
      result = file ? write_file(index, call.a, pointer<void>(call.b),
                                 static_cast<std::size_t>(call.c), call.d)
                    : -ESPIPE;
      return true;
    case SYS_ftruncate:
      result = file ? raw(SYS_ftruncate, call.a, call.b) : -EINVAL;
      if (result == 0)
        tell_name(RecordKind::kTruncateFile, text(at(index).path), {},
                  static_cast<std::uint64_t>(call.b));
      return true;
    default:
      break;
  }
  if (!is_sync(call.number)) return false;
  // What it costs to be safe is the model's business; the real file lies in memory.
  if (file && call.number != SYS_sync_file_range)
    tell_name(RecordKind::kSyncFile, text(at(index).path));
  result = file ? 0 : -EINVAL;
  return true;
}

}  // namespace

long give_descriptor(ObjectIndex index, bool close_on_exec) {
  if (index == 0) return -ENFILE;
  const long fd =
      raw(SYS_openat, AT_FDCWD, address("/dev/null"), O_PATH | (close_on_exec ? O_CLOEXEC : 0));
  if (fd < 0 || fd >= kFdCount) {
    if (fd >= 0) raw(SYS_close, fd);
    release(*region, index);
    return fd < 0 ? fd : -EMFILE;
  }
  own_process().object_of[fd] = static_cast<std::uint16_t>(index);
  return fd;
}

long do_read(int fd, void* into, std::size_t size) {
  const ObjectIndex index = object_of(fd);
  if (index == 0 || at(index).kind == ObjectKind::kDiskFile)
    return raw(SYS_read, fd, address(into), static_cast<long>(size));
  return read_object(index, into, size, false, !at(index).nonblocking);
}

long do_write(int fd, const void* from, std::size_t size) {
  const ObjectIndex index = object_of(fd);
  if (index == 0) {
    if (fd == 1 || fd == 2) fold(*region, hash(from, size));
    return raw(SYS_write, fd, address(from), static_cast<long>(size));
  }
  if (at(index).kind == ObjectKind::kDiskFile) return write_file(index, fd, from, size, -1);
  // A blocking write is done when all is taken.
  const bool wait = !at(index).nonblocking;
  std::size_t done = 0;
  do {
    const long part =
        write_object(index, static_cast<const char*>(from) + done, size - done, wait, false);
    if (part < 0) return done > 0 ? static_cast<long>(done) : part;
    done += static_cast<std::size_t>(part);
  } while (wait && done < size);
  return static_cast<long>(done);
}

long do_open(int directory, const char* path, int flags, unsigned mode) {
  return open_call(directory, path, flags, mode);
}
long do_close(int fd) {
  return close_call(fd);
}

bool file_call(const Call& call, long& result) {
  switch (call.number) {
    case SYS_read:
      result = do_read(static_cast<int>(call.a), pointer<void>(call.b),
                       static_cast<std::size_t>(call.c));
      return true;
    case SYS_write:
      result = do_write(static_cast<int>(call.a), pointer<void>(call.b),
                        static_cast<std::size_t>(call.c));
      return true;
    case SYS_readv:
    case SYS_writev:
      if (object_of(call.a) == 0) return false;
      result = vector_call(call, call.number == SYS_writev);
      return true;
    case SYS_sendfile:
      result = sendfile_call(call);
      return true;
    case SYS_splice:
    case SYS_tee:
    case SYS_vmsplice:
      if (object_of(call.a) == 0 && object_of(call.c) == 0) return false;
      unsupported("calls splice on a socket or pipe");
    case SYS_open:
      result = open_call(AT_FDCWD, pointer<const char>(call.a), call.b, call.c);
      return true;
    case SYS_creat:
      result =
          open_call(AT_FDCWD, pointer<const char>(call.a), O_CREAT | O_WRONLY | O_TRUNC, call.b);
      return true;
    case SYS_openat:
      result = open_call(static_cast<int>(call.a), pointer<const char>(call.b), call.c, call.d);
      return true;
    case SYS_close:
      result = close_call(call.a);
      return true;
    case SYS_close_range:
      result = close_range_call(call.a, call.b & 0xffffffff, call.c);
      return true;
    case SYS_dup:
      result = duplicate(call.a, raw(SYS_dup, call.a));
      return true;
    case SYS_dup2:
      result = duplicate(call.a, raw(SYS_dup2, call.a, call.b));
      return true;
    case SYS_dup3:
      result = duplicate(call.a, raw(SYS_dup3, call.a, call.b, call.c));
      return true;
    case SYS_fcntl:
      result = fcntl_call(call.a, call.b, call.c);
      return true;
    case SYS_newfstatat: {
      const auto* path = pointer<const char>(call.b);
      const ObjectIndex index = object_of(call.a);
      const bool of_object = path != nullptr && path[0] == '\0' && index != 0 &&
                             at(index).kind != ObjectKind::kDiskFile;
      if (!of_object) return false;
      result = stat_call(index, pointer<struct stat>(call.c));
      return true;
    }
    case SYS_rename:
      result = rename_call(AT_FDCWD, pointer<char>(call.a), AT_FDCWD, pointer<char>(call.b), 0);
      return true;
    case SYS_renameat:
    case SYS_renameat2:
      result =
          rename_call(static_cast<int>(call.a), pointer<char>(call.b), static_cast<int>(call.c),
                      pointer<char>(call.d), call.number == SYS_renameat2 ? call.e : 0);
      return true;
    case SYS_unlink:
      result = remove_call(AT_FDCWD, pointer<char>(call.a), 0);
      return true;
    case SYS_unlinkat:
      result = remove_call(static_cast<int>(call.a), pointer<char>(call.b), call.c);
      return true;
    case SYS_flock:
      result = lock_call(call.a, call.b);
      return true;
    default:
      break;
  }
  const ObjectIndex index = object_of(call.a);
  if (index == 0 && is_sync(call.number)) {
    // A virtual machine does not lose its power by surprise, and to wait for a real disk takes
    // longer than all else.
    result = raw(SYS_fcntl, call.a, F_GETFD) < 0 ? -EBADF : 0;
    return true;
  }
  return index != 0 && object_call(call, index, result);
}

}  // namespace sim::process
