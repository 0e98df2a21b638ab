#include "sim/app/watch.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>

#include "sim/hosts/clock.h"
#include "sim/hosts/process_pool.h"
#include "sim/hosts/terminal.h"
#include "sim/trace/describe.h"

namespace sim {
namespace {

constexpr std::int64_t kFrameNs = 100'000'000;  // ten a second
constexpr Duration kLineEvery = 1s;             // of the run, where there is no terminal
constexpr Duration kSilence = 10s;              // and so long at most without a line

// Another screen, so that what was on this one is there again afterwards; no cursor.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view kLeave = "\x1b[?25h\x1b[?1049l";
constexpr std::string_view kHome = "\x1b[H", kEndOfLine = "\x1b[K", kEndOfScreen = "\x1b[J";

void put(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

std::string painted(const ScreenLine& line, const Paint& paint) {
  switch (line.mood) {
    case ScreenLine::Mood::kPlain:
      return line.text;
    case ScreenLine::Mood::kStrong:
      return paint.strong(line.text);
    case ScreenLine::Mood::kFaint:
      return paint.faint(line.text);
    case ScreenLine::Mood::kGood:
      return paint.good(line.text);
    case ScreenLine::Mood::kBad:
      return paint.bad(line.text);
  }
  return line.text;
}

std::string speed_text(WatchSpeed speed) {
  std::string text = std::to_string(speed.thousandths / 1000);
  if (speed.thousandths % 1000 != 0) {
    text += fmt::format(".{:03}", speed.thousandths % 1000);
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text + "x";
}

}  // namespace

WatchSpeed parse_watch_speed(const std::string& text) {
  const std::string digits = text.ends_with('x') ? text.substr(0, text.size() - 1) : text;
  const std::size_t point = std::min(digits.find('.'), digits.size());
  const std::string whole = digits.substr(0, point);
  std::string rest = digits.substr(std::min(point + 1, digits.size()));
  std::uint32_t number = 0;
  const bool plain = !whole.empty() && rest.size() <= 3 && whole.size() <= 7 &&
                     (whole + rest).find_first_not_of("0123456789") == std::string::npos &&
                     (point == digits.size() || !rest.empty());
  rest.resize(3, '0');
  const std::string all = whole + rest;
  if (plain) std::from_chars(all.data(), all.data() + all.size(), number);
  if (number == 0 || number > 1'000'000'000)
    throw UsageError{"--speed expects a factor such as 10x or 0.5x, got '" + text + "'"};
  return {number};
}

Watcher::Watcher(const Plan& plan, WatchSpeed speed)
    : screen_({.scenario = plan.scenario.name, .seed = plan.seed, .cast = plan.facts.cast}),
      speed_(speed),
      end_(plan.scenario.duration),
      on_terminal_(terminal_size().has_value()) {
  if (on_terminal_) put(kEnter);
}

Watcher::~Watcher() {
  if (on_terminal_) put(kLeave);
}

void Watcher::look() {
  on_terminal_ ? draw() : tell();
}

void Watcher::draw() {
  const TerminalSize size = terminal_size().value_or(TerminalSize{80, 24});
  std::string text(kHome);
  bool first = true;
  for (const ScreenLine& line :
       screen_.screen(next_ - SimTime{}, end_, speed_text(speed_) + "  Ctrl-C ends",
                      {size.columns, size.lines})) {
    if (!first) text += "\r\n";
    first = false;
    text += painted(line, paint_);
    text += kEndOfLine;
  }
  put(text += kEndOfScreen);
  const std::int64_t now = real_ns();
  if (due_ns_ == 0) due_ns_ = now;
  due_ns_ += kFrameNs;
  // A run that is slower than it is watched shall not hurry afterwards.
  if (due_ns_ < now) due_ns_ = now;
  while (real_ns() < due_ns_ && !interrupted()) sleep_ms((due_ns_ - real_ns()) / 1'000'000 + 1);
  next_ += Duration{kFrameNs / 1000 * speed_.thousandths};
}

void Watcher::tell() {
  const Duration now = next_ - SimTime{};
  next_ += kLineEvery;
  std::string state = screen_.state();
  if (state == told_ && now < told_at_ + kSilence) return;
  put(fmt::format("{:>10}  {}\n", format_time(sim_time(now)), screen_.summary(now)));
  told_ = std::move(state);
  told_at_ = now;
}

}  // namespace sim
