#include "sim/core/replication_payloads.h"

#include <charconv>

#include "sim/base/hash.h"
#include "sim/core/snapshot_rdb.h"
#include "sim/wire/crc16.h"
#include "sim/wire/primary_reader.h"

namespace sim {
namespace {

constexpr std::string_view kMagic = "SLOTSIM-SNAPSHOT";
constexpr std::string_view kNoHistory = "0000000000000000000000000000000000000000";
constexpr std::string_view kNoChain = "- ";
// "$EOF:" and two 40-byte marks frame what a diskless synchronisation sends; magic, aux fields and
// checksum are the rest of an RDB file's fixed part.
constexpr std::uint64_t kFixedBytes = 5 + 40 + 2 + 40 + 130;

template <class Int>
bool take_number(std::string_view& text, Int& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.empty()) text.remove_prefix(1);
  return true;
}

// Takes one line off, without its "\r\n".
bool take_line(std::string_view& bytes, std::string_view& line) {
  const std::size_t end = bytes.find("\r\n");
  if (end == std::string_view::npos) return false;
  line = bytes.substr(0, end);
  bytes.remove_prefix(end + 2);
  return true;
}

bool apply_entry(const resp::Command& command, Keyspace& keyspace) {
  if (command.size() < 3) return false;
  const std::string& key = command[1];
  const SlotId slot = slot_of(key);
  if (command[0] == "SET") {
    keyspace.put(slot, key, command[2], kNoExpiry);
  } else if (command[0] == "RPUSH") {
    ListRef list(new List);
    for (std::size_t at = 2; at < command.size(); ++at) list->push_back(command[at]);
    keyspace.put(slot, key, std::move(list), kNoExpiry);
  } else {
    std::string_view text = command[2];
    std::int64_t when = 0;
    if (command[0] != "PEXPIREAT" || !take_number(text, when)) return false;
    if (keyspace.find(slot, key) == nullptr) return false;
    keyspace.set_expiry(slot, key, when);
  }
  return true;
}

// Of a diskless synchronisation: 40 characters that do not occur in the file. A real server draws
// them; here they follow from the content, which is as unlikely to contain them.
std::string end_mark(std::uint64_t seed) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string mark;
  for (std::uint64_t part = 0; mark.size() < 40; ++part) {
    std::uint64_t bits = fold64(seed, part);
    for (int digit = 0; digit < 8; ++digit, bits >>= 4) mark += kHex[bits & 0xf];
  }
  return mark;
}

}  // namespace

StreamPayload::StreamPayload(std::vector<RequestRef> commands) : commands_(std::move(commands)) {
  for (const RequestRef& command : commands_) size_ += command->size();
}

std::string StreamPayload::bytes() const {
  std::string out;
  out.reserve(size_);
  for (const RequestRef& command : commands_) resp::append_encoded(command->command(), out);
  return out;
}

std::uint64_t StreamPayload::hash() const {
  std::uint64_t hash = commands_.size();
  for (const RequestRef& command : commands_) hash = fold64(hash, command->hash());
  return hash;
}

PayloadRef StreamPayload::through_wire() const {
  resp::CommandReader reader;
  reader.feed(bytes());
  std::vector<RequestRef> decoded;
  resp::Command command;
  while (decoded.size() < commands_.size() && reader.next(command)) {
    const std::uint64_t operation = commands_[decoded.size()]->operation();
    decoded.emplace_back(new resp::RequestPayload(std::move(command), operation));
    command.clear();
  }
  if (decoded.size() != commands_.size()) return nullptr;
  return PayloadRef(new StreamPayload(std::move(decoded)));
}

std::vector<resp::Command> commands_of(const Entry& entry) {
  std::vector<resp::Command> commands;
  if (const auto* text = std::get_if<std::string>(&entry.value)) {
    commands.push_back({"SET", entry.key, *text});
  } else {
    const List& list = *std::get<ListRef>(entry.value);
    commands.push_back({"RPUSH", entry.key});
    for (std::size_t i = 0; i < list.size(); ++i) commands.back().push_back(list[i]);
  }
  if (entry.expire_at_ms != kNoExpiry) {
    commands.push_back({"PEXPIREAT", entry.key, std::to_string(entry.expire_at_ms)});
  }
  return commands;
}

