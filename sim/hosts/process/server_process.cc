#include "sim/hosts/process/server_process.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <utility>

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
constexpr Duration kRetry = 1ms;
constexpr std::string_view kNodesConf = "nodes.conf";

// Why a server dies by itself: a signal, an assertion or a panic, in the words of its report.
bool tells_of_crash(std::string_view text) {
  return text.starts_with("==> ") || text.starts_with("Guru Meditation: ") ||
         text.find(" crashed by signal: ") != std::string_view::npos;
}

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

// "cmd:SET" if the bytes begin with a command as clients send it.
std::string command_label(std::string_view bytes) {
  if (!bytes.starts_with('*')) return "bytes";
  const std::size_t length_at = bytes.find('$');
  const std::size_t name_at = bytes.find('\n', length_at);
  if (name_at == std::string_view::npos) return "bytes";
  std::string label = "cmd:";
  for (const char c : bytes.substr(name_at + 1, bytes.find('\r', name_at) - name_at - 1))
    label += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return label;
}

// Bytes 12 and 13 of a bus message are its type. (Protocol §2.1.)
std::string bus_label(std::string_view message) {
  if (message.size() < 14) return "bytes";
  const auto type = static_cast<std::uint16_t>(static_cast<unsigned char>(message[12]) << 8 |
                                               static_cast<unsigned char>(message[13]));
  return std::string(bus::label(static_cast<bus::Type>(type)));
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

std::string addressed(std::string text, std::uint32_t address) {
  constexpr std::string_view kAddress = "{address}";
  for (std::size_t at; (at = text.find(kAddress)) != std::string::npos;)
    text.replace(at, kAddress.size(), format_ipv4(address));
  return text;
}

// What the last incarnation left is on the machine's disk, not here.
void fill_folder(const std::string& folder, const ProgramSetup& setup, const Booted& booted) {
  const std::string trouble = process::clear_folder(folder, setup.disk_bytes);
  if (!trouble.empty()) throw process::ProcessError{trouble};
  for (const auto& [name, content] : *booted.disk) write_whole(fs::path(folder) / name, *content);
  for (const auto& [name, content] : setup.files)
    write_whole(fs::path(folder) / name, addressed(content, booted.self.ipv4));
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
        server_.lines_[record.conn] = {static_cast<ObjectIndex>(record.offset),
                                       server_.is_bus_port(static_cast<std::uint16_t>(record.port)),
                                       true,
                                       {},
                                       {}};
        effects_.emplace_back(
            Dial{ConnId{record.conn}, {record.ip, static_cast<std::uint16_t>(record.port)}});
        return;
      case RecordKind::kSend:
        if (!more) server_.wrote_.push_back(ConnId{record.conn});
        pending_conn_ = ConnId{record.conn};
        pending_.append(bytes);
        return;
      case RecordKind::kClose:
        server_.lines_.erase(record.conn);
        effects_.emplace_back(Close{ConnId{record.conn}, record.offset != 0});
        return;
      case RecordKind::kListen:
        effects_.emplace_back(Listen{static_cast<std::uint16_t>(record.port)});
        return;
      case RecordKind::kUnlisten:
        effects_.emplace_back(Listen{static_cast<std::uint16_t>(record.port), false});
        return;
      case RecordKind::kLog:
        return server_.log(static_cast<std::int32_t>(record.conn), bytes, effects_);
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
    server_.file_changed(record, name, bytes, effects_);
    switch (record.kind) {
      case RecordKind::kWriteFile:
        effects_.emplace_back(WriteFile{std::move(name), record.offset, share(std::string(bytes))});
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
    const Line* line = server_.line_of(pending_conn_);
    if (line != nullptr && line->is_bus) {
      server_.write_bus(pending_conn_, pending_, effects_);
    } else {
      const bool asks = line != nullptr && line->dialled;
      std::string label = asks ? command_label(pending_) : "reply";
      effects_.emplace_back(
          Send{pending_conn_, PayloadRef(new RawBytes(std::move(pending_), std::move(label)))});
    }
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
      try {
        boot(*booted, now, choices, effects);
      } catch (const process::ProcessError& error) {
        effects.emplace_back(Exit{126, error.what});
        return;
      }
    } else if (const auto* run = std::get_if<RunProgram>(&input)) {
      start(run->words, run->ticket, true, choices, effects);
    } else {
      take(input, effects);
    }
  }
  // A probe must not disturb: what is due at this very moment has its turn of its own.
  if (tree_ == nullptr || (inputs.size() == 1 && std::holds_alternative<Probed>(inputs.front())))
    return;
  let_send_again();
  {
    Teller teller(*this, effects);
    try {
      tree_->run(to_ns(now.monotonic), to_ns(now.wall), std::ref(teller));
    } catch (const process::ProcessError& error) {
      effects.emplace_back(Exit{126, error.what});
      return;
    }
  }
  tell_unread(effects);
  for (const ConnId conn : wrote_) {
    const Line* line = line_of(conn);
    const bool all = line != nullptr &&
                     tree_->region().objects[line->socket].sent_this_step >= process::kSentAtOnce;
    if (all) go_on_ = now.monotonic + kRetry;
  }
  for (const process::ProgramEnd& end : tree_->take_ended()) ended(end, effects);
}

