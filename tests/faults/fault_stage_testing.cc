#include "tests/faults/fault_stage_testing.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sim/scenario/scenario.h"

namespace sim {

// ---- Levers ----

RecordingLevers::RecordingLevers(Cast cast) : cast_(std::move(cast)) {
  const VertexId zone = topology_.add_vertex(VertexKind::kZone, "zone:a");
  const VertexId host = topology_.add_vertex(VertexKind::kHost, "host:m1");
  topology_.add_link(zone, host, {});
}

bool RecordingLevers::is_up(MachineId machine) const {
  const auto down = down_since_.find(machine.value);
  return down == down_since_.end() || down->second > now_;
}

bool RecordingLevers::reaches(MachineId, MachineId, Plane) const {
  return true;
}

std::string RecordingLevers::text(const std::vector<Direction>& directions, PlaneSet planes) const {
  std::map<std::string, std::string> targets;
  for (const Direction& direction : directions)
    targets[name(direction.from)] += ' ' + name(direction.to);
  std::string text;
  for (const auto& [from, to] : targets) text += (text.empty() ? " " : "; ") + from + " ->" + to;
  return text + " [planes " + std::to_string(planes) + ']';
}

LeverId RecordingLevers::pull(const std::string& what) {
  held_.insert(++pulled_);
  write("pull #" + std::to_string(pulled_) + ' ' + what);
  return {pulled_};
}

LeverId RecordingLevers::cut(std::vector<Direction> directions, PlaneSet planes) {
  const LeverId lever = pull("cut" + text(directions, planes));
  cuts_[lever.value] = std::move(directions);
  return lever;
}
LeverId RecordingLevers::clog(std::vector<Direction> directions, PlaneSet planes) {
  return pull("clog" + text(directions, planes));
}
LeverId RecordingLevers::delay(std::vector<Direction> directions, PlaneSet planes, Duration extra,
                               Duration jitter) {
  return pull("delay " + format_duration(extra) + " +-" + format_duration(jitter) +
              text(directions, planes));
}
LeverId RecordingLevers::lose(std::vector<Direction> directions, PlaneSet planes,
                              std::uint32_t loss_ppm) {
  return pull("lose " + std::to_string(loss_ppm) + " ppm" + text(directions, planes));
}
LeverId RecordingLevers::throttle(std::vector<Direction> directions, PlaneSet planes,
                                  std::uint64_t bytes_per_second) {
  return pull("throttle " + std::to_string(bytes_per_second) + text(directions, planes));
}
LeverId RecordingLevers::on_message(const MessageRule& rule) {
  std::string line = "message " + rule.label + " act " +
                     std::to_string(static_cast<int>(rule.act)) + " skip " +
                     std::to_string(rule.skip) + " count " + std::to_string(rule.count) + " from";
  for (const MachineId machine : rule.from) line += ' ' + name(machine);
  line += " to";
  for (const MachineId machine : rule.to) line += ' ' + name(machine);
  return pull(line);
}
LeverId RecordingLevers::cut_link(LinkId link) {
  return pull("cut link " + std::to_string(link.value));
}
std::uint64_t RecordingLevers::reset_connections(std::vector<Direction> directions,
                                                 PlaneSet planes) {
  write("reset" + text(directions, planes));
  return directions.size();
}
bool RecordingLevers::crash(MachineId machine, bool power_lost) {
  if (!is_up(machine)) return false;
  write((power_lost ? "power off " : "kill ") + name(machine));
  down_since_[machine.value] = now_;
  return true;
}
bool RecordingLevers::terminate(MachineId machine) {
  if (!is_up(machine)) return false;
  write("terminate " + name(machine));
  down_since_[machine.value] = now_ + 250ms;
  return true;
}
bool RecordingLevers::start(MachineId machine, const DiskChange& disk) {
  if (is_up(machine)) return false;
  write("start " + name(machine) + " disk " + std::to_string(static_cast<int>(disk.what)) + ' ' +
        disk.file);
  down_since_.erase(machine.value);
  if (disk.what != DiskChange::What::kKeep) disk_bytes_ += 100;
  return true;
}
LeverId RecordingLevers::pause(MachineId machine) {
  return pull("pause " + name(machine));
}
LeverId RecordingLevers::slow(MachineId machine, Duration per_step) {
  return pull("slow " + name(machine) + ' ' + format_duration(per_step));
}
void RecordingLevers::change_address(MachineId machine, std::uint32_t ipv4) {
  write("address of " + name(machine) + ' ' + format_ipv4(ipv4));
}
void RecordingLevers::change_program(MachineId machine, std::string program) {
  write("program of " + name(machine) + ' ' + program);
}
LeverId RecordingLevers::step_clock(MachineId machine, Duration by) {
  return pull("step clock " + name(machine) + ' ' + format_duration(by));
}
LeverId RecordingLevers::skew_clock(MachineId machine, Duration by) {
  return pull("skew clock " + name(machine) + ' ' + format_duration(by));
}
LeverId RecordingLevers::drift_clock(MachineId machine, std::int32_t ppm) {
  return pull("drift clock " + name(machine) + ' ' + std::to_string(ppm));
}
std::uint32_t RecordingLevers::console(MachineId machine, std::vector<std::string> command) {
  std::string line = "console of " + name(machine) + ':';
  for (const std::string& word : command) line += ' ' + word;
  write(line);
  return 1;
}
std::uint32_t RecordingLevers::run_program(MachineId machine, std::vector<std::string>) {
  write("program on " + name(machine));
  return 1;
}
void RecordingLevers::release(LeverId lever) {
  write("release #" + std::to_string(lever.value));
  EXPECT_EQ(held_.erase(lever.value), 1u) << "released twice, or never pulled";
  cuts_.erase(lever.value);
}
std::uint64_t RecordingLevers::effects(LeverId lever) const {
  EXPECT_TRUE(lever.value >= 1 && lever.value <= pulled_);
  return 10;
}

bool RecordingLevers::is_cut(const std::string& from, const std::string& to) const {
  for (const auto& [lever, directions] : cuts_) {
    for (const Direction& direction : directions) {
      if (name(direction.from) == from && name(direction.to) == to) return true;
    }
  }
  return false;
}

// ---- The stage ----

Cast test_cast() {
  Cast cast;
  for (std::uint32_t i = 0; i < 6; ++i) {
    MachineInfo info;
    info.name = 'm' + std::to_string(i + 1);
    info.kind = MachineKind::kClusterNode;
    info.endpoint = {(10u << 24) + i + 1, 6379};
    info.host = info.name;
    // Primaries in a, b, c; their replicas one zone further.
    info.zone = std::string(1, "abcbca"[i]);
    info.shard = static_cast<int>(i % 3);
    info.planned_primary = i < 3;
    info.planned_id = NodeName::from(std::string(40, static_cast<char>('a' + i)));
    cast.push_back(info);
  }
  MachineInfo client;
  client.name = client.host = "client-1";
  client.kind = MachineKind::kClient;
  client.endpoint = {(10u << 24) + (1u << 16) + 1, 0};
  client.zone = "a";
  cast.push_back(client);
  return cast;
}

TestStage::TestStage(std::uint64_t seed)
    : levers_(test_cast()), stream_(seed, "fault"), choices_(stream_) {
  levers_.set_time(sim_time(5s));
}

// What it was planned with; nothing happens to ids here.
std::vector<NodeName> TestStage::ids_of(MachineId machine) {
  const NodeName& id = levers().cast()[machine.value].planned_id;
  return id.is_none() ? std::vector<NodeName>{} : std::vector<NodeName>{id};
}

std::vector<MachineId> TestStage::resolve(const Selector& selector) {
  using Kind = Selector::Kind;
  const auto machines = [](std::initializer_list<std::uint32_t> list) {
    std::vector<MachineId> ids;
    for (const std::uint32_t id : list) ids.push_back(MachineId{id});
    return ids;
  };
  const Cast& cast = levers_.cast();
  std::vector<MachineId> found;
  switch (selector.kind) {
    case Kind::kAll:
      return machines({0, 1, 2, 3, 4, 5});
    case Kind::kPrimaries:
      return machines({0, 1, 2});
    case Kind::kReplicas:
      return machines({3, 4, 5});
    case Kind::kAnyPrimary:
    case Kind::kAnyNode:
      return machines({0});
    case Kind::kAnyReplica:
      return machines({3});
    case Kind::kMinority:
      return machines({2});
    case Kind::kClients:
      return machines({6});
    case Kind::kPrimaryOf:
      return machines({selector.number});
    case Kind::kReplicaOf:
      return machines({selector.number + 3});
    case Kind::kZone:
      for (std::uint32_t i = 0; i < 6; ++i) {
        if (cast[i].zone == selector.name) found.push_back(MachineId{i});
      }
      return found;
    case Kind::kUnion:
      for (const Selector& part : selector.parts) {
        for (const MachineId machine : resolve(part)) found.push_back(machine);
      }
      return found;
    case Kind::kMachine:
      for (std::uint32_t i = 0; i < cast.size(); ++i) {
        if (cast[i].name == selector.name) found.push_back(MachineId{i});
      }
      return found;
    default:
      ADD_FAILURE() << "the test's stage does not know " << to_text(selector);
      return {};
  }
}

void TestStage::run(Fault& fault, SimTime until, bool end) {
  for (std::optional<SimTime> next = levers_.now(); next && *next <= until;
       next = fault.act(*this)) {
    levers_.set_time(*next);
  }
  levers_.set_time(until);
  if (end) fault.end(*this);
}

std::unique_ptr<Fault> make_fault(const std::string& step) {
  Problems problems("step", step);
  const JsonRef object = parse_json(step, problems);
  EXPECT_TRUE(object) << problems.text();
  const FaultKind* kind = find_fault(object->find("do")->value->text);
  EXPECT_NE(kind, nullptr);
  const Section section{object, "", {"at", "do", "for"}};
  Options options = section.open(problems);
  std::unique_ptr<Fault> fault = kind->make(options);
  options.finish();
  EXPECT_EQ(problems.text(), "");
  return fault;
}

}  // namespace sim
