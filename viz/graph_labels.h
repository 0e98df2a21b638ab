// The words in a cluster graph: HTML-like labels for Graphviz, with everything that came from
// outside escaped.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "viz/graph_style.h"
#include "viz/picture.h"

namespace sim {

std::string escaped(std::string_view text);
std::string bold(const std::string& html);
std::string colored(const std::string& html, const char* color);

// Signs that occur in the picture, and so need explaining.
using LegendKeys = std::set<std::string>;

// Of many nodes that all refuse clients the title tells once.
bool told_in_title(const ClusterPicture& picture);
std::string title_label(const ClusterPicture& picture);
std::string node_label(const ClusterPicture& picture, const PictureNode& node, LegendKeys& legend);
// Of many nodes that are drawn as one. Precondition: they stand on one side, and the same stands
// out in them.
std::string summary_label(const ClusterPicture& picture, const std::vector<MachineId>& nodes,
                          LegendKeys& legend);
// "side B, majority"; nothing of a majority unless the network is split for all.
std::string side_text(const ClusterPicture& picture, std::uint32_t side);
// "sides of a network split: A has 2 of 5 votes, B has 3 (majority)"
std::string sides_meaning(const ClusterPicture& picture);
std::string slots_text(const SlotSet& slots);
std::string legend_label(const ClusterPicture& picture, LegendKeys legend);
// The box of rows in which a legend is drawn.
std::string legend_table(const std::vector<std::pair<std::string, std::string>>& rows);

}  // namespace sim
