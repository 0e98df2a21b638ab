#include <sstream>

#include "sim/base/check.h"
#include "tests/world/stage.h"

namespace sim::stage {
namespace {

std::string close_word(CloseReason why) {
  switch (why) {
    case CloseReason::kPeerClosed:
      return "by peer";
    case CloseReason::kReset:
      return "reset";
    case CloseReason::kRefused:
      return "refused";
    case CloseReason::kTimedOut:
      return "timed out";
    case CloseReason::kUnreachable:
      return "unreachable";
    case CloseReason::kFailedAtOnce:
      return "at once";
  }
  return "?";
}

class Actor final : public Node {
 public:
  void step(const Clocks& now, std::span<const Input> inputs, Choices& choices,
            Effects& out) override {
    ++pass_;
    for (const Input& input : inputs) {
      if (std::get_if<Probed>(&input) != nullptr) {
        --pass_;
        out.push_back(Note{event::ViewSnapshot{}});
        continue;
      }
      take(now, input, choices, out);
    }
    if (takes_ > 0ms) out.push_back(Busy{std::exchange(takes_, Duration{})});
  }
  std::optional<MonotonicTime> deadline() const override {
    if (spin_) return MonotonicTime{};
    return alarm_;
  }
  std::unique_ptr<Node> clone() const override { return std::make_unique<Actor>(*this); }

 private:
  void say(const Clocks& now, const std::string& text, Effects& out) {
    // Clocks and pass ride in fields that a Measured record has to spare.
    out.push_back(
        Note{event::Measured{std::to_string(pass_) + "|" + std::to_string(to_ns(now.wall)) + "|" +
                                 std::to_string(to_ns(now.monotonic)) + "|" + text,
                             0}});
  }
  void take(const Clocks& now, const Input& input, Choices& choices, Effects& out) {
    if (const auto* booted = std::get_if<Booted>(&input)) {
      incarnation_ = booted->incarnation;
      std::string files;
      for (const auto& [name, bytes] : *booted->disk) files += " " + name + "=" + *bytes;
      if (!booted->program.empty()) files += " program " + booted->program;
      say(now, "booted" + files, out);
      out.push_back(Listen{kPort});
      out.push_back(Listen{kBusPort});
    } else if (std::get_if<Terminated>(&input) != nullptr) {
      say(now, "terminated", out);
      out.push_back(Exit{0, "terminated"});
    } else if (const auto* accepted = std::get_if<Accepted>(&input)) {
      if ((accepted->remote.ipv4 >> 24) == 127) return;
      const std::string tag = "in" + std::to_string(++accepted_);
      tags_[accepted->conn] = tag;
      say(now, "accepted " + tag, out);
    } else if (const auto* connected = std::get_if<Connected>(&input)) {
      say(now, "connected " + tags_[connected->conn], out);
    } else if (const auto* closed = std::get_if<Closed>(&input)) {
      if (tags_.count(closed->conn) == 0) return;  // a console
      say(now, "closed " + tags_[closed->conn] + " " + close_word(closed->why), out);
    } else if (const auto* sent = std::get_if<Sent>(&input)) {
      say(now, "unsent " + tags_[sent->conn] + " " + std::to_string(sent->unsent_bytes), out);
    } else if (std::get_if<DeadlinePassed>(&input) != nullptr) {
      say(now, "deadline", out);
      if (period_ > 0ms) {
        alarm_ = *alarm_ + period_;
      } else {
        alarm_.reset();
      }
    } else if (const auto* run = std::get_if<RunProgram>(&input)) {
      say(now, "runs " + run->words.front(), out);
      if (run->words.front() == "end")
        out.push_back(ProgramEnded{run->ticket, std::stoi(run->words.at(1)), run->words.at(2)});
    } else if (const auto* received = std::get_if<Received>(&input)) {
      const auto* text = dynamic_cast<const Text*>(received->payload.get());
      CHECK(text != nullptr);
      if (tags_.count(received->conn) == 0) {
        obey(now, text->text(), choices, out);
        out.push_back(Send{received->conn, PayloadRef(new Text("done"))});
        return;
      }
      say(now, "received " + tags_[received->conn] + " " + text->text(), out);
      if (text->text().rfind("work-", 0) == 0) {
        takes_ += std::chrono::milliseconds(std::stoi(text->text().substr(5)));
      }
      if (text->text().rfind("ask", 0) == 0) {
        out.push_back(Send{received->conn, PayloadRef(new Text("re:" + text->text()))});
      }
    }
  }
  ConnId conn(const std::string& tag) const {
    for (const auto& [id, name] : tags_) {
      if (name == tag) return id;
    }
    return kNoConn;
  }
  void obey(const Clocks& now, const std::string& command, Choices& choices, Effects& out) {
    std::istringstream words(command);
    std::string verb, a, b, c;
    words >> verb >> a >> b;
    if (verb == "dial") {
      std::uint16_t port = kPort;
      words >> port;
      const ConnId id = ConnId::dialled(incarnation_, ++dialled_);
      tags_[id] = a;
      out.push_back(Dial{id, Endpoint{parse_ipv4(b), port}});
    } else if (verb == "send") {
      std::size_t size = 0;
      words >> size;
      out.push_back(Send{conn(a), PayloadRef(new Text(b, size))});
    } else if (verb == "close") {
      out.push_back(Close{conn(a), false});
    } else if (verb == "reset") {
      out.push_back(Close{conn(a), true});
    } else if (verb == "write") {
      words >> c;
      out.push_back(WriteFile{a, std::stoull(b), share(c)});
    } else if (verb == "truncate") {
      out.push_back(TruncateFile{a, std::stoull(b)});
    } else if (verb == "rename") {
      out.push_back(RenameFile{a, b});
    } else if (verb == "remove") {
      out.push_back(RemoveFile{a});
    } else if (verb == "sync") {
      out.push_back(SyncFile{a});
    } else if (verb == "alarm" || verb == "every") {
      period_ = std::chrono::milliseconds(verb == "every" ? std::stoi(a) : 0);
      alarm_ = now.monotonic + std::chrono::milliseconds(std::stoi(a));
    } else if (verb == "work") {
      takes_ += std::chrono::milliseconds(std::stoi(a));
    } else if (verb == "spin") {
      spin_ = true;
    } else if (verb == "draw") {
      drawn_ = choices.choose(Site::kKey, 1000);
    } else if (verb == "remark") {
      out.push_back(Note{event::Remark{a}});
    } else if (verb == "listen") {
      out.push_back(Listen{static_cast<std::uint16_t>(std::stoi(a))});
    } else if (verb == "exit") {
      out.push_back(Exit{std::stoi(a), "told to"});
    } else {
      CHECK(verb == "nothing");
    }
  }

