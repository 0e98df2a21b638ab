// Any bytes as an RDB file: read without harm, and what was read is read the same once written.
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "sim/base/check.h"
#include "sim/wire/rdb.h"

namespace {

std::string written(const sim::rdb::File& file) {
  sim::rdb::Writer writer;
  for (const auto& [name, value] : file.aux) writer.aux(name, value);
  writer.database(file.keys.size(), 0);
  for (const sim::rdb::Key& key : file.keys) {
    if (key.expire_at_ms) writer.expiry(*key.expire_at_ms);
    if (const auto* text = std::get_if<std::string>(&key.value)) {
      writer.text(key.key, *text);
      continue;
    }
    const auto& items = std::get<std::vector<std::string>>(key.value);
    writer.list(key.key, items.size());
    for (const std::string& item : items) writer.item(item);
  }
  return writer.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto decoded =
      sim::rdb::decode(std::string_view(reinterpret_cast<const char*>(data), size));
  const auto* const file = std::get_if<sim::rdb::File>(&decoded);
  if (file == nullptr) {
    CHECK(!std::get<sim::rdb::Broken>(decoded).why.empty());
    return 0;
  }
  const auto again = sim::rdb::decode(written(*file));
  CHECK(std::holds_alternative<sim::rdb::File>(again));
  CHECK(std::get<sim::rdb::File>(again).keys == file->keys);
  CHECK(std::get<sim::rdb::File>(again).aux == file->aux);
  return 0;
}
