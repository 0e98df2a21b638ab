// The words in a cluster graph: HTML-like labels for Graphviz, with everything that came from
// outside escaped.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "viz/picture.h"

namespace sim {

// Okabe and Ito's palette (2008): told apart by colour-blind people too.
inline constexpr const char* kVermillion = "#D55E00";
inline constexpr const char* kOrange = "#E69F00";
inline constexpr const char* kBlue = "#0072B2";

std::string escaped(std::string_view text);
std::string bold(const std::string& html);
std::string colored(const std::string& html, const char* color);

// Signs that occur in the picture, and so need explaining.
using LegendKeys = std::set<std::string>;

// Of many nodes that all refuse clients the title tells once.
bool told_in_title(const ClusterPicture& picture);
std::string title_label(const ClusterPicture& picture);
std::string node_label(const ClusterPicture& picture, const PictureNode& node, LegendKeys& legend);
std::string legend_label(const ClusterPicture& picture, LegendKeys legend);

}  // namespace sim
