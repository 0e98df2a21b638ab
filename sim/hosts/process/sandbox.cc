#include "sim/hosts/process/sandbox.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "sim/base/check.h"
#include "sim/hosts/process/preload_image.h"
#include "sim/hosts/process_pool.h"

namespace sim::process {
namespace {

constexpr std::int32_t kFirstPid = 1'000;
constexpr rlim_t kOpenFiles = 16'384;

bool inside = false;
std::int32_t last_pid = kFirstPid;
int last_pid_file = -1;
pid_t inner = -1;

std::string reason(const char* what) {
  return std::string(what) + ": " + std::strerror(errno);
}

bool write_text(const char* file, std::string_view text) {
  const int fd = open(file, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(fd);
  return written;
}

// Root as far as the new namespaces go, and still the same user for everything outside.
std::string become_mapped_user(uid_t user, gid_t group) {
  const std::string uids = "0 " + std::to_string(user) + " 1";
  const std::string gids = "0 " + std::to_string(group) + " 1";
  if (!write_text("/proc/self/setgroups", "deny") && errno != ENOENT)
    return reason("cannot write /proc/self/setgroups");
  if (!write_text("/proc/self/gid_map", gids) || !write_text("/proc/self/uid_map", uids))
    return reason("cannot map the user into a namespace of its own");
  return {};
}

std::string new_namespaces() {
  const uid_t user = geteuid();
  const gid_t group = getegid();
  if (unshare(CLONE_NEWNS | CLONE_NEWPID) == 0) return {};
  const int privileged_error = errno;
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID) != 0) {
    return std::string(
               "real programs need process and mount namespaces, and the kernel refuses "
               "them (as root: ") +
           std::strerror(privileged_error) + "; with a user namespace: " + std::strerror(errno) +
           "). In a container, allow CAP_SYS_ADMIN, or user namespaces (docs/real_servers.md)";
  }
  return become_mapped_user(user, group);
}

std::string mount_folders() {
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return reason("cannot make mounts private");
  if (mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=90%") != 0)
    return reason("cannot mount a private /dev/shm");
  // For programs that look at each other's /proc entries. A container may forbid it; servers do
  // without.
  mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
  if (mkdir(kSandboxFolder, 0777) != 0) return reason("cannot make a folder in /dev/shm");
  const int fd = open(kPreloadFile, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
  const std::string_view image = preload_image();
  if (fd < 0 || write(fd, image.data(), image.size()) != static_cast<ssize_t>(image.size()))
    return reason("cannot write the preload library");
  close(fd);
  return {};
}

// All of a sandbox runs on one processor: who hands the turn on goes to sleep right then, and to
// wake somebody on another processor costs far more than to switch.
// Jobs that run side by side take different ones.
void stay_on_one_processor() {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  std::vector<std::size_t> processors;
  for (std::size_t i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &allowed)) processors.push_back(i);
  }
  const int here = sched_getcpu();
  if (processors.empty() || here < 0) return;
  const std::optional<unsigned> place = job_place();
  const std::size_t chosen =
      place ? processors[*place % processors.size()] : static_cast<std::size_t>(here);
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(chosen, &only);
  sched_setaffinity(0, sizeof only, &only);
}

void steady_surroundings() {
  stay_on_one_processor();
  personality(ADDR_NO_RANDOMIZE);
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_max = limit.rlim_max < kOpenFiles ? limit.rlim_max : kOpenFiles;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
}

// `outside` is the end of a pipe whose other end is closed when who waits outside is gone, which
// from in here no process id tells.
void die_with_outside(int outside) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  pollfd one{outside, 0, 0};
  if (poll(&one, 1, 0) > 0) _exit(128 + SIGKILL);  // it was gone before that took effect
  close(outside);
}

std::string settle_in() {
  std::string trouble = mount_folders();
  if (!trouble.empty()) return trouble;
  last_pid_file = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);
  if (last_pid_file < 0) return reason("cannot open /proc/sys/kernel/ns_last_pid");
  steady_surroundings();
  inside = true;
  return {};
}

void pass_on(int signal) {
  if (inner > 0) kill(inner, signal);
}

[[noreturn]] void wait_outside() {
  std::signal(SIGINT, SIG_IGN);  // the terminal sends it to the child as well
  struct sigaction action {};
  action.sa_handler = pass_on;
  sigaction(SIGTERM, &action, nullptr);
  int status = 0;
  while (waitpid(inner, &status, 0) < 0 && errno == EINTR) {}
  _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

}  // namespace

std::string enter_sandbox() {
  if (inside) return {};
  std::fflush(nullptr);
  std::string trouble = new_namespaces();
  if (!trouble.empty()) return trouble;
  int alive[2];
  if (pipe2(alive, O_CLOEXEC) != 0) return reason("cannot make a pipe");
  inner = fork();
  if (inner < 0) return reason("cannot start a process in the new namespaces");
  if (inner > 0) wait_outside();
  close(alive[1]);
  die_with_outside(alive[0]);
  return settle_in();
}

std::string clear_folder(const std::string& folder, std::uint64_t bytes) {
  umount2(folder.c_str(), MNT_DETACH);  // of an earlier start; there may be none
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  if (!error) std::filesystem::create_directories(folder, error);
  if (error) return "cannot make the folder " + folder + ": " + error.message();
  const std::string size = "mode=0777,size=" + std::to_string(bytes);
  const bool limited = bytes > 0;
  if (limited &&
      mount("tmpfs", folder.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, size.c_str()) != 0) {
    return reason("cannot mount a disk of limited size");
  }
  return {};
}

bool inside_sandbox() {
  return inside;
}

// One that something else in the sandbox has is passed over.
std::int32_t next_pid() {
  do ++last_pid;
  while (kill(last_pid, 0) == 0 || errno != ESRCH);
  return last_pid;
}

void prepare_pid(std::int32_t pid) {
  CHECK(inside);
  const std::string before = std::to_string(pid - 1);
  CHECK(pwrite(last_pid_file, before.data(), before.size(), 0) ==
        static_cast<ssize_t>(before.size()));
}

}  // namespace sim::process
