#include "sim/workloads/audit.h"

#include <deque>
#include <map>
#include <string>

#include "sim/base/check.h"
#include "sim/workloads/common.h"

namespace sim {

namespace {

constexpr int kTries = 3;

bool is_absent(const resp::Value& reply) {
  const auto* list = std::get_if<resp::Array>(&reply.data);
  return std::holds_alternative<resp::Null>(reply.data) || (list && list->items.empty());
}

class Audit final : public Generator {
 public:
  Audit(const KeySpace& keys, event::OpKind read) : keys_(keys), read_(read) {}

  std::optional<Operation> next(std::uint32_t, std::uint64_t, Choices&) override { return go_on(); }

  std::optional<Operation> ended(std::uint32_t, const OperationEnd& end,
                                 std::vector<Event>&) override {
    const std::string& key = end.command[1];
    if (end.outcome == event::OpOutcome::kOk) {
      CHECK(end.reply != nullptr);
      ++read_keys_;
      absent_ += is_absent(*end.reply) ? 1 : 0;
      return std::nullopt;
    }
    // The process that failed goes on at once, at worst with the very key: so nothing is ever left
    // waiting.
    if (++failures_[key] < kTries) again_.push_back(key);
    return go_on();
  }

  void finished(std::vector<Event>& notes) override {
    notes.push_back(event::Measured{"audit_keys", keys_.count});
    notes.push_back(event::Measured{"audit_absent", absent_});
    notes.push_back(event::Measured{"audit_unread", keys_.count - read_keys_});
  }

  std::unique_ptr<Generator> clone() const override { return std::make_unique<Audit>(*this); }

 private:
  std::optional<Operation> go_on() {
    if (next_ < keys_.count) return reading(keys_.key(next_++));
    if (again_.empty()) return std::nullopt;
    std::string key = std::move(again_.front());
    again_.pop_front();
    return reading(std::move(key));
  }

  Operation reading(std::string key) const {
    Operation operation =
        read_ == event::OpKind::kReadList ? read_list(std::move(key)) : read_key(std::move(key));
    operation.final_read = true;
    return operation;
  }

  KeySpace keys_;
  event::OpKind read_;
  std::uint32_t next_ = 0;
  std::deque<std::string> again_;  // in vain so far
  std::map<std::string, int> failures_;
  std::int64_t read_keys_ = 0;
  std::int64_t absent_ = 0;
};

}  // namespace

std::shared_ptr<const Generator> make_audit(const KeySpace& keys, event::OpKind read) {
  return std::make_shared<Audit>(keys, read);
}

}  // namespace sim
