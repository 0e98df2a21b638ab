#include "sim/workloads/progress.h"

#include <deque>
#include <string>
#include <vector>

#include "sim/base/check.h"
#include "sim/client/slot_tags.h"
#include "sim/workloads/common.h"

namespace sim {
namespace {

using Keys = std::vector<std::string>;

std::shared_ptr<const Keys> keys_of(std::uint32_t every) {
  const std::vector<std::string> tags = slot_tags();
  auto keys = std::make_shared<Keys>();
  for (std::uint32_t slot = 0; slot < kSlotCount; slot += every)
    keys->push_back("{" + tags[slot] + "}" + std::to_string(slot));
  return keys;
}

class Progress final : public Generator {
 public:
  explicit Progress(std::uint32_t every) : keys_(keys_of(every)) {}

  std::optional<Operation> next(std::uint32_t, std::uint64_t operation, Choices&) override {
    if (next_ < keys_->size()) return writing((*keys_)[next_++], operation);
    if (again_.empty()) return std::nullopt;
    std::string key = std::move(again_.front());
    again_.pop_front();
    return writing(std::move(key), operation);
  }

  std::optional<Operation> ended(std::uint32_t, const OperationEnd& end,
                                 std::vector<Event>&) override {
    const std::string& key = end.command[1];
    const bool wrote = end.command.front() == "SET";
    if (end.outcome == event::OpOutcome::kOk && !wrote) return std::nullopt;
    if (end.outcome == event::OpOutcome::kOk) return other(read_key(key));
    // The process that failed goes on at once, so that nothing is left waiting: others of its kind
    // may have found nothing more to do.
    again_.push_back(key);
    return next_ < keys_->size() ? writing((*keys_)[next_++], end.next_operation) : retry(end);
  }

  void finished(std::vector<Event>& notes) override {
    const auto untried = static_cast<std::int64_t>(keys_->size() - next_);
    notes.push_back(event::Measured{"audit_progress_untried", untried});
  }
  std::unique_ptr<Generator> clone() const override { return std::make_unique<Progress>(*this); }

 private:
  static Operation other(Operation operation) {
    operation.kind = event::OpKind::kOther;
    return operation;
  }
  static Operation writing(std::string key, std::uint64_t operation) {
    return other(write_key(std::move(key), unique_value(operation)));
  }
  Operation retry(const OperationEnd& end) {
    std::string key = std::move(again_.front());
    again_.pop_front();
    return writing(std::move(key), end.next_operation);
  }

  std::shared_ptr<const Keys> keys_;
  std::size_t next_ = 0;
  std::deque<std::string> again_;  // in vain so far
};

}  // namespace

std::shared_ptr<const Generator> make_progress(std::uint32_t every) {
  CHECK(every > 0 && every <= kSlotCount);
  return std::make_shared<Progress>(every);
}

}  // namespace sim
