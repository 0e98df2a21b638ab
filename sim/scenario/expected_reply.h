// What a scripted command must be answered with.
//
// Replies are text as redis-cli prints it, on one line: `(integer) 3`, `"a text"` with "\r\n"
// escaped, `1) "slave" 2) "10.0.0.1"`; errors begin with '-'.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/compare.h"

namespace sim {

// What earlier replies were remembered as: name -> text.
using RememberedReplies = std::map<std::string, std::string, std::less<>>;

// ">=1", or against what was remembered: "> epoch".
struct ReplyBound {
  Compare compare{};
  std::optional<std::int64_t> number;
  std::string name;  // if there is no number
  std::string text() const;
};

struct ReplyExpectation {
  // What of the reply is looked at: all of it, the value of a line "FIELD:VALUE" as INFO has them,
  // or what stands between two texts. A reply that has no such part meets nothing.
  std::string field;
  std::vector<std::string> between;  // two texts, or none

  // All given parts must hold.
  std::optional<std::string> reply;   // equal; a text in quotes also without them
  std::vector<std::string> contains;  // all of these, one behind the other
  std::vector<std::string> lacks;     // none of these
  std::optional<std::string> error;   // an error that begins so: "MOVED", "CLUSTERDOWN"
  std::optional<ReplyBound> is;
  // What those who are asked must say, compared with each other.
  enum class Together : std::uint8_t { kWhatever, kSame, kDistinct } together = Together::kWhatever;

  bool any() const;
  // The part looked at, without quotes, or an integer as its digits.
  std::optional<std::string> part_of(std::string_view text) const;
  bool met_by(std::string_view text, const RememberedReplies& remembered = {}) const;
  // `together` alone, of all that were asked.
  bool met_together(std::span<const std::string> replies) const;
  std::string text() const;  // in words: "a reply containing \"cluster_state:ok\""

  // Every text that may stand for something only known when the command is sent.
  void each_text(const std::function<void(std::string&)>& visit);
};

}  // namespace sim
