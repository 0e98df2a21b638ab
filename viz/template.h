// The page of a report, built from viz/web and carried inside the binary: a whole HTML document
// with three marks to be replaced. Version 1 of what goes in is documented in docs/report.md.
#pragma once

#include <string_view>

namespace sim {

std::string_view report_template();

inline constexpr std::string_view kTitleMark = "<!--slotsim:title-->";
inline constexpr std::string_view kStaticMark = "<!--slotsim:static-->";  // read without JavaScript
inline constexpr std::string_view kDataMark = "<!--slotsim:data-->";      // the JSON document

}  // namespace sim
