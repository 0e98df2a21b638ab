// The library's beginning in a program, and the trap through which its system calls come.
#include <elf.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "sim/hosts/process/preload/attach.h"
#include "sim/hosts/process/preload/calls.h"
#include "sim/hosts/process/preload/raw.h"
#include "sim/hosts/process/preload/turn.h"

extern "C" {
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char etext[] __attribute__((visibility("hidden")));
__attribute__((visibility("hidden"))) void slotsim_restorer();
}

// Where the trap's handler returns to: a system call of this library's own text.
asm(R"(
  .text
  .globl slotsim_restorer
  .hidden slotsim_restorer
  .type slotsim_restorer, @function
  nop
slotsim_restorer:
  mov $15, %eax
  syscall
  .size slotsim_restorer, . - slotsim_restorer
)");

namespace sim::process {
namespace {

constexpr int kDispatch = 59;  // PR_SET_SYSCALL_USER_DISPATCH

struct KernelAction {
  void (*handler)(int, siginfo_t*, void*);
  std::uint64_t flags;
  void (*restorer)();
  std::uint64_t mask;
};
constexpr std::uint64_t kHasRestorer = 0x04000000;

// A handler of the program's own returns through libc, whose rt_sigreturn comes here as any call:
// the real one is made on the frame it was made for.
[[noreturn]] void return_from_handler(const ucontext_t* context) {
  asm volatile(
      "mov %0, %%rsp\n"
      "mov $15, %%eax\n"
      "syscall\n"
      :
      : "r"(context->uc_mcontext.gregs[REG_RSP])
      : "memory");
  __builtin_unreachable();
}

void on_trap(int, siginfo_t* info, void* raw_context) {
  auto* context = static_cast<ucontext_t*>(raw_context);
  greg_t* registers = context->uc_mcontext.gregs;
  if (info->si_syscall == SYS_rt_sigreturn) {
    // The program's handler is over, and its mask comes back with its frame.
    const auto* frame = reinterpret_cast<const ucontext_t*>(registers[REG_RSP]);
    std::memcpy(&own_task().blocked_signals, &frame->uc_sigmask, 8);
    own_task().blocked_signals &= ~kTrapSignalBit;
    return_from_handler(context);
  }
  Call call;
  call.number = info->si_syscall;
  call.a = registers[REG_RDI];
  call.b = registers[REG_RSI];
  call.c = registers[REG_RDX];
  call.d = registers[REG_R10];
  call.e = registers[REG_R8];
  call.f = registers[REG_R9];
  call.context = context;
  registers[REG_RAX] = dispatch(call);
}

void install_trap() {
  KernelAction action{};
  action.handler = on_trap;
  action.flags = SA_SIGINFO | SA_NODEFER | SA_RESTART | kHasRestorer;
  action.restorer = slotsim_restorer;
  raw(SYS_rt_sigaction, SIGSYS, address(&action), 0, 8);
}

// ---- The vDSO: clocks that are no system calls ----

int vdso_clock_gettime(int clock, void* into) {
  return static_cast<int>(do_clock_gettime(clock, into));
}
int vdso_gettimeofday(void* into, void*) {
  return static_cast<int>(do_gettimeofday(into));
}
long vdso_time(long* into) {
  return do_time(into);
}
int vdso_getcpu(unsigned* cpu, unsigned* node, void*) {
  if (cpu != nullptr) *cpu = 0;
  if (node != nullptr) *node = 0;
  return 0;
}

void put_jump(char* from, const void* to) {
  const unsigned char jump[] = {0xff, 0x25, 0, 0, 0, 0};  // jmp *0(%rip)
  std::memcpy(from, jump, sizeof jump);
  std::memcpy(from + sizeof jump, &to, sizeof to);
}

struct Replacement {
  const char* name;
  const void* function;
};

void replace_clocks() {
  char* base = reinterpret_cast<char*>(getauxval(AT_SYSINFO_EHDR));
  if (base == nullptr) return;
  const auto* elf = reinterpret_cast<const Elf64_Ehdr*>(base);
  const auto* programs = reinterpret_cast<const Elf64_Phdr*>(base + elf->e_phoff);
  const char* names = nullptr;
  const Elf64_Sym* symbols = nullptr;
  const std::uint32_t* hash = nullptr;
  std::size_t size = 4096;
  for (int i = 0; i < elf->e_phnum; ++i) {
    if (programs[i].p_type == PT_LOAD) size = programs[i].p_memsz;
    if (programs[i].p_type != PT_DYNAMIC) continue;
    const auto* one = reinterpret_cast<const Elf64_Dyn*>(base + programs[i].p_offset);
    for (; one->d_tag != DT_NULL; ++one) {
      if (one->d_tag == DT_STRTAB) names = base + one->d_un.d_ptr;
      if (one->d_tag == DT_SYMTAB) symbols = reinterpret_cast<Elf64_Sym*>(base + one->d_un.d_ptr);
      if (one->d_tag == DT_HASH) hash = reinterpret_cast<std::uint32_t*>(base + one->d_un.d_ptr);
    }
  }
  if (names == nullptr || symbols == nullptr || hash == nullptr)
    unsupported("runs on a kernel whose vDSO has another form");
  const std::size_t pages = (size + 4095) / 4096 * 4096;
  const long opened = raw(SYS_mprotect, address(base), static_cast<long>(pages),
                          PROT_READ | PROT_WRITE | PROT_EXEC);
  if (opened != 0) unsupported("runs on a kernel that seals its vDSO, so clocks cannot be held");
  const Replacement replacements[] = {
      {"__vdso_clock_gettime", reinterpret_cast<const void*>(vdso_clock_gettime)},
      {"__vdso_gettimeofday", reinterpret_cast<const void*>(vdso_gettimeofday)},
      {"__vdso_time", reinterpret_cast<const void*>(vdso_time)},
      {"__vdso_getcpu", reinterpret_cast<const void*>(vdso_getcpu)},
  };
  for (std::uint32_t i = 0; i < hash[1]; ++i) {
    for (const Replacement& replacement : replacements) {
      if (std::strcmp(names + symbols[i].st_name, replacement.name) == 0)
        put_jump(base + symbols[i].st_value, replacement.function);
    }
  }
  raw(SYS_mprotect, address(base), static_cast<long>(pages), PROT_READ | PROT_EXEC);
}

// ---- Beginning ----

const char* variable(char* const* environment, const char* name) {
  const std::size_t length = std::strlen(name);
  for (char* const* one = environment; one != nullptr && *one != nullptr; ++one) {
    if (std::strncmp(*one, name, length) == 0 && (*one)[length] == '=') return *one + length + 1;
  }
  return nullptr;
}

Region* map_region(const char* file, std::uintptr_t where) {
  const long fd = raw(SYS_openat, AT_FDCWD, address(file), O_RDWR | O_CLOEXEC);
  if (fd < 0) return nullptr;
  const long mapped =
      raw(SYS_mmap, static_cast<long>(where), sizeof(Region), PROT_READ | PROT_WRITE,
          MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_NORESERVE, fd, 0);
  raw(SYS_close, fd);
  return mapped == static_cast<long>(where) ? reinterpret_cast<Region*>(where) : nullptr;
}

// After exec: descriptors that were marked to be closed are.
void drop_closed_descriptors() {
  Process& process = own_process();
  for (std::uint32_t fd = 0; fd < kFdCount; ++fd) {
    const ObjectIndex index = process.object_of[fd];
    if (index == 0 || raw(SYS_fcntl, fd, F_GETFD) >= 0) continue;
    process.object_of[fd] = 0;
    release(*region, index);
  }
}

void take_name() {
  const char* path = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
  if (path == nullptr) return;
  const char* slash = std::strrchr(path, '/');
  const char* name = slash == nullptr ? path : slash + 1;
  char(&into)[sizeof Process::name] = own_process().name;
  std::size_t length = std::strlen(name);
  if (length >= sizeof into) length = sizeof into - 1;
  std::memset(into, 0, sizeof into);
  std::memcpy(into, name, length);
}

// Handlers do not survive exec, ignored signals do.
void forget_handlers() {
  Process& process = own_process();
  process.handled = process.restarting = 0;
}

std::uint32_t number_in(const char* text) {
  std::uint32_t value = 0;
  while (*text >= '0' && *text <= '9')
    value = value * 10 + static_cast<std::uint32_t>(*text++ - '0');
  return value;
}

// Threads other than the one that called exec are no more, and that one is the program now.
void forget_other_threads() {
  for (TaskIndex index = 1; index <= region->tasks_high; ++index) {
    const Task& task = region->tasks[index];
    const bool other = index != self() && task.state != TaskState::kFree;
    if (other && task.process == own_process_index()) free_task(*region, index);
  }
  own_task().tid = own_process().pid;
}

// Runs before anything else of the program, libc's own beginning included.
__attribute__((constructor)) void attach(int, char**, char** environment) {
  const char* task = variable(environment, kTaskVariable);
  const char* file = variable(environment, kRegionVariable);
  if (task == nullptr || file == nullptr || region != nullptr) return;
  // The file is called after the machine's number, which says where it belongs.
  const char* slash = std::strrchr(file, '/');
  const auto machine = std::uintptr_t{number_in(slash == nullptr ? file : slash + 1)};
  region = map_region(file, kRegionBase + machine * kRegionStride);
  if (region == nullptr) raw(SYS_exit_group, 127);
  become(number_in(task));
  forget_other_threads();
  Process& process = own_process();
  process.execed = true;
  process.vfork_parent_waits = false;
  take_name();
  forget_handlers();
  std::uint64_t mask = 0;
  raw(SYS_rt_sigprocmask, 0, 0, address(&mask), 8);
  own_task().blocked_signals = mask & ~kTrapSignalBit;
  drop_closed_descriptors();
  replace_clocks();
  install_trap();
  trap_own_calls();
  spend(region->exec_cost_ns);
  OutRecord record{};
  record.kind = RecordKind::kStarted;
  record.offset = static_cast<std::uint64_t>(process.pid);
  tell(*region, record, {process.name, std::strlen(process.name)});
}

long machine_call(const Call& call, bool& known) {
  known = true;
  switch (call.number) {
    case SYS_getrandom:
      fill_random(own_process().random, pointer<void>(call.a), static_cast<std::size_t>(call.b));
      return call.b;
    case SYS_sched_getaffinity: {
      if (call.b < 8) return -EINVAL;
      std::memset(pointer<void>(call.c), 0, static_cast<std::size_t>(call.b));
      *pointer<char>(call.c) = 1;
      return 8;
    }
    case SYS_sched_setaffinity:
      return 0;
    case SYS_getcpu:
      return vdso_getcpu(pointer<unsigned>(call.a), pointer<unsigned>(call.b), nullptr);
    case SYS_sysinfo: {
      auto* into = pointer<struct sysinfo>(call.a);
      std::memset(into, 0, sizeof *into);
      into->uptime = monotonic_now() / 1'000'000'000;
      into->totalram = std::uint64_t{16} << 30;
      into->freeram = std::uint64_t{8} << 30;
      into->procs = 1;
      into->mem_unit = 1;
      return 0;
    }
    case SYS_uname: {
      auto* into = pointer<utsname>(call.a);
      std::memset(into, 0, sizeof *into);
      std::strcpy(into->sysname, "Linux");
      std::strcpy(into->nodename, "slotsim");
      std::strcpy(into->release, "6.1.0");
      std::strcpy(into->version, "#1 SMP");
      std::strcpy(into->machine, "x86_64");
      return 0;
    }
    default:
      known = false;
      return 0;
  }
}

}  // namespace

void trap_own_calls() {
  raw(SYS_prctl, kDispatch, 1, address(__ehdr_start), etext - __ehdr_start, 0);
}

long dispatch(const Call& call) {
  long result = 0;
  bool known = file_call(call, result) || socket_call(call, result) || waiting_call(call, result) ||
               time_call(call, result) || thread_call(call, result) || signal_call(call, result) ||
               process_call(call, result);
  if (!known) result = machine_call(call, known);
  if (!known) result = raw(call.number, call.a, call.b, call.c, call.d, call.e, call.f);
  if (due_signals() != 0) take_signals();
  return result;
}

}  // namespace sim::process
