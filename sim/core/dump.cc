#include "sim/core/dump.h"

#include <utility>
#include <vector>

namespace sim {

DataValue data_value(rdb::Value value) {
  if (auto* text = std::get_if<std::string>(&value)) return std::move(*text);
  ListRef list(new List);
  for (std::string& item : std::get<std::vector<std::string>>(value)) {
    list->push_back(std::move(item));
  }
  return list;
}

std::string dump(const DataValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return rdb::dump_text(*text);
  const List& list = *std::get<ListRef>(value);
  rdb::ListDump dump(list.size());
  for (std::size_t i = 0; i < list.size(); ++i) dump.item(list[i]);
  return dump.finish();
}

std::variant<DataValue, rdb::BadDump> undump(std::string_view payload) {
  auto value = rdb::undump(payload);
  if (const auto* bad = std::get_if<rdb::BadDump>(&value)) return *bad;
  return data_value(std::get<rdb::Value>(std::move(value)));
}

}  // namespace sim
