#include <algorithm>
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

std::string print_open_slot(const OpenSlot& open) {
  std::string text = "[" + std::to_string(open.slot.value);
  text += open.importing ? "-<-" : "->-";
  text += open.other.view();
  return text + "]";
}

}  // namespace

std::string flag_names(std::uint16_t flags) {
  std::string names;
  for (const auto& [bit, token] : kFlagTokens) {
    if ((flags & bit) == 0) continue;
    if (!names.empty()) names += ',';
    names += token;
  }
  return names.empty() ? "noflags" : names;
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

std::string print(const Line& line) {
  std::string text(line.id.view());
  text += ' ' + line.address.ip + ':' + std::to_string(line.address.port) + '@' +
          std::to_string(line.address.cport);
  if (!line.hostname.empty()) text += ',' + line.hostname;
  text += ' ' + flag_names(line.flags) + ' ';
  text += line.replica_of.is_none() ? std::string_view("-") : line.replica_of.view();
  text += ' ' + std::to_string(line.ping_sent_ms) + ' ' + std::to_string(line.pong_received_ms) +
          ' ' + std::to_string(line.config_epoch) +
          (line.connected ? " connected" : " disconnected");
  if (line.slots.any()) text += ' ' + format_slots(line.slots);
  for (const OpenSlot& open : line.open_slots) text += ' ' + print_open_slot(open);
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
