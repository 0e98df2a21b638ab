#include "sim/import/read_nodes.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string>

#include "sim/base/numbers.h"
#include "sim/scenario/json.h"

namespace sim {

// As servers check it. (redis 7.0 cluster.c, verifyClusterNodeId.)
bool is_node_id(std::string_view text) {
  return text.size() == 40 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
         });
}

namespace {

// What every line has, in this order; slots come behind.
constexpr std::array<std::string_view, 8> kFields{
    "id",           "address",          "flags",        "id of its primary or \"-\"",
    "ping sent at", "pong received at", "config epoch", "state of the link"};

using Role = PastedNode::Role;

// "1.2.3.4:6379@16379,hostname,shard-id=...": the part at `offset` of the line.
class LineReader {
 public:
  LineReader(const PastedLine& line, Problems& problems) : line_(line), problems_(problems) {}

  std::optional<PastedNode> read() {
    const std::vector<PastedWord> words = words_of(line_.text);
    if (words.empty()) return std::nullopt;
    node_.place = line_.at(words[0].offset);
    if (!is_node_id(words[0].text)) {
      problem(words[0], "expected a node id of 40 digits and letters, got " + quote(words[0].text));
      return std::nullopt;
    }
    node_.id = words[0].text;
    if (words.size() < kFields.size()) {
      problems_.add({line_.end(), "",
                     "the line ends behind " + std::to_string(words.size()) + " of " +
                         std::to_string(kFields.size()) + " fields, where the " +
                         std::string(kFields[words.size()]) + " should be",
                     "is it cut off?"});
      return std::nullopt;
    }
    read_address(words[1]);
    read_flags(words[2]);
    read_primary(words[3]);
    for (const std::size_t field : {4u, 5u, 6u}) {
      if (!whole_number<std::uint64_t>(words[field].text))
        problem(words[field], expected(kFields[field], "a number", words[field].text));
    }
    if (words[7].text != "connected" && words[7].text != "disconnected")
      problem(words[7], expected(kFields[7], "connected or disconnected", words[7].text));
    for (std::size_t i = kFields.size(); i < words.size(); ++i) read_slots(words[i]);
    return sound_ ? std::optional(std::move(node_)) : std::nullopt;
  }

 private:
  void problem(const PastedWord& word, std::string what, std::string hint = {}) {
    sound_ = false;
    problems_.add({line_.at(word.offset), "", std::move(what), std::move(hint)});
  }
  static std::string expected(std::string_view field, std::string_view what, std::string_view got) {
    return "expected as " + std::string(field) + " " + std::string(what) + ", got " + quote(got);
  }

  void read_address(const PastedWord& word) {
    std::string_view rest = word.text;
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view address = rest.substr(0, comma);
    const std::string_view ports = address.substr(std::min(address.rfind(':'), address.size()));
    // An IPv6 address has colons of its own; the port is behind the last one.
    const std::size_t at = std::min(ports.find('@'), ports.size());
    const auto port =
        ports.empty() ? std::nullopt : whole_number<std::uint16_t>(ports.substr(1, at - 1));
    const bool bus = at == ports.size() || whole_number<std::uint16_t>(ports.substr(at + 1));
    if (!port || !bus) {
      problem(word, expected(kFields[1], "ip:port@bus-port", address));
      return;
    }
    node_.ip = address.substr(0, address.size() - ports.size());
    node_.port = *port;
    rest.remove_prefix(comma);
    for (bool hostname = true; !rest.empty(); hostname = false) {
      const std::size_t end = std::min(rest.find(',', 1), rest.size());
      const std::string_view part = rest.substr(1, end - 1);
      rest.remove_prefix(end);
      if (hostname && part.find('=') == std::string_view::npos) {
        node_.hostname = part;
      } else {
        read_auxiliary(word, part);
      }
    }
  }

