#include "sim/hosts/process/tree.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <ctime>
#include <new>

#include "sim/base/check.h"
#include "sim/hosts/process/image.h"
#include "sim/hosts/process/kernel.h"
#include "sim/hosts/process/sandbox.h"

namespace sim::process {
namespace {

// How long the driver sleeps before it looks whether who has the turn is still alive.
constexpr timespec kPatience{0, 20'000'000};
// A slice that takes so much real time will never end: a busy loop on something no other can
// change.
constexpr int kPatienceRounds = 3'000;
constexpr std::uint64_t kSlicesPerMoment = 2'000'000;
constexpr std::int64_t kSliceCpu = 5'000;
constexpr int kStopTries = 5'000;

void futex_wake(std::atomic<std::uint32_t>& word) {
  syscall(SYS_futex, &word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

int open_process(std::int32_t pid) {
  return static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
}

bool is_dead(std::int32_t pid) {
  const int fd = open_process(pid);
  if (fd < 0) return true;
  pollfd one{fd, POLLIN, 0};
  const bool dead = poll(&one, 1, 0) > 0;
  close(fd);
  return dead;
}

void wait_for_death(std::int32_t pid) {
  const int fd = open_process(pid);
  if (fd < 0) return;
  pollfd one{fd, POLLIN, 0};
  while (poll(&one, 1, -1) < 0 && errno == EINTR) {}
  close(fd);
}

// Lets others on this processor get on. (To yield is no help: newer kernels take a yielder's share
// away, and a few hundred yields beside a busy program cost minutes.)
void nap() {
  const timespec moment{0, 20'000};
  nanosleep(&moment, nullptr);
}

// Stops it and waits until it has, because programs look into each other's /proc entries. Where
// those cannot be seen, it gets some time.
void stop_process(std::int32_t pid) {
  kill(pid, SIGSTOP);
  const std::string file = "/proc/" + std::to_string(pid) + "/stat";
  for (int tries = 0; tries < kStopTries; ++tries) {
    char text[512] = {};
    const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    const ssize_t size = read(fd, text, sizeof text - 1);
    close(fd);
    const char* name_end = size <= 0 ? nullptr : std::strrchr(text, ')');
    if (name_end != nullptr && name_end[1] == ' ' && (name_end[2] == 'T' || name_end[2] == 'Z'))
      return;
    nap();
  }
}

// As execvp looks for it.
std::string find_file(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  std::string_view path = "/usr/bin:/bin";
  for (char** one = environ; *one != nullptr; ++one) {
    if (std::strncmp(*one, "PATH=", 5) == 0) path = *one + 5;
  }
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    const std::string file = std::string(path.substr(begin, end - begin)) + "/" + name;
    if (access(file.c_str(), X_OK) == 0) return file;
    begin = end + 1;
  }
  return name;
}

// Whether it, or what reads it if it is a script, is a program that nothing gets into.
bool is_static(const std::string& name) {
  std::string file = find_file(name);
  for (int depth = 0; depth < kScriptsDeep; ++depth) {
    const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    char head[kImageHead], interpreter[PATH_MAX];
    const ssize_t got = read(fd, head, sizeof head);
    close(fd);
    const std::size_t size = got < 0 ? 0 : static_cast<std::size_t>(got);
    const Image image = image_of(head, size);
    if (image != Image::kScript) return image == Image::kStatic;
    if (!interpreter_of(head, size, interpreter, sizeof interpreter)) return false;
    file = interpreter;
  }
  return false;
}

int reap(std::int32_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return 0;
  }
  return status;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

template <std::size_t kSize>
void put(char (&into)[kSize], const std::string& text) {
  CHECK(text.size() < kSize);
  std::memcpy(into, text.c_str(), text.size() + 1);
}

}  // namespace

ProcessTree::ProcessTree(const TreeSetup& setup) {
  CHECK(inside_sandbox());
  directory_ = setup.directory;
  map_region(setup);
}

void ProcessTree::map_region(const TreeSetup& setup) {
  file_ = std::string(kSandboxFolder) + "/" + std::to_string(setup.machine);
  unlink(file_.c_str());
  const int fd = open(file_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0 || ftruncate(fd, sizeof(Region)) != 0)
    throw ProcessError{"cannot make shared memory in /dev/shm: " + std::string(strerror(errno))};
  void* where = reinterpret_cast<void*>(kRegionBase + setup.machine * kRegionStride);
  void* mapped = mmap(where, sizeof(Region), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_NORESERVE, fd, 0);
  close(fd);
  if (mapped != where)
    throw ProcessError{"cannot map shared memory: " + std::string(strerror(errno))};
  region_ = static_cast<Region*>(mapped);
  region_->monotonic_ns = setup.monotonic_ns;
  region_->wall_ns = setup.wall_ns;
  region_->address = setup.address;
  region_->incarnation = setup.incarnation;
  region_->mirrors_disk = setup.mirrors_disk;
  region_->alone = setup.alone;
  region_->hushes_debug = setup.hushes_debug;
  region_->fork_child_ns = setup.fork_child_ns;
  region_->fork_cost_ns = setup.fork_cost_ns;
  region_->exec_cost_ns = setup.exec_cost_ns;
  region_->wakeup_cost_ns = setup.wakeup_cost_ns;
  put(region_->directory, setup.directory);
  put(region_->preload, kPreloadFile);
  put(region_->file, file_);
}

std::int32_t ProcessTree::start(const StartSetup& setup, const Take& take) {
  if (is_static(setup.arguments.front())) {
    throw ProcessError{"cannot start " + setup.arguments.front() +
                       ": it is statically linked, and so cannot be held in virtual time"};
  }
  const std::int32_t pid = next_pid();
  const ProcessIndex index = new_process(*region_, pid);
  const TaskIndex task = new_task(*region_, index, pid);
  Process& root = region_->processes[index];
  root.root_pid = pid;
  root.random = setup.seed;
  root.parent_pid = 1;
  if (setup.logs) {
    const ObjectIndex log = new_object(*region_, ObjectKind::kLog);
    retain(*region_, log);
    root.object_of[1] = root.object_of[2] = static_cast<std::uint16_t>(log);
  }
  std::vector<std::string> environment = setup.environment;
  environment.push_back("LD_PRELOAD=" + std::string(kPreloadFile));
  environment.push_back(std::string(kTaskVariable) + "=" + std::to_string(task));
  environment.push_back(std::string(kRegionVariable) + "=" + file_);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, directory_.c_str());
  if (setup.logs) {
    for (const int fd : {0, 1, 2})
      posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
  }
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  prepare_pid(pid);
  region_->running = task;
  region_->ahead_ns = 0;
  region_->driver_turn.store(0);
  pid_t started = 0;
  const int error = posix_spawnp(&started, setup.arguments.front().c_str(), &actions, &attributes,
                                 pointers(setup.arguments).data(), pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    end_process(*region_, index, 127, false);
    free_process(*region_, index);
    throw ProcessError{"cannot start " + setup.arguments.front() + ": " + strerror(error)};
  }
  CHECK(started == pid);
  if (wait_for_turn(index)) slice_over(task, take);
  drain(take);
  return pid;
}

ProcessTree::~ProcessTree() {
  if (region_ == nullptr) return;
  for (ProcessIndex index = 1; index <= region_->processes_high; ++index) {
    const Process& process = region_->processes[index];
    if (process.state != ProcessState::kLive || process.pid == 0) continue;
    kill(process.pid, SIGKILL);
  }
  for (ProcessIndex index = 1; index <= region_->processes_high; ++index) {
    const Process& process = region_->processes[index];
    if (process.state == ProcessState::kFree || process.pid == 0) continue;
    if (process.state == ProcessState::kLive) wait_for_death(process.pid);
  }
  // All are the driver's children now, or were.
  for (ProcessIndex index = 1; index <= region_->processes_high; ++index) {
    const Process& process = region_->processes[index];
    if (process.state != ProcessState::kFree && process.pid != 0) reap(process.pid);
  }
  munmap(region_, sizeof(Region));
  unlink(file_.c_str());
}

void ProcessTree::terminate(std::int32_t pid) {
  const ProcessIndex root = find_process(*region_, pid);
  if (root != 0) raise_signal(*region_, root, SIGTERM);
}

std::int64_t ProcessTree::deadline() const {
  return next_deadline(*region_);
}

void ProcessTree::run(std::int64_t monotonic_ns, std::int64_t wall_ns, const Take& take) {
  region_->monotonic_ns = monotonic_ns;
  region_->wall_ns = wall_ns;
  for (std::uint64_t slices = 0;; ++slices) {
    run_deadlines(*region_);
    const TaskIndex task = take_ready(*region_);
    if (task == 0) {
      if (next_deadline(*region_) <= monotonic_ns) continue;
      break;
    }
    if (slices > kSlicesPerMoment) stuck(region_->tasks[task].process);
    give_turn(task, take);
    drain(take);
  }
}

void ProcessTree::grant(TaskIndex task) {
  region_->reason = Reason::kNone;
  region_->driver_turn.store(0);
  region_->tasks[task].turn.store(1, std::memory_order_release);
  futex_wake(region_->tasks[task].turn);
}

void ProcessTree::give_turn(TaskIndex task, const Take& take) {
  const ProcessIndex process = region_->tasks[task].process;
  region_->running = task;
  region_->ahead_ns = 0;
  region_->calls_this_slice = 0;
  region_->tasks[task].state = TaskState::kRunning;
  grant(task);
  if (!wait_for_turn(process)) return;
  slice_over(task, take);
}

// False: the program died instead, and has been buried.
bool ProcessTree::wait_for_turn(ProcessIndex process) {
  for (int rounds = 0; region_->driver_turn.load(std::memory_order_acquire) == 0; ++rounds) {
    const long result =
        syscall(SYS_futex, &region_->driver_turn, FUTEX_WAIT, 0, &kPatience, nullptr, 0);
    if (result == 0 || errno != ETIMEDOUT) continue;
    if (region_->driver_turn.load(std::memory_order_acquire) != 0) break;
    if (is_dead(region_->processes[process].pid)) {
      process_gone(process, false);
      return false;
    }
    if (rounds > kPatienceRounds) stuck(process);
  }
  return true;
}

void ProcessTree::slice_over(TaskIndex task, const Take& take) {
  const ProcessIndex process = region_->tasks[task].process;
  for (;;) {
    switch (region_->reason) {
      case Reason::kRecordsFull:
        drain(take);
        break;
      case Reason::kPrepareClone:
        prepare_pid(next_pid());
        break;
      case Reason::kStopOther:
        stop_process(region_->to_stop);
        break;
      case Reason::kThreadGone:
        return thread_gone(task);
      case Reason::kProcessGone:
        return process_gone(process, true);
      case Reason::kUnsupported:
        return unsupported(process);
      case Reason::kNone:
      case Reason::kBlocked:
        return slept(process);
    }
    grant(task);
    if (!wait_for_turn(process)) return;
  }
}

void ProcessTree::slept(ProcessIndex index) {
  Process& process = region_->processes[index];
  process.cpu_ns += kSliceCpu + region_->ahead_ns;
  if (process.stopped) stop_process(process.pid);  // by itself
}

void ProcessTree::process_gone(ProcessIndex index, bool by_itself) {
  Process& process = region_->processes[index];
  wait_for_death(process.pid);
  const std::int32_t code = process.exit_code;
  OutRecord record{};
  record.kind = RecordKind::kEnded;
  record.offset = static_cast<std::uint64_t>(process.pid);
  tell(*region_, record, {process.name, std::strlen(process.name)});
  end_process(*region_, index, code, !by_itself);
  if (process.root_pid == process.pid) root_gone(index);
  reap_orphans();
}

void ProcessTree::root_gone(ProcessIndex index) {
  const std::int32_t pid = region_->processes[index].pid;
  const int status = reap(pid);
  free_process(*region_, index);
  const bool killed = WIFSIGNALED(status);
  ended_.push_back({pid, killed ? 128 + WTERMSIG(status) : WEXITSTATUS(status), killed, {}});
}

// A program that does what the host cannot is ended with its root: what is left of them would go on
// as if it had worked.
void ProcessTree::unsupported(ProcessIndex index) {
  const std::int32_t root = region_->processes[index].root_pid;
  ended_.push_back({root, 126, false, region_->complaint});
  for (ProcessIndex other = 1; other <= region_->processes_high; ++other) {
    const Process& process = region_->processes[other];
    if (process.state != ProcessState::kLive || process.root_pid != root) continue;
    kill(process.pid, SIGKILL);
    wait_for_death(process.pid);
    end_process(*region_, other, SIGKILL, true);
  }
  for (ProcessIndex other = 1; other <= region_->processes_high; ++other) {
    if (region_->processes[other].state == ProcessState::kZombie) {
      reap(region_->processes[other].pid);
      free_process(*region_, other);
    }
  }
}

void ProcessTree::reap_orphans() {
  for (ProcessIndex index = 1; index <= region_->processes_high; ++index) {
    const Process& process = region_->processes[index];
    if (process.state != ProcessState::kZombie || process.parent != 0) continue;
    reap(process.pid);
    free_process(*region_, index);
  }
}

// The real kernel clears the word of a thread that is gone, and who joins it waits for that.
void ProcessTree::thread_gone(TaskIndex index) {
  const Task& task = region_->tasks[index];
  const ProcessIndex process = task.process;
  // The first thread of a process stays in its tables until the last one is gone.
  const std::int32_t pid = region_->processes[process].pid;
  while (task.tid != pid && syscall(SYS_tgkill, pid, task.tid, 0) == 0) nap();
  const std::uint64_t word = task.clear_word;
  free_task(*region_, index);
  if (word != 0) wake_futex(*region_, process, word, LONG_MAX, ~0u);
}

void ProcessTree::drain(const Take& take) {
  std::uint32_t at = 0;
  while (at < region_->out_used) {
    OutRecord record;
    std::memcpy(&record, region_->out + at, sizeof record);
    const char* bytes = region_->out + at + sizeof record;
    take(record, {bytes, record.name_size},
         {bytes + record.name_size, record.size - record.name_size});
    at += static_cast<std::uint32_t>((sizeof record + record.size + 7) / 8 * 8);
  }
  region_->out_used = 0;
}

void ProcessTree::stuck(ProcessIndex index) {
  const Process& process = region_->processes[index];
  throw ProcessError{std::string(process.name) + " (process " + std::to_string(process.pid) +
                     ") runs and runs without waiting for anything, so time cannot pass: it waits "
                     "in a busy loop for another thread"};
}

}  // namespace sim::process
