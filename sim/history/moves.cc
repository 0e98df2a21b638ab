#include "sim/history/moves.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sim::history {
namespace {

constexpr std::size_t kBarColumns = 60;  // more moves than fit are listed without bars

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

}  // namespace

std::vector<Move> moves_of(const History& history, std::span<const std::uint32_t> operations) {
  std::vector<Move> moves;
  moves.reserve(operations.size());
  for (const std::uint32_t index : operations) {
    const Operation& operation = history.operations[index];
    if (operation.failed) continue;
    Move move{operation.began, operation.ended,    operation.action,
              operation.value, operation.argument, index};
    const bool forgot =
        history.model == Model::kCache && move.action == Action::kRead && move.value == kAbsent;
    if (move.action == Action::kDelete || forgot) {
      move.action = Action::kWrite;
      move.value = kAbsent;
    }
    moves.push_back(move);
  }
  return moves;
}

std::string draw_moves(const History& history, std::vector<Move> moves) {
  std::sort(moves.begin(), moves.end(),
            [](const Move& a, const Move& b) { return a.began < b.began; });
  std::vector<Line> marks;
  for (const Move& move : moves) {
    marks.push_back(move.began);
    if (!move.open()) marks.push_back(move.ended);
  }
  std::sort(marks.begin(), marks.end());
  const auto column = [&](Line line) {
    return 2 * static_cast<std::size_t>(std::lower_bound(marks.begin(), marks.end(), line) -
                                        marks.begin());
  };
  std::vector<std::array<std::string, 3>> rows;
  std::array<std::size_t, 3> widths{};
  for (const Move& move : moves) {
    const Operation& operation = history.operations[move.operation];
    const std::string lines = operation.open() ? "line " + std::to_string(operation.began)
                                               : "lines " + std::to_string(operation.began) + '-' +
                                                     std::to_string(operation.ended);
    std::string action = describe_action(history, operation);
    if (operation.open()) action += " (outcome unknown)";
    rows.push_back({lines, "process " + std::string(history.processes.text(operation.process)),
                    std::move(action)});
    for (std::size_t i = 0; i < widths.size(); ++i)
      widths[i] = std::max(widths[i], rows.back()[i].size());
  }
  std::string text;
  for (std::size_t i = 0; i < moves.size(); ++i) {
    std::string line =
        "    " + padded(rows[i][0], widths[0]) + "  " + padded(rows[i][1], widths[1]) + "  ";
    if (marks.size() <= kBarColumns / 2) {
      const std::size_t begin = column(moves[i].began);
      line += padded(rows[i][2], widths[2]) + "  " + std::string(begin, ' ') + '|';
      if (moves[i].open()) {
        line += std::string(2 * marks.size() - begin - 1, '-') + '>';
      } else {
        line += std::string(column(moves[i].ended) - begin - 1, '-') + '|';
      }
    } else {
      line += rows[i][2];
    }
    text += line + '\n';
  }
  return text;
}

}  // namespace sim::history
