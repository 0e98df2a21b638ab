#include "sim/hosts/process/executable.h"

#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>
#include <vector>

namespace sim::process {
namespace {

// As many interpreters of interpreters as the kernel follows.
constexpr int kInterpreters = 4;

// A part of a file as a T; nullopt: the file ends before.
template <class T>
std::optional<T> at(std::string_view file, std::uint64_t offset) {
  if (offset > file.size() || file.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, file.data() + offset, sizeof value);
  return value;
}

std::string_view part(std::string_view file, std::uint64_t offset, std::uint64_t size) {
  if (offset > file.size() || file.size() - offset < size) return {};
  return file.substr(offset, size);
}

std::string_view text_at(std::string_view file, std::uint64_t offset) {
  if (offset >= file.size()) return {};
  return file.substr(offset, file.find('\0', offset) - offset);
}

// The program that loads it and its libraries; empty: it needs none.
std::string_view loader_of(std::string_view file, const Elf64_Ehdr& head) {
  for (std::uint64_t i = 0; i < head.e_phnum; ++i) {
    const auto segment = at<Elf64_Phdr>(file, head.e_phoff + i * head.e_phentsize);
    if (segment && segment->p_type == PT_INTERP) return text_at(file, segment->p_offset);
  }
  return {};
}

std::string_view section(std::string_view file, const Elf64_Ehdr& head, std::string_view name) {
  const auto header = [&](std::uint64_t index) {
    return at<Elf64_Shdr>(file, head.e_shoff + index * head.e_shentsize);
  };
  const auto names = header(head.e_shstrndx);
  for (std::uint64_t i = 0; names && i < head.e_shnum; ++i) {
    const auto one = header(i);
    if (one && text_at(file, names->sh_offset + one->sh_name) == name)
      return part(file, one->sh_offset, one->sh_size);
  }
  return {};
}

std::string why_not_elf(std::string_view file) {
  const auto head = at<Elf64_Ehdr>(file, 0);
  if (!head || head->e_ident[EI_CLASS] != ELFCLASS64 || head->e_machine != EM_X86_64)
    return "is built for another processor than x86-64";
  if (!section(file, *head, ".go.buildinfo").empty() ||
      !section(file, *head, ".note.go.buildid").empty()) {
    return "is a Go program, whose threads do not go through the C library; the host cannot run it";
  }
  const std::string_view loader = loader_of(file, *head);
  if (loader.empty()) {
    return "is linked statically, so the host's library cannot be loaded into it; build it with "
           "shared libraries";
  }
  if (loader.find("ld-linux") == std::string_view::npos) {
    return "is built for another C library than glibc (" + std::string(loader) +
           "), and the host's library needs that";
  }
  constexpr std::array<std::array<std::string_view, 2>, 2> kSanitizers{
      {{"__tsan_init", "ThreadSanitizer"}, {"__msan_init", "MemorySanitizer"}}};
  const std::string_view symbols = section(file, *head, ".dynstr");
  for (const auto& [symbol, name] : kSanitizers) {
    if (symbols.find(symbol) == std::string_view::npos) continue;
    return "is built with " + std::string(name) +
           ", which takes the system calls for itself that the host answers; AddressSanitizer and "
           "UndefinedBehaviorSanitizer work";
  }
  return {};
}

std::string why_not(const std::string& name, int interpreters) {
  struct stat about {};
  if (stat(name.c_str(), &about) != 0) return "does not exist";
  if (S_ISDIR(about.st_mode)) return "is a directory";
  if (access(name.c_str(), X_OK) != 0) return "is not executable (chmod +x)";
  std::ifstream stream(name, std::ios::binary);
  std::ostringstream whole;
  whole << stream.rdbuf();
  const std::string file = whole.str();
  if (file.starts_with(ELFMAG)) return why_not_elf(file);
  if (!file.starts_with("#!")) return "is neither an ELF file nor a script that begins with #!";
  std::istringstream line(file.substr(2, file.find('\n') - 2));
  std::string interpreter;
  line >> interpreter;
  if (interpreters == 0) return "is a script of a script of a script";
  const std::string why = why_not(interpreter, interpreters - 1);
  return why.empty() ? "" : "is a script for " + interpreter + ", which " + why;
}

}  // namespace

std::string why_not_hosted(const std::string& file) {
  return why_not(file, kInterpreters);
}

}  // namespace sim::process
