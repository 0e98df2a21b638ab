// The small kernel over a machine's shared region: tasks, objects behind file descriptors, what is
// ready. Runs in whoever has the turn: a program (inside the preload library) or the driver. It
// allocates nothing, calls nobody, and knows neither clocks nor system calls.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/hosts/process/region.h"

namespace sim::process {

// As in <sys/epoll.h>; POLLIN and its kin have the same values.
namespace ready {
inline constexpr std::uint32_t kIn = 1, kPri = 2, kOut = 4, kError = 8, kHangUp = 16,
                               kReadHangUp = 0x2000;
inline constexpr std::uint32_t kEdge = 1u << 31, kOneShot = 1u << 30;
}  // namespace ready

// What follows a record, in two parts: a name, then bytes.
struct Bytes {
  const void* data = nullptr;
  std::size_t size = 0;
};

// ---- Tasks and processes ----
TaskIndex new_task(Region& region, ProcessIndex process, std::int32_t tid);
ProcessIndex new_process(Region& region, std::int32_t pid);
// Copies what a fork child inherits; every open description gains a holder.
void inherit(Region& region, ProcessIndex parent, ProcessIndex child);
// A blocked task may go on; others are left alone.
void wake(Region& region, TaskIndex task, Wake why);
bool waits_on_futex(const Task& task, ProcessIndex process, std::uint64_t word);
// Wakes up to `most` of the process's waiters that share a bit with `bits`, in the order of their
// task numbers; how many.
long wake_futex(Region& region, ProcessIndex process, std::uint64_t word, long most,
                std::uint32_t bits);
void enqueue(Region& region, TaskIndex task);
// The task that has been ready longest of those whose process is not stopped; 0: none.
TaskIndex take_ready(Region& region);
void free_task(Region& region, TaskIndex task);
// The program is gone: its descriptors are closed, its children are nobody's, its parent hears.
void end_process(Region& region, ProcessIndex process, std::int32_t code, bool by_signal);
void free_process(Region& region, ProcessIndex process);
ProcessIndex find_process(const Region& region, std::int32_t pid);
// Whether somebody was there to take it. SIGKILL, SIGSTOP and SIGCONT are the caller's business.
void raise_signal(Region& region, ProcessIndex process, int signal);
// The same for one thread of it.
void raise_signal_at(Region& region, TaskIndex task, int signal);
std::uint64_t next_random(std::uint64_t& state);
void fill_random(std::uint64_t& state, void* into, std::size_t size);

// ---- Descriptors and objects ----
ObjectIndex new_object(Region& region, ObjectKind kind);  // with one holder
void retain(Region& region, ObjectIndex object);
void release(Region& region, ObjectIndex object);
// What poll() would say of it, as ready:: bits.
std::uint32_t readiness(const Region& region, ObjectIndex object);
// Its readiness may have changed: wakes and marks whoever watches it.
void changed(Region& region, ObjectIndex object);

WatchIndex watch(Region& region, ObjectIndex object, TaskIndex task);
void unwatch_all(Region& region, TaskIndex task);
WatchIndex find_member(const Region& region, ObjectIndex epoll, std::int32_t fd,
                       ObjectIndex object);
WatchIndex add_member(Region& region, ObjectIndex epoll, std::int32_t fd, ObjectIndex object);
void drop_watch(Region& region, WatchIndex watch);
void queue_member(Region& region, WatchIndex member);
void unqueue_member(Region& region, WatchIndex member);

// ---- Bytes ----
void append(Region& region, Buffer& buffer, const void* data, std::size_t size);
// Takes up to `size` bytes; `peek` leaves them there.
std::size_t take(Region& region, Buffer& buffer, void* into, std::size_t size, bool peek);
void clear(Region& region, Buffer& buffer);

// ---- Telling the driver ----
inline constexpr std::size_t kRecordReserve = 1u << 20;
// Is there room for a record with so many bytes, and for the small ones that must always fit?
bool has_room(const Region& region, std::size_t bytes);
void tell(Region& region, OutRecord record, Bytes name = {}, Bytes bytes = {});
void fold(Region& region, std::uint64_t word);

// ---- What the driver does to sockets ----
void connect_done(Region& region, ObjectIndex socket, std::uint32_t local_ip,
                  std::uint16_t local_port, std::int32_t error);
// Who would take a connection to that address; 0: nobody.
ObjectIndex find_listener(const Region& region, std::uint32_t ip, std::uint16_t port);
// A connection waits on the listener from now on; 0 if nobody may take it.
ObjectIndex offer(Region& region, ObjectIndex listener, std::uint64_t conn, std::uint32_t local_ip,
                  std::uint16_t local_port, std::uint32_t remote_ip, std::uint16_t remote_port);
// The connection is the last in the listener's queue, who hears of it.
void await_accept(Region& region, ObjectIndex listener, ObjectIndex connection);
void receive(Region& region, ObjectIndex socket, Bytes bytes);
void end_of_stream(Region& region, ObjectIndex socket, bool reset, std::int32_t error);

// When a blocked task, or a timer of a process or a descriptor, is due; kNoDeadline: never.
std::int64_t next_deadline(const Region& region);
// Wakes those whose time has come.
void run_deadlines(Region& region);

}  // namespace sim::process
