// Reading nodes.conf the way 7.0.15 does at start, leniencies included: numbers are read as far as
// they go, a node may be spread over several lines, and everything else that is odd stops the
// server.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <utility>

#include "sim/base/words.h"
#include "sim/wire/bus.h"
#include "sim/wire/nodes_conf.h"
#include "sim/wire/split_arguments.h"

namespace sim::nodes_conf {
namespace {

using Tokens = std::vector<std::string>;
using Bad = std::optional<std::string>;  // what is wrong with a line

constexpr std::size_t kFixedTokens = 8;
constexpr std::uint16_t kBusPortOffset = 10000;
constexpr std::size_t kIpMax = 46;
constexpr std::string_view kUnprintable{" \t\n\v\f\r\"'\0", 9};

// As C's atoi: leading digits count, the rest is not looked at, and what does not fit into 32 bits
// is cut.
int to_int(const std::string& text) {
  return static_cast<int>(std::strtoll(text.c_str(), nullptr, 10));
}
std::uint64_t to_u64(const std::string& text) {
  return std::strtoull(text.c_str(), nullptr, 10);
}
// Only whether it is zero matters to the reader, and that is decided on 32 bits.
std::int64_t to_ms_or_zero(const std::string& text) {
  return to_int(text) == 0 ? 0 : std::strtoll(text.c_str(), nullptr, 10);
}
std::optional<SlotId> to_slot(const std::string& text) {
  const int slot = to_int(text);
  if (slot < 0 || slot >= static_cast<int>(kSlotCount)) return std::nullopt;
  return SlotId{static_cast<std::uint16_t>(slot)};
}

std::optional<NodeName> to_name(std::string_view text) {
  const bool valid =
      text.size() == sizeof(NodeName::text) && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
      });
  if (!valid) return std::nullopt;
  return NodeName::from(text);
}

// Both inclusive. By words: slot by slot, a cluster's 16,384 took most of the time of reading it.
SlotSet slots_between(SlotId first, SlotId last) {
  const SlotSet all = ~SlotSet{};
  return (all << first.value) & (all >> (kSlotCount - 1 - last.value));
}

class Reader {
 public:
  Bad read_line(std::string_view text) {
    text = text.substr(0, text.find('\0'));
    if (text.empty()) return std::nullopt;
    const auto tokens = split_arguments(text);
    if (!tokens) return "unbalanced quotes";
    if (tokens->empty()) return "white space only";
    if (same_word(tokens->front(), "vars")) return read_vars(*tokens);
    return read_node(*tokens);
  }

  bool has_myself() const { return has_myself_; }

  File finish() {
    add_mentioned_nodes();
    for (const Line& line : file_.lines) {
      file_.current_epoch = std::max(file_.current_epoch, line.config_epoch);
    }
    return std::move(file_);
  }

 private:
  Bad read_vars(const Tokens& tokens) {
    if (tokens.size() % 2 == 0) return "a variable without a value";
    for (std::size_t i = 1; i < tokens.size(); i += 2) {
      if (same_word(tokens[i], "currentEpoch")) {
        file_.current_epoch = to_u64(tokens[i + 1]);
      } else if (same_word(tokens[i], "lastVoteEpoch")) {
        file_.last_vote_epoch = to_u64(tokens[i + 1]);
      }
    }
    return std::nullopt;
  }

  Bad read_node(const Tokens& tokens) {
    if (tokens.size() < kFixedTokens) return "fewer than 8 fields";
    const auto id = to_name(tokens[0]);
    if (!id) return "bad node id";
    Line& line = line_of(*id);
    if (Bad bad = read_address(line, tokens[1])) return bad;
    if (Bad bad = read_flags(line, tokens[2])) return bad;
    if (Bad bad = read_master(line, tokens[3])) return bad;
    if (const auto ping = to_ms_or_zero(tokens[4]); ping != 0) line.ping_sent_ms = ping;
    if (const auto pong = to_ms_or_zero(tokens[5]); pong != 0) line.pong_received_ms = pong;
    // The line shows a replica's primary's epoch; a replica has none of its own.
    const bool replica = (line.flags & bus::flag::kSlave) != 0 && !line.replica_of.is_none();
    line.config_epoch = replica ? 0 : to_u64(tokens[6]);
    line.connected = tokens[7] == "connected";
    for (std::size_t i = kFixedTokens; i < tokens.size(); ++i) {
      if (Bad bad =
              tokens[i][0] == '[' ? read_open_slot(line, tokens[i]) : read_slots(line, tokens[i])) {
        return bad;
      }
    }
    return std::nullopt;
  }

