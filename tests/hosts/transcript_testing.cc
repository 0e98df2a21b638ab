#include "tests/hosts/transcript_testing.h"

#include <optional>
#include <sstream>

#include "sim/hosts/process/witness.h"
#include "sim/trace/describe.h"
#include "sim/trace/event_fields.h"

namespace sim::testing {
namespace {

constexpr std::string_view kAnswer = "-> ";

class Replay {
 public:
  std::string run(const std::string& transcript) {
    std::istringstream in(transcript);
    for (std::string line; std::getline(in, line);) {
      if (line.starts_with(kAnswer)) continue;
      if (!line.starts_with("  ")) flush();
      text_ += line + "\n";
      if (line.starts_with("  ")) {
        block_ += line.substr(2) + "\n";
      } else {
        command_ = line;
      }
    }
    flush();
    return text_;
  }

 private:
  // A command ends with its block, if it has one.
  void flush() {
    const std::string command = std::exchange(command_, "");
    const std::string block = std::exchange(block_, "");
    if (command.empty() || command[0] == '#') return;
    const std::size_t space = std::min(command.find(' '), command.size());
    const std::string verb = command.substr(0, space);
    const std::string rest = space == command.size() ? "" : command.substr(space + 1);
    Notes notes;
    if (verb == "names") name(rest);
    if (verb == "disk") disk_ = block;
    if (verb == "boot") boot(rest);
    if (verb == "L") witness_->log_line(rest, notes);
    if (verb == "F") witness_->file_written("nodes.conf", block, notes);
    if (verb == "Y") witness_->file_synced("nodes.conf", notes);
    if (verb == "S") witness_->sent_bus(packet_bytes(rest), notes);
    if (verb == "R") witness_->received_bus(packet_bytes(rest), notes);
    if (verb == "view") describe(witness_->view(true));
    for (const Note& note : notes) {
      text_ += std::string(kAnswer) + std::string(enum_name(note.source)) + ": " +
               words_for(note.event, *who_) + "\n";
    }
  }

  void name(const std::string& text) {
    std::istringstream in(text);
    Cast cast;
    for (std::string word; in >> word;) {
      const std::size_t equals = word.find('=');
      MachineInfo info;
      info.name = word.substr(0, equals);
      info.planned_id = NodeName::from(word.substr(equals + 1));
      cast.push_back(info);
    }
    who_.emplace(cast);
  }

  void boot(const std::string& text) {
    std::istringstream in(text);
    Witness::Facts facts;
    std::string planned;
    in >> facts.incarnation >> planned;
    facts.names = names_;
    facts.planned_id = NodeName::from(planned);
    facts.nodes_conf = std::exchange(disk_, "");
    witness_.emplace(facts);
  }

  void describe(const event::ViewSnapshot& view) {
    const auto say = [&](const std::string& words) {
      text_ += std::string(kAnswer) + words + "\n";
    };
    say("epochs " + std::to_string(view.current_epoch) + "/" + std::to_string(view.config_epoch) +
        ", last vote " + std::to_string(view.last_vote_epoch) + ", offset " +
        std::to_string(view.offset) + (view.healthy ? ", healthy" : "") +
        (view.writable ? ", writable" : "") + (view.replication_up ? ", replicating" : ""));
    for (const event::PeerView& peer : view.peers) {
      say("  " + who_->label(peer.id) + " " + std::string(enum_name(peer.role)) +
          (peer.replica_of.is_none() ? "" : " of " + who_->label(peer.replica_of)) + " " +
          format_slots(peer.slots->slots()) +
          (peer.suspicion == event::Suspicion::kNone
               ? ""
               : " " + std::string(enum_name(peer.suspicion))));
    }
    std::string counters;
    for (const auto& [name, count] : view.counters) {
      counters += (counters.empty() ? "" : ", ") + name + " " + std::to_string(count);
    }
    say(counters);
  }

  NamesRef names_ = std::make_shared<Names>();
  std::optional<Directory> who_;
  std::optional<Witness> witness_;
  std::string text_, command_, block_, disk_;
};

}  // namespace

std::string replay(const std::string& transcript) {
  return Replay().run(transcript);
}

std::string packet_bytes(const std::string& text) {
  std::string bytes;
  std::istringstream in(text);
  for (std::string word; in >> word;) {
    const std::size_t star = word.find('*');
    const std::string hex = word.substr(0, star);
    const std::size_t times = star == std::string::npos ? 1 : std::stoul(word.substr(star + 1));
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
      bytes.append(times, static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    }
  }
  return bytes;
}

}  // namespace sim::testing