  std::uint32_t incarnation_ = 0, dialled_ = 0, accepted_ = 0;
  std::uint64_t pass_ = 0, drawn_ = 0;
  std::map<ConnId, std::string> tags_;
  std::optional<MonotonicTime> alarm_;
  Duration period_{}, takes_{};
  bool spin_ = false;
};

class ActorFactory final : public NodeFactory {
 public:
  std::unique_ptr<Node> make() const override { return std::make_unique<Actor>(); }
};

class Words final : public ConsoleWords {
 public:
  PayloadRef request(const std::vector<std::string>& command) const override {
    return PayloadRef(new Text(command.front()));
  }
  std::optional<std::string> reply_text(const Payload& payload, std::string&) const override {
    return payload.bytes();
  }
};

std::string address(std::size_t number) {
  return "10.0.0." + std::to_string(number);
}

World make_world(StageSpec spec) {
  WorldSpec out = std::move(spec.world);
  const VertexId hub = out.topology.add_vertex(VertexKind::kSwitch, "hub");
  const auto factory = std::make_shared<const ActorFactory>();
  for (std::size_t i = 1; i <= spec.actors; ++i) {
    MachineSpec machine;
    machine.info.name = "m" + std::to_string(i);
    machine.info.endpoint = Endpoint{parse_ipv4(address(i)), kPort};
    machine.factory = factory;
    machine.disk = spec.disk;
    machine.vertex = out.topology.add_vertex(VertexKind::kHost, machine.info.name);
    spec.link.latency = spec.latency / 2;
    out.topology.add_link(hub, machine.vertex, spec.link);
    machine.ports = {{kBusPort, Plane::kBus}};
    if (i <= spec.skews.size()) machine.clock_skew = spec.skews[i - 1];
    out.machines.push_back(std::move(machine));
  }
  out.console = std::make_shared<const Words>();
  return World(std::move(out));
}

}  // namespace

bool Text::loses_a_byte_on_the_wire = false;

Text::Text(std::string text, std::size_t size)
    : text_(std::move(text)), size_(size == 0 ? text_.size() : size) {}

// Labels are static text; the tests use these few.
std::string_view Text::label() const {
  static constexpr std::string_view kLabels[] = {"bus:PING", "bus:VOTE", "repl:STREAM", "ask"};
  for (const std::string_view label : kLabels) {
    if (text_.rfind(label, 0) == 0) return label;
  }
  return "text";
}

std::uint64_t Text::hash() const {
  return hash_text(text_, size_);
}

PayloadRef Text::through_wire() const {
  std::string text = text_;
  if (loses_a_byte_on_the_wire && !text.empty()) text.back() = '?';
  return PayloadRef(new Text(text, size_));
}

Stage::Stage(StageSpec spec) : world_(make_world(std::move(spec))) {
  run_for(1ms);
}

MachineId Stage::id(const std::string& name) const {
  for (std::uint32_t i = 0; i < world_.cast().size(); ++i) {
    if (world_.cast()[i].name == name) return MachineId{i};
  }
  CHECK(name == "a known actor");
  return kNoMachine;
}

std::uint32_t Stage::tell(const std::string& who, const std::string& command) {
  // "dial c1 m2" -> "dial c1 10.0.0.2"
  std::istringstream words(command);
  std::string line, word;
  while (words >> word) {
    if (word.size() >= 2 && word[0] == 'm' &&
        word.find_first_not_of("0123456789", 1) == word.npos) {
      word = address(std::stoul(word.substr(1)));
    }
    line += (line.empty() ? "" : " ") + word;
  }
  const std::uint32_t ticket = levers().console(id(who), {line});
  run_for(30us);  // the way through the console
  return ticket;
}

void Stage::run_for(Duration time) {
  const SimTime end = world_.now() + time;
  while (world_.next_event().has_value() && *world_.next_event() <= end) {
    if (!world_.advance()) break;
    collect();
  }
  collect();
  if (world_.stopped() == StopReason::kNone) world_.skip_to(end);
}

void Stage::collect() {
  for (const ConsoleReply& reply : world_.take_console_replies()) {
    replies_[reply.ticket] = reply.text;
  }
  for (const ProgramResult& result : world_.take_program_results()) {
    programs_[result.ticket] =
        result.exit_code ? std::to_string(*result.exit_code) + " " + result.output : "lost";
  }
  if (!world_.has_news()) return;
  for (const Record& record : world_.take_records()) {
    records_.push_back(record);
    const auto* measured = std::get_if<event::Measured>(&record.event);
    if (measured == nullptr) continue;
    std::istringstream fields(measured->name);
    std::string pass, wall, monotonic, text;
    std::getline(fields, pass, '|');
    std::getline(fields, wall, '|');
    std::getline(fields, monotonic, '|');
    std::getline(fields, text);
    told_.push_back({record.at, world_.cast()[record.machine.value].name, std::stoull(pass), text,
                     Clocks{WallTime{Duration{std::stoll(wall)}},
                            MonotonicTime{Duration{std::stoll(monotonic)}}}});
  }
}

std::vector<std::string> Stage::texts(const std::string& who, const std::string& prefix) const {
  std::vector<std::string> out;
  for (const Told& line : told_) {
    if (line.who == who && line.text.rfind(prefix, 0) == 0) out.push_back(line.text);
  }
  return out;
}

Duration Stage::when(const std::string& who, const std::string& text) const {
  for (const Told& line : told_) {
    if (line.who == who && line.text == text) return line.at - SimTime{};
  }
  return Duration{-1};
}

bool Stage::heard(const std::string& who, const std::string& text) const {
  return count(who, text) > 0;
}

int Stage::count(const std::string& who, const std::string& text) const {
  int n = 0;
  for (const Told& line : told_) n += line.who == who && line.text == text;
  return n;
}

Stage connected(StageSpec spec) {
  Stage stage(std::move(spec));
  stage.tell("m1", "dial c m2");
  stage.run_until(1s);
  CHECK(stage.heard("m1", "connected c"));
  CHECK(stage.heard("m2", "accepted in1"));
  return stage;
}

}  // namespace sim::stage
