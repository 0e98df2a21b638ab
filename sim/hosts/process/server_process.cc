#include "sim/hosts/process/server_process.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "sim/base/check.h"
#include "sim/hosts/process/kernel.h"
#include "sim/hosts/process/sandbox.h"

namespace sim {
namespace {

namespace fs = std::filesystem;
using process::ObjectIndex;
using process::OutRecord;
using process::RecordKind;

constexpr std::size_t kOutputKept = 4'000;

int error_of(CloseReason why) {
  switch (why) {
    case CloseReason::kPeerClosed:
      return 0;
    case CloseReason::kReset:
      return ECONNRESET;
    case CloseReason::kRefused:
      return ECONNREFUSED;
    case CloseReason::kTimedOut:
      return ETIMEDOUT;
    case CloseReason::kUnreachable:
    case CloseReason::kFailedAtOnce:
      return EHOSTUNREACH;
  }
  return ECONNRESET;
}

std::string folder_of(const ProgramSetup& setup) {
  if (!setup.directory.empty()) return setup.directory;
  return std::string(process::kSandboxFolder) + "/d" + std::to_string(setup.machine);
}

void write_whole(const fs::path& path, std::string_view content) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  if (!file.flush()) throw process::ProcessError{"cannot write " + path.string()};
}

// What the last incarnation left is on the machine's disk, not here.
void fill_folder(const std::string& folder, const ProgramSetup& setup, const DiskImage& disk) {
  fs::remove_all(folder);
  fs::create_directories(folder);
  for (const auto& [name, content] : disk) write_whole(fs::path(folder) / name, *content);
  for (const auto& [name, content] : setup.files) write_whole(fs::path(folder) / name, content);
}

}  // namespace

// Turns what a program tells into effects, in order.
class ServerProcess::Teller {
 public:
  Teller(ServerProcess& server, Effects& effects) : server_(server), effects_(effects) {}
  ~Teller() { flush(); }
  Teller(const Teller&) = delete;
  Teller& operator=(const Teller&) = delete;

  void operator()(const OutRecord& record, std::string_view name, std::string_view bytes) {
    const bool more = record.kind == RecordKind::kSend && pending_conn_ == ConnId{record.conn};
    if (!more) flush();
    switch (record.kind) {
      case RecordKind::kDial:
        server_.sockets_[record.conn] = static_cast<ObjectIndex>(record.offset);
        effects_.emplace_back(
            Dial{ConnId{record.conn}, {record.ip, static_cast<std::uint16_t>(record.port)}});
        return;
      case RecordKind::kSend:
        pending_conn_ = ConnId{record.conn};
        pending_.append(bytes);
        return;
      case RecordKind::kClose:
        server_.sockets_.erase(record.conn);
        effects_.emplace_back(Close{ConnId{record.conn}, record.offset != 0});
        return;
      case RecordKind::kListen:
        effects_.emplace_back(Listen{static_cast<std::uint16_t>(record.port)});
        return;
      case RecordKind::kUnlisten:
        effects_.emplace_back(Listen{static_cast<std::uint16_t>(record.port), false});
        return;
      case RecordKind::kLog:
        return server_.log(bytes, effects_);
      case RecordKind::kStarted:
      case RecordKind::kEnded:
        return program(record.kind, name, record.offset);
      default:
        return file(record, std::string(name), bytes);
    }
  }

 private:
  void program(RecordKind kind, std::string_view name, std::uint64_t pid) {
    std::string text = std::string(name) + " (" + std::to_string(pid) + ")" +
                       (kind == RecordKind::kStarted ? " starts" : " is over");
    effects_.emplace_back(Note{event::Remark{std::move(text)}});
  }

  void file(const OutRecord& record, std::string name, std::string_view bytes) {
    switch (record.kind) {
      case RecordKind::kWriteFile:
        effects_.emplace_back(
            WriteFile{std::move(name), record.offset, share(std::string(bytes))});
        return;
      case RecordKind::kTruncateFile:
        effects_.emplace_back(TruncateFile{std::move(name), record.offset});
        return;
      case RecordKind::kRenameFile:
        effects_.emplace_back(RenameFile{std::move(name), std::string(bytes)});
        return;
      case RecordKind::kRemoveFile:
        effects_.emplace_back(RemoveFile{std::move(name)});
        return;
      case RecordKind::kSyncFile:
        effects_.emplace_back(SyncFile{std::move(name)});
        return;
      default:
        return;
    }
  }

  // What one pass of an event loop sends on a connection in a row is one payload.
  void flush() {
    if (pending_.empty()) return;
    effects_.emplace_back(Send{pending_conn_, PayloadRef(new RawBytes(std::move(pending_)))});
    pending_.clear();
    pending_conn_ = ConnId{};
  }

  ServerProcess& server_;
  Effects& effects_;
  ConnId pending_conn_;
  std::string pending_;
};

void ServerProcess::step(const Clocks& now, std::span<const Input> inputs, Choices& choices,
                         Effects& effects) {
  for (const Input& input : inputs) {
    if (const auto* booted = std::get_if<Booted>(&input)) {
      boot(*booted, now, choices, effects);
    } else {
      take(input, effects);
    }
  }
  if (tree_ == nullptr) return;
  {
    Teller teller(*this, effects);
    tree_->run(to_ns(now.monotonic), to_ns(now.wall),
               [&](const OutRecord& record, std::string_view name, std::string_view bytes) {
                 teller(record, name, bytes);
               });
  }
  if (const auto& end = tree_->ended()) {
    std::string why = end->complaint;
    if (why.empty() && (end->code != 0 || end->by_signal)) why = last_output_;
    effects.emplace_back(Exit{end->code, std::move(why)});
  }
}

