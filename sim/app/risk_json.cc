// An analysis as a JSON document; docs/analyse.md tells what is in it.
#include <nlohmann/json.hpp>

#include "sim/app/risk_report.h"
#include "sim/app/risk_words.h"

namespace sim {
namespace {

using Json = nlohmann::ordered_json;

Json thing_json(const ClusterMap& map, const Failing& thing) {
  const bool link = thing.what == Failing::What::kLink;
  return link ? Json{{"kind", "link"}, {"name", name_of_link(map, thing.index)}}
              : Json{{"kind", word_of(map.places[thing.index].kind)},
                     {"name", map.places[thing.index].name}};
}

Json failures_json(const ClusterMap& map, const Risk& risk) {
  Json failures = Json::array();
  for (const Failure& failure : risk.failures) {
    Json things = Json::array();
    for (const Failing& thing : failure) things.push_back(thing_json(map, thing));
    failures.push_back(std::move(things));
  }
  return failures;
}

Json consequence_json(const Consequence& c) {
  return {{"loses_slots", c.loses_slots()},
          {"majority", c.majority},
          {"votes_left", c.votes_left},
          {"votes_needed", c.votes_needed},
          {"slots_refused", c.slots_refused},
          {"slots_down", c.slots_down},
          {"shards_down", c.shards_down},
          {"shards_without_copy", c.shards_gone},
          {"failovers", c.failovers},
          {"primaries_lost", c.primaries_lost},
          {"replicas_lost", c.replicas_lost},
          {"primaries_cut_off", c.primaries_cut_off},
          {"replicas_cut_off", c.replicas_cut_off},
          {"shards_without_replica", c.shards_bare}};
}

Json drill_json(const SeedRange& seeds, const DrillResult& drill) {
  Json json = {{"first_seed", seeds.first},
               {"seeds", seeds.count()},
               {"unavailable_ns", drill.unavailable_ns},
               {"until_mended", drill.until_mended},
               {"failovers", drill.failovers},
               {"lost_writes", drill.lost_writes},
               {"violations", drill.violations},
               {"died", drill.died}};
  if (drill.died > 0) json["death"] = drill.death;
  return json;
}

Json risks_json(const Analysis& analysis, const std::vector<Risk>& risks, bool drilled) {
  Json list = Json::array();
  for (std::size_t i = 0; i < risks.size(); ++i) {
    Json risk = {{"sentence", sentence_of(analysis, risks[i])},
                 {"failures", failures_json(analysis.map, risks[i])},
                 {"consequence", consequence_json(risks[i].consequence)}};
    if (drilled && i < analysis.drills.size())
      risk["simulated"] = drill_json(analysis.seeds, analysis.drills[i]);
    list.push_back(std::move(risk));
  }
  return list;
}

Json names_json(const ClusterMap& map, const std::vector<std::uint32_t>& servers) {
  Json names = Json::array();
  for (const std::uint32_t server : servers) names.push_back(map.servers[server].name);
  return names;
}

Json links_json(const ClusterMap& map, const std::vector<std::uint32_t>& links) {
  Json names = Json::array();
  for (const std::uint32_t link : links) names.push_back(name_of_link(map, link));
  return names;
}

}  // namespace

std::string to_json(const Analysis& analysis) {
  const ClusterMap& map = analysis.map;
  const Risks& risks = analysis.risks;
  Json shared = Json::array(), points = Json::array(), busy = Json::array();
  for (const SharedPlace& one : analysis.shared) {
    shared.push_back({{"shard", one.shard},
                      {"place", name_of_place(map, one.place)},
                      {"servers", names_json(map, one.servers)},
                      {"all", one.all}});
  }
  for (const std::uint32_t place : analysis.weak.places)
    points.push_back(name_of_place(map, place));
  for (std::uint32_t i = 0; i < map.links.size(); ++i)
    busy.push_back({{"link", name_of_link(map, i)}, {"pairs", map.links[i].routes}});
  Json cut;
  if (analysis.cut) {
    cut = {{"links", links_json(map, analysis.cut->links)},
           {"servers", names_json(map, analysis.cut->servers)}};
  }
  const Json document = {
      {"slotsim_analysis", 1},
      {"scenario", analysis.scenario},
      {"servers", map.servers.size()},
      {"votes", risks.votes},
      {"full_coverage", map.full_coverage},
      {"notes", analysis.unsaid},
      {"single_points_of_failure", single_points(analysis)},
      {"single_examined", risks.single_examined},
      {"two_examined", risks.two_examined},
      {"two_possible", risks.two_possible},
      {"sound", consequence_json(risks.sound)},
      {"single", risks_json(analysis, risks.single, true)},
      {"two", risks_json(analysis, risks.two, false)},
      {"shared_places", std::move(shared)},
      {"articulation_points", std::move(points)},
      {"bridges", links_json(map, analysis.weak.links)},
      {"smallest_cut", std::move(cut)},
      {"routes", std::move(busy)},
  };
  return document.dump(2);
}

}  // namespace sim
