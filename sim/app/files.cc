#include "sim/app/files.h"

#include <cerrno>
#include <cstring>

#include "sim/app/cli.h"

namespace sim {

File try_to_open(const std::string& path) {
  return File(path == "-" ? stdin : std::fopen(path.c_str(), "rb"));
}

File open_for_reading(const std::string& path) {
  File file = try_to_open(path);
  if (file == nullptr) throw UsageError{"cannot read " + path + ": " + std::strerror(errno)};
  return file;
}

File open_for_writing(const std::string& path, std::string_view what) {
  File file(std::fopen(path.c_str(), "wb"));
  if (file == nullptr) throw UsageError{"cannot write the " + std::string(what) + " to " + path};
  return file;
}

bool read_text(std::FILE* file, std::size_t most, std::string& text) {
  char piece[1 << 16];
  while (text.size() <= most) {
    const std::size_t count = std::fread(piece, 1, sizeof piece, file);
    text.append(piece, count);
    if (count < sizeof piece) break;
  }
  return std::ferror(file) == 0;
}

}  // namespace sim
