#include <utility>

#include "sim/base/check.h"
#include "sim/wire/bus.h"

namespace sim::bus {

BusPayload::BusPayload(Message&& message, NamesRef names)
    : message_(std::move(message)), names_(std::move(names)) {
  seal();
}

// From here on it does not change.
void BusPayload::seal() {
  CHECK(names_ != nullptr);
  CHECK(well_formed(message_));
  size_ = encoded_size(message_);
}

std::string BusPayload::bytes() const {
  return encode(message_, *names_);
}
std::uint64_t BusPayload::hash() const {
  return bus::hash(message_, *names_);
}

PayloadRef BusPayload::through_wire() const {
  Framer framer;
  framer.feed(bytes());
  std::string packet;
  if (!framer.next(packet) || packet.size() != size_) return nullptr;
  auto decoded = decode(packet, *names_);
  auto* message = std::get_if<Message>(&decoded);
  return message == nullptr ? nullptr : PayloadRef(new BusPayload(std::move(*message), names_));
}

}  // namespace sim::bus