// A stopped or slow program leaves bytes in its sockets, and its peers' kernels notice.
void ServerProcess::tell_unread(Effects& effects) {
  std::vector<ConnId> still;
  for (const ConnId conn : std::exchange(filled_, {})) {
    Line* line = line_of(conn);
    if (line == nullptr) continue;
    const std::uint64_t unread = tree_->region().objects[line->socket].rx.size;
    if (unread != line->told_unread) effects.emplace_back(Unread{conn, unread});
    line->told_unread = unread;
    line->filled = unread > 0;
    if (line->filled) still.push_back(conn);
  }
  filled_ = std::move(still);
}

// The network has what was written before, and has said if it is too much.
void ServerProcess::let_send_again() {
  go_on_.reset();
  for (const ConnId conn : std::exchange(wrote_, {})) {
    const Line* line = line_of(conn);
    if (line == nullptr) continue;
    std::uint64_t& sent = tree_->region().objects[line->socket].sent_this_step;
    if (std::exchange(sent, 0) >= process::kSentAtOnce)
      process::changed(tree_->region(), line->socket);
  }
}

void ServerProcess::boot(const Booted& booted, const Clocks& now, Choices& choices,
                         Effects& effects) {
  const std::string folder = folder_of(*setup_);
  if (setup_->directory.empty()) fill_folder(folder, *setup_, booted);
  process::TreeSetup setup;
  setup.machine = setup_->machine;
  setup.directory = folder;
  setup.address = booted.self.ipv4;
  setup.monotonic_ns = to_ns(now.monotonic);
  setup.wall_ns = to_ns(now.wall);
  setup.incarnation = booted.incarnation;
  setup.mirrors_disk = setup_->directory.empty();
  setup.alone = setup_->alone;
  setup.hushes_debug = setup_->hushes_debug;
  if (setup_->names) {
    const auto found = booted.disk->find(kNodesConf);
    nodes_conf_ = found == booted.disk->end() ? std::string() : *found->second;
    Witness::Facts facts{setup_->names, setup_->planned_id, booted.incarnation, nodes_conf_};
    facts.logs_suspicion = setup_->hushes_debug;
    witness_.emplace(std::move(facts));
  }
  setup.fork_child_ns = setup_->fork_time.count();
  setup.fork_cost_ns = setup_->fork_cost.count();
  setup.exec_cost_ns = setup_->exec_cost.count();
  setup.wakeup_cost_ns = setup_->cost_per_wakeup.count();
  tree_ = std::make_unique<process::ProcessTree>(setup);
  std::vector<std::string> arguments = setup_->arguments;
  if (!booted.program.empty()) arguments.front() = booted.program;
  if (!arguments.empty()) start(arguments, 0, setup_->directory.empty(), choices, effects);
}

void ServerProcess::start(const std::vector<std::string>& arguments, std::uint32_t ticket,
                          bool logs, Choices& choices, Effects& effects) {
  process::StartSetup setup;
  setup.arguments = arguments;
  setup.environment = setup_->environment;
  setup.seed = choices.choose(Site::kProgramSeed, std::uint64_t{1} << 62);
  setup.logs = logs;
  Teller teller(*this, effects);
  starting_ = ticket;
  try {
    programs_.try_emplace(tree_->start(setup, std::ref(teller)), Program{.ticket = ticket});
  } catch (const process::ProcessError& error) {
    programs_[0].ticket = ticket;
    ended({0, 127, false, error.what}, effects);
  }
}

