// The memory that a machine's programs and their driver share: who runs, what they hold open, and
// what they told the driver.
//
// A machine of the process host is a tree of unmodified programs. Their system calls are answered
// inside themselves, by the preload library, from the state below: a small kernel whose tables lie
// in one file that is mapped at the same address everywhere. Only one task of one program in the
// world runs at a time (it has the turn), so nothing here needs a lock. Plain data, no pointers
// into any one process, zero means free.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace sim::process {

inline constexpr std::int64_t kNoDeadline = INT64_MAX;
inline constexpr std::uint32_t kTaskCount = 1024;
inline constexpr std::uint32_t kProcessCount = 256;
inline constexpr std::uint32_t kFdCount = 16384;
inline constexpr std::uint32_t kObjectCount = 32768;
inline constexpr std::uint32_t kWatchCount = 131072;
inline constexpr std::uint32_t kChunkCount = 131072;
inline constexpr std::uint32_t kChunkBytes = 4080;
inline constexpr std::uint32_t kOutBytes = 4u << 20;
inline constexpr std::uint32_t kPathBytes = 192;
// So much may be written to a connection before its network has been asked what it takes.
inline constexpr std::uint64_t kSentAtOnce = 2u << 20;

// In a line of a server's log, "1234:M 26 Nov 2026 00:00:01.234 # text", the mark of its level
// comes before this.
inline constexpr std::size_t kMarkWithin = 45;

// The environment variables by which a program learns where its machine's region is and which task
// of it is its first.
inline constexpr char kRegionVariable[] = "SLOTSIM_REGION";
inline constexpr char kTaskVariable[] = "SLOTSIM_TASK";

// Indices; 0 is nobody.
using TaskIndex = std::uint32_t;
using ProcessIndex = std::uint32_t;
using ObjectIndex = std::uint32_t;
using WatchIndex = std::uint32_t;
using ChunkIndex = std::uint32_t;

// ---- Tasks: threads of programs. One is a process with a single thread. ----

enum class TaskState : std::uint8_t { kFree, kReady, kRunning, kBlocked, kGone };
enum class Wake : std::uint8_t { kEvent, kTimeout, kSignal };

struct Task {
  std::atomic<std::uint32_t> turn;  // futex: 1 while it may run
  TaskState state;
  Wake wake;
  ProcessIndex process;
  std::int32_t tid;
  TaskIndex next_ready;
  std::int64_t not_before;  // what it did takes so long: it cannot run earlier
  std::int64_t deadline;    // of a blocked one
  std::uint64_t blocked_signals;
  std::uint64_t pending;        // signals for this thread alone
  std::uint64_t futex_address;  // 0: it waits for no futex
  std::uint32_t futex_bits;
  WatchIndex watches;        // what it waits for
  std::uint64_t clear_word;  // address the kernel clears when the thread is gone, 0: none
  bool waits_for_child;
  bool woken;  // blocked only because it is busy until `not_before`
};

// ---- Processes ----

enum class ProcessState : std::uint8_t { kFree, kLive, kZombie };

struct Process {
  ProcessState state;
  bool stopped;
  bool execed;  // since its fork
  bool vfork_parent_waits;
  bool by_signal;  // how it ended: killed by `exit_code`, or exited with it
  std::int32_t pid, exit_code;
  ProcessIndex parent;    // 0: nobody of this machine
  std::int32_t root_pid;  // of the program that the driver started, and this came from
  std::int32_t parent_pid;
  std::uint64_t pending, handled, ignored, restarting;  // by signal
  std::int64_t timer_at, timer_every;                   // ITIMER_REAL; kNoDeadline: off
  std::int64_t cpu_ns;                                  // of the model
  std::int64_t exit_not_before;
  std::uint64_t random;  // state of its random bytes
  std::uint32_t forks;
  char name[32];
  std::uint16_t object_of[kFdCount];  // by file descriptor; 0: a descriptor of the real kernel
};

// ---- Open file descriptions ----

enum class ObjectKind : std::uint8_t {
  kFree,
  kSocket,  // not yet anything else, or TCP
  kListener,
  kLocal,      // an end of a connected pair inside the machine: pipe, socketpair, AF_UNIX
  kLocalPort,  // listens on a path
  kEpoll,
  kEventFd,
  kTimerFd,
  kRandom,    // /dev/urandom
  kDiskFile,  // a real file whose changes the driver hears of
  kLog,       // what is written here is told to the driver
  kConstant,  // a file of /proc or /sys whose content is the same everywhere
};
enum class Link : std::uint8_t { kFresh, kConnecting, kOpen, kClosed };

struct Buffer {
  ChunkIndex head, tail;
  std::uint32_t head_at;  // first unread byte of the head chunk
  std::uint32_t tail_end;
  std::uint64_t size;
};

