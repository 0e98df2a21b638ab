// Fill: every key is written once, by one client, and again until somebody says OK. Then the
// clients idle; the auditor tells how many keys are absent.
#include "sim/workloads/common.h"
#include "sim/workloads/kinds.h"

namespace sim {

namespace {

class Fill final : public Generator {
 public:
  Fill(const KeySpace& keys, const CommonOptions& common, std::uint32_t client)
      : keys_(keys), clients_(common.clients), value_size_(common.value_size), next_(client) {}

  std::optional<Operation> next(std::uint32_t, std::uint64_t operation, Choices&) override {
    if (next_ >= keys_.count) return std::nullopt;
    std::string key = keys_.key(static_cast<std::uint32_t>(next_));
    next_ += clients_;
    return write_key(std::move(key), unique_value(operation, value_size_));
  }
  std::optional<Operation> ended(std::uint32_t, const OperationEnd& end,
                                 std::vector<Event>&) override {
    if (end.outcome == event::OpOutcome::kOk) return std::nullopt;
    return write_key(end.command[1], unique_value(end.next_operation, value_size_));
  }
  void finished(std::vector<Event>&) override {}
  std::unique_ptr<Generator> clone() const override { return std::make_unique<Fill>(*this); }

 private:
  KeySpace keys_;
  std::uint32_t clients_;
  std::uint64_t value_size_;
  std::uint64_t next_;  // every clients_-th key is this client's
};

class FillWorkload final : public CommonWorkload {
 public:
  using CommonWorkload::CommonWorkload;

 private:
  std::shared_ptr<const Generator> generator(const KeySpace& keys,
                                             std::uint32_t client) const override {
    return std::make_shared<Fill>(keys, common(), client);
  }
  std::string done_note() const override { return "fill_done"; }
};

}  // namespace

std::unique_ptr<Workload> make_fill(Options& options) {
  CommonDefaults defaults;
  defaults.values.keys = 10'000;
  defaults.has_reads = false;
  defaults.has_key_choice = false;
  return std::make_unique<FillWorkload>(read_common(options, defaults));
}

}  // namespace sim