std::string encode_snapshot(const Snapshot& snapshot) {
  std::string out(kMagic);
  out.append(" 1 ")
      .append(snapshot.replid.is_none() ? kNoHistory : snapshot.replid.view())
      .append(" ");
  out.append(std::to_string(snapshot.offset)).append(" ");
  out.append(snapshot.chain ? std::to_string(*snapshot.chain) + " " : std::string(kNoChain));
  out.append(std::to_string(snapshot.keyspace.size()));
  if (const Weight& weight = snapshot.weight; !weight.empty()) {
    for (const std::uint64_t part : {weight.keys, weight.bytes, weight.rdb_bytes}) {
      out.append(" ").append(std::to_string(part));
    }
  }
  out.append("\r\n");
  snapshot.keyspace.each_by_age([&out](const Entry& entry) {
    for (const resp::Command& command : commands_of(entry)) resp::append_encoded(command, out);
  });
  return out.append("END ").append(std::to_string(snapshot.keyspace.data_hash())).append("\r\n");
}

bool decode_snapshot(std::string_view bytes, Snapshot& snapshot) {
  std::string_view line;
  if (!take_line(bytes, line) || line.substr(0, kMagic.size()) != kMagic) return false;
  line.remove_prefix(std::min(line.size(), kMagic.size() + 3));
  if (line.size() < 41) return false;
  const std::string_view id = line.substr(0, 40);
  snapshot.replid = id == kNoHistory ? NodeName{} : NodeName::from(id);
  line.remove_prefix(41);
  std::uint64_t keys = 0, data_hash = 0;
  if (!take_number(line, snapshot.offset)) return false;
  if (line.starts_with(kNoChain)) {
    line.remove_prefix(kNoChain.size());
  } else if (!take_number(line, snapshot.chain.emplace())) {
    return false;
  }
  if (!take_number(line, keys)) return false;
  Weight& weight = snapshot.weight;
  if (!line.empty() && !(take_number(line, weight.keys) && take_number(line, weight.bytes) &&
                         take_number(line, weight.rdb_bytes))) {
    return false;
  }
  const std::size_t trailer = bytes.rfind("END ");
  if (trailer == std::string_view::npos) return false;
  snapshot.keyspace.clear();
  resp::CommandReader reader;
  reader.feed(bytes.substr(0, trailer));
  resp::Command command;
  while (reader.next(command)) {
    if (!apply_entry(command, snapshot.keyspace)) return false;
    command.clear();
  }
  std::string_view rest = bytes.substr(trailer + 4);
  return take_number(rest, data_hash) && snapshot.keyspace.size() == keys &&
         snapshot.keyspace.data_hash() == data_hash;
}

SnapshotPayload::SnapshotPayload(Snapshot snapshot, Framing framing)
    : snapshot_(std::move(snapshot)),
      framing_(framing),
      size_(kFixedBytes + snapshot_.keyspace.estimated_bytes()) {}

std::string SnapshotPayload::bytes() const {
  const std::string rdb = encode_rdb(snapshot_);
  if (framing_ == Framing::kLength) return "$" + std::to_string(rdb.size()) + "\r\n" + rdb;
  const std::string mark = end_mark(hash());
  return "$EOF:" + mark + "\r\n" + rdb + mark;
}

std::uint64_t SnapshotPayload::hash() const {
  std::uint64_t hash = fold64(hash_text(snapshot_.replid.view()), snapshot_.chain.value_or(0));
  hash = fold64(hash, static_cast<std::uint64_t>(snapshot_.offset));
  hash = fold64(hash, snapshot_.keyspace.size());
  hash = fold64(hash, snapshot_.keyspace.data_hash());
  if (!snapshot_.open_slots.empty()) hash = fold64(hash, hash_text(snapshot_.open_slots));
  const Weight& weight = snapshot_.weight;
  if (weight.empty()) return hash;
  return fold64(fold64(fold64(hash, weight.keys), weight.bytes), weight.rdb_bytes);
}

std::uint64_t SnapshotPart::hash() const {
  return fold64(hash_text(label()), size_);
}

PayloadRef SnapshotPayload::through_wire() const {
  PrimaryReader reader;
  reader.feed(bytes());
  std::string rdb;
  if (!reader.next_snapshot(rdb)) return nullptr;
  auto decoded = decode_rdb(rdb);
  auto* const snapshot = std::get_if<Snapshot>(&decoded);
  if (snapshot == nullptr) return nullptr;
  return PayloadRef(new SnapshotPayload(std::move(*snapshot), framing_));
}

}  // namespace sim
