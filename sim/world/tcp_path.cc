// What a message meets between two machines: the path's own qualities, the levers on its direction,
// and message rules.
#include <algorithm>
#include <utility>

#include "sim/world/jitter.h"
#include "sim/world/world_impl.h"

namespace sim {
namespace {

constexpr std::uint32_t kMillion = 1'000'000;
constexpr Duration kLoopbackLatency = 20us;

// size / bandwidth, rounded up. Precondition: bandwidth > 0.
Duration time_on_wire(std::uint32_t size, std::uint64_t bandwidth) {
  const std::uint64_t nanoseconds = std::uint64_t{size} * 1'000'000'000u;  // size < 2^32: fits
  return Duration{static_cast<std::int64_t>((nanoseconds + bandwidth - 1) / bandwidth)};
}

}  // namespace

const std::optional<PathQuality>& World::Impl::path_of(Connection& conn) {
  if (conn.path == PathId{}) {
    conn.path = graph.path_id(at(conn.machine[0]).vertex, at(conn.machine[1]).vertex);
  }
  return graph.quality(conn.path);
}

Duration World::Impl::base_latency(Connection& conn) {
  if (conn.is_loopback()) return kLoopbackLatency;
  const std::optional<PathQuality>& quality = path_of(conn);
  return quality.has_value() ? quality->latency : Duration::zero();
}

Passage World::Impl::passage(Connection& conn, std::uint8_t end) {
  if (conn.is_loopback()) return Passage::kOpen;
  if (!path_of(conn).has_value()) return Passage::kCut;
  Passage worst = Passage::kOpen;
  for (const LeverId id : levers.on_directions()) {
    const Lever& lever = levers[id];
    if (lever.kind != LeverKind::kCut && lever.kind != LeverKind::kClog) continue;
    if (!lever.concerns(conn.machine[end], conn.machine[1 - end], conn.plane)) continue;
    if (lever.kind == LeverKind::kCut) return Passage::kCut;
    worst = Passage::kClogged;
  }
  return worst;
}

bool World::Impl::host_hears(const Connection& conn, std::uint8_t end) const {
  return at(conn.machine[1 - end]).powered;
}

// Something was kept from passing: every lever that would have kept it counts it.
void World::Impl::count_blocked(const Connection& conn, std::uint8_t end) {
  for (const LeverId id : levers.on_directions()) {
    Lever& lever = levers[id];
    if (lever.kind != LeverKind::kCut && lever.kind != LeverKind::kClog) continue;
    if (lever.concerns(conn.machine[end], conn.machine[1 - end], conn.plane)) ++lever.effects;
  }
  count_cut_links(conn);
}

// A cut link bites whatever would have gone over it were it whole: it was blocked or went another
// way.
void World::Impl::count_cut_links(const Connection& conn) {
  if (levers.cut_links().empty()) return;
  std::pair<VertexId, VertexId> ends{at(conn.machine[0]).vertex, at(conn.machine[1]).vertex};
  if (ends.first > ends.second) std::swap(ends.first, ends.second);
  const auto [place, is_new] = detours.try_emplace(ends);
  if (is_new) {
    const std::vector<LinkId> usual = spec->topology.route(ends.first, ends.second);
    for (const LeverId id : levers.cut_links()) {
      if (std::find(usual.begin(), usual.end(), levers[id].link) != usual.end()) {
        place->second.push_back(id);
      }
    }
  }
  for (const LeverId id : place->second) ++levers[id].effects;
}

SimTime World::Impl::arrival_time(Connection& conn, std::uint8_t end, std::uint32_t size,
                                  bool exposed) {
  if (conn.is_loopback()) return now_ + kLoopbackLatency;
  const std::optional<PathQuality>& known = path_of(conn);
  CHECK(known.has_value());  // who asks has found the passage open
  const PathQuality& quality = *known;
  const bool plain = quality.jitter == Duration::zero() && quality.bandwidth == 0 &&
                     quality.loss_ppm == 0 && levers.on_directions().empty() &&
                     levers.cut_links().empty();
  if (plain) return now_ + quality.latency;
  return impaired_arrival_time(conn, end, size, quality, exposed);
}

SimTime World::Impl::impaired_arrival_time(Connection& conn, std::uint8_t end, std::uint32_t size,
                                           const PathQuality& quality, bool exposed) {
  const MachineId from = conn.machine[end];
  const MachineId to = conn.machine[1 - end];
  count_cut_links(conn);
  if (exposed && draw_loss(conn, end, quality)) return kNever;
  Duration delay = quality.latency;
  Duration jitter{};
  Lever* throttle = nullptr;  // the narrowest
  for (const LeverId id : levers.on_directions()) {
    Lever& lever = levers[id];
    if (!lever.concerns(from, to, conn.plane)) continue;
    if (lever.kind == LeverKind::kDelay) {
      delay += lever.time;
      jitter += lever.jitter;
      ++lever.effects;
    } else if (lever.kind == LeverKind::kThrottle) {
      const std::uint64_t least = throttle == nullptr ? quality.bandwidth : throttle->bandwidth;
      if (least == 0 || lever.bandwidth < least) throttle = &lever;
    }
  }
  if (quality.jitter > Duration::zero() || jitter > Duration::zero()) {
    ChoiceStream& luck = line(from, to).luck;
    const std::uint64_t luck_before = luck.fingerprint();
    Choices choices = choices_of(luck);
    if (quality.jitter > Duration::zero())
      delay += draw_jitter(quality.shape, quality.jitter, choices);
    if (jitter > Duration::zero()) delay += draw_jitter(JitterShape::kUniform, jitter, choices);
    fold_luck(luck, luck_before);
  }
  if (throttle != nullptr) throttle->effects += size;
  if (throttle == nullptr && quality.bandwidth == 0) return now_ + delay;
  return time_of_last_bit(conn, end, size, throttle == nullptr ? 0 : throttle->bandwidth) + delay;
}

// When a message that starts now has left the narrowest place of its way. Whoever sends over a link
// in one direction shares it, first come, first served; a throttle is each direction's own.
SimTime World::Impl::time_of_last_bit(const Connection& conn, std::uint8_t end, std::uint32_t size,
                                      std::uint64_t throttle) {
  const MachineId from = conn.machine[end];
  const MachineId to = conn.machine[1 - end];
  SimTime first_bit = now_;
  SimTime last_bit = now_;
  const auto squeeze = [&](SimTime& free_at, std::uint64_t bandwidth) {
    first_bit = std::max(first_bit, free_at);
    free_at = first_bit + time_on_wire(size, bandwidth);
    last_bit = std::max(last_bit, free_at);
  };
  for (const Hop& hop : narrow_hops(at(from).vertex, at(to).vertex)) {
    squeeze(link_free_at[hop.place], hop.bandwidth);
  }
  if (throttle > 0) squeeze(line(from, to).free_at, throttle);
  return last_bit;
}

const std::vector<Hop>& World::Impl::narrow_hops(VertexId from, VertexId to) {
  const auto [place, is_new] = narrows.try_emplace({from, to});
  if (!is_new) return place->second;
  link_free_at.resize(graph.links().size() * 2);
  VertexId here = from;
  for (const LinkId id : graph.route(from, to)) {
    const LinkInfo& link = graph.links()[id.value];
    const bool forth = link.a == here;
    if (link.quality.bandwidth > 0) {
      place->second.push_back({id.value * std::size_t{2} + forth, link.quality.bandwidth});
    }
    here = forth ? link.b : link.a;
  }
  return place->second;
}

// Whether this transmission is lost: one draw, if anything loses on this way, against what is in
// force now.
bool World::Impl::draw_loss(const Connection& conn, std::uint8_t end, const PathQuality& quality) {
  const MachineId from = conn.machine[end];
  const MachineId to = conn.machine[1 - end];
  const std::vector<LeverId>& pulled = levers.on_directions();
  const auto loses_here = [&](LeverId id) {
    return levers[id].kind == LeverKind::kLose && levers[id].concerns(from, to, conn.plane);
  };
  if (quality.loss_ppm == 0 && std::none_of(pulled.begin(), pulled.end(), loses_here)) return false;
  ChoiceStream& luck = line(from, to).luck;
  const std::uint64_t luck_before = luck.fingerprint();
  // Outcomes from the top down belong to the path, then to each lever in turn, so that whoever lost
  // it is known. They lose independently: each gets its share of what those before it let pass.
  std::uint64_t left = kMillion - 1 - choices_of(luck).choose(Site::kLoss, kMillion);
  fold_luck(luck, luck_before);
  std::uint64_t passing = kMillion;
  const auto loses = [&](std::uint32_t loss_ppm) {
    const std::uint64_t share = passing * loss_ppm / kMillion;
    const bool lost = left < share;
    passing -= share;
    left -= lost ? 0 : share;
    return lost;
  };
  if (loses(quality.loss_ppm)) return true;
  for (const LeverId id : pulled) {
    if (!loses_here(id) || !loses(levers[id].loss_ppm)) continue;
    ++levers[id].effects;
    return true;
  }
  return false;
}

// Made when first needed, named after both machines: its luck does not depend on who else exists.
Line& World::Impl::line(MachineId from, MachineId to) {
  const auto [place, is_new] =
      lines.try_emplace((std::uint64_t{from.value} << 32) | to.value, Line{});
  if (is_new) {
    place->second.luck =
        ChoiceStream(spec->seed, "net:" + people[from.value].name + ">" + people[to.value].name);
  }
  return place->second;
}

void World::Impl::classify(Connection& conn, const Payload& payload) {
  const PayloadKind kind = payload.kind();
  if (kind == PayloadKind::kReply || kind == PayloadKind::kBus) return;
  const std::string_view label = payload.label();
  for (const std::string& prefix : spec->replication_labels) {
    if (label.substr(0, prefix.size()) == prefix) conn.plane = Plane::kReplication;
  }
}

bool World::Impl::touch(std::uint32_t c, std::uint8_t end, Waiting& message) {
  Connection& conn = connections[c];
  const MachineId from = conn.machine[end];
  const MachineId to = conn.machine[1 - end];
  const std::string_view label = message.payload->label();
  for (const LeverId id : levers.rules()) {
    Lever& lever = levers[id];
    const MessageRule& rule = lever.rule;
    if (!matches(rule, label, from, to, conn.plane)) continue;
    if (lever.matched++ < rule.skip) continue;
    if (rule.count != 0 && lever.acted >= rule.count) continue;
    ++lever.acted;
    ++lever.effects;
    std::string what;
    switch (rule.act) {
      case MessageRule::Act::kHold:
        message.held_by = id;
        what = "held";
        break;
      case MessageRule::Act::kDelay:
        message.not_before = std::max(message.not_before, now_) + rule.delay;
        what = "delayed " + std::to_string(rule.delay / 1ms) + " ms";
        break;
      case MessageRule::Act::kDrop:
        what = "dropped with its connection";
        break;
    }
    record(from, Source::kWorld,
           event::MessageTouched{id.value, std::string(label), from, to, what});
    if (rule.act == MessageRule::Act::kDrop) {
      reset_both(c);
      return true;
    }
  }
  return false;
}

}  // namespace sim
