// The compact form in which a report carries records: texts are numbers of a table that holds each
// once, times are differences in microseconds, and what the fields of a kind are called is said
// once for all of them.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sim/trace/fold.h"

namespace sim {

// Rounded down, also before t = 0.
std::int64_t report_us(SimTime at);

// Each text once, in the order in which they were first needed.
class TextTable {
 public:
  std::uint32_t number(std::string_view text);
  nlohmann::ordered_json json() const { return texts_; }

 private:
  std::map<std::string, std::uint32_t, std::less<>> numbers_;
  std::vector<std::string> texts_;
};

// Differences between values that follow each other.
class Steps {
 public:
  std::int64_t to(std::int64_t value) {
    const std::int64_t step = value - last_;
    last_ = value;
    return step;
  }

 private:
  std::int64_t last_ = 0;
};

// Rows [microseconds since the row before, machine or -1, kind, fields...].
class EventTable {
 public:
  explicit EventTable(TextTable& texts) : texts_(texts) {}

  void add(const Record& record);
  std::size_t size() const { return rows_.size(); }
  // [["Claim", "id:t", "config_epoch:n", ...], ...]: t for the number of a text, n for a number, j
  // for anything else.
  nlohmann::ordered_json kinds() const;
  nlohmann::ordered_json rows() const { return rows_; }

 private:
  TextTable& texts_;
  Steps steps_;
  std::map<std::size_t, std::size_t> numbers_;  // index in Event -> kind
  std::vector<std::vector<std::string>> kinds_;
  nlohmann::ordered_json rows_ = nlohmann::ordered_json::array();
};

}  // namespace sim
