// Files that the user names on the command line. What cannot be opened is a UsageError.
#pragma once

#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace sim {

struct CloseFile {
  void operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
  }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

// Both take "-" for standard input; the first answers null, and errno, where the other throws.
File try_to_open(const std::string& path);
File open_for_reading(const std::string& path);
// `what` is what the error calls it: "cannot write the trace to out/x.jsonl".
File open_for_writing(const std::string& path, std::string_view what);

// All of it, or, of more than `most` bytes, enough to know that it is more. False: it cannot be
// read, and errno says why.
bool read_text(std::FILE* file, std::size_t most, std::string& text);

}  // namespace sim
