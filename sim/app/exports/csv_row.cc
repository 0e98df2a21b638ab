#include "sim/app/exports/csv_row.h"

namespace sim {

std::string csv_row(const std::vector<std::string>& fields) {
  std::string row;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) row += ',';
    if (fields[i].find_first_of(",\"\r\n") == std::string::npos) {
      row += fields[i];
      continue;
    }
    row += '"';
    for (const char c : fields[i]) {
      if (c == '"') row += '"';
      row += c;
    }
    row += '"';
  }
  return row + "\r\n";
}

std::string decimal(std::int64_t number, int places) {
  const bool negative = number < 0;
  // The magnitude of the least number is one that only the unsigned have.
  std::uint64_t rest =
      negative ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
  std::string text;
  for (int place = 0; place < places; ++place, rest /= 10)
    text.insert(text.begin(), static_cast<char>('0' + rest % 10));
  if (places > 0) text.insert(text.begin(), '.');
  return (negative ? "-" : "") + std::to_string(rest) + text;
}

}  // namespace sim
