#include <algorithm>

#include "sim/base/check.h"
#include "sim/core/replication_state.h"

namespace sim {
namespace {
constexpr std::size_t kPiecesPerBlock = 256;
}

std::int64_t Backlog::first_offset() const {
  return std::max(begin_, end_ - static_cast<std::int64_t>(capacity_));
}

void Backlog::create(std::int64_t next_offset, std::uint64_t capacity) {
  CHECK(!exists_);
  exists_ = true;
  capacity_ = capacity;
  begin_ = end_ = next_offset;
}

void Backlog::free() {
  *this = Backlog();
}

void Backlog::resize(std::uint64_t capacity) {
  begin_ = first_offset();  // what was overwritten does not come back
  capacity_ = capacity;
  trim();
}

void Backlog::append(StreamRef chunk) {
  CHECK(exists_);
  if (blocks_.empty() || blocks_.back()->pieces.size() == kPiecesPerBlock) {
    blocks_.emplace_back(new Block);
  } else if (blocks_.back()->use_count() > 1) {
    blocks_.back() = new Block(*blocks_.back());
  }
  const auto size = static_cast<std::int64_t>(chunk->size());
  blocks_.back()->pieces.push_back({end_, std::move(chunk)});
  end_ += size;
  trim();
}

// Whole blocks only: what lies before `first_offset` in the first one is not offered any more, just
// not freed yet.
void Backlog::trim() {
  while (blocks_.size() > 1 && blocks_[1]->pieces.front().begin <= first_offset()) {
    begin_ = std::max(begin_, blocks_[1]->pieces.front().begin);
    blocks_.pop_front();
  }
}

StreamRef Backlog::from(std::int64_t offset, bool& possible) const {
  possible = exists_ && offset >= first_offset() && offset <= end_;
  if (!possible || offset == end_) return nullptr;
  std::vector<RequestRef> commands;
  std::int64_t at = 0;
  for (const auto& block : blocks_) {
    for (const Piece& piece : block->pieces) {
      at = piece.begin;
      for (const RequestRef& command : piece.chunk->commands()) {
        if (at == offset || !commands.empty()) commands.push_back(command);
        at += static_cast<std::int64_t>(command->size());
      }
    }
  }
  CHECK(at == end_);
  possible = !commands.empty();
  return possible ? StreamRef(new StreamPayload(std::move(commands))) : nullptr;
}

}  // namespace sim
