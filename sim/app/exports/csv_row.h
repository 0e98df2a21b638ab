// Rows of CSV as RFC 4180 has them, and whole numbers with a decimal point.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sim {

// With CR and LF at its end; a field that needs them has quotes round it.
std::string csv_row(const std::vector<std::string>& fields);
// `number` / 10^places, exactly: (1204, 3) is "1.204".
std::string decimal(std::int64_t number, int places);

}  // namespace sim
