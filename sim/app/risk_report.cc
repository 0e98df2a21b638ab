#include "sim/app/risk_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "sim/app/cluster_map_of.h"
#include "sim/app/risk_words.h"
#include "sim/base/slot_set.h"
#include "sim/base/words.h"
#include "sim/trace/describe.h"

namespace sim {
namespace {

// Beyond it, what is left over is said to be so.
constexpr std::uint64_t kPairsMost = 50'000;
constexpr std::size_t kNamedShards = 5;

std::string heading(const std::string& text, const Paint& paint) {
  return "\n" + paint.strong(text) + "\n";
}

std::string cluster_line(const Analysis& analysis) {
  const ClusterMap& map = analysis.map;
  const auto primaries = static_cast<std::size_t>(std::count_if(
      map.servers.begin(), map.servers.end(), [](const MapServer& one) { return one.primary; }));
  std::map<PlaceKind, std::size_t> places;
  for (const MapPlace& place : map.places) ++places[place.kind];
  std::string where;
  for (const auto& [kind, count] : places)
    where = grouped_count(count, std::string(word_of(kind))) + (where.empty() ? "" : ", ") + where;
  return fmt::format(
      "{} and {} on {}\n{} {}, {} make a majority; cluster-require-full-coverage is {}\n",
      grouped_count(primaries, "primary"), grouped_count(map.servers.size() - primaries, "replica"),
      where, analysis.risks.votes, analysis.risks.votes == 1 ? "primary votes" : "primaries vote",
      analysis.risks.votes / 2 + 1, map.full_coverage ? "on" : "off");
}

std::string risk_lines(const Analysis& analysis, const std::vector<Risk>& risks, std::size_t shown,
                       const Paint& paint, bool drilled) {
  std::string text;
  for (std::size_t i = 0; i < risks.size() && i < shown; ++i) {
    const Risk& risk = risks[i];
    const std::string sentence = sentence_of(analysis, risk);
    text += fmt::format("{:>3}. {}\n", i + 1,
                        risk.consequence.loses_slots() ? paint.bad(sentence) : sentence);
    if (drilled && i < analysis.drills.size())
      text += "     simulated, " + sentence_of(analysis.drills[i]) + "\n";
  }
  if (risks.size() > shown)
    text +=
        fmt::format("     and {} more kinds of failure (--all shows them)\n", risks.size() - shown);
  return text;
}

std::string singles(const Analysis& analysis, std::size_t shown, const Paint& paint) {
  const Risks& risks = analysis.risks;
  std::string text =
      heading(fmt::format("Single failures ({} looked at), worst first", risks.single_examined),
              paint) +
      risk_lines(analysis, risks.single, shown, paint, true);
  if (risks.uplinks > 0)
    text += fmt::format(
        "     A cut uplink ({} looked at) does what losing all that hangs on it "
        "does, but what hangs on it lives on.\n",
        risks.uplinks);
  for (const std::uint32_t place : risks.whole_places)
    text += fmt::format(
        "     All servers stand in {}: without it there is no cluster, and that is "
        "not counted.\n",
        name_of_place(analysis.map, place));
  return text;
}

std::string doubles(const Analysis& analysis, std::size_t shown, const Paint& paint) {
  const Risks& risks = analysis.risks;
  const std::string many =
      risks.two_examined == risks.two_possible
          ? fmt::format("all {}", grouped(risks.two_possible))
          : fmt::format("{} of {}", grouped(risks.two_examined), grouped(risks.two_possible));
  std::string text = heading(
      fmt::format(
          "Double failures, both at once ({} pairs looked at), that lose more than either alone",
          many),
      paint);
  if (risks.two.empty()) return text + "     none\n";
  return text + risk_lines(analysis, risks.two, shown, paint, false);
}

// ---- Where copies and votes stand ----

std::string shared_line(const ClusterMap& map, const SharedPlace& shared) {
  const auto shards = shards_of(map);
  const auto of_shard = std::find_if(shards.begin(), shards.end(), [&](const auto& servers) {
    return map.servers[servers.front()].shard == shared.shard;
  });
  std::vector<std::string> names;
  for (std::size_t i = 1; i < shared.servers.size(); ++i)
    names.push_back(map.servers[shared.servers[i]].name);
  const std::size_t replicas = of_shard->size() - 1;
  const std::string who =
      replicas == 1 ? "its only replica " + names.front()
      : shared.all
          ? fmt::format("all {} replicas ({})", replicas, name_list(names))
          : fmt::format("{} of its {} replicas ({})", names.size(), replicas, name_list(names));
  return fmt::format("primary {} and {} share {}", map.servers[shared.servers.front()].name, who,
                     name_of_place(map, shared.place));
}

std::vector<std::string> shared_lines(const Analysis& analysis) {
  std::vector<SharedPlace> worst_first = analysis.shared;
  std::stable_sort(worst_first.begin(), worst_first.end(),
                   [&](const SharedPlace& a, const SharedPlace& b) {
                     const auto kind = [&](const SharedPlace& one) {
                       return analysis.map.places[one.place].kind;
                     };
                     return std::tuple(!a.all, kind(a)) < std::tuple(!b.all, kind(b));
                   });
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < worst_first.size() && i < kNamedShards; ++i)
    lines.push_back(shared_line(analysis.map, worst_first[i]));
  if (worst_first.size() > kNamedShards)
    lines.push_back(fmt::format("so do {} more shards", worst_first.size() - kNamedShards));
  return lines;
}

std::string replica_line(const ClusterMap& map) {
  std::map<std::size_t, std::vector<std::string>> by_count;
  for (const auto& servers : shards_of(map))
    by_count[servers.size() - 1].push_back(map.servers[servers.front()].name);
  std::string text;
  for (const auto& [replicas, primaries] : by_count) {
    text += text.empty() ? "" : "; ";
    if (replicas == 0) {
      text += fmt::format("{} {} no replica", name_list(primaries),
                          primaries.size() == 1 ? "has" : "have");
    } else {
      text += grouped_count(primaries.size(), "shard") +
              (primaries.size() == 1 ? " has " : " have ") + grouped_count(replicas, "replica") +
              (primaries.size() > 1 ? " each" : "");
    }
  }
  return text;
}

std::optional<std::string> votes_line(const Analysis& analysis) {
  const ClusterMap& map = analysis.map;
  std::map<std::string, std::uint32_t> votes;  // by zone
  for (std::uint32_t i = 0; i < map.places.size(); ++i) {
    if (map.places[i].kind != PlaceKind::kZone) continue;
    for (const MapServer& server : map.servers)
      votes[map.places[i].name] += stands_in(map, server.host, i) && server.slots > 0 ? 1 : 0;
  }
  if (votes.size() < 2) return std::nullopt;
  const std::uint32_t all = analysis.risks.votes, needed = all / 2 + 1;
  std::string text, too_many;
  for (const auto& [zone, count] : votes) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", zone, count);
    if (all - count < needed) {
      too_many += std::string(too_many.empty() ? "" : " and ") + "zone " + zone;
    }
  }
  return fmt::format("votes by zone: {}; {}", text,
                     too_many.empty() ? "without any one zone the others are a majority"
                                      : "without " + too_many + " the others are no majority");
}

