// Files that the user names on the command line. What cannot be opened is a UsageError.
#pragma once

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

// "-" is standard input.
File open_for_reading(const std::string& path);
// `what` is what the error calls it: "cannot write the trace to out/x.jsonl".
File open_for_writing(const std::string& path, std::string_view what);

}  // namespace sim
