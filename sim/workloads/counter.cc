// Counter: INCR and GET. The final value must be the number of increments that happened; those
// whose outcome is unknown are the slack.
#include "sim/workloads/common.h"
#include "sim/workloads/kinds.h"

namespace sim {

namespace {

class Counter final : public Generator {
 public:
  Counter(const KeySpace& keys, const CommonOptions& common)
      : keys_(keys), choice_(common.key_choice()), reads_ppm_(common.reads_ppm) {}

  std::optional<Operation> next(std::uint32_t, std::uint64_t, Choices& choices) override {
    std::string key = keys_.key(choice_.choose(choices));
    if (choices.choose(Site::kOperation, 1'000'000) < reads_ppm_) return read_key(std::move(key));
    Operation operation;
    operation.kind = event::OpKind::kIncrement;
    operation.command = {"INCR", std::move(key)};
    operation.value = "1";
    return operation;
  }
  std::optional<Operation> ended(std::uint32_t, const OperationEnd&, std::vector<Event>&) override {
    return std::nullopt;
  }
  void finished(std::vector<Event>&) override {}
  std::unique_ptr<Generator> clone() const override { return std::make_unique<Counter>(*this); }

 private:
  KeySpace keys_;
  KeyChoice choice_;
  std::uint32_t reads_ppm_;
};

class CounterWorkload final : public CommonWorkload {
 public:
  using CommonWorkload::CommonWorkload;

 private:
  std::shared_ptr<const Generator> generator(const KeySpace& keys, std::uint32_t) const override {
    return std::make_shared<Counter>(keys, common());
  }
};

}  // namespace

std::unique_ptr<Workload> make_counter(Options& options) {
  CommonDefaults defaults;
  defaults.values.keys = 20;
  defaults.values.reads_ppm = 200'000;
  defaults.values.pace.think = 20ms;
  defaults.has_values = false;
  return std::make_unique<CounterWorkload>(read_common(options, defaults));
}

}  // namespace sim