struct Object {
  ObjectKind kind;
  Link link;
  bool nonblocking, reads, writes;  // kLocal: what this end may do
  bool at_end;                      // nothing follows what is in `rx`
  bool reset;                       // the other side is gone, with RST
  bool told_refused;                // a refused connect has been reported by connect()
  bool send_shut, append, is_unix, datagram;
  std::int32_t error;  // SO_ERROR
  std::uint32_t refs;
  WatchIndex watchers;
  Buffer rx;
  // Sockets
  std::uint32_t local_ip, remote_ip;
  std::uint16_t local_port, remote_port;
  std::uint64_t conn;  // how the driver knows the connection; 0: none
  std::uint64_t unsent, sent_this_step;
  std::int64_t receive_timeout;  // SO_RCVTIMEO, 0: none
  ObjectIndex accept_head, accept_tail, next_accept;
  // Local pairs
  ObjectIndex peer;
  std::uint32_t capacity;
  // Epoll
  WatchIndex members, ready_head, ready_tail;
  // Event and timer descriptors
  std::uint64_t count;
  bool semaphore;
  std::int64_t timer_at, timer_every;
  std::int32_t timer_clock;
  // Files and paths; of a constant, its content from `count` on
  char path[kPathBytes];
};

// Somebody wants to hear when an object changes: a blocked task, or an epoll set.
struct Watch {
  ObjectIndex object;
  WatchIndex prev, next;  // among the watches of the object
  TaskIndex task;         // 0: an epoll set
  ObjectIndex epoll;
  WatchIndex owner_prev, owner_next;  // among those of the task or of the set
  std::int32_t fd;
  std::uint32_t events;
  std::uint64_t data;
  bool queued;  // on the set's ready list
  bool off;     // EPOLLONESHOT has fired
  WatchIndex ready_prev, ready_next;
};

struct Chunk {
  ChunkIndex next;
  std::uint32_t unused[3];
  char bytes[kChunkBytes];
};

// ---- What is told to the driver ----

enum class Reason : std::uint8_t {
  kNone,
  kBlocked,
  kRecordsFull,   // take the records, then go on with me
  kPrepareClone,  // set the next pid, then go on with me
  kStopOther,     // see that `to_stop` has stopped for real, then go on with me
  kThreadGone,
  kProcessGone,
  kUnsupported,  // a call that the host does not do; what is in `complaint`
};

enum class RecordKind : std::uint32_t {
  kDial,
  kSend,
  kClose,
  kListen,
  kUnlisten,
  kWriteFile,
  kTruncateFile,
  kRenameFile,
  kRemoveFile,
  kSyncFile,
  kLog,
  kStarted,  // a program began: its name
  kEnded,
};
struct OutRecord {
  RecordKind kind;
  std::uint32_t size;  // of the bytes that follow
  std::uint64_t conn;
  std::uint64_t offset;  // in a file; how it closes
  std::uint32_t ip;
  std::uint32_t port;
  std::uint32_t name_size;  // the first bytes that follow are a name
  std::uint32_t task;
};

struct Region {
  std::atomic<std::uint32_t> driver_turn;  // futex: 1 while the driver may run
  Reason reason;
  TaskIndex running;
  TaskIndex ready_head, ready_tail;
  std::uint32_t tasks_high, processes_high, objects_high, watches_high, chunks_high;
  ObjectIndex free_object;
  WatchIndex free_watch;
  ChunkIndex free_chunk;

  std::int64_t monotonic_ns, wall_ns;
  std::int64_t ahead_ns;  // how far the running task is beyond that
  std::uint32_t calls_this_slice;
  std::int32_t to_stop;
  std::uint32_t next_dial;
  std::uint32_t incarnation;
  std::uint16_t next_port;
  std::uint32_t address;  // the machine's own
  bool mirrors_disk;
  bool alone;                  // no network but itself: nobody else can be dialled
  bool hushes_debug;           // lines of a log at debug level are lost, but those of suspicions
  std::int64_t fork_child_ns;  // a fork child that does not exec lives at least so long
  std::int64_t fork_cost_ns, exec_cost_ns, wakeup_cost_ns;
  std::uint32_t timer_descriptors;
  std::uint64_t fingerprint;  // of all that happened inside
  char directory[kPathBytes];
  char preload[kPathBytes];
  char file[kPathBytes];  // where this region can be opened
  char complaint[256];

  std::uint32_t out_used;
  Task tasks[kTaskCount];
  Process processes[kProcessCount];
  Object objects[kObjectCount];
  Watch watches[kWatchCount];
  alignas(64) char out[kOutBytes];
  Chunk chunks[kChunkCount];
};

// Machine i's region lies there in the driver and in all of its programs.
inline constexpr std::uintptr_t kRegionBase = 0x200000000000;
inline constexpr std::uintptr_t kRegionStride = std::uintptr_t{1} << 30;
static_assert(sizeof(Region) <= kRegionStride);

}  // namespace sim::process
