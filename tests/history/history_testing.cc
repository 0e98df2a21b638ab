#include "tests/history/history_testing.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <sstream>

namespace sim::history {

History read_text(std::string text, Model model, std::string workload) {
  std::size_t at = 0;
  const Source source = [&](char* into, std::size_t room) {
    const std::size_t piece = std::min({room, text.size() - at, std::size_t{7}});
    std::memcpy(into, text.data() + at, piece);
    at += piece;
    return piece;
  };
  ReadOptions options;
  options.model = model;
  options.workload = std::move(workload);
  options.file = "test";
  return read_history(source, options);
}

std::string error_of(const std::string& text, Model model) {
  try {
    read_text(text, model);
  } catch (const HistoryError& error) {
    return std::to_string(error.line) + ':' + std::to_string(error.column) + ": " + error.what;
  }
  return "";
}

namespace {

// A line of a history: how the operation `what` of a drawing begins or ends.
std::string json_of(int process, std::string_view type, std::string_view what) {
  std::string out = "{\"process\":" + std::to_string(process) + ",\"type\":\"";
  const bool fails = what.starts_with('f');
  if (fails) what.remove_prefix(1);
  const bool mismatch = what.starts_with('m');
  const bool end = type == "ok";
  out += end && (fails || mismatch) ? "fail" : std::string(type);
  out += "\",\"f\":\"";
  switch (what[0]) {
    case 'r':
      out += "read\"";
      if (end)
        out += std::string(",\"value\":") + (what[1] == 'n' ? "null" : std::string(what.substr(1)));
      break;
    case 'w':
      out += "write\",\"value\":" + std::string(what.substr(1));
      break;
    case 'd':
      out += "delete\"";
      break;
    default:
      out += "cas\",\"value\":[" + std::string(what.substr(1, 1)) + ',' +
             std::string(what.substr(2, 1)) + ']';
  }
  return out + "}\n";
}

}  // namespace

History drawn(std::string_view rows, Model model) {
  std::map<std::size_t, std::string> by_column;
  std::istringstream lines{std::string(rows)};
  std::string row;
  for (int process = 0; std::getline(lines, row); ++process) {
    for (std::size_t begin = row.find('['); begin != std::string::npos;
         begin = row.find('[', begin + 1)) {
      const std::size_t end = row.find_first_of("]~", begin);
      std::string what = row.substr(begin + 1, end - begin - 1);
      std::erase(what, ' ');
      std::erase(what, '-');
      by_column[begin] += json_of(process * 100 + static_cast<int>(begin), "invoke", what);
      if (row[end] == ']')
        by_column[end] += json_of(process * 100 + static_cast<int>(begin), "ok", what);
    }
  }
  std::string text;
  for (const auto& [column, events] : by_column) text += events;
  return read_text(text, model);
}

std::vector<Move> random_moves(const Shape& shape, Choices& choices) {
  const auto draw = [&](int n) {
    return static_cast<int>(choices.choose(Site::kOperation, static_cast<std::uint64_t>(n)));
  };
  std::vector<Move> moves;
  std::vector<int> busy(static_cast<std::size_t>(shape.processes), -1);
  Line line = 0;
  while (static_cast<int>(moves.size()) < shape.operations ||
         std::any_of(busy.begin(), busy.end(), [](int one) { return one >= 0; })) {
    const auto process = static_cast<std::size_t>(draw(shape.processes));
    if (busy[process] >= 0) {
      Move& move = moves[static_cast<std::size_t>(busy[process])];
      busy[process] = -1;
      ++line;
      if (move.observes() || draw(6) != 0) move.ended = line;
      continue;
    }
    if (static_cast<int>(moves.size()) == shape.operations) continue;
    Move move;
    move.began = ++line;
    move.operation = static_cast<std::uint32_t>(moves.size());
    const int kind = draw(10);
    move.value = static_cast<ValueId>(1 + draw(shape.values));
    move.action = kind < 5 ? Action::kRead : Action::kWrite;
    if (move.action == Action::kWrite && shape.unique)
      move.value = static_cast<ValueId>(moves.size());
    if (move.action == Action::kRead && shape.unique)
      move.value = static_cast<ValueId>(draw(shape.operations));
    if (move.action == Action::kRead && draw(5) == 0 && !shape.deletes) move.value = kAbsent;
    if (shape.deletes && kind == 9) move.value = kAbsent;
    if (shape.cas && kind >= 7) {
      move.action = kind == 9 ? Action::kCasMismatch : Action::kCas;
      move.argument = static_cast<ValueId>(1 + draw(shape.values));
    }
    if (shape.appends && kind >= 6) move.action = Action::kAppend;
    busy[process] = static_cast<int>(moves.size());
    moves.push_back(move);
  }
  return moves;
}

namespace {

class Trying {
 public:
  Trying(const std::vector<Move>& moves, Values& values) : moves_(moves), values_(values) {}
  bool run() {
    done_.assign(moves_.size(), false);
    return possible(kAbsent);
  }

 private:
  bool possible(ValueId value) {
    Line due = kNever;
    for (std::size_t i = 0; i < moves_.size(); ++i) {
      if (!done_[i]) due = std::min(due, moves_[i].ended);
    }
    if (due == kNever) return true;
    for (std::size_t i = 0; i < moves_.size(); ++i) {
      if (done_[i] || moves_[i].began > due) continue;
      ValueId next = value;
      if (!apply(moves_[i], next)) continue;
      done_[i] = true;
      if (possible(next)) return true;
      done_[i] = false;
    }
    return false;
  }
  bool apply(const Move& move, ValueId& value) {
    switch (move.action) {
      case Action::kRead:
        return move.value == value;
      case Action::kCasMismatch:
        return move.value != value;
      case Action::kWrite:
        value = move.value;
        return true;
      case Action::kCas:
        if (value != move.value) return false;
        value = move.argument;
        return true;
      default:
        value = values_.concatenation(value, move.value);
        return true;
    }
  }

  const std::vector<Move>& moves_;
  Values& values_;
  std::vector<bool> done_;
};

}  // namespace

bool possible_by_trying(const std::vector<Move>& moves, Values& values) {
  return Trying(moves, values).run();
}

}  // namespace sim::history