// ---- The network ----

std::vector<std::string> network_lines(const Analysis& analysis) {
  const ClusterMap& map = analysis.map;
  std::vector<std::string> lines;
  for (const std::uint32_t place : analysis.weak.places)
    lines.push_back(name_of_place(map, place) +
                    " is an articulation point: without it, servers that stand elsewhere no longer "
                    "reach each other");
  std::size_t uplinks = 0;
  for (const std::uint32_t link : analysis.weak.links) {
    if (map.links[link].uplink) {
      ++uplinks;
    } else {
      lines.push_back(fmt::format("the link {} is a bridge: there is no way round it",
                                  name_of_link(map, link)));
    }
  }
  if (uplinks > 0) {
    lines.push_back(uplinks == 1 ? "1 uplink is a bridge: the only way to what hangs on it"
                                 : fmt::format("{} uplinks are bridges: each is the only way to "
                                               "what hangs on it",
                                               grouped(uplinks)));
  }
  if (analysis.cut) {
    std::vector<std::string> links, servers;
    for (const std::uint32_t link : analysis.cut->links) links.push_back(name_of_link(map, link));
    for (const std::uint32_t server : analysis.cut->servers)
      servers.push_back(map.servers[server].name);
    lines.push_back(links.empty()
                        ? fmt::format("{} are apart from the rest already", name_list(servers))
                        : fmt::format("the smallest cut between zones is {} ({}): {} on one side",
                                      grouped_count(links.size(), "link"), name_list(links),
                                      name_list(servers)));
  }
  const auto busiest =
      std::max_element(map.links.begin(), map.links.end(), [](const MapLink& a, const MapLink& b) {
        return std::tuple(!a.uplink, a.routes) < std::tuple(!b.uplink, b.routes);
      });
  if (busiest != map.links.end() && !busiest->uplink && busiest->routes > 0) {
    const auto index = static_cast<std::uint32_t>(busiest - map.links.begin());
    const std::uint64_t servers = map.servers.size();
    lines.push_back(fmt::format("the link {} lies on the paths of {} of {} pairs of servers",
                                name_of_link(map, index), grouped(busiest->routes),
                                grouped(servers * (servers - 1) / 2)));
  }
  return lines;
}

