// What every invariant is built on: findings that are kept and counted, and words for numbers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/time.h"
#include "sim/base/words.h"
#include "sim/invariants/invariant.h"
#include "sim/trace/record.h"

namespace sim {

// "9.300 s", "12 ms", "0 s".
std::string words(Duration duration);
// "12.345 s": a moment of the run.
std::string moment(SimTime at);

// A claim holds until a finding says otherwise, but only if there was something to hold for:
// `evidence()` is called whenever the trace shows what the claim is about. Without it the judgement
// is kNotChecked, never kPass.
class Verdict : public Invariant {
 public:
  static constexpr std::size_t kKept = 10;

  Judgement judgement() const final;
  const std::vector<Finding>& findings() const final { return findings_; }
  std::uint64_t finding_count() const final { return failures_ + defects_; }
  std::string summary() const final;

 protected:
  explicit Verdict(std::string missing) : missing_(std::move(missing)) {}

  void evidence() { checked_ = true; }
  // The run cannot supply what the claim needs; `why` is for people. Overrules evidence.
  void cannot_check(std::string why);
  void violation(const Record& record, std::string what) {
    add({Judgement::kFail, record.at, record.sequence, std::move(what), 0});
  }
  void violation(SimTime at, std::uint64_t record, std::string what) {
    add({Judgement::kFail, at, record, std::move(what), 0});
  }
  void known_defect(SimTime at, std::uint64_t record, int row, std::string what) {
    add({Judgement::kKnownDefect, at, record, std::move(what), row});
  }
  void give_up(std::string why);
  // The numbers when it was checked; the base class says why when it was not.
  virtual std::string numbers() const = 0;

 private:
  void add(Finding finding);

  std::string missing_;  // why it is not checked, unless evidence turns up
  std::string refusal_, surrender_;
  std::vector<Finding> findings_;
  std::uint64_t failures_ = 0, defects_ = 0;
  bool checked_ = false;
};

// Invariants are values: a copy of one is `Derived(*this)`.
template <class Derived>
class CopyableVerdict : public Verdict {
 public:
  std::unique_ptr<Invariant> clone() const final {
    return std::make_unique<Derived>(static_cast<const Derived&>(*this));
  }

 protected:
  using Verdict::Verdict;
};

}  // namespace sim
