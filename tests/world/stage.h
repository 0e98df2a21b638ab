// A stage with toy actors: nodes that do what is typed at their console and tell all that happens
// to them.
//
// Console: dial TAG PEER [PORT] · send TAG TEXT [SIZE] · close TAG · reset TAG · write FILE OFFSET
// TEXT · truncate FILE SIZE · rename FROM TO · remove FILE · sync FILE · alarm MS · every MS · work
// MS · spin · exit CODE · draw · remark TEXT · listen PORT. Connections that come in are tagged
// in1, in2, ... A text that begins with "ask" is answered by "re:" and the text; "work-MS" keeps
// its reader busy for so long. A program "end CODE TEXT" ends at once, any other never.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/world/world.h"

namespace sim::stage {

inline constexpr std::uint16_t kPort = 7000, kBusPort = 17000;

// A message whose label is its first word.
class Text final : public Payload {
 public:
  explicit Text(std::string text, std::size_t size = 0);
  PayloadKind kind() const override { return PayloadKind::kRequest; }
  std::size_t size() const override { return size_; }
  std::string bytes() const override { return text_; }
  std::string_view label() const override;
  std::uint64_t hash() const override;
  PayloadRef through_wire() const override;
  const std::string& text() const { return text_; }

  static bool loses_a_byte_on_the_wire;  // a broken codec, to be caught

 private:
  std::string text_;
  std::size_t size_;
};

// One line of what was told.
struct Told {
  SimTime at;
  std::string who;
  std::uint64_t pass = 0;  // which pass of the event loop
  std::string text;
  Clocks clocks;
};

struct StageSpec {
  std::size_t actors = 2;
  Duration latency = 1ms;  // from host to host
  WorldSpec world;         // what else is to be different
  LinkQuality link;        // latency is taken from above
  std::vector<Duration> skews;
  FirstDisk disk;  // of every actor
};

class Stage {
 public:
  explicit Stage(StageSpec spec = {});
  Stage(const Stage&) = default;

  World& world() { return world_; }
  Levers& levers() { return world_.levers(); }
  MachineId id(const std::string& name) const;
  Direction way(const std::string& from, const std::string& to) const { return {id(from), id(to)}; }
  std::vector<Direction> both(const std::string& a, const std::string& b) const {
    return {way(a, b), way(b, a)};
  }

  // Types at the console of an actor; it obeys a moment later.
  std::uint32_t tell(const std::string& who, const std::string& command);
  void run_for(Duration time);
  void run_until(Duration time) { run_for(sim_time(time) - world_.now()); }

  // What was told so far: all of it, by one actor, or the texts of one actor that begin with
  // `prefix`.
  const std::vector<Told>& told() const { return told_; }
  std::vector<std::string> texts(const std::string& who, const std::string& prefix = "") const;
  // When `who` told `text` first; CHECKs that it did.
  Duration when(const std::string& who, const std::string& text) const;
  bool heard(const std::string& who, const std::string& text) const;
  int count(const std::string& who, const std::string& text) const;
  const std::vector<Record>& records() const { return records_; }
  const std::map<std::uint32_t, std::string>& replies() const { return replies_; }
  // By ticket: exit code and output; "lost" for a program that went down with its machine.
  const std::map<std::uint32_t, std::string>& programs() const { return programs_; }

 private:
  void collect();
  World world_;
  std::vector<Told> told_;
  std::vector<Record> records_;
  std::map<std::uint32_t, std::string> replies_, programs_;
};

// A stage on which m1 has dialled m2 as c, at 1 s.
Stage connected(StageSpec spec = {});

}  // namespace sim::stage
