#include "sim/invariants/verdict.h"

#include <algorithm>
#include <utility>

#include "sim/base/check.h"
#include "sim/invariants/known_defects.h"
#include "sim/trace/describe.h"

namespace sim {

std::string words(Duration duration) {
  const std::int64_t ns = duration.count();
  if (ns < 0) return "-" + words(-duration);
  if (ns == 0) return "0 s";
  if (ns < 1'000'000) return std::to_string((ns + 999) / 1000) + " us";
  const std::int64_t ms = ns / 1'000'000;
  return ms < 1000 ? std::to_string(ms) + " ms" : moment(sim_time(duration));
}

std::string moment(SimTime at) {
  std::string text = format_time(at);
  text.insert(text.size() - 1, 1, ' ');
  return text;
}

namespace {
constexpr std::pair<Judgement, std::string_view> kJudgements[] = {
    {Judgement::kPass, "pass"},
    {Judgement::kFail, "fail"},
    {Judgement::kKnownDefect, "known-defect"},
    {Judgement::kUnknown, "unknown"},
    {Judgement::kNotChecked, "not checked"},
};
}  // namespace

std::string_view judgement_name(Judgement judgement) {
  for (const auto& [value, name] : kJudgements) {
    if (value == judgement) return name;
  }
  return "unknown";
}

Judgement judgement_named(std::string_view name) {
  for (const auto& [judgement, known] : kJudgements) {
    if (known == name) return judgement;
  }
  return Judgement::kUnknown;
}

Judgement Verdict::judgement() const {
  if (failures_ > 0) return Judgement::kFail;
  if (!surrender_.empty()) return Judgement::kUnknown;
  if (defects_ > 0) return Judgement::kKnownDefect;
  return checked_ && refusal_.empty() ? Judgement::kPass : Judgement::kNotChecked;
}

std::string Verdict::summary() const {
  if (!surrender_.empty()) return surrender_;
  if (judgement() != Judgement::kNotChecked) return numbers();
  return refusal_.empty() ? missing_ : refusal_;
}

void Verdict::cannot_check(std::string why) {
  if (refusal_.empty()) refusal_ = std::move(why);
}

void Verdict::give_up(std::string why) {
  if (surrender_.empty()) surrender_ = std::move(why);
}

// The list is cut from the end of what is less serious: violations are never crowded out by known
// defects, nor the first defect of a row by more of another.
void Verdict::add(Finding finding) {
  const bool failure = finding.judgement == Judgement::kFail;
  CHECK(failure || find_known_defect(finding.row) != nullptr);
  ++(failure ? failures_ : defects_);
  const auto of_row = [&](int row) {
    return std::count_if(findings_.begin(), findings_.end(), [&](const Finding& other) {
      return other.judgement == Judgement::kKnownDefect && other.row == row;
    });
  };
  if (findings_.size() < kKept) {
    findings_.push_back(std::move(finding));
    return;
  }
  if (!failure && of_row(finding.row) > 0) return;
  for (const std::int64_t spared : {1, 0}) {
    for (std::size_t i = findings_.size(); i-- > 0;) {
      if (findings_[i].judgement == Judgement::kFail || of_row(findings_[i].row) <= spared)
        continue;
      findings_.erase(findings_.begin() + static_cast<std::ptrdiff_t>(i));
      findings_.push_back(std::move(finding));
      return;
    }
    if (!failure) return;
  }
}

}  // namespace sim
