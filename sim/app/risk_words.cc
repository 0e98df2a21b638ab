#include "sim/app/risk_words.h"

#include <algorithm>
#include <vector>

#include "sim/app/risk_report.h"
#include "sim/app/statistics.h"
#include "sim/base/words.h"
#include "sim/trace/describe.h"

namespace sim {
namespace {

std::string joined(const std::vector<std::string>& parts, const std::string& last = " and ") {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i)
    text += (i == 0 ? "" : i + 1 == parts.size() ? last : ", ") + parts[i];
  return text;
}

std::string kind_word(const ClusterMap& map, const Failing& thing) {
  return thing.what == Failing::What::kLink ? "link"
                                            : std::string(word_of(map.places[thing.index].kind));
}

std::string bare_name(const ClusterMap& map, const Failing& thing) {
  return thing.what == Failing::What::kLink ? name_of_link(map, thing.index)
                                            : map.places[thing.index].name;
}

std::string full_name(const ClusterMap& map, const Failing& thing) {
  return (thing.what == Failing::What::kLink ? "the link " : kind_word(map, thing) + " ") +
         bare_name(map, thing);
}

std::string pair_name(const ClusterMap& map, const Failure& failure) {
  const std::string one = kind_word(map, failure[0]), other = kind_word(map, failure[1]);
  if (one == other)
    return plural(one) + " " + bare_name(map, failure[0]) + " and " + bare_name(map, failure[1]);
  return full_name(map, failure[0]) + " and " + full_name(map, failure[1]);
}

std::string pair_kind(const ClusterMap& map, const Failure& failure) {
  const std::string one = kind_word(map, failure[0]), other = kind_word(map, failure[1]);
  return one == other ? plural(one) : "a " + one + " and a " + other;
}

// "4 of 6 primaries and 1 of 6 replicas"
std::string servers_text(const ClusterMap& map, std::uint32_t primaries, std::uint32_t replicas) {
  const auto all_primaries = std::count_if(map.servers.begin(), map.servers.end(),
                                           [](const MapServer& server) { return server.primary; });
  const auto all_replicas = static_cast<std::ptrdiff_t>(map.servers.size()) - all_primaries;
  std::vector<std::string> parts;
  if (primaries > 0)
    parts.push_back(std::to_string(primaries) + " of " +
                    grouped_count(static_cast<std::uint64_t>(all_primaries), "primary"));
  if (replicas > 0)
    parts.push_back(std::to_string(replicas) + " of " +
                    grouped_count(static_cast<std::uint64_t>(all_replicas), "replica"));
  return joined(parts);
}

// "shard 3: m4 and m9"
std::string shard_text(const ClusterMap& map, std::uint32_t shard) {
  const std::vector<std::vector<std::uint32_t>> shards = shards_of(map);
  std::vector<std::string> names;
  for (const std::uint32_t server : shards[shard]) names.push_back(map.servers[server].name);
  return "shard " + std::to_string(shard) + ": " + name_list(names);
}

// What becomes of the slots, when a majority is there.
std::string slots_text(const Consequence& c, bool vary) {
  std::vector<std::string> parts;
  if (c.shards_gone > 0)
    parts.push_back(grouped_count(c.shards_gone, "shard") + " without any copy");
  if (c.shards_down > c.shards_gone)
    parts.push_back(grouped_count(c.shards_down - c.shards_gone, "shard") +
                    " that nobody can take over");
  std::string text =
      joined(parts) + ", " + (vary ? "up to " : "") + grouped(c.slots_down) + " slots down";
  if (c.slots_refused > c.slots_down)
    text += ", and as full coverage is required all " + grouped(c.slots_refused) + " are refused";
  return text;
}

std::string seconds(double nanoseconds) {
  return format_time(sim_time(Duration{static_cast<std::int64_t>(nanoseconds)}));
}

Sample sample_of(const std::vector<std::int64_t>& values) {
  return {values.begin(), values.end()};
}

}  // namespace

std::string grouped_count(std::uint64_t count, std::string_view noun) {
  return grouped(count) + " " + (count == 1 ? std::string{noun} : plural(noun));
}

