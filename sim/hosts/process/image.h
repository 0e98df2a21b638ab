// What the first bytes of a program's file say about how it is started. Pure, and compiled into the
// preload library too.
#pragma once

#include <cstddef>

namespace sim::process {

enum class Image {
  kDynamic,  // its loader brings the preload library in
  kStatic,   // nothing does: it cannot be held
  kScript,   // another program is started, which reads it
  kOther,
};

inline constexpr std::size_t kImageHead = 4096;
inline constexpr int kScriptsDeep = 5;  // so many interpreters of interpreters there may be

// `head` holds the first bytes of the file, kImageHead of them if there are so many.
Image image_of(const char* head, std::size_t size);
// The program that a script names in its first line; false if there is none.
bool interpreter_of(const char* head, std::size_t size, char* path, std::size_t room);

}  // namespace sim::process
