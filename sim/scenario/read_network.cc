#include <algorithm>

#include "sim/scenario/reader.h"

namespace sim::reader {
namespace {

Quality read_quality(Options& options, const Quality& otherwise) {
  Quality quality;
  constexpr Range<Duration> kDelay{Duration{0}, std::chrono::hours{1}};
  quality.delay = options.duration("delay", otherwise.delay, kDelay);
  quality.jitter = options.duration("jitter", otherwise.jitter, kDelay);
  using Distribution = Quality::Distribution;
  quality.distribution = options.one_of<Distribution>("distribution",
                                                      {{"uniform", Distribution::kUniform},
                                                       {"exponential", Distribution::kExponential},
                                                       {"normal", Distribution::kNormal}},
                                                      otherwise.distribution);
  quality.loss_ppm = options.ratio_ppm("loss", otherwise.loss_ppm, {0, 990'000});
  quality.bandwidth = options.bandwidth("bandwidth", otherwise.bandwidth);
  return quality;
}

// "zone:a", "switch:s1", or a machine.
std::optional<VertexName> vertex_name(const std::string& text, Options& options, std::string& why,
                                      std::string& hint) {
  const KnownNames* known = options.known();
  const Problems& problems = options.problems();
  const std::size_t colon = text.find(':');
  const std::string kind = colon == std::string::npos ? "machine" : text.substr(0, colon);
  const std::string name = colon == std::string::npos ? text : text.substr(colon + 1);
  constexpr std::array<std::string_view, 5> kKinds{"zone", "region", "rack", "host", "switch"};
  if (kind != "machine" && std::find(kKinds.begin(), kKinds.end(), kind) == kKinds.end()) {
    why = "expected an end such as \"zone:a\", \"switch:s1\" or \"m1\", got " + quote(text);
    hint = problems.guess(kind, kKinds);
    return std::nullopt;
  }
  if (known == nullptr) return VertexName{kind, name};
  const NameList& names = kind == "zone"     ? known->zones
                          : kind == "region" ? known->regions
                          : kind == "rack"   ? known->racks
                          : kind == "host"   ? known->hosts
                          : kind == "switch" ? known->switches
                                             : known->machines;
  if (names.has(name)) return VertexName{kind, name};
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  why = "there is no " + kind + ' ' + quote(name);
  hint = problems.guess(name, candidates);
  return std::nullopt;
}

void read_ends(Options& options, LinkOptions& link) {
  const std::vector<std::string> ends = options.texts("between");
  if (ends.size() != 2) {
    if (options.has("between")) {
      options.problem("between", "expected two ends, such as [\"zone:a\", \"zone:b\"]");
    }
    return;
  }
  for (std::size_t i = 0; i < 2; ++i) {
    std::string why, hint;
    const std::optional<VertexName> end = vertex_name(ends[i], options, why, hint);
    if (!end) options.problem("between", why, hint);
    (i == 0 ? link.a : link.b) = end.value_or(VertexName{});
  }
  if (link.a == link.b && !link.a.kind.empty()) {
    options.problem("between", "a link from " + quote(ends[0]) + " to itself");
  }
  link.name = ends[0] + '-' + ends[1];
}

}  // namespace

NetworkOptions read_network(Options options) {
  NetworkOptions network;
  network.machines = read_quality(options, network.machines);
  network.switches = options.texts("switches", std::vector<std::string>{});
  std::vector<std::string> names;
  for (Options& entry : options.objects("links")) {
    LinkOptions link;
    read_ends(entry, link);
    link.name = entry.text("name", link.name);
    link.quality = read_quality(entry, Quality{});
    if (std::find(names.begin(), names.end(), link.name) != names.end()) {
      entry.problem("", "there is a second link " + quote(link.name));
    }
    names.push_back(link.name);
    entry.finish();
    network.links.push_back(std::move(link));
  }
  options.finish();
  return network;
}

}  // namespace sim::reader
