#include "sim/world/world.h"

#include <algorithm>
#include <utility>

#include "sim/world/world_impl.h"

namespace sim {
namespace {

// How often the estimate of memory is made, in events; a power of two.
constexpr std::uint64_t kMemoryCheckEvery = 1 << 18;

constexpr std::string_view kInputNames[] = {"booted",   "terminated", "accepted", "connected",
                                            "received", "sent",       "closed",   "deadline",
                                            "probed",   "program"};

std::uint64_t hash_of(Endpoint a, Endpoint b) {
  const auto word = [](Endpoint e) { return (std::uint64_t{e.ipv4} << 16) | e.port; };
  return fold64(fold64(0, word(a)), word(b));
}

std::uint64_t hash_of(const DiskImage& image) {
  std::uint64_t hash = image.size();
  for (const auto& [name, bytes] : image) {
    hash = fold64(fold64(hash, hash_text(name)), hash_text(*bytes));
  }
  return hash;
}

}  // namespace

World::Impl::Impl(WorldSpec given) : spec(std::make_shared<const WorldSpec>(std::move(given))) {
  CHECK(spec->send_buffer_bytes > 0);
  CHECK(spec->send_buffer_bytes <= (std::uint64_t{1} << 31));  // ways count in 32 bits
  graph = spec->topology;
  tie_luck = ChoiceStream(spec->seed, "world:tie-break");
  machines.resize(spec->machines.size());
  std::uint32_t number = 0;
  for (const MachineSpec& plan : spec->machines) {
    CHECK(plan.factory != nullptr);
    CHECK(plan.vertex.value < graph.vertices().size());
    people.push_back(plan.info);
    Machine& machine = machines[number];
    machine.id = MachineId{number};
    machine.vertex = plan.vertex;
    machine.name_hash = hash_text(plan.info.name);
    machine.ipv4 = machine.next_ipv4 = plan.info.endpoint.ipv4;
    machine.disk = Disk(plan.disk);
    machine.clock.step_wall(plan.clock_skew);
    machine.clock.set_drift(SimTime{}, plan.drift_ppm);
    addresses[machine.ipv4].push_back(machine.id);
    schedule(plan.boot_at, DueKind::kBoot, number++);
  }
}

void World::Impl::schedule(SimTime at_time, DueKind kind, std::uint32_t subject,
                           std::uint32_t detail) {
  // What arrives ends the poll before its time does; and whose is the first of several wake-ups
  // must not depend on when each was planned.
  std::uint32_t tie = kind == DueKind::kWake ? subject + 1 : 0;
  if (spec->random_tie_break) {
    const std::uint64_t before_draw = tie_luck.fingerprint();
    Choices choices = choices_of(tie_luck);
    tie = static_cast<std::uint32_t>(choices.choose(Site::kTieBreak, std::uint64_t{1} << 32));
    fold_luck(tie_luck, before_draw);
  }
  queue.push(at_time, tie, kind, subject, detail);
}

bool World::Impl::within_limits() {
  if (stop != StopReason::kNone) return false;
  const WorldLimits& limits = spec->limits;
  if (events_done >= limits.events) stop = StopReason::kEventLimit;
  if (events_this_instant >= limits.events_per_instant && queue.top().at == now_) {
    stop = StopReason::kLivelock;
  }
  if ((events_done & (kMemoryCheckEvery - 1)) == 0 && memory_estimate() > limits.memory_bytes) {
    stop = StopReason::kMemoryLimit;
  }
  return stop == StopReason::kNone;
}

void World::Impl::advance() {
  const Due due = queue.pop();
  CHECK(due.at >= now_);
  if (due.at != now_) events_this_instant = 0;
  now_ = due.at;
  ++events_this_instant;
  ++events_done;
  if (!queue.empty() && queue.top().kind() == DueKind::kArrive) {
    // With a thousand nodes the next connection is hardly ever in a cache: send for it while we
    // work.
    const std::uint32_t conn = segments[queue.top().subject].conn;
    if (conn != kNil) __builtin_prefetch(&connections[conn]);
  }
  carry_out(due);
  digest.event_done(events_done);
}

void World::Impl::carry_out(const Due& due) {
  const auto is_current = [&](const Stream& stream) {
    return stream.conn != kNil && stream.generation == due.detail;
  };
  switch (due.kind()) {
    case DueKind::kArrive:
      return arrive(due.subject);
    case DueKind::kWake:
      if (machines[due.subject].wake_generation == due.detail) wake(machines[due.subject]);
      return;
    case DueKind::kBoot:
      return boot(machines[due.subject]);
    case DueKind::kStepDone:
      if (machines[due.subject].step_number == due.detail) step_done(machines[due.subject]);
      return;
    case DueKind::kNotice:
      return deliver_notice(due.subject);
    case DueKind::kDialAgain:
      if (is_current(streams[due.subject])) dial_again(due.subject);
      return;
    case DueKind::kRetransmit:
      if (is_current(streams[due.subject])) retransmit(due.subject);
      return;
    case DueKind::kPump:
      if (is_current(streams[due.subject])) pump(due.subject);
      return;
    case DueKind::kTellUnsent:
      if (is_current(streams[due.subject])) tell_unsent(due.subject);
      return;
  }
}

void World::Impl::record(MachineId machine, Source source, Event event) {
  records.push_back(Record{record_count++, now_, machine, source, std::move(event)});
}

// What is being delivered right now enters the digest here, and nowhere else. A --wire run sends
// each payload through its codec at this point, so that exactly the delivered ones are counted.
void World::Impl::digest_input(Machine& machine, Input& input) {
  DigestedInput seen;
  seen.at = now_;
  seen.node = machine.name_hash;
  seen.incarnation = machine.incarnation;
  seen.kind = static_cast<std::uint32_t>(input.index());
  if (auto* received = std::get_if<Received>(&input)) {
    if (spec->through_wire) {
      ++wire.encoded;
      received->payload = received->payload->through_wire();
      CHECK(received->payload != nullptr);
      ++wire.decoded;
    }
    ++wire.delivered;
    ++deliveries_done;
    seen.conn = received->conn;
    seen.size = received->payload->size();
    seen.content = received->payload->hash();
    if (spec->record_deliveries) {
      // What piled up may be of a connection that has ended meanwhile.
      const std::uint32_t conn = find(machine, received->conn);
      const MachineId peer = conn == kNil
                                 ? kNoMachine
                                 : connections[conn].machine[received->conn.is_dialled() ? 1 : 0];
      record(machine.id, Source::kWire,
             event::Delivered{std::string(received->payload->label()), peer, received->conn,
                              static_cast<std::uint32_t>(seen.size), seen.content});
    }
  } else if (const auto* accepted = std::get_if<Accepted>(&input)) {
    seen.conn = accepted->conn;
    seen.content = hash_of(accepted->local, accepted->remote);
  } else if (const auto* connected = std::get_if<Connected>(&input)) {
    seen.conn = connected->conn;
    seen.content = hash_of(connected->local, connected->remote);
  } else if (const auto* sent = std::get_if<Sent>(&input)) {
    seen.conn = sent->conn;
    seen.size = sent->unsent_bytes;
  } else if (const auto* closed = std::get_if<Closed>(&input)) {
    seen.conn = closed->conn;
    seen.size = static_cast<std::uint64_t>(closed->why);
  } else if (const auto* booted = std::get_if<Booted>(&input)) {
    seen.content = fold64(hash_of(*booted->disk), hash_of(booted->self, Endpoint{}));
    if (!booted->program.empty()) seen.content = fold64(seen.content, hash_text(booted->program));
  } else if (const auto* run = std::get_if<RunProgram>(&input)) {
    seen.content = run->ticket;
    for (const std::string& word : run->words) seen.content = fold64(seen.content, hash_text(word));
  }
  digest.input(seen);
  if (watch_count > 0) watch(machine, seen);
}

void World::Impl::watch(const Machine& machine, const DigestedInput& seen) {
  if (events_done < watch_first || watched.size() >= watch_count) return;
  watched.push_back("event " + std::to_string(events_done) + " at " +
                    std::to_string(to_ns(seen.at)) + " ns: " + people[machine.id.value].name + "#" +
                    std::to_string(seen.incarnation) + " " + std::string(kInputNames[seen.kind]) +
                    " conn " + std::to_string(seen.conn.value) + " size " +
                    std::to_string(seen.size) + " content " + std::to_string(seen.content) +
                    " digest " + std::to_string(digest.value()));
}

void World::Impl::fold_luck(ChoiceStream& stream, std::uint64_t fingerprint_before) {
  if (stream.fingerprint() != fingerprint_before)
    digest.choices(stream.scope(), stream.fingerprint());
}

std::uint64_t World::Impl::memory_estimate() const {
  std::uint64_t sum = std::uint64_t{connections.high_water()} * sizeof(Connection) +
                      std::uint64_t{segments.high_water()} * sizeof(Segment) +
                      std::uint64_t{streams.high_water()} * sizeof(Stream) +
                      queue.size() * sizeof(Due) + records.size() * sizeof(Record);
  for (std::uint32_t i = 0; i < segments.high_water(); ++i) sum += segments[i].size;
  for (std::uint32_t i = 0; i < streams.high_water(); ++i) {
    sum += streams[i].queued + streams[i].unread + streams[i].queue.size() * sizeof(Waiting);
  }
  for (const Machine& machine : machines) {
    sum += machine.disk.bytes() + machine.dialled.bytes() + machine.accepted.bytes();
  }
  return sum;
}

// ---- The door ----

World::World(WorldSpec spec) : impl_(std::make_unique<Impl>(std::move(spec))) {}
World::World(const World& other) : impl_(std::make_unique<Impl>(*other.impl_)) {}
World::World(World&&) noexcept = default;
World::~World() = default;

bool World::copyable() const {
  return std::all_of(impl_->machines.begin(), impl_->machines.end(), [](const Machine& machine) {
    return machine.node == nullptr || machine.node->clone() != nullptr;
  });
}

SimTime World::now() const {
  return impl_->now_;
}

std::optional<SimTime> World::next_event() const {
  if (impl_->queue.empty()) return std::nullopt;
  return impl_->queue.top().at;
}

bool World::advance(SimTime limit, std::uint64_t most) {
  Impl& impl = *impl_;
  CHECK(!impl.queue.empty());
  for (std::uint64_t done = 1;; ++done) {
    if (!impl.within_limits()) return false;
    impl.advance();
    if (done >= most || has_news()) return true;
    if (impl.queue.empty() || impl.queue.top().at >= limit) return true;
  }
}

void World::skip_to(SimTime until) {
  CHECK(until >= impl_->now_);
  CHECK(impl_->queue.empty() || impl_->queue.top().at >= until);
  if (until != impl_->now_) impl_->events_this_instant = 0;
  impl_->now_ = until;
}

StopReason World::stopped() const {
  return impl_->stop;
}
Levers& World::levers() {
  return *impl_;
}
Endpoint World::endpoint(MachineId machine) const {
  return {impl_->at(machine).ipv4, impl_->spec->machines[machine.value].info.endpoint.port};
}
const Cast& World::cast() const {
  return impl_->people;
}
std::vector<Record> World::take_records() {
  return std::exchange(impl_->records, {});
}
bool World::has_news() const {
  return !impl_->records.empty() || !impl_->console_replies.empty() ||
         !impl_->program_results.empty();
}
std::vector<ConsoleReply> World::take_console_replies() {
  return std::exchange(impl_->console_replies, {});
}

std::vector<ProgramResult> World::take_program_results() {
  return std::exchange(impl_->program_results, {});
}

std::vector<Event> World::Impl::answers(Machine& machine, bool full) {
  if (machine.node == nullptr) return {};
  const std::uint64_t luck = machine.luck.fingerprint();
  Choices choices = choices_of(machine.luck);
  Effects effects;
  const Input probed = Probed{full};
  machine.node->step(machine.clock.read(now_), {&probed, 1}, choices, effects);
  // A probe must not disturb: no luck used, nothing done but told.
  CHECK(machine.luck.fingerprint() == luck);
  std::vector<Event> told;
  for (Effect& effect : effects) {
    Note* note = std::get_if<Note>(&effect);
    CHECK(note != nullptr);
    told.push_back(std::move(note->event));
  }
  return told;
}

void World::probe(MachineId id, bool full) {
  for (Event& event : impl_->answers(impl_->at(id), full))
    impl_->record(id, Source::kProbe, std::move(event));
}

std::optional<event::ViewSnapshot> World::look(MachineId id) {
  for (Event& event : impl_->answers(impl_->at(id), true)) {
    if (auto* view = std::get_if<event::ViewSnapshot>(&event)) return std::move(*view);
  }
  return std::nullopt;
}

const Node* World::node(MachineId id) const {
  return impl_->at(id).node.get();
}

std::vector<Sighting> World::take_sightings() {
  return std::exchange(impl_->sightings, {});
}
std::vector<Frame> World::take_frames() {
  return std::exchange(impl_->frames, {});
}

void World::note(Event event) {
  impl_->note(std::move(event));
}
std::uint64_t World::digest() const {
  return impl_->digest.value();
}
const std::vector<std::pair<std::uint64_t, std::uint64_t>>& World::checkpoints() const {
  return impl_->digest.checkpoints();
}
void World::watch_events(std::uint64_t first, std::uint64_t count) {
  impl_->watch_first = first;
  impl_->watch_count = count;
  impl_->watched.clear();
}
const std::vector<std::string>& World::watched() const {
  return impl_->watched;
}
std::uint64_t World::events() const {
  return impl_->events_done;
}
std::uint64_t World::deliveries() const {
  return impl_->deliveries_done;
}
WireCounts World::wire_counts() const {
  return impl_->wire;
}
std::uint64_t World::memory_estimate() const {
  return impl_->memory_estimate();
}

}  // namespace sim
