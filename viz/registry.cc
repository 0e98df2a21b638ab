// Every renderer there is. To add one: write its .cc, declare it in renderer.h, add its row here.
#include "viz/renderer.h"

namespace sim {

const std::vector<RendererInfo>& renderers() {
  static const std::vector<RendererInfo> table = {
      {"graph", "the cluster at one moment, as a Graphviz graph", make_graph},
      {"timeline", "milestones in plain words, one a line", make_timeline},
      {"availability", "when each shard had a healthy primary, as a strip of text",
       make_availability},
  };
  return table;
}

const RendererInfo* find_renderer(std::string_view name) {
  for (const RendererInfo& renderer : renderers()) {
    if (renderer.name == name) return &renderer;
  }
  return nullptr;
}

}  // namespace sim
