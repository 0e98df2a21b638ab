// What a renderer is: a fold over the trace that ends as a string. Renderers ask nobody but the
// trace.
//
// Times they show are relative to t = 0, the moment the cluster was first ok, which the trace tells
// by PhaseBegan{kFaults}; what came before is negative.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/time.h"
#include "sim/trace/fold.h"

namespace sim {

// The run a picture is of, and how to look at it.
struct Scene {
  std::string scenario;
  std::uint64_t seed = 0;
  Cast cast;
  std::optional<Duration> at;  // since t = 0; absent: as it was at the last record
  std::string view;            // machine through whose eyes to look; empty: what a majority holds
  std::vector<std::string> single_points;  // names of hosts, racks, ... whose loss splits the
                                           // network (topology's knowledge)
};

class Renderer : public TraceFold {
 public:
  // May be called once all records have been seen.
  virtual std::string render() const = 0;
};

struct RendererInfo {
  std::string_view name;
  std::string_view description;  // one line, for `slotsim list`
  std::unique_ptr<Renderer> (*make)(const Scene& scene);
};

std::unique_ptr<Renderer> make_graph(const Scene& scene);
std::unique_ptr<Renderer> make_timeline(const Scene& scene);
std::unique_ptr<Renderer> make_availability(const Scene& scene);

// All renderers, in the order to list them.
const std::vector<RendererInfo>& renderers();
// Null if there is none of that name.
const RendererInfo* find_renderer(std::string_view name);

}  // namespace sim