void ServerProcess::boot(const Booted& booted, const Clocks& now, Choices& choices,
                         Effects& effects) {
  const std::string folder = folder_of(*setup_);
  if (setup_->directory.empty()) fill_folder(folder, *setup_, *booted.disk);
  process::TreeSetup setup;
  setup.machine = setup_->machine;
  setup.arguments = setup_->arguments;
  setup.environment = setup_->environment;
  setup.directory = folder;
  setup.address = booted.self.ipv4;
  setup.monotonic_ns = to_ns(now.monotonic);
  setup.wall_ns = to_ns(now.wall);
  setup.incarnation = booted.incarnation;
  setup.seed = choices.choose(Site::kProgramSeed, std::uint64_t{1} << 62);
  setup.mirrors_disk = setup_->directory.empty();
  setup.alone = setup_->alone;
  setup.logs = setup_->is_server;
  setup.fork_child_ns = setup_->fork_time.count();
  setup.fork_cost_ns = setup_->fork_cost.count();
  setup.exec_cost_ns = setup_->exec_cost.count();
  setup.wakeup_cost_ns = setup_->cost_per_wakeup.count();
  try {
    tree_ = std::make_unique<process::ProcessTree>(setup);
  } catch (const process::ProcessError& error) {
    effects.emplace_back(Exit{127, error.what});
  }
}

ObjectIndex ServerProcess::socket_of(ConnId conn) const {
  const auto found = sockets_.find(conn.value);
  return found == sockets_.end() ? 0 : found->second;
}

void ServerProcess::take(const Input& input, Effects& effects) {
  if (tree_ == nullptr) return;
  process::Region& region = tree_->region();
  if (const auto* received = std::get_if<Received>(&input)) {
    const ObjectIndex socket = socket_of(received->conn);
    if (socket == 0) return;
    const std::string bytes = received->payload->bytes();
    process::receive(region, socket, {bytes.data(), bytes.size()});
  } else if (const auto* accepted = std::get_if<Accepted>(&input)) {
    accept(*accepted, effects);
  } else if (const auto* connected = std::get_if<Connected>(&input)) {
    const ObjectIndex socket = socket_of(connected->conn);
    if (socket != 0)
      process::connect_done(region, socket, connected->local.ipv4, connected->local.port, 0);
  } else if (const auto* sent = std::get_if<Sent>(&input)) {
    const ObjectIndex socket = socket_of(sent->conn);
    if (socket == 0) return;
    region.objects[socket].unsent = sent->unsent_bytes;
    process::changed(region, socket);
  } else if (const auto* closed = std::get_if<Closed>(&input)) {
    close(*closed);
  } else if (std::holds_alternative<Terminated>(input)) {
    tree_->terminate();
  }
}

void ServerProcess::accept(const Accepted& accepted, Effects& effects) {
  process::Region& region = tree_->region();
  const ObjectIndex listener = process::find_listener(region, accepted.local.port);
  constexpr std::uint32_t kLocalhost = (127u << 24) + 1;
  const bool from_itself = accepted.remote.ipv4 == region.address;
  const std::uint32_t local = from_itself ? kLocalhost : accepted.local.ipv4;
  const std::uint32_t remote = from_itself ? kLocalhost : accepted.remote.ipv4;
  const ObjectIndex socket =
      listener == 0 ? 0
                    : process::offer(region, listener, accepted.conn.value, local,
                                     accepted.local.port, remote, accepted.remote.port);
  if (socket == 0) {
    effects.emplace_back(Close{accepted.conn, true});
    return;
  }
  sockets_[accepted.conn.value] = socket;
}

void ServerProcess::close(const Closed& closed) {
  process::Region& region = tree_->region();
  const ObjectIndex socket = socket_of(closed.conn);
  if (socket == 0) return;
  const int error = error_of(closed.why);
  if (region.objects[socket].link == process::Link::kConnecting) {
    process::connect_done(region, socket, 0, 0, error != 0 ? error : ECONNREFUSED);
  } else {
    process::end_of_stream(region, socket, error != 0, error);
  }
  if (error != 0) sockets_.erase(closed.conn.value);
}

void ServerProcess::log(std::string_view bytes, Effects& effects) {
  log_line_.append(bytes);
  last_output_.append(bytes);
  if (last_output_.size() > kOutputKept)
    last_output_.erase(0, last_output_.size() - kOutputKept);
  std::size_t begin = 0;
  for (std::size_t end = log_line_.find('\n'); end != std::string::npos;
       end = log_line_.find('\n', begin)) {
    log_whole_line(log_line_.substr(begin, end - begin), effects);
    begin = end + 1;
  }
  log_line_.erase(0, begin);
}

void ServerProcess::log_whole_line(std::string line, Effects& effects) {
  effects.emplace_back(Note{event::Remark{std::move(line)}});
}

std::optional<MonotonicTime> ServerProcess::deadline() const {
  if (tree_ == nullptr) return std::nullopt;
  const std::int64_t at = tree_->deadline();
  if (at == process::kNoDeadline) return std::nullopt;
  return MonotonicTime{Duration{at}};
}

std::uint64_t ServerProcess::fingerprint() const {
  return tree_ == nullptr ? 0 : tree_->region().fingerprint ^ tree_->region().system_calls;
}

}  // namespace sim
