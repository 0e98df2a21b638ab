// HTML-like tables of Graphviz, of which the physical, logical and belief pictures are made.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "viz/graph_labels.h"

namespace sim {

struct TableCell {
  std::string html;
  std::string attributes;  // ` BGCOLOR="#DDDDDD"`
};

// A table whose first row is a heading over all columns; cells in rows of `columns`.
std::string headed_table(const std::string& heading, const std::vector<TableCell>& cells,
                         std::size_t columns);

// The frame of a picture: title, defaults, `body`, and a legend of these rows below it.
std::string framed(const ClusterPicture& picture, const std::string& attributes,
                   const std::string& body,
                   const std::vector<std::pair<std::string, std::string>>& legend);

// How a node is told in a cell: name, role, and whatever is the matter with it.
std::string node_line(const PictureNode& node);
// ` BGCOLOR="..."` by side and state.
std::string node_fill(const PictureNode& node);

}  // namespace sim
