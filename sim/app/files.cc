#include "sim/app/files.h"

#include <cerrno>
#include <cstring>

#include "sim/app/cli.h"

namespace sim {

File open_for_reading(const std::string& path) {
  File file(path == "-" ? stdin : std::fopen(path.c_str(), "rb"));
  if (file == nullptr) throw UsageError{"cannot read " + path + ": " + std::strerror(errno)};
  return file;
}

File open_for_writing(const std::string& path, std::string_view what) {
  File file(std::fopen(path.c_str(), "wb"));
  if (file == nullptr) throw UsageError{"cannot write the " + std::string(what) + " to " + path};
  return file;
}

}  // namespace sim
