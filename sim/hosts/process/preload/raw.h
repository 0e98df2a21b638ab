// System calls as the kernel knows them. Made from this library's own text, which is the only text
// of a program that may make them: all others come to `dispatch`.
#pragma once

#include <sys/syscall.h>

#include <cstdint>

namespace sim::process {

inline long raw(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0,
                long f = 0) {
  long result;
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}
inline long address(const void* pointer) {
  return reinterpret_cast<long>(pointer);
}
template <class T>
T* pointer(long word) {
  return reinterpret_cast<T*>(word);
}

}  // namespace sim::process
