#include "sim/hosts/process_pool.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <vector>

#include "sim/hosts/lifeline.h"

namespace sim {
namespace {

volatile std::sig_atomic_t interrupt_seen = 0;
std::optional<unsigned> own_place;

struct Child {
  std::size_t task = 0;
  unsigned place = 0;
  pid_t pid = -1;
  int out = -1, err = -1;  // read ends; -1 once closed
  std::string result, complaint;
};

// A result is complete only with its trailer: a child that dies while writing is told from one that
// finished.
constexpr std::string_view kTrailer = "\n.\n";

[[noreturn]] void tell_result(std::string result, int out) {
  result += kTrailer;
  for (std::size_t written = 0; written < result.size();) {
    const ssize_t n = write(out, result.data() + written, result.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) std::_Exit(71);
    written += static_cast<std::size_t>(n);
  }
  std::fflush(nullptr);
  std::_Exit(0);
}

[[noreturn]] void child_main(std::size_t task, int out, int err,
                             const std::function<std::string(std::size_t)>& work) {
  std::signal(SIGINT, SIG_IGN);  // the parent decides what an interrupt means
  dup2(err, STDERR_FILENO);
  tell_result(work(task), out);
}

Child start(std::size_t task, unsigned place,
            const std::function<std::string(std::size_t)>& work) {
  int out[2], err[2];
  if (pipe(out) != 0 || pipe(err) != 0) {
    std::perror("slotsim: pipe");
    std::_Exit(71);
  }
  std::fflush(nullptr);
  Child child;
  child.task = task;
  child.place = place;
  const pid_t parent = getpid();
  child.pid = fork();
  if (child.pid < 0) {
    std::perror("slotsim: fork");
    std::_Exit(71);
  }
  if (child.pid == 0) {
    die_with(parent);
    close(out[0]);
    close(err[0]);
    own_place = place;
    child_main(task, out[1], err[1], work);
  }
  close(out[1]);
  close(err[1]);
  child.out = out[0];
  child.err = err[0];
  return child;
}

unsigned free_place(const std::vector<Child>& running) {
  unsigned place = 0;
  const auto taken = [&](const Child& child) { return child.place == place; };
  while (std::any_of(running.begin(), running.end(), taken)) ++place;
  return place;
}

// Reads what is there; closes the descriptor at end of file.
void drain(int& fd, std::string& into) {
  char buffer[65536];
  const ssize_t n = read(fd, buffer, sizeof buffer);
  if (n > 0) {
    into.append(buffer, static_cast<std::size_t>(n));
  } else if (n == 0 || errno != EINTR) {
    close(fd);
    fd = -1;
  }
}

ChildResult reap(Child& child) {
  int status = 0;
  while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {}
  ChildResult result;
  result.task = child.task;
  const bool whole = child.result.ends_with(kTrailer);
  if (whole) child.result.resize(child.result.size() - kTrailer.size());
  result.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  result.finished = whole && result.exit_code == 0;
  result.result = std::move(child.result);
  result.complaint = std::move(child.complaint);
  if (WIFSIGNALED(status)) {
    result.complaint += "killed by signal " + std::to_string(WTERMSIG(status)) + "\n";
  }
  return result;
}

}  // namespace

void run_in_children(std::size_t count, unsigned jobs,
                     const std::function<std::string(std::size_t)>& work,
                     const std::function<void(const ChildResult&)>& done,
                     const std::function<bool()>& stop) {
  std::vector<Child> running;
  std::map<std::size_t, ChildResult> waiting;  // finished before their turn
  std::size_t next_to_start = 0, next_to_tell = 0;
  while (next_to_start < count || !running.empty()) {
    if (stop()) {
      for (Child& child : running) {
        kill(child.pid, SIGKILL);
        reap(child);
      }
      return;
    }
    // Bounded run-ahead: a slow early task must not make us keep thousands of results.
    while (next_to_start < count && running.size() < jobs &&
           next_to_start < next_to_tell + 64 * jobs) {
      running.push_back(start(next_to_start++, free_place(running), work));
    }
    std::vector<pollfd> fds;
    for (const Child& child : running) {
      if (child.out >= 0) fds.push_back({child.out, POLLIN, 0});
      if (child.err >= 0) fds.push_back({child.err, POLLIN, 0});
    }
    if (poll(fds.data(), fds.size(), 1000) < 0) continue;  // EINTR: look at `stop` again
    for (const pollfd& ready : fds) {
      if (ready.revents == 0) continue;
      for (Child& child : running) {
        if (child.out == ready.fd)
          drain(child.out, child.result);
        else if (child.err == ready.fd)
          drain(child.err, child.complaint);
      }
    }
    for (std::size_t i = 0; i < running.size();) {
      if (running[i].out >= 0 || running[i].err >= 0) {
        ++i;
        continue;
      }
      ChildResult result = reap(running[i]);
      waiting.emplace(result.task, std::move(result));
      running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
    }
    for (auto turn = waiting.find(next_to_tell); turn != waiting.end();
         turn = waiting.find(next_to_tell)) {
      done(turn->second);
      waiting.erase(turn);
      ++next_to_tell;
    }
  }
}

std::optional<unsigned> job_place() {
  return own_place;
}

std::optional<std::string> run_in_child(const std::function<std::string()>& work) {
  int out[2];
  if (pipe(out) != 0) return std::nullopt;
  std::fflush(nullptr);
  Child child;
  const pid_t parent = getpid();
  child.pid = fork();
  if (child.pid < 0) return std::nullopt;
  fcntl(out[1], F_SETFD, FD_CLOEXEC);  // programs that it starts must not hold it
  if (child.pid == 0) {
    die_with(parent);
    close(out[0]);
    tell_result(work(), out[1]);
  }
  close(out[1]);
  child.out = out[0];
  for (bool told = false; child.out >= 0;) {
    drain(child.out, child.result);
    // A terminal's interrupt goes to all of its programs; to be terminated, to this one only.
    if (interrupt_seen == SIGTERM && !told) kill(child.pid, SIGTERM);
    told = interrupt_seen == SIGTERM;
  }
  ChildResult result = reap(child);
  if (!result.finished) return std::nullopt;
  return std::move(result.result);
}

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = [](int signal_number) {
    if (interrupt_seen != 0) {
      std::signal(signal_number, SIG_DFL);
      raise(signal_number);
    }
    interrupt_seen = signal_number;
  };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() {
  return interrupt_seen != 0;
}

}  // namespace sim