  Bad read_address(Line& line, std::string token) {
    // Only quoting can bring these in. The real server would write them back bare, and not start
    // the next time.
    if (token.find_first_of(kUnprintable) != std::string::npos) return "white space in an address";
    const std::size_t comma = token.find(',');
    line.hostname = comma == std::string::npos ? "" : token.substr(comma + 1);
    token.resize(std::min(comma, token.size()));
    const std::size_t colon = token.rfind(':');
    if (colon == std::string::npos) return "address without a port";
    // The real server would overrun its buffer here; stopping is the nearest defined behaviour.
    if (colon > kIpMax) return "address too long";
    const std::size_t at = token.find('@', colon);
    line.address.ip = token.substr(0, colon);
    line.address.port = static_cast<std::uint16_t>(to_int(token.substr(colon + 1)));
    line.address.cport =
        static_cast<std::uint16_t>(at == std::string::npos ? line.address.port + kBusPortOffset
                                                           : to_int(token.substr(at + 1)));
    return std::nullopt;
  }

  Bad read_flags(Line& line, const std::string& token) {
    const auto flags = flags_of(token);
    if (!flags) return "Unknown flag in redis cluster config file";
    if ((*flags & bus::flag::kMyself) != 0) {
      if (has_myself_) return "myself a second time";
      has_myself_ = true;
    }
    line.flags = static_cast<std::uint16_t>(line.flags | *flags);
    return std::nullopt;
  }

  Bad read_master(Line& line, const std::string& token) {
    if (token.starts_with('-')) return std::nullopt;
    const auto id = to_name(token);
    if (!id) return "bad id of the master";
    line.replica_of = *id;
    return std::nullopt;
  }

  // "[93->-<id>]" or "[77-<-<id>]".
  Bad read_open_slot(Line& line, const std::string& token) {
    const std::size_t dash = token.find('-');
    if (dash == std::string::npos) return "open slot without a direction";
    const auto slot = to_slot(token.substr(1, dash - 1));
    if (!slot) return "open slot out of range";
    const std::size_t close = token.find(']', dash + 3);
    if (close == std::string::npos) return "open slot without a node";
    const auto other = to_name(std::string_view(token).substr(dash + 3, close - dash - 3));
    if (!other) return "bad node id in an open slot";
    line.open_slots.push_back({*slot, token[dash + 1] != '>', *other});
    return std::nullopt;
  }

  // "93" or "0-5460". A slot listed twice stays with the line that had it first.
  Bad read_slots(Line& line, const std::string& token) {
    const std::size_t dash = token.find('-');
    const auto first = to_slot(token.substr(0, dash));
    const auto last = dash == std::string::npos ? first : to_slot(token.substr(dash + 1));
    if (!first || !last) return "slot out of range";
    if (*first == *last) {
      if (!taken_[first->value]) line.slots[first->value] = true;
      taken_[first->value] = true;
    } else if (*first < *last) {
      const SlotSet range = slots_between(*first, *last);
      line.slots |= range & ~taken_;
      taken_ |= range;
    }
    return std::nullopt;
  }

  Line& line_of(const NodeName& id) {
    const auto [found, is_new] = index_.emplace(id, file_.lines.size());
    if (is_new) file_.lines.emplace_back().id = id;
    return file_.lines[found->second];
  }

  void add_mentioned_nodes() {
    std::vector<NodeName> mentioned;
    for (const Line& line : file_.lines) {
      if (!line.replica_of.is_none()) mentioned.push_back(line.replica_of);
      for (const OpenSlot& open : line.open_slots) mentioned.push_back(open.other);
    }
    for (const NodeName& id : mentioned) line_of(id);
  }

  File file_;
  std::map<NodeName, std::size_t> index_;
  SlotSet taken_;
  bool has_myself_ = false;
};

Corrupt corrupt(std::uint32_t line, const std::string& why) {
  return {line, "Unrecoverable error: corrupted cluster config file. (" + why + ")"};
}

}  // namespace

std::variant<File, Corrupt> parse(std::string_view text) {
  if (text.empty()) return File{};
  Reader reader;
  std::uint32_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (const Bad bad = reader.read_line(text.substr(0, end))) return corrupt(number, *bad);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (!reader.has_myself()) return corrupt(number, "no line is myself");
  return reader.finish();
}

}  // namespace sim::nodes_conf
