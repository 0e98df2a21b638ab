#include <algorithm>
#include <utility>

#include "sim/base/hash.h"
#include "tests/core/raw_node.h"

namespace sim {
namespace {

constexpr std::size_t kHead = 100, kTail = 10;

std::size_t stretch(const std::string& bytes, std::size_t at, Cut cut, std::uint64_t seed) {
  switch (cut) {
    case Cut::kWhole:
    case Cut::kGlued:
      return bytes.size();
    case Cut::kDribble: {
      const std::size_t tail = bytes.size() < kTail ? 0 : bytes.size() - kTail;
      return at < kHead || at >= tail ? 1 : tail - at;
    }
    case Cut::kRandom:
      return 1 + fold64(seed, at) % (fold64(at, seed) % 2 == 0 ? 4 : 3000);
  }
  return bytes.size();
}

// What a stretch would be put behind, if the two are to be one.
template <class Carrier, class Variant>
const Carrier* last_on(ConnId conn, const std::vector<Variant>& out) {
  const auto* last = out.empty() ? nullptr : std::get_if<Carrier>(&out.back());
  return last != nullptr && last->conn == conn ? last : nullptr;
}

}  // namespace

std::vector<std::string> cut_up(const std::string& bytes, Cut cut, std::uint64_t seed) {
  std::vector<std::string> stretches;
  for (std::size_t at = 0; at < bytes.size(); at += stretches.back().size()) {
    stretches.push_back(bytes.substr(at, stretch(bytes, at, cut, seed)));
  }
  return stretches;
}

template <class Carrier, class Out>
void RawNode::carry(const Carrier& carrier, Out& out) {
  const bool console = consoles_.count(carrier.conn) > 0;
  std::string bytes = carrier.payload->bytes();
  if (cut_ == Cut::kGlued && !console) {
    if (const Carrier* before = last_on<Carrier>(carrier.conn, out)) {
      bytes.insert(0, before->payload->bytes());
      out.pop_back();
    }
  }
  for (std::string& piece : cut_up(bytes, console ? Cut::kWhole : cut_, ++cuts_)) {
    out.push_back(Carrier{carrier.conn, PayloadRef(new RawBytes(std::move(piece)))});
  }
}

void RawNode::step(const Clocks& now, std::span<const Input> inputs, Choices& choices,
                   Effects& effects) {
  std::vector<Input> heard;
  for (const Input& input : inputs) {
    const auto* accepted = std::get_if<Accepted>(&input);
    if (accepted != nullptr && accepted->remote.ipv4 >> 24 == 127) consoles_.insert(accepted->conn);
    const auto* received = std::get_if<Received>(&input);
    received != nullptr ? carry(*received, heard) : heard.push_back(input);
  }
  Effects wanted;
  inner_->step(now, heard, choices, wanted);
  for (Effect& effect : wanted) {
    const auto* send = std::get_if<Send>(&effect);
    send != nullptr ? carry(*send, effects) : effects.push_back(std::move(effect));
  }
}

std::unique_ptr<Node> RawNode::clone() const {
  auto copy = std::make_unique<RawNode>(inner_->clone(), cut_);
  copy->cuts_ = cuts_;
  copy->consoles_ = consoles_;
  return copy;
}

}  // namespace sim