// A server that ends takes its machine's programs with it; a tool's end is an answer.
void ServerProcess::ended(const process::ProgramEnd& end, Effects& effects) {
  Program program = std::exchange(programs_[end.pid], {});
  programs_.erase(end.pid);
  std::string output = std::move(program.crash.empty() ? program.output : program.crash);
  if (!end.complaint.empty()) output += (output.empty() ? "" : "\n") + end.complaint;
  if (program.ticket == 0 && (setup_->is_server || !setup_->directory.empty())) {
    effects.emplace_back(Exit{end.code, end.code == 0 ? "" : std::move(output)});
  } else {
    effects.emplace_back(ProgramEnded{program.ticket, end.code, std::move(output)});
  }
}

ServerProcess::Line* ServerProcess::line_of(ConnId conn) {
  const auto found = lines_.find(conn.value);
  return found == lines_.end() ? nullptr : &found->second;
}

bool ServerProcess::is_bus_port(std::uint16_t port) const {
  const std::vector<std::uint16_t>& ports = setup_->bus_ports;
  return std::find(ports.begin(), ports.end(), port) != ports.end();
}

void ServerProcess::take(const Input& input, Effects& effects) {
  if (const auto* probed = std::get_if<Probed>(&input)) {
    if (witness_) effects.emplace_back(Note{witness_->view(probed->full), Source::kProbe});
    return;
  }
  if (tree_ == nullptr) return;
  process::Region& region = tree_->region();
  if (const auto* received = std::get_if<Received>(&input)) {
    Line* line = line_of(received->conn);
    if (line == nullptr) return;
    const std::string bytes = received->payload->bytes();
    process::receive(region, line->socket, {bytes.data(), bytes.size()});
    if (!std::exchange(line->filled, true)) filled_.push_back(received->conn);
    if (line->is_bus && witness_) read_bus(received->conn, *received->payload, effects);
  } else if (const auto* accepted = std::get_if<Accepted>(&input)) {
    accept(*accepted, effects);
  } else if (const auto* connected = std::get_if<Connected>(&input)) {
    const Line* line = line_of(connected->conn);
    if (line == nullptr) return;
    process::connect_done(region, line->socket, connected->local.ipv4, connected->local.port, 0);
  } else if (const auto* sent = std::get_if<Sent>(&input)) {
    const Line* line = line_of(sent->conn);
    if (line == nullptr) return;
    region.objects[line->socket].unsent = sent->unsent_bytes;
    process::changed(region, line->socket);
  } else if (const auto* closed = std::get_if<Closed>(&input)) {
    close(*closed);
  } else if (std::holds_alternative<Terminated>(input)) {
    for (const auto& [pid, program] : programs_) {
      if (program.ticket == 0) tree_->terminate(pid);
    }
  }
}

void ServerProcess::accept(const Accepted& accepted, Effects& effects) {
  process::Region& region = tree_->region();
  constexpr std::uint32_t kLocalhost = (127u << 24) + 1;
  std::uint32_t local = accepted.local.ipv4, remote = accepted.remote.ipv4;
  if (remote == region.address) local = remote = kLocalhost;
  ObjectIndex listener = process::find_listener(region, local, accepted.local.port);
  if (listener == 0 && local == kLocalhost) {
    local = remote = region.address;
    listener = process::find_listener(region, local, accepted.local.port);
  }
  const ObjectIndex socket =
      listener == 0 ? 0
                    : process::offer(region, listener, accepted.conn.value, local,
                                     accepted.local.port, remote, accepted.remote.port);
  if (socket == 0) {
    effects.emplace_back(Close{accepted.conn, true});
    return;
  }
  lines_[accepted.conn.value] = {socket, is_bus_port(accepted.local.port), false, false, 0, {}, {}};
}

