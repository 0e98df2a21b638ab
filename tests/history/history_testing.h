// Histories for tests: written by hand, or drawn.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/base/choices.h"
#include "sim/history/check.h"
#include "sim/history/moves.h"
#include "sim/history/read_history.h"

namespace sim::history {

// The history that a text is, in any format; it comes in pieces of a few bytes.
History read_text(std::string text, Model model, std::string workload = "");
// "2:7: what is wrong", or "" if nothing is.
std::string error_of(const std::string& text, Model model);

// Operations as pictures of time: a row a process, an operation from '[' to ']' (or to '~' if its
// end was never told), between them what it did: "w1" write, "r1" read, "rn" read of nothing, "c12"
// cas 1 -> 2, "m12" that cas told that it does not match, "d" delete, "fw1" a write that failed.
//     [w1  ] [r2]
//       [w2    ]
History drawn(std::string_view rows, Model model = Model::kCasRegister);

// Random moves on one key by a few processes, about every second one impossible.
struct Shape {
  int operations = 6, processes = 3, values = 3;
  bool unique = false, cas = false, appends = false, deletes = false;
};
std::vector<Move> random_moves(const Shape& shape, Choices& choices);

// Tries every order there is. For at most eight or nine moves.
bool possible_by_trying(const std::vector<Move>& moves, Values& values);

}  // namespace sim::history
