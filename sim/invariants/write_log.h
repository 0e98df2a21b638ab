// The writes to one key, as clients saw them and with where each took effect. Millions of them are
// kept until the end of a run (every append to a list may be missed there), so all but the latest
// are packed: about 30 bytes a write instead of 150.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/time.h"
#include "sim/base/types.h"
#include "sim/trace/record.h"

namespace sim {

// A replication history by number, counted from 1 in the order in which they were met; 0: none.
using HistoryNumber = std::uint32_t;

struct WriteEffect {  // where a write took effect
  MachineId machine = kNoMachine;
  SimTime at;
  SlotId slot;
  std::int64_t offset = 0;
  HistoryNumber history = 0;  // none if the node told no stream
  std::uint64_t epoch = 0;
  std::optional<Duration> isolated_for;
  std::uint32_t sides = 0;  // of the partition then, by number
  bool deposed = false;     // another primary had taken this slot from it
  // All that is known is who acknowledged it: a real server. `at` is then when it was asked, and
  // what the write cannot be said to have met is taken to excuse its loss.
  bool by_answer = false;
  bool operator==(const WriteEffect&) const = default;
};

struct LoggedWrite {
  std::uint64_t operation = 0;
  event::OpKind kind{};
  event::OpOutcome outcome = event::OpOutcome::kUnknown;
  SimTime invoked, completed = SimTime::max();
  std::uint32_t repeats = 0;  // attempts beyond the first that were not redirections
  std::string value;
  MachineId client;
  std::uint32_t replicas_wanted = 0, replicas = 0;
  WriteEffect effect;
  bool operator==(const LoggedWrite&) const = default;
};

// In the order in which they were added, which any of the calls keeps.
class WriteLog {
 public:
  void add(LoggedWrite write) { latest_.push_back(std::move(write)); }
  std::size_t size() const { return packed_count_ + latest_.size(); }
  bool empty() const { return size() == 0; }

  // `see(const LoggedWrite&)` for each; what it is shown is gone after the call.
  template <class See>
  void each(const See& see) const {
    Reader reader(packed_);
    while (reader.next()) see(reader.write());
    for (const LoggedWrite& write : latest_) see(write);
  }
  // Of those that are not packed yet.
  const std::vector<LoggedWrite>& latest() const { return latest_; }
  template <class Drop>
  std::size_t drop_latest_if(const Drop& drop) {
    return std::erase_if(latest_, drop);
  }
  // Packs all. They can be read as before, but no more be dropped.
  void pack();

 private:
  // Numbers are packed as what they differ by from those of the write before.
  class Reader {
   public:
    explicit Reader(const std::vector<std::uint8_t>& bytes) : bytes_(bytes) {}
    bool next();
    const LoggedWrite& write() const { return write_; }

   private:
    std::uint64_t number();
    std::int64_t difference();
    const std::vector<std::uint8_t>& bytes_;
    std::size_t at_ = 0;
    LoggedWrite write_;
  };

  std::vector<std::uint8_t> packed_;
  std::size_t packed_count_ = 0;
  LoggedWrite last_packed_;
  std::vector<LoggedWrite> latest_;
};

}  // namespace sim
