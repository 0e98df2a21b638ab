// File descriptors of this program that this library answers for.
#pragma once

#include <cstdint>

#include "sim/hosts/process/preload/turn.h"

namespace sim::process {

// 0: the real kernel's.
inline ObjectIndex object_of(long fd) {
  if (fd < 0 || fd >= kFdCount) return 0;
  return own_process().object_of[fd];
}
inline Object& at(ObjectIndex object) {
  return region->objects[object];
}
// Gives the object a descriptor; a real one behind it keeps the number taken. -errno: none left,
// and the object is released.
long give_descriptor(ObjectIndex object, bool close_on_exec);

// Waits until something about the object changes. -EINTR: a signal came and its handler interrupts;
// -EAGAIN: the deadline is there; 0: look again.
long wait_for_change(ObjectIndex object, std::int64_t deadline);

// The part of a read or write that is not a loop over buffers.
long read_object(ObjectIndex object, void* into, std::size_t size, bool peek, bool wait);
long write_object(ObjectIndex object, const void* from, std::size_t size, bool wait, bool quiet);

// ---- Telling the driver, from inside a program: it takes the records first if they are too many
// ----
void make_room(std::size_t bytes);
// In stretches, if it is much; `offset` grows with them.
void tell_bytes(RecordKind kind, std::uint64_t conn, std::uint64_t offset, Bytes name,
                const void* data, std::size_t size);
std::uint64_t hash(const void* data, std::size_t size);

}  // namespace sim::process
