// Events with every field set at random, for tests that go over all kinds.
#pragma once

#include <array>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "sim/base/choices.h"
#include "sim/trace/event_fields.h"

namespace sim {

// A visitor of event_fields.h that fills what it visits. Never leaves a field at its default if it
// can help it.
class RandomFields {
 public:
  template <class E>
  using Ref = E&;

  RandomFields(std::uint64_t seed, std::uint32_t machines)
      : stream_(seed, "random event"), machines_(machines) {}

  template <class T>
  void operator()(std::string_view, T& value) {
    ++visited;
    fill(value);
  }
  void hash(std::string_view, std::uint64_t& value) {
    ++visited;
    fill(value);
  }
  int visited = 0;  // fields so far

 private:
  std::uint64_t draw(std::uint64_t n) { return Choices(stream_).choose(Site::kKey, n); }
  void fill(bool& value) { value = draw(2) == 1; }
  template <class Int>
  requires std::is_integral_v<Int>
  void fill(Int& value) {
    value = static_cast<Int>(draw(std::numeric_limits<std::uint64_t>::max()));
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void fill(Enum& value) { value = static_cast<Enum>(draw(enum_names(value).size())); }
  void fill(std::string& text) {
    // Every byte there is: quotes, control characters, and what is not UTF-8.
    for (std::uint64_t left = 1 + draw(12); left > 0; --left) text += static_cast<char>(draw(256));
    if (draw(3) == 0) text = "\xe2\x86\x92 plain \"words\"\n";
  }
  void fill(std::string_view& label) {
    static constexpr std::array<std::string_view, 3> kLabels = {"bus:PING", "cmd:SET", "reply"};
    label = kLabels.at(draw(kLabels.size()));
  }
  void fill(NodeName& name) {
    for (char& c : name.text) c = "0123456789abcdef"[draw(16)];
  }
  void fill(SlotsRef& slots) {
    SlotSet set;
    for (std::uint64_t left = draw(6); left > 0; --left) {
      for (std::uint64_t slot = draw(kSlotCount), end = slot + draw(300); slot < end; ++slot)
        set.set(slot % kSlotCount);
    }
    slots = share_slots(set);
  }
  void fill(SlotId& slot) { slot.value = static_cast<std::uint16_t>(draw(kSlotCount)); }
  void fill(ConnId& conn) { fill(conn.value); }
  void fill(Endpoint& endpoint) {
    endpoint.ipv4 = static_cast<std::uint32_t>(1 + draw(0xfffffffe));
    fill(endpoint.port);
  }
  void fill(MachineId& machine) { machine.value = static_cast<std::uint32_t>(draw(machines_)); }
  void fill(event::PeerView& view) {
    const int before = visited;
    fields(*this, view);
    visited = before;
  }
  template <class A, class B>
  void fill(std::pair<A, B>& pair) {
    fill(pair.first);
    fill(pair.second);
  }
  template <class T>
  void fill(std::vector<T>& values) {
    values.resize(1 + draw(3));
    for (T& value : values) fill(value);
  }
  void fill(std::map<std::string, std::uint64_t>& counters) {
    counters["bus_sent_ping"] = draw(1000);
    fill(counters["bus \"odd\""]);
  }

  ChoiceStream stream_;
  std::uint32_t machines_;
};

}  // namespace sim
