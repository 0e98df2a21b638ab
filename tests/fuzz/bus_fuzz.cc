// Any bytes on the cluster bus: framed, decoded, sent on, and understood the same by the next.
#include <cstdint>
#include <string>
#include <string_view>

#include "sim/base/check.h"
#include "sim/wire/bus.h"

namespace {

void check_round_trip(std::string_view packet) {
  sim::Names names;
  const auto decoded = sim::bus::decode(packet, names);
  const auto* message = std::get_if<sim::bus::Message>(&decoded);
  if (message == nullptr) return;
  CHECK(sim::bus::well_formed(*message));
  const std::string sent_on = sim::bus::encode(*message, names);
  CHECK(sent_on.size() == sim::bus::encoded_size(*message));
  const auto again = sim::bus::decode(sent_on, names);
  CHECK(std::holds_alternative<sim::bus::Message>(again));
  CHECK(sim::bus::hash(std::get<sim::bus::Message>(again), names) ==
        sim::bus::hash(*message, names));
  CHECK(sim::bus::encode(std::get<sim::bus::Message>(again), names) == sent_on);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_round_trip(bytes);
  sim::bus::Framer framer;
  framer.feed(bytes.substr(0, size / 2));
  std::string packet;
  while (framer.next(packet)) check_round_trip(packet);
  framer.feed(bytes.substr(size / 2));
  while (framer.next(packet)) check_round_trip(packet);
  return 0;
}
