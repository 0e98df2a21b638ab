#include <algorithm>

#include "sim/faults/fault_base.h"

namespace sim {
namespace {

using Act = MessageRule::Act;

// Holds, delays or drops messages by their label: the second PONG from m2 to m3, every vote
// request.
class Message final : public FaultOf<Message> {
 public:
  Message(MessageRule rule, std::optional<Selector> from, std::optional<Selector> to)
      : FaultOf(unit(rule.act)),
        rule_(std::move(rule)),
        from_(std::move(from)),
        to_(std::move(to)) {}

  std::optional<SimTime> act(FaultStage& stage) override {
    const Cast& cast = stage.levers().cast();
    if (from_) rule_.from = stage.resolve(*from_);
    if (to_) rule_.to = stage.resolve(*to_);
    // Nobody is not anybody: a rule without machines would mean every machine.
    const bool nobody = (from_ && rule_.from.empty()) || (to_ && rule_.to.empty());
    targets_ = from_ ? rule_.from : rule_.to;
    done_ = describe(from_ ? names(cast, rule_.from) : "anyone",
                     to_ ? names(cast, rule_.to) : "anyone");
    if (!nobody) hold(stage.levers().on_message(rule_));
    return std::nullopt;
  }

 private:
  static std::string_view unit(Act act) {
    return act == Act::kHold    ? "messages held"
           : act == Act::kDelay ? "messages delayed"
                                : "messages dropped";
  }
  std::string intent() const override {
    return describe(from_ ? to_text(*from_) : "anyone", to_ ? to_text(*to_) : "anyone");
  }
  std::string describe(const std::string& from, const std::string& to) const {
    std::string text = rule_.act == Act::kHold    ? "hold "
                       : rule_.act == Act::kDelay ? "delay "
                                                  : "drop ";
    if (rule_.count != 0)
      text += rule_.count == 1 ? "one " : "up to " + std::to_string(rule_.count) + ' ';
    text += rule_.label + " from " + from + " to " + to;
    if (rule_.act == Act::kDelay) text += " by " + format_duration(rule_.delay);
    if (rule_.act == Act::kDrop) text += " with the connection";
    if (rule_.skip != 0) text += ", after letting " + std::to_string(rule_.skip) + " pass";
    return text + planes_text(rule_.planes);
  }

  MessageRule rule_;
  std::optional<Selector> from_, to_;
};

constexpr std::array<std::string_view, 11> kBusLabels{"bus:PING",
                                                      "bus:PONG",
                                                      "bus:MEET",
                                                      "bus:FAIL",
                                                      "bus:PUBLISH",
                                                      "bus:PUBLISHSHARD",
                                                      "bus:FAILOVER_AUTH_REQUEST",
                                                      "bus:FAILOVER_AUTH_ACK",
                                                      "bus:UPDATE",
                                                      "bus:MFSTART",
                                                      "bus:MODULE"};

void check_label(Options& options, const std::string& label) {
  const auto begins = [&](std::string_view prefix) { return label.rfind(prefix, 0) == 0; };
  const bool family = !label.empty() && label.back() == '*';
  if (label == "bytes" || begins("cmd:") || begins("repl:") || begins("reply") ||
      (begins("bus:") && family))
    return;
  if (std::find(kBusLabels.begin(), kBusLabels.end(), label) != kBusLabels.end()) return;
  options.problem("label",
                  "expected a label such as \"bus:PONG\", \"bus:*\", \"cmd:SET\", \"repl:STREAM\" "
                  "or \"reply\", got \"" +
                      label.substr(0, 40) + '"',
                  did_you_mean(label, kBusLabels));
}

constexpr std::int64_t kCountMax = 1'000'000'000;

}  // namespace

std::unique_ptr<Fault> make_message(Options& options) {
  MessageRule rule;
  rule.label = options.text("label");
  if (!rule.label.empty()) check_label(options, rule.label);
  rule.act = options.one_of<Act>(
      "act", {{"hold", Act::kHold}, {"delay", Act::kDelay}, {"drop", Act::kDrop}});
  std::optional<Selector> from, to;
  if (options.has("from")) from = options.selector("from");
  if (options.has("to")) to = options.selector("to");
  rule.planes = read_planes(options);
  rule.skip = static_cast<std::uint32_t>(options.integer("skip", 0, {0, kCountMax}));
  rule.count = static_cast<std::uint32_t>(options.integer("count", 0, {0, kCountMax}));
  if (rule.act == Act::kDelay) {
    rule.delay = options.duration("by", std::nullopt, kSomeTime);
  } else if (options.has("by")) {
    options.problem("by", "\"by\" goes with \"act\": \"delay\"");
  }
  return std::make_unique<Message>(std::move(rule), std::move(from), std::move(to));
}

std::unique_ptr<Fault> random_message(Choices& choices, const Cast&) {
  constexpr std::array<std::string_view, 6> kLabels{"bus:PONG",
                                                    "bus:PING",
                                                    "bus:UPDATE",
                                                    "bus:FAIL",
                                                    "bus:FAILOVER_AUTH_REQUEST",
                                                    "bus:FAILOVER_AUTH_ACK"};
  MessageRule rule;
  rule.label = kLabels[choices.choose(Site::kFaultKind, kLabels.size())];
  constexpr std::array<Act, 3> kMildestFirst{Act::kDelay, Act::kHold, Act::kDrop};
  rule.act = kMildestFirst[choices.choose(Site::kFaultKind, kMildestFirst.size())];
  rule.count = static_cast<std::uint32_t>(1 + choices.choose(Site::kFaultKind, 5));
  rule.delay = random_time(choices, {100ms, 1s, 5s, kNemesisDelaysMessages});
  return std::make_unique<Message>(std::move(rule), random_victim(choices), std::nullopt);
}

}  // namespace sim
