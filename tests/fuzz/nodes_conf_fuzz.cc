// Any bytes as nodes.conf: corrupt, or a file that loads the same once written back.
#include <cstdint>
#include <string>
#include <string_view>

#include "sim/base/check.h"
#include "sim/wire/nodes_conf.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using sim::nodes_conf::File;
  const auto parsed =
      sim::nodes_conf::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  const auto* file = std::get_if<File>(&parsed);
  if (file == nullptr || file->lines.empty()) return 0;
  const auto again = sim::nodes_conf::parse(sim::nodes_conf::print(*file));
  CHECK(std::holds_alternative<File>(again));
  CHECK(std::get<File>(again) == *file);
  return 0;
}