void ServerProcess::close(const Closed& closed) {
  process::Region& region = tree_->region();
  const Line* line = line_of(closed.conn);
  if (line == nullptr) return;
  const ObjectIndex socket = line->socket;
  const int error = error_of(closed.why);
  if (region.objects[socket].link == process::Link::kConnecting) {
    process::connect_done(region, socket, 0, 0, error != 0 ? error : ECONNREFUSED);
  } else {
    process::end_of_stream(region, socket, error != 0, error);
  }
  if (error != 0) lines_.erase(closed.conn.value);
}

// ---- What the witness sees ----

void ServerProcess::tell(Notes& notes, Effects& effects) {
  for (Note& note : notes) effects.emplace_back(std::move(note));
  notes.clear();
}

void ServerProcess::read_bus(ConnId conn, const Payload& payload, Effects& effects) {
  Notes notes;
  if (const auto* message = dynamic_cast<const bus::BusPayload*>(&payload)) {
    witness_->received_bus(message->message(), notes);
  } else {
    bus::Framer& framer = line_of(conn)->in;
    framer.feed(static_cast<const RawBytes&>(payload).view());
    for (std::string whole; framer.next(whole);) witness_->received_bus(whole, notes);
  }
  tell(notes, effects);
}

// Each message travels by itself, under its own label.
void ServerProcess::write_bus(ConnId conn, std::string_view bytes, Effects& effects) {
  bus::Framer& framer = line_of(conn)->out;
  framer.feed(bytes);
  Notes notes;
  for (std::string whole; framer.next(whole);) {
    if (witness_) witness_->sent_bus(whole, notes);
    tell(notes, effects);
    std::string label = bus_label(whole);
    effects.emplace_back(Send{conn, PayloadRef(new RawBytes(std::move(whole), std::move(label)))});
  }
}

void ServerProcess::file_changed(const OutRecord& record, std::string_view name,
                                 std::string_view bytes, Effects& effects) {
  if (!witness_ || name != kNodesConf) return;
  Notes notes;
  if (record.kind == RecordKind::kWriteFile) {
    if (nodes_conf_.size() < record.offset + bytes.size())
      nodes_conf_.resize(record.offset + bytes.size());
    nodes_conf_.replace(record.offset, bytes.size(), bytes);
    witness_->file_written(name, nodes_conf_, notes);
  } else if (record.kind == RecordKind::kTruncateFile) {
    nodes_conf_.resize(record.offset);
  } else if (record.kind == RecordKind::kSyncFile) {
    witness_->file_synced(name, notes);
  }
  tell(notes, effects);
}

void ServerProcess::log(std::int32_t pid, std::string_view bytes, Effects& effects) {
  Program& program = programs_.try_emplace(pid, Program{.ticket = starting_}).first->second;
  std::string& output = program.output;
  output.append(bytes);
  if (output.size() > kOutputKept) output.erase(0, output.size() - kOutputKept);
  if (program.ticket != 0) return;
  log_line_.append(bytes);
  std::size_t begin = 0;
  for (std::size_t end = log_line_.find('\n'); end != std::string::npos;
       end = log_line_.find('\n', begin)) {
    log_whole_line(log_line_.substr(begin, end - begin), program, effects);
    begin = end + 1;
  }
  log_line_.erase(0, begin);
}

void ServerProcess::log_whole_line(std::string line, Program& program, Effects& effects) {
  // "1234:M 26 Nov 2026 00:00:01.234 # Cluster state changed: ok"
  Notes notes;
  for (const char mark : {'#', '*', '-', '.'}) {
    const std::size_t at = line.find(std::string{' ', mark, ' '});
    if (at == std::string::npos || at > process::kMarkWithin) continue;
    std::string text = line.substr(at + 3);
    if (program.crash.empty() && tells_of_crash(text)) program.crash = text;
    notes.push_back({event::LogLine{*event::log_level_of(mark), std::move(text)}, Source::kLog});
    break;
  }
  if (witness_) witness_->log_line(line, notes);
  tell(notes, effects);
}

std::optional<MonotonicTime> ServerProcess::deadline() const {
  if (tree_ == nullptr) return std::nullopt;
  const std::int64_t at = tree_->deadline();
  if (at == process::kNoDeadline) return go_on_;
  const MonotonicTime due{Duration{at}};
  return go_on_ ? std::min(*go_on_, due) : due;
}

std::uint64_t ServerProcess::fingerprint() const {
  return tree_ == nullptr ? 0 : tree_->region().fingerprint;
}

}  // namespace sim
