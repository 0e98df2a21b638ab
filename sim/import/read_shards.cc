// Whichever way redis-cli shows it, the reply is the same sequence of texts and numbers: "slots",
// pairs of slots, "nodes", then names and values of fields, where "id" begins a node. So only that
// sequence is read, and it does not matter whether a mail has taken the indentation away.
#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string>

#include "sim/base/numbers.h"
#include "sim/import/read_nodes.h"
#include "sim/scenario/json.h"

namespace sim {
namespace {

// A text or a number of the reply.
struct Leaf {
  std::string text;
  Place place;
};

// ---- From text to leaves ----

// The length of "12) ", "3# " or "1~ ", which count the items of a list, a map or a set; 0: none.
std::size_t marker_length(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && std::isdigit(static_cast<unsigned char>(text[digits])) != 0)
    ++digits;
  if (digits == 0 || digits == text.size()) return 0;
  if (text[digits] != ')' && text[digits] != '#' && text[digits] != '~') return 0;
  if (digits + 1 == text.size()) return digits + 1;
  return text[digits + 1] == ' ' ? digits + 2 : 0;
}

class LeafReader {
 public:
  explicit LeafReader(Problems& problems) : problems_(problems) {}

  std::vector<Leaf> read(const std::vector<PastedLine>& lines) {
    const bool marked = std::any_of(lines.begin(), lines.end(), [](const PastedLine& line) {
      return marker_length(line.text.substr(
                 std::min(line.text.find_first_not_of(' '), line.text.size()))) > 0;
    });
    for (const PastedLine& line : lines) {
      // Into a pipe an empty value is an empty line; on a terminal it is "".
      if (line.text.empty() && !marked) leaves_.push_back({"", line.at(0)});
      read_line(line);
    }
    return std::move(leaves_);
  }

 private:
  void read_line(const PastedLine& line) {
    const std::string_view text = line.text;
    bool counted = false;  // a marker, or an arrow, promises something
    for (std::size_t at = 0;;) {
      at = std::min(text.find_first_not_of(" \t", at), text.size());
      if (at == text.size()) break;
      if (const std::size_t length = marker_length(text.substr(at))) {
        at += length;
        counted = true;
      } else if (text.substr(at).starts_with("=>")) {
        at += 2;
        counted = true;
      } else {
        at = read_leaf(line, at);
        counted = false;
      }
    }
    if (counted) {
      problems_.add(
          {line.end(), "", "nothing is behind the number of this item", "is the line cut off?"});
    }
  }

  std::size_t read_leaf(const PastedLine& line, std::size_t at) {
    const std::string_view rest = line.text.substr(at);
    const Place place = line.at(at);
    if (rest.starts_with('"')) return read_quoted(line, at);
    if (rest.starts_with("(empty")) return line.text.size();
    if (rest.starts_with("(error)")) {
      problems_.add({place, "", "the server answered with an error", ""});
    } else if (rest.starts_with('(') && rest.find(')') != std::string_view::npos) {
      const std::string_view value = rest.substr(rest.find(')') + 1);  // "(integer) 5", "(nil)"
      leaves_.push_back(
          {std::string(value.substr(std::min(value.find_first_not_of(' '), value.size()))), place});
    } else {
      leaves_.push_back({std::string(rest), place});
    }
    return line.text.size();
  }

  std::size_t read_quoted(const PastedLine& line, std::size_t begin) {
    std::string text;
    for (std::size_t at = begin + 1; at < line.text.size(); ++at) {
      if (line.text[at] == '"') {
        leaves_.push_back({std::move(text), line.at(begin)});
        return at + 1;
      }
      if (line.text[at] == '\\' && at + 1 < line.text.size()) ++at;
      text += line.text[at];
    }
    problems_.add(
        {line.at(begin), "", "this quotation mark is never closed", "is the line cut off?"});
    return line.text.size();
  }

