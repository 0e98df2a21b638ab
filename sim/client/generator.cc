#include "sim/client/generator.h"

namespace sim {

std::string unique_value(std::uint64_t operation) {
  std::string text = std::to_string(operation >> 40);
  if (const std::uint64_t incarnation = operation >> 32 & 0xff; incarnation > 0) {
    text += "." + std::to_string(incarnation);
  }
  return text += "-" + std::to_string(operation & 0xffffffff);
}

}  // namespace sim
