#include "sim/app/report_tables.h"

#include <type_traits>
#include <utility>
#include <variant>

#include "sim/trace/event_fields.h"

namespace sim {
namespace {

using Json = nlohmann::ordered_json;

// Goes over the fields of an event; of the first of its kind, their names too.
class RowWriter {
 public:
  template <class E>
  using Ref = const E&;

  RowWriter(TextTable& texts, Json& row, std::vector<std::string>* names)
      : texts_(texts), row_(row), names_(names) {}

  template <class T>
  void operator()(std::string_view key, const T& value) {
    put(key, value);
  }
  void hash(std::string_view key, std::uint64_t value) { put(key, std::to_string(value)); }

 private:
  void name(std::string_view key, std::string_view type) {
    if (names_ != nullptr) names_->push_back(std::string(key) + ":" + std::string(type));
  }
  template <class Number>
  requires std::is_arithmetic_v<Number>
  void put(std::string_view key, Number value) {
    name(key, "n");
    row_.push_back(static_cast<std::int64_t>(value));
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void put(std::string_view key, Enum value) { put(key, enum_name(value)); }
  void put(std::string_view key, std::string_view value) {
    name(key, "t");
    row_.push_back(texts_.number(value));
  }
  void put(std::string_view key, const std::string& value) { put(key, std::string_view(value)); }
  void put(std::string_view key, const NodeName& value) { put(key, value.view()); }
  void put(std::string_view key, const SlotsRef& value) {
    put(key, std::string_view(format_slots(value->slots())));
  }
  void put(std::string_view key, SlotId value) { put(key, value.value); }
  void put(std::string_view key, ConnId value) { put(key, value.value); }
  void put(std::string_view key, MachineId value) {
    put(key, value == kNoMachine ? std::int64_t{-1} : std::int64_t{value.value});
  }
  void put(std::string_view key, Endpoint value) {
    put(key, std::string_view(format_endpoint(value)));
  }
  void put(std::string_view key, const std::vector<MachineId>& values) {
    name(key, "j");
    Json list = Json::array();
    for (const MachineId machine : values) list.push_back(machine.value);
    row_.push_back(std::move(list));
  }
  void put(std::string_view key, const std::vector<event::PeerView>& values) {
    put(key, values.size());
  }
  template <class T>
  requires(!std::is_arithmetic_v<T> && !std::is_enum_v<T>) void put(std::string_view key,
                                                                    const T& value) {
    name(key, "j");
    row_.push_back(value);
  }

  TextTable& texts_;
  Json& row_;
  std::vector<std::string>* names_;
};

}  // namespace

std::int64_t report_us(SimTime at) {
  const std::int64_t ns = to_ns(at);
  return ns / 1000 - (ns % 1000 < 0 ? 1 : 0);
}

std::uint32_t TextTable::number(std::string_view text) {
  const auto found = numbers_.find(text);
  if (found != numbers_.end()) return found->second;
  const auto number = static_cast<std::uint32_t>(texts_.size());
  texts_.emplace_back(text);
  numbers_.emplace(text, number);
  return number;
}

void EventTable::add(const Record& record) {
  const auto [found, is_new] = numbers_.try_emplace(record.event.index(), kinds_.size());
  if (is_new) kinds_.push_back({std::string(event_name(record.event))});
  const std::int64_t machine =
      record.machine == kNoMachine ? -1 : std::int64_t{record.machine.value};
  Json row = {steps_.to(report_us(record.at)), machine, found->second};
  RowWriter writer(texts_, row, is_new ? &kinds_[found->second] : nullptr);
  std::visit([&](const auto& event) { fields(writer, event); }, record.event);
  rows_.push_back(std::move(row));
}

Json EventTable::kinds() const {
  return kinds_;
}

}  // namespace sim
