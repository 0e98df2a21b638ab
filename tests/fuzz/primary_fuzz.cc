// Any bytes from a primary: read the same whole and byte by byte.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/check.h"
#include "sim/wire/primary_reader.h"

namespace {

// Asks as a replica would: replies up to the promise of a snapshot, that, then the stream.
struct Replica {
  enum class Due { kReply, kSnapshot, kCommands } due = Due::kReply;
  sim::PrimaryReader reader;
  std::vector<sim::resp::Value> replies;
  std::string snapshot;
  std::vector<sim::resp::Command> commands;

  bool read_one() {
    switch (due) {
      case Due::kReply: {
        sim::resp::Value reply;
        if (!reader.next_reply(reply)) return false;
        const auto* promise = std::get_if<sim::resp::Simple>(&reply.data);
        if (promise != nullptr && promise->text.starts_with("FULL")) due = Due::kSnapshot;
        replies.push_back(std::move(reply));
        return true;
      }
      case Due::kSnapshot:
        if (!reader.next_snapshot(snapshot)) return false;
        due = Due::kCommands;
        return true;
      case Due::kCommands: {
        std::vector<sim::resp::Command> more;
        if (!reader.next_commands(more)) return false;
        std::move(more.begin(), more.end(), std::back_inserter(commands));
        return true;
      }
    }
    return false;
  }
  void hear(std::string_view bytes, std::size_t stroke) {
    for (std::size_t at = 0; at < bytes.size(); at += stroke) {
      reader.feed(bytes.substr(at, stroke));
      while (read_one()) continue;
    }
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Replica whole, cut;
  whole.hear(bytes, std::max<std::size_t>(size, 1));
  cut.hear(bytes, 1);
  CHECK(whole.due == cut.due);
  CHECK(whole.replies == cut.replies);
  CHECK(whole.snapshot == cut.snapshot);
  CHECK(whole.commands == cut.commands);
  CHECK(whole.reader.broken() == cut.reader.broken());
  return 0;
}
