#include "sim/node/payload.h"

#include "sim/base/hash.h"

namespace sim {
std::uint64_t RawBytes::hash() const {
  return hash_text(bytes_);
}
}  // namespace sim
