#include "sim/hosts/subprocess.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>

#include "sim/hosts/lifeline.h"

namespace sim {
namespace {

[[noreturn]] void become(const std::string& program, const std::vector<std::string>& arguments,
                         const std::vector<std::string>& environment, int in, int out) {
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  for (const std::string& entry : environment) putenv(const_cast<char*>(entry.c_str()));
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execvp(program.c_str(), argv.data());
  std::_Exit(127);
}

// Feeds and reads at once, so that neither side waits for the other's full pipe.
std::string converse(int in, int out, std::string_view input) {
  std::string result;
  while (out >= 0) {
    std::array<pollfd, 2> fds{pollfd{out, POLLIN, 0}, pollfd{in, POLLOUT, 0}};
    if (poll(fds.data(), in >= 0 ? 2 : 1, -1) < 0) {
      if (errno == EINTR) continue;
      break;
    }
    if (in >= 0 && fds[1].revents != 0) {
      const ssize_t n = input.empty() ? 0 : write(in, input.data(), input.size());
      if (n > 0) input.remove_prefix(static_cast<std::size_t>(n));
      if (n < 0 || input.empty()) {
        close(in);
        in = -1;
      }
    }
    if (fds[0].revents != 0) {
      char buffer[65536];
      const ssize_t n = read(out, buffer, sizeof buffer);
      if (n > 0)
        result.append(buffer, static_cast<std::size_t>(n));
      else if (n == 0 || errno != EINTR)
        break;
    }
  }
  if (in >= 0) close(in);
  close(out);
  return result;
}

}  // namespace

std::optional<ProgramOutput> run_program(const std::string& program,
                                         const std::vector<std::string>& arguments,
                                         std::string_view input,
                                         const std::vector<std::string>& environment) {
  int in[2], out[2];
  if (pipe(in) != 0 || pipe(out) != 0) return std::nullopt;
  const auto old_handler = std::signal(SIGPIPE, SIG_IGN);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return std::nullopt;
  if (pid == 0) {
    die_with(parent);
    std::signal(SIGPIPE, SIG_DFL);
    close(in[1]);
    close(out[0]);
    become(program, arguments, environment, in[0], out[1]);
  }
  close(in[0]);
  close(out[1]);
  ProgramOutput output;
  output.out = converse(in[1], out[0], input);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
  std::signal(SIGPIPE, old_handler);
  output.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  if (output.exit_code == 127) return std::nullopt;
  return output;
}

std::string own_path() {
  std::array<char, PATH_MAX> path{};
  const ssize_t n = readlink("/proc/self/exe", path.data(), path.size());
  return n > 0 ? std::string(path.data(), static_cast<std::size_t>(n)) : std::string("slotsim");
}

}  // namespace sim
