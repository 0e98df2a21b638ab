#include "sim/hosts/wall_cluster.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "sim/base/check.h"
#include "sim/hosts/clock.h"

namespace sim {
namespace {

namespace fs = std::filesystem;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool is_free(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);  // as servers do
  const bool free = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return free;
}

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

[[noreturn]] void become_server(const std::string& program, const std::string& folder, int parent) {
  // Ctrl-C is for us to interpret; and nobody outlives us, not even a kill -9.
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) std::_Exit(126);
  const int out = open((folder + "/output").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  const int in = open("/dev/null", O_RDONLY);
  if (out < 0 || in < 0 || chdir(folder.c_str()) != 0) std::_Exit(126);
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  setenv("TZ", "UTC", 1);  // logs are read back by their times
  std::string name = program, config = "redis.conf";
  char* const argv[] = {name.data(), config.data(), nullptr};
  execvp(program.c_str(), argv);
  std::_Exit(127);
}

// One connection for one command.
class Conversation {
 public:
  Conversation(std::uint16_t port, int timeout_ms)
      : deadline_(real_ns() + std::int64_t{timeout_ms} * 1'000'000),
        fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    const sockaddr_in address = loopback(port);
    if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
        errno != EINPROGRESS)
      broken_ = true;
  }
  ~Conversation() { close(fd_); }
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  std::optional<resp::Value> ask(const resp::Command& command) {
    std::string request;
    resp::append_encoded(command, request);
    while (!request.empty()) {
      if (!wait(POLLOUT)) return std::nullopt;
      const ssize_t n = send(fd_, request.data(), request.size(), MSG_NOSIGNAL);
      if (n <= 0) return std::nullopt;
      request.erase(0, static_cast<std::size_t>(n));
    }
    resp::ValueReader reader;
    resp::Value value;
    while (!reader.next(value)) {
      char buffer[16384];
      if (!reader.broken().empty() || !wait(POLLIN)) return std::nullopt;
      const ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
      if (n <= 0) return std::nullopt;
      reader.feed({buffer, static_cast<std::size_t>(n)});
    }
    return value;
  }

 private:
  bool wait(short what) {
    while (!broken_) {
      const std::int64_t left = (deadline_ - real_ns()) / 1'000'000;
      if (left <= 0) return false;
      pollfd ready{fd_, what, 0};
      const int n = poll(&ready, 1, static_cast<int>(left));
      if (n > 0) return (ready.revents & what) != 0;
      if (n == 0 || errno != EINTR) return false;
    }
    return false;
  }

  std::int64_t deadline_;
  int fd_;
  bool broken_ = false;
};

}  // namespace

std::uint16_t find_free_ports(std::size_t count) {
  constexpr std::size_t kFirst = 20000, kLast = 50000;
  // Two of us at a time begin to look at different places.
  std::size_t base = kFirst + process_number() % 100 * 100;
  for (std::size_t found = 0; base + count < kLast;) {
    const auto port = static_cast<std::uint16_t>(base + found);
    if (!is_free(port) || !is_free(static_cast<std::uint16_t>(port + kBusPortOffset))) {
      base = base + found + 1;
      found = 0;
    } else if (++found == count) {
      return static_cast<std::uint16_t>(base);
    }
  }
  return 0;
}

WallCluster::WallCluster(std::string program, std::vector<WallServer> servers)
    : program_(std::move(program)), servers_(std::move(servers)), pids_(servers_.size(), -1) {
  if (program_.find('/') != std::string::npos) program_ = fs::absolute(program_).string();
  std::string pattern = (fs::temp_directory_path() / "slotsim-wall-XXXXXX").string();
  CHECK(mkdtemp(pattern.data()) != nullptr);
  directory_ = pattern;
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    const WallServer& server = servers_[i];
    fs::create_directory(folder(i));
    std::ofstream config(folder(i) + "/redis.conf");
    for (const std::string& line : server.lines) config << line << "\n";
    config << "port " << server.port << "\nbind 127.0.0.1\nlogfile log\n";
    for (const auto& [name, content] : server.files)
      std::ofstream(folder(i) + "/" + name, std::ios::binary) << content;
  }
}

WallCluster::~WallCluster() {
  for (std::size_t i = 0; i < size(); ++i) signal(i, SIGKILL);
  // A child that a server had forked for a snapshot may still be dying, and writing.
  std::error_code error;
  for (int tries = 0; tries < 100; ++tries) {
    fs::remove_all(directory_, error);
    if (!error) return;
    sleep_ms(10);
  }
}

bool WallCluster::start(std::size_t index) {
  if (is_up(index)) return false;
  const int parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) become_server(program_, folder(index), parent);
  if (pid > 0) setpgid(pid, pid);  // whoever of the two comes first
  pids_[index] = pid;
  return pid > 0;
}

bool WallCluster::is_up(std::size_t index) {
  int& pid = pids_[index];
  if (pid > 0 && waitpid(pid, nullptr, WNOHANG) == pid) pid = -1;
  return pid > 0;
}

bool WallCluster::signal(std::size_t index, int number) {
  if (!is_up(index)) return false;
  // Death takes the children along.
  if (kill(number == SIGKILL ? -pids_[index] : pids_[index], number) != 0) return false;
  if (number == SIGKILL) {
    while (waitpid(pids_[index], nullptr, 0) < 0 && errno == EINTR) {}
    pids_[index] = -1;
  }
  return true;
}

std::optional<resp::Value> WallCluster::ask(std::size_t index, const resp::Command& command,
                                            int timeout_ms) {
  return Conversation(servers_[index].port, timeout_ms).ask(command);
}

std::string WallCluster::log(std::size_t index) const {
  return contents(folder(index) + "/log");
}

std::string WallCluster::output(std::size_t index) const {
  return contents(folder(index) + "/output");
}

}  // namespace sim
