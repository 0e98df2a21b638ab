#include "sim/hosts/process/image.h"

#include <elf.h>

#include <cstring>

namespace sim::process {

Image image_of(const char* head, std::size_t size) {
  if (size > 2 && head[0] == '#' && head[1] == '!') return Image::kScript;
  Elf64_Ehdr elf;
  if (size < sizeof elf) return Image::kOther;
  std::memcpy(&elf, head, sizeof elf);
  if (std::memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0) return Image::kOther;
  for (int i = 0; i < elf.e_phnum; ++i) {
    const std::size_t offset = elf.e_phoff + static_cast<std::size_t>(i) * elf.e_phentsize;
    Elf64_Phdr program;
    if (offset + sizeof program > size) break;
    std::memcpy(&program, head + offset, sizeof program);
    if (program.p_type == PT_INTERP) return Image::kDynamic;
  }
  return Image::kStatic;
}

bool interpreter_of(const char* head, std::size_t size, char* path, std::size_t room) {
  std::size_t at = 2, length = 0;
  while (at < size && (head[at] == ' ' || head[at] == '\t')) ++at;
  while (at < size && std::strchr(" \t\r\n", head[at]) == nullptr) {
    if (length + 1 >= room) return false;
    path[length++] = head[at++];
  }
  path[length] = '\0';
  return length > 0;
}

}  // namespace sim::process