  Problems& problems_;
  std::vector<Leaf> leaves_;
};

void flatten(const JsonNode& node, std::vector<Leaf>& leaves) {
  switch (node.kind) {
    case JsonNode::Kind::kList:
      for (const JsonRef& item : node.items) flatten(*item, leaves);
      return;
    case JsonNode::Kind::kObject:
      for (const JsonMember& member : node.members) {
        leaves.push_back({member.key, member.place});
        flatten(*member.value, leaves);
      }
      return;
    case JsonNode::Kind::kBoolean:
      leaves.push_back({node.boolean ? "true" : "false", node.place});
      return;
    default:
      leaves.push_back({node.text, node.place});
  }
}

std::vector<Leaf> leaves_of(const std::vector<PastedLine>& lines, Problems& problems) {
  const char first = words_of(lines.front().text).front().text.front();
  if (first != '[' && first != '{') return LeafReader(problems).read(lines);
  // Places in it shall be places of the text that was given.
  std::string text;
  std::uint32_t number = 1;
  for (const PastedLine& line : lines) {
    for (; number < line.number; ++number) text += '\n';
    text += line.text;
  }
  std::vector<Leaf> leaves;
  if (const JsonRef document = parse_json(text, problems)) flatten(*document, leaves);
  return leaves;
}

// ---- From leaves to shards ----

using Role = PastedNode::Role;

bool is_field_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || c == '-' || c == '_';
  });
}

class ShardReader {
 public:
  ShardReader(const std::vector<Leaf>& leaves, Place end, PastedCluster& cluster,
              Problems& problems)
      : leaves_(leaves), end_(end), cluster_(cluster), problems_(problems) {}

  void read() {
    while (next_ < leaves_.size()) {
      if (leaves_[next_].text == "slots") {
        read_shard();
      } else if (leaves_[next_].text == "id" && next_ + 1 < leaves_.size()) {
        next_ += 2;  // of the shard, which newer versions tell
      } else {
        problems_.add({leaves_[next_].place, "",
                       "expected \"slots\", as a shard of CLUSTER SHARDS begins, got " +
                           quote(leaves_[next_].text),
                       ""});
        skip_to_shard();
      }
    }
    // Newer versions tell the id of every shard behind its nodes; that of one would be a node's.
    if (ids_of_shards_.size() == shards_) return;
    for (const Place place : ids_of_shards_)
      problems_.add({place, "", "this node is told of by its id alone", "is the reply cut off?"});
  }

 private:
  struct Fields {
    PastedNode node;
    std::vector<std::string> names;  // that it has
    bool has(std::string_view name) const {
      return std::find(names.begin(), names.end(), name) != names.end();
    }
  };

  void problem(const Leaf& leaf, std::string what) {
    problems_.add({leaf.place, "", std::move(what), ""});
  }
  void skip_to_shard() {
    while (next_ < leaves_.size() && leaves_[next_].text != "slots") ++next_;
  }
  bool at(std::string_view text) const {
    return next_ < leaves_.size() && leaves_[next_].text == text;
  }

  void read_shard() {
    const Place place = leaves_[next_++].place;
    SlotSet slots;
    if (!read_slots(slots)) return skip_to_shard();
    if (!at("nodes")) {
      problems_.add({next_ < leaves_.size() ? leaves_[next_].place : end_, "",
                     "expected \"nodes\" behind the slots of the shard", "is the reply cut off?"});
      return skip_to_shard();
    }
    ++next_;
    std::vector<Fields> members;
    while (next_ < leaves_.size() && leaves_[next_].text != "slots") {
      if (!read_field(members)) return skip_to_shard();
    }
    ++shards_;
    if (members.size() > 1 && members.back().names.size() == 1) {
      ids_of_shards_.push_back(members.back().node.place);
      members.pop_back();
    }
    std::vector<PastedNode> nodes;
    for (const Fields& member : members) {
      if (is_whole(member)) nodes.push_back(member.node);
    }
    if (nodes.size() == members.size()) add_shard(place, slots, std::move(nodes));
  }

  bool read_slots(SlotSet& slots) {
    while (next_ < leaves_.size() && leaves_[next_].text != "nodes") {
      const Leaf& first = leaves_[next_++];
      const bool paired = next_ < leaves_.size() && leaves_[next_].text != "nodes";
      const auto from = whole_number<std::uint16_t>(first.text);
      const auto to = paired ? whole_number<std::uint16_t>(leaves_[next_].text) : std::nullopt;
      if (!from || !to || *from > *to || *to >= kSlotCount) {
        problem(first, "expected the first and the last slot of a range, got " + quote(first.text) +
                           (paired ? " and " + quote(leaves_[next_].text) : ""));
        return false;
      }
      ++next_;
      for (std::size_t slot = *from; slot <= *to; ++slot) slots.set(slot);
    }
    return true;
  }

