#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include "sim/wire/bus.h"
#include "sim/wire/nodes_conf.h"

namespace sim::nodes_conf {
namespace {

struct FlagToken {
  std::uint16_t bit;
  std::string_view token;
};
constexpr FlagToken kFlagTokens[] = {
    {bus::flag::kMyself, "myself"}, {bus::flag::kMaster, "master"},
    {bus::flag::kSlave, "slave"},   {bus::flag::kPfail, "fail?"},
    {bus::flag::kFail, "fail"},     {bus::flag::kHandshake, "handshake"},
    {bus::flag::kNoAddr, "noaddr"}, {bus::flag::kNoFailover, "nofailover"},
};

template <class Int>
void append_number(std::string& out, char before, Int number) {
  std::array<char, 24> digits;
  digits[0] = before;
  const auto end = std::to_chars(digits.data() + 1, digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append_flags(std::string& out, std::uint16_t flags) {
  const std::size_t begin = out.size();
  for (const auto& [bit, token] : kFlagTokens) {
    if ((flags & bit) == 0) continue;
    if (out.size() > begin) out += ',';
    out += token;
  }
  if (out.size() == begin) out += "noflags";
}

}  // namespace

std::string flag_names(std::uint16_t flags) {
  std::string names;
  append_flags(names, flags);
  return names;
}

std::optional<std::uint16_t> flags_of(std::string_view names) {
  std::uint16_t flags = 0;
  for (std::size_t at = 0; at <= names.size();) {
    const std::size_t end = std::min(names.find(',', at), names.size());
    const std::string_view name = names.substr(at, end - at);
    const auto* known = std::find_if(std::begin(kFlagTokens), std::end(kFlagTokens),
                                     [&](const FlagToken& entry) { return entry.token == name; });
    if (known == std::end(kFlagTokens) && name != "noflags") return std::nullopt;
    if (known != std::end(kFlagTokens)) flags = static_cast<std::uint16_t>(flags | known->bit);
    at = end + 1;
  }
  return flags;
}

// Every save of a node prints a line for each peer, and a cluster that forms saves all the time.
void append(std::string& out, const LineHead& head, std::string_view slots) {
  out += head.id.view();
  out += ' ';
  out += head.address.ip;
  append_number(out, ':', head.address.port);
  append_number(out, '@', head.address.cport);
  if (!head.hostname.empty()) out.append(1, ',').append(head.hostname);
  out += ' ';
  append_flags(out, head.flags);
  out += ' ';
  out += head.replica_of.is_none() ? std::string_view("-") : head.replica_of.view();
  append_number(out, ' ', head.ping_sent_ms);
  append_number(out, ' ', head.pong_received_ms);
  append_number(out, ' ', head.config_epoch);
  out += head.connected ? " connected" : " disconnected";
  if (!slots.empty()) out.append(1, ' ').append(slots);
}

void append(std::string& out, const OpenSlot& open) {
  out.append(" [").append(std::to_string(open.slot.value));
  out += open.importing ? "-<-" : "->-";
  out += open.other.view();
  out += ']';
}

std::string print(const Line& line) {
  std::string text;
  append(text, line, format_slots(line.slots));
  for (const OpenSlot& open : line.open_slots) append(text, open);
  return text;
}

std::string print(const File& file) {
  std::string text;
  for (const Line& line : file.lines) text += print(line) + '\n';
  text += "vars currentEpoch " + std::to_string(file.current_epoch) + " lastVoteEpoch " +
          std::to_string(file.last_vote_epoch) + '\n';
  text.shrink_to_fit();  // files are kept; a thousand of a thousand lines are 100 MB
  return text;
}

}  // namespace sim::nodes_conf