  // "shard-id=...", in nodes.conf since 7.2. Names that we do not know do no harm.
  void read_auxiliary(const PastedWord& word, std::string_view part) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      problem(word, "expected name=value behind the hostname, got " + quote(part));
      return;
    }
    const std::string_view name = part.substr(0, equals), value = part.substr(equals + 1);
    if (name == "shard-id") node_.shard_id = value;
    if (name == "nodename") node_.nodename = value;
    if (name == "availability-zone") node_.zone = value;
    // Where clients talk TLS only, this is the port of the others.
    if (name == "tls-port" && node_.port == 0)
      node_.port = whole_number<std::uint16_t>(value).value_or(0);
  }

  void read_flags(const PastedWord& word) {
    constexpr std::array<std::string_view, 11> kFlags{
        "myself", "master",     "slave",   "fail?",   "fail",   "handshake",
        "noaddr", "nofailover", "noflags", "primary", "replica"};
    std::string_view rest = word.text;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(','), rest.size());
      const std::string_view flag = rest.substr(0, end);
      if (std::find(kFlags.begin(), kFlags.end(), flag) == kFlags.end()) {
        problem({flag, word.offset + static_cast<std::size_t>(flag.data() - word.text.data())},
                "there is no flag " + quote(flag), problems_.guess(flag, kFlags));
      }
      if (flag == "master" || flag == "primary") node_.role = Role::kPrimary;
      if (flag == "slave" || flag == "replica") node_.role = Role::kReplica;
      node_.failed = node_.failed || flag == "fail";
      node_.suspected = node_.suspected || flag == "fail?";
      node_.handshake = node_.handshake || flag == "handshake";
      if (flag == "noaddr") node_.ip.clear();
      no_address_ = no_address_ || flag == "noaddr";
      node_.no_failover = node_.no_failover || flag == "nofailover";
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    // Nobody can reach who has no address.
    node_.failed = node_.failed || no_address_;
  }

  void read_primary(const PastedWord& word) {
    if (word.text == "-") return;
    if (is_node_id(word.text)) {
      node_.follows = word.text;
    } else {
      problem(word, expected(kFields[3], "40 digits and letters", word.text));
    }
  }

  // "0-5460", "77", "[93->-ID]" or "[93-<-ID]".
  void read_slots(const PastedWord& word) {
    if (word.text.starts_with('[')) return read_open_slot(word);
    const auto ranges = parse_slots(word.text);
    if (!ranges) {
      problem(word, "expected slots such as 0-5460 or 77, got " + quote(word.text));
      return;
    }
    for (const SlotRange& range : *ranges) {
      for (std::size_t slot = range.first.value; slot <= range.last.value; ++slot)
        node_.slots.set(slot);
    }
  }

  void read_open_slot(const PastedWord& word) {
    const std::string_view text = word.text;
    const std::size_t dash = std::min(text.find('-'), text.size());
    const auto slot = whole_number<std::uint16_t>(text.substr(1, dash - 1));
    const std::string_view arrow = text.substr(dash, 3);
    const std::string_view other = text.size() > dash + 3 && text.ends_with(']')
                                       ? text.substr(dash + 3, text.size() - dash - 4)
                                       : std::string_view{};
    if (!slot || *slot >= kSlotCount || (arrow != "->-" && arrow != "-<-") || !is_node_id(other)) {
      problem(word, "expected an open slot such as [93->-ID] or [93-<-ID], got " + quote(text));
      return;
    }
    node_.open_slots.push_back({SlotId{*slot}, arrow == "-<-", std::string(other)});
  }

  const PastedLine& line_;
  Problems& problems_;
  PastedNode node_;
  bool sound_ = true, no_address_ = false;
};

// "vars currentEpoch 6 lastVoteEpoch 0": says nothing of the topology, but is it whole?
void check_vars(const PastedLine& line, const std::vector<PastedWord>& words, Problems& problems) {
  if (words.size() % 2 == 0) {
    problems.add(
        {line.end(), "", quote(words.back().text) + " has no value", "is the line cut off?"});
    return;
  }
  for (std::size_t i = 2; i < words.size(); i += 2) {
    if (!whole_number<std::uint64_t>(words[i].text)) {
      problems.add({line.at(words[i].offset), "",
                    "expected a number as " + std::string(words[i - 1].text) + ", got " +
                        quote(words[i].text),
                    ""});
    }
  }
}

}  // namespace

void read_nodes(const std::vector<PastedLine>& lines, PastedCluster& cluster, Problems& problems) {
  for (const PastedLine& line : lines) {
    const std::vector<PastedWord> words = words_of(line.text);
    if (!words.empty() && words[0].text == "vars") {
      check_vars(line, words, problems);
    } else if (auto node = LineReader(line, problems).read()) {
      cluster.nodes.push_back(std::move(*node));
    }
  }
}

}  // namespace sim
