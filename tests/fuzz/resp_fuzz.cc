// Any bytes on the client port: read the same whole and cut up, and the same again once written.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/check.h"
#include "sim/wire/resp.h"

namespace {

template <class Item>
struct Outcome {
  std::vector<Item> items;
  std::string broken;
  bool operator==(const Outcome&) const = default;
};

template <class Reader, class Item>
Outcome<Item> read_all(std::string_view bytes, std::size_t stroke) {
  Reader reader;
  Outcome<Item> outcome;
  while (!bytes.empty()) {
    reader.feed(bytes.substr(0, stroke));
    bytes.remove_prefix(std::min(stroke, bytes.size()));
    Item item;
    while (reader.next(item)) outcome.items.push_back(item);
  }
  outcome.broken = reader.broken();
  return outcome;
}

template <class Reader, class Item>
void check_reader(std::string_view bytes) {
  const auto whole = read_all<Reader, Item>(bytes, bytes.size());
  const auto cut = read_all<Reader, Item>(bytes, 1);
  CHECK(cut == whole);
  std::string written;
  std::size_t size = 0;
  for (const Item& item : whole.items) {
    sim::resp::append_encoded(item, written);
    size += sim::resp::encoded_size(item);
  }
  CHECK(written.size() == size);
  const auto again = read_all<Reader, Item>(written, 7);
  CHECK(again.broken.empty());
  CHECK(again.items == whole.items);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_reader<sim::resp::CommandReader, sim::resp::Command>(bytes);
  check_reader<sim::resp::ValueReader, sim::resp::Value>(bytes);
  return 0;
}
