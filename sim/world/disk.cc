#include "sim/world/disk.h"

#include <algorithm>
#include <utility>

#include "sim/base/check.h"

namespace sim {
namespace {

// Pieces of this size are left alone; smaller neighbours grow together.
constexpr std::size_t kPieceSize = 64 * 1024;

// How many bytes of `now` are gone or different in `then`.
std::uint64_t changed_bytes(const std::string& now, const std::string& then) {
  const std::size_t common = std::min(now.size(), then.size());
  std::uint64_t changed = std::max(now.size(), then.size()) - common;
  for (std::size_t i = 0; i < common; ++i) changed += now[i] != then[i];
  return changed;
}

}  // namespace

FileContent::FileContent(SharedBytes bytes) {
  append(std::move(bytes));
}

FileContent::FileContent(Slices pieces) : pieces_(std::move(pieces)) {
  for (const Slice& piece : pieces_) size_ += piece.size;
}

void FileContent::append(SharedBytes data) {
  if (data == nullptr || data->empty()) return;
  size_ += data->size();
  // Like a binary counter: a piece swallows its left neighbour until that one is clearly bigger.
  while (!pieces_.empty() && pieces_.back().size < kPieceSize &&
         pieces_.back().size <= data->size() * 2) {
    data = share(std::string(pieces_.back().view()) + *data);
    pieces_.pop_back();
  }
  pieces_.push_back(std::move(data));
}

void FileContent::write(std::uint64_t offset, const SharedBytes& data) {
  const std::uint64_t end = offset + data->size();
  if (offset > size_) truncate(offset);
  if (offset == size_) return append(data);
  if (offset == 0 && end >= size_) {
    *this = FileContent(data);
    return;
  }
  std::string all = *whole();
  if (end > all.size()) all.resize(end);
  all.replace(offset, data->size(), *data);
  *this = FileContent(share(std::move(all)));
}

void FileContent::truncate(std::uint64_t size) {
  if (size > size_) return append(share(std::string(size - size_, '\0')));
  while (size_ > size) {
    Slice& last = pieces_.back();
    const std::uint64_t cut = std::min<std::uint64_t>(size_ - size, last.size);
    last.size -= cut;
    size_ -= cut;
    if (last.size == 0) pieces_.pop_back();
  }
}

FileContent FileContent::stretch(std::uint64_t offset, std::uint64_t size) const {
  Slices found;
  std::uint64_t begin = 0;
  for (const Slice& piece : pieces_) {
    const std::uint64_t end = begin + piece.size;
    if (end > offset && begin < offset + size) {
      const std::uint64_t from = std::max(begin, offset) - begin;
      const std::uint64_t to = std::min(end, offset + size) - begin;
      found.emplace_back(piece.bytes, piece.from + from, to - from);
    }
    begin = end;
  }
  return FileContent(std::move(found));
}

SharedBytes FileContent::whole() const {
  const bool as_it_is = pieces_.size() == 1 && pieces_[0].size == pieces_[0].bytes->size();
  if (as_it_is) return pieces_[0].bytes;
  std::string all;
  all.reserve(size_);
  for (const Slice& piece : pieces_) all += piece.view();
  return share(std::move(all));
}

Disk::Disk(const FirstDisk& files) {
  for (const auto& [name, pieces] : files) {
    File& file = files_[name];
    file.cached = FileContent(pieces);
    file.synced = file.cached;
    file.last_write = LastWrite{0, file.cached, {}, 0};
  }
}

void Disk::write(const WriteFile& effect) {
  CHECK(effect.data != nullptr);
  File& file = files_[effect.file];
  file.last_write =
      LastWrite{effect.offset, FileContent(effect.data),
                file.cached.stretch(effect.offset, effect.data->size()), file.cached.size()};
  file.cached.write(effect.offset, effect.data);
  file.dirty = true;
}

void Disk::truncate(const TruncateFile& effect) {
  const auto found = files_.find(effect.file);
  if (found == files_.end()) return;
  found->second.cached.truncate(effect.size);
  found->second.dirty = true;
}

void Disk::rename(const RenameFile& effect) {
  const auto found = files_.find(effect.from);
  if (found == files_.end() || effect.from == effect.to) return;
  File moved = std::move(found->second);
  files_.erase(found);
  files_[effect.to] = std::move(moved);
}

void Disk::remove(const RemoveFile& effect) {
  const auto found = files_.find(effect.file);
  if (found != files_.end()) files_.erase(found);
}

void Disk::sync(const SyncFile& effect) {
  const auto found = files_.find(effect.file);
  if (found == files_.end() || !found->second.dirty) return;
  found->second.synced = found->second.cached;
  found->second.dirty = false;
}

DiskImage Disk::image() const {
  DiskImage image;
  for (const auto& [name, file] : files_) image.emplace(name, file.cached.whole());
  return image;
}

std::uint64_t Disk::lose_unsynced() {
  std::uint64_t lost = 0;
  for (auto& [name, file] : files_) {
    if (!file.dirty) continue;
    lost += changed_bytes(*file.cached.whole(), *file.synced.whole());
    file.cached = file.synced;
    file.dirty = false;
  }
  return lost;
}

std::uint64_t Disk::apply(const DiskChange& change, Choices& choices) {
  switch (change.what) {
    case DiskChange::What::kKeep:
      return 0;
    case DiskChange::What::kLoseAll: {
      const std::uint64_t lost = bytes();
      files_.clear();
      return lost;
    }
    case DiskChange::What::kLoseUnsynced:
      return lose_unsynced();
    case DiskChange::What::kLoseFile:
    case DiskChange::What::kTearFile:
      break;
  }
  const auto found = files_.find(change.file);
  if (found == files_.end()) return 0;
  if (change.what == DiskChange::What::kTearFile) return tear(found->second, choices);
  const std::uint64_t lost = found->second.cached.size();
  files_.erase(found);
  return lost;
}

// The first bytes of the last write made it, the rest is as before. The byte is chosen among those
// that leave a file different from the whole one: cutting a tail that was equal before would tear
// nothing.
std::uint64_t Disk::tear(File& file, Choices& choices) {
  if (!file.last_write.has_value()) return 0;
  const LastWrite& last = *file.last_write;
  const std::string data = *last.data.whole();
  const std::string replaced = *last.replaced.whole();
  std::size_t differs = data.size();  // one past the last byte that the write changed
  while (differs > 0 && differs <= replaced.size() && data[differs - 1] == replaced[differs - 1]) {
    --differs;
  }
  if (differs == 0) return 0;
  // Outcome 0 loses just the last byte that mattered.
  const std::uint64_t kept =
      differs - 1 - choices.choose(Site::kTornWrite, std::max<std::uint64_t>(differs - 1, 1));
  const std::string whole = *file.cached.whole();
  std::string torn = whole;
  torn.resize(std::max<std::uint64_t>(last.size_before, last.offset + kept));
  for (std::size_t i = kept; i < data.size() && last.offset + i < torn.size(); ++i) {
    torn[last.offset + i] = i < replaced.size() ? replaced[i] : '\0';
  }
  const std::uint64_t changed = changed_bytes(whole, torn);
  file.cached = FileContent(share(std::move(torn)));
  file.synced = file.cached;
  file.dirty = false;
  file.last_write.reset();
  return changed;
}

std::uint64_t Disk::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& [name, file] : files_) {
    sum += file.cached.size() + (file.dirty ? file.synced.size() : 0);
  }
  return sum;
}

}  // namespace sim