std::string subject_of(const ClusterMap& map, const Risk& risk) {
  const Failure& first = risk.failures.front();
  std::vector<std::string> names;
  for (const Failure& failure : risk.failures)
    names.push_back(failure.size() == 1 ? bare_name(map, failure[0]) : pair_name(map, failure));
  if (first.size() == 1) {
    if (names.size() == 1) return full_name(map, first[0]);
    return "any of the " + plural(kind_word(map, first[0])) + " " + name_list(names);
  }
  if (names.size() == 1) return names.front();
  constexpr std::size_t kExamples = 3;
  const std::size_t count = names.size();
  if (count > kExamples) names.resize(kExamples);
  return "any of " + grouped(count) + " pairs of " + pair_kind(map, first) + " (" +
         joined(names, ", ") + (count > kExamples ? ", ..." : "") + ")";
}

std::string outcome_of(const Consequence& c, bool slots_vary) {
  std::vector<std::string> parts;
  if (!c.majority) {
    return "no majority (" + grouped_count(c.votes_left, "vote") + " left, " +
           std::to_string(c.votes_needed) + " needed), no failover, " + grouped(c.slots_refused) +
           " slots down";
  }
  if (c.loses_slots()) parts.push_back(slots_text(c, slots_vary));
  if (c.failovers > 0) parts.push_back(grouped_count(c.failovers, "failover"));
  if (!c.loses_slots()) parts.emplace_back("all slots are served in the end");
  if (c.shards_bare > 0)
    parts.push_back(grouped_count(c.shards_bare, "shard") +
                    (c.shards_bare == 1 ? " has" : " have") + " no replica left");
  return joined(parts, ", ");
}

std::uint64_t pairs_that_lose(const Risks& risks) {
  std::uint64_t pairs = 0;
  for (const Risk& risk : risks.two) pairs += risk.failures.size();
  return pairs;
}

std::string sentence_of(const Analysis& analysis, const Risk& risk) {
  const ClusterMap& map = analysis.map;
  const Consequence& c = risk.consequence;
  const Failure& first = risk.failures.front();
  const bool links = std::all_of(first.begin(), first.end(), [](const Failing& thing) {
    return thing.what == Failing::What::kLink;
  });
  std::string text = (links ? "cutting " : "losing ") + subject_of(map, risk);
  if (c.changes_nothing()) return text + " changes nothing for the servers";
  std::vector<std::string> what;
  const std::string lost = servers_text(map, c.primaries_lost, c.replicas_lost);
  if (!lost.empty()) what.push_back("loses " + lost);
  const std::string apart = servers_text(map, c.primaries_cut_off, c.replicas_cut_off);
  // Without a majority that is how all of them are, and is said so.
  if (!apart.empty() && c.majority) what.push_back("cuts off " + apart);
  if (what.empty()) what.emplace_back("parts the cluster");
  text += " " + joined(what) + ": " + outcome_of(c, risk.slots_vary);
  if (c.majority && risk.shards_down.size() == 1)
    text += " (" + std::string(risk.failures.size() > 1 ? "first of them, " : "") +
            shard_text(map, risk.shards_down.front()) + ")";
  return text;
}

std::string sentence_of(const DrillResult& drill) {
  const std::size_t runs = drill.unavailable_ns.size();
  std::string text = grouped_count(runs + drill.died, "seed") + ": ";
  if (runs > 0) {
    const Sample unavailable = sample_of(drill.unavailable_ns);
    const double longest = quantile(unavailable, 100);
    text += longest == 0 ? "always served"
                         : "not served for " + seconds(quantile(unavailable, 50)) + " (p50), " +
                               seconds(longest) + " (max)";
    if (drill.until_mended > 0)
      text +=
          ", " +
          (drill.until_mended == runs ? ""
                                      : "in " + grouped_count(drill.until_mended, "run") + " ") +
          "until it was mended";
    const auto failovers = static_cast<std::uint64_t>(quantile(sample_of(drill.failovers), 50));
    text += "; " + grouped_count(failovers, "failover") + " (p50)";
  }
  if (!drill.lost_writes.empty()) {
    const Sample lost = sample_of(drill.lost_writes);
    const auto most = static_cast<std::uint64_t>(quantile(lost, 100));
    text += most == 0 ? "; no acknowledged write lost"
                      : "; acknowledged writes lost: " +
                            grouped(static_cast<std::uint64_t>(quantile(lost, 50))) + " (p50), " +
                            grouped(most) + " (max)";
  }
  if (drill.violations > 0)
    text += "; an invariant fails in " + grouped_count(drill.violations, "run");
  if (drill.died > 0) text += "; died in " + grouped_count(drill.died, "run") + ", " + drill.death;
  return text;
}

}  // namespace sim