std::string bullets(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "   - " + line + "\n";
  return text;
}

std::string summary(const Analysis& analysis, const Paint& paint) {
  const std::uint64_t points = single_points(analysis);
  if (analysis.risks.sound.loses_slots()) {
    return paint.bad("slots are refused with nothing failed") + ": " +
           outcome_of(analysis.risks.sound) + "\n";
  }
  if (points == 0) {
    return paint.good("no single point of failure") +
           fmt::format(" in {} single failures; {} lose slots\n", analysis.risks.single_examined,
                       grouped_count(pairs_that_lose(analysis.risks), "double failure"));
  }
  const Risk& worst = analysis.risks.single.front();
  return paint.bad(grouped_count(points, "single point") + " of failure") +
         fmt::format(" in {} single failures; the worst: {}\n", analysis.risks.single_examined,
                     sentence_of(analysis, worst));
}

}  // namespace

Analysis analyse(const Scenario& scenario) {
  Analysis analysis;
  analysis.scenario = scenario.name;
  analysis.map = cluster_map_of(scenario);
  analysis.unsaid = unsaid_places(scenario);
  analysis.risks = find_risks(analysis.map, kPairsMost);
  analysis.shared = shared_places(analysis.map);
  analysis.weak = weak_points(analysis.map);
  analysis.cut = smallest_cut(analysis.map);
  return analysis;
}

std::uint64_t single_points(const Analysis& analysis) {
  std::uint64_t points = 0;
  for (const Risk& risk : analysis.risks.single)
    points += risk.consequence.loses_slots() ? risk.failures.size() : 0;
  return points;
}

std::string report_analysis(const Analysis& analysis, std::size_t shown, const Paint& paint) {
  std::string text = paint.strong(analysis.scenario) + ": " + cluster_line(analysis);
  for (const std::string& sentence : analysis.unsaid) text += "Note: " + sentence + ".\n";
  text += singles(analysis, shown, paint) + doubles(analysis, shown, paint);
  std::vector<std::string> placement = shared_lines(analysis);
  placement.push_back(replica_line(analysis.map));
  if (const auto votes = votes_line(analysis)) placement.push_back(*votes);
  text += heading("Where servers stand", paint) + bullets(placement);
  const std::vector<std::string> network = network_lines(analysis);
  if (!network.empty()) text += heading("The network", paint) + bullets(network);
  return text + "\n" + summary(analysis, paint);
}

}  // namespace sim
