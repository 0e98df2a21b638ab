#include "sim/core/snapshot_rdb.h"

#include <charconv>
#include <utility>

#include "sim/core/dump.h"
#include "sim/wire/crc16.h"

namespace sim {
namespace {

// Aux fields of our own, beside those that 7.0.15 writes. Real servers pass over what they do not
// know.
constexpr std::string_view kChain = "slotsim-chain";
constexpr std::string_view kOpenSlots = "cluster-slot-states";  // Valkey's
constexpr std::string_view kWeightKeys = "slotsim-weight-keys";
constexpr std::string_view kWeightBytes = "slotsim-weight-bytes";
constexpr std::string_view kWeightRdbBytes = "slotsim-weight-rdb-bytes";

template <class Int>
std::optional<Int> number(const rdb::File& file, std::string_view name) {
  const auto field = file.aux.find(name);
  if (field == file.aux.end()) return std::nullopt;
  const std::string& text = field->second;
  Int value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void write_aux(rdb::Writer& writer, const Snapshot& snapshot) {
  writer.aux("redis-ver", "7.0.15");
  writer.aux("redis-bits", "64");
  writer.aux("ctime", std::to_string(snapshot.taken_at_s));
  writer.aux("used-mem", std::to_string(snapshot.keyspace.estimated_bytes()));
  if (!snapshot.replid.is_none()) {
    writer.aux("repl-stream-db", "0");
    writer.aux("repl-id", snapshot.replid.view());
    writer.aux("repl-offset", std::to_string(snapshot.offset));
  }
  writer.aux("aof-base", "0");
  if (!snapshot.open_slots.empty()) writer.aux(kOpenSlots, snapshot.open_slots);
  if (snapshot.chain) writer.aux(kChain, std::to_string(*snapshot.chain));
  if (snapshot.weight.empty()) return;
  writer.aux(kWeightKeys, std::to_string(snapshot.weight.keys));
  writer.aux(kWeightBytes, std::to_string(snapshot.weight.bytes));
  writer.aux(kWeightRdbBytes, std::to_string(snapshot.weight.rdb_bytes));
}

void write_entry(rdb::Writer& writer, const Entry& entry) {
  if (entry.expire_at_ms != kNoExpiry) writer.expiry(entry.expire_at_ms);
  if (const auto* text = std::get_if<std::string>(&entry.value)) {
    return writer.text(entry.key, *text);
  }
  const List& list = *std::get<ListRef>(entry.value);
  writer.list(entry.key, list.size());
  for (std::size_t i = 0; i < list.size(); ++i) writer.item(list[i]);
}

}  // namespace

std::string encode_rdb(const Snapshot& snapshot) {
  rdb::Writer writer;
  write_aux(writer, snapshot);
  if (!snapshot.keyspace.empty()) {
    writer.database(snapshot.keyspace.size(), snapshot.keyspace.expiring());
  }
  snapshot.keyspace.each_by_age([&writer](const Entry& entry) { write_entry(writer, entry); });
  return writer.finish();
}

std::variant<Snapshot, rdb::Broken> decode_rdb(std::string_view bytes) {
  auto decoded = rdb::decode(bytes);
  if (auto* broken = std::get_if<rdb::Broken>(&decoded)) return std::move(*broken);
  auto& file = std::get<rdb::File>(decoded);
  Snapshot snapshot;
  const auto id = file.aux.find("repl-id");
  if (id != file.aux.end() && id->second.size() == 40) {
    snapshot.replid = NodeName::from(id->second);
    snapshot.offset = number<std::int64_t>(file, "repl-offset").value_or(0);
  }
  snapshot.chain = number<std::uint64_t>(file, kChain);
  snapshot.taken_at_s = number<std::int64_t>(file, "ctime").value_or(0);
  if (const auto open = file.aux.find(kOpenSlots); open != file.aux.end()) {
    snapshot.open_slots = open->second;
  }
  snapshot.weight = {number<std::uint64_t>(file, kWeightKeys).value_or(0),
                     number<std::uint64_t>(file, kWeightBytes).value_or(0),
                     number<std::uint64_t>(file, kWeightRdbBytes).value_or(0)};
  for (rdb::Key& key : file.keys) {
    snapshot.keyspace.put(slot_of(key.key), key.key, data_value(std::move(key.value)),
                          key.expire_at_ms.value_or(kNoExpiry));
  }
  for (const auto& [kind, count] : file.skipped) {
    if (!snapshot.left_out.empty()) snapshot.left_out += ", ";
    snapshot.left_out.append(std::to_string(count)).append(" ").append(kind);
  }
  return snapshot;
}

}  // namespace sim