  // A field of a node; "id" begins the next one.
  bool read_field(std::vector<Fields>& members) {
    const Leaf& name = leaves_[next_++];
    if (!is_field_name(name.text) || (members.empty() && name.text != "id")) {
      problem(name, "expected the name of a field of a node, such as " +
                        std::string(members.empty() ? "\"id\"" : "\"ip\"") + ", got " +
                        quote(name.text));
      return false;
    }
    if (next_ == leaves_.size()) {
      problems_.add({end_, "", "the reply ends behind " + quote(name.text), "is it cut off?"});
      return false;
    }
    if (name.text == "id") {
      members.emplace_back();
      members.back().node.place = leaves_[next_].place;
    }
    Fields& fields = members.back();
    fields.names.push_back(name.text);
    set(fields.node, name.text, leaves_[next_++]);
    return true;
  }

  void set(PastedNode& node, std::string_view name, const Leaf& value) {
    if (name == "id") {
      if (!is_node_id(value.text))
        problem(value, "expected a node id of 40 digits and letters, got " + quote(value.text));
      node.id = value.text;
    } else if (name == "port" || name == "tls-port") {
      const auto port = whole_number<std::uint16_t>(value.text);
      if (!port) problem(value, "expected a port, got " + quote(value.text));
      if (name == "port" || node.port == 0) node.port = port.value_or(0);
    } else if (name == "ip") {
      node.ip = value.text;
    } else if (name == "hostname") {
      node.hostname = value.text;
    } else if (name == "availability-zone") {
      node.zone = value.text;
    } else if (name == "role") {
      const bool primary = value.text == "master" || value.text == "primary";
      if (!primary && value.text != "replica" && value.text != "slave")
        problem(value, "expected a role, master or replica, got " + quote(value.text));
      node.role = primary ? Role::kPrimary : Role::kReplica;
    } else if (name == "health") {
      constexpr std::array<std::string_view, 4> kHealth{"online", "loading", "fail", "failed"};
      if (std::find(kHealth.begin(), kHealth.end(), value.text) == kHealth.end())
        problem(value, "expected online, loading or fail as health, got " + quote(value.text));
      node.failed = value.text.starts_with("fail");
    }
  }

  bool is_whole(const Fields& fields) {
    for (const std::string_view name : {"ip", "role", "health"}) {
      if (fields.has(name)) continue;
      problems_.add({fields.node.place, "", "this node is told of without its " + std::string(name),
                     "is the reply cut off?"});
      return false;
    }
    return true;
  }

  // Of two who call themselves primary, one has failed and been replaced: it will come back as a
  // replica of the other.
  void add_shard(Place place, const SlotSet& slots, std::vector<PastedNode> nodes) {
    PastedNode* primary = nullptr;
    std::size_t live = 0;
    for (PastedNode& node : nodes) {
      if (node.role != Role::kPrimary) continue;
      live += node.failed ? 0 : 1;
      if (primary == nullptr || (primary->failed && !node.failed)) primary = &node;
    }
    if (primary == nullptr || live > 1) {
      problems_.add({place, "",
                     primary == nullptr ? "this shard has no primary"
                                        : "this shard has more than one primary",
                     "CLUSTER NODES tells more"});
      return;
    }
    primary->slots = slots;
    for (PastedNode& node : nodes) {
      if (&node == primary) continue;
      node.role = Role::kReplica;
      node.follows = primary->id;
    }
    for (PastedNode& node : nodes) cluster_.nodes.push_back(std::move(node));
  }

  const std::vector<Leaf>& leaves_;
  Place end_;
  PastedCluster& cluster_;
  Problems& problems_;
  std::size_t next_ = 0, shards_ = 0;
  std::vector<Place> ids_of_shards_;
};

}  // namespace

void read_shards(const std::vector<PastedLine>& lines, PastedCluster& cluster, Problems& problems) {
  const std::vector<Leaf> leaves = leaves_of(lines, problems);
  if (problems.empty()) ShardReader(leaves, lines.back().end(), cluster, problems).read();
}

}  // namespace sim
