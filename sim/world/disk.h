// The data directory of one machine.
//
// Every file has two contents: what the page cache shows and what was last synced. A crash of the
// program keeps the cache; a loss of power falls back to what was synced. Directory operations
// (create, rename, remove) are durable at once: the files survive, only their unsynced bytes do
// not. Contents are shared immutable pieces, so that appending to a long file and copying a disk
// are both cheap.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/choices.h"
#include "sim/node/node.h"
#include "sim/world/levers.h"

namespace sim {

// What machines find on their disks at their first boot.
using FirstDisk = std::map<std::string, Slices, std::less<>>;

// Bytes in shared pieces. Small neighbours are merged as they are appended, each byte O(log) times.
class FileContent {
 public:
  FileContent() = default;
  explicit FileContent(SharedBytes bytes);
  explicit FileContent(Slices pieces);

  std::uint64_t size() const { return size_; }
  // Overwrites and extends; a gap beyond the end is filled with zero bytes, as pwrite leaves it.
  void write(std::uint64_t offset, const SharedBytes& data);
  // Shortens, or extends with zero bytes.
  void truncate(std::uint64_t size);
  // What lies there; shorter if the file ends before.
  FileContent stretch(std::uint64_t offset, std::uint64_t size) const;
  SharedBytes whole() const;

 private:
  void append(SharedBytes data);
  Slices pieces_;
  std::uint64_t size_ = 0;
};

class Disk {
 public:
  Disk() = default;
  // All synced.
  explicit Disk(const FirstDisk& files);

  void write(const WriteFile& effect);
  void truncate(const TruncateFile& effect);
  void rename(const RenameFile& effect);
  void remove(const RemoveFile& effect);
  void sync(const SyncFile& effect);

  // What a program that starts now would read.
  DiskImage image() const;
  // Falls back to what was synced; answers how many bytes of cache that changed.
  std::uint64_t lose_unsynced();
  // Does to the files what `change` says; answers how many bytes it took away or changed. 0: it
  // found nothing to do.
  std::uint64_t apply(const DiskChange& change, Choices& choices);
  std::uint64_t bytes() const;

 private:
  // Enough to undo the tail of the last write.
  struct LastWrite {
    std::uint64_t offset = 0;
    FileContent data, replaced;
    std::uint64_t size_before = 0;
  };
  struct File {
    FileContent cached, synced;
    bool dirty = false;  // cached and synced may differ
    std::optional<LastWrite> last_write;
  };
  std::uint64_t tear(File& file, Choices& choices);

  std::map<std::string, File, std::less<>> files_;
};

}  // namespace sim
