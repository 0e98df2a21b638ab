// Register: SET of values that never repeat, and GET. What a read returns names the write it saw.
// With "wait" each write is followed by a WAIT for so many replicas.
#include <chrono>

#include "sim/workloads/common.h"
#include "sim/workloads/kinds.h"

namespace sim {

namespace {

struct WaitOptions {
  std::uint32_t replicas = 0;  // 0: writes are not followed by a WAIT
  std::string ms;              // its timeout
};

class Register final : public Generator {
 public:
  Register(const KeySpace& keys, const CommonOptions& common, const WaitOptions& wait)
      : keys_(keys),
        choice_(common.key_choice()),
        reads_ppm_(common.reads_ppm),
        value_size_(common.value_size),
        wait_(wait) {}

  std::optional<Operation> next(std::uint32_t, std::uint64_t operation, Choices& choices) override {
    std::string key = keys_.key(choice_.choose(choices));
    if (choices.choose(Site::kOperation, 1'000'000) < reads_ppm_) return read_key(std::move(key));
    return write_key(std::move(key), unique_value(operation, value_size_));
  }
  std::optional<Operation> ended(std::uint32_t, const OperationEnd& end,
                                 std::vector<Event>&) override {
    const bool written = end.command[0] == "SET" && end.outcome == event::OpOutcome::kOk;
    if (!written || wait_.replicas == 0) return std::nullopt;
    Operation wait;
    wait.command = {"WAIT", std::to_string(wait_.replicas), wait_.ms};
    wait.stays = true;
    return wait;
  }
  void finished(std::vector<Event>&) override {}
  std::unique_ptr<Generator> clone() const override { return std::make_unique<Register>(*this); }

 private:
  KeySpace keys_;
  KeyChoice choice_;
  std::uint32_t reads_ppm_;
  std::uint64_t value_size_;
  WaitOptions wait_;
};

class RegisterWorkload final : public CommonWorkload {
 public:
  RegisterWorkload(CommonOptions common, WaitOptions wait)
      : CommonWorkload(std::move(common)), wait_(std::move(wait)) {}

 private:
  std::shared_ptr<const Generator> generator(const KeySpace& keys, std::uint32_t) const override {
    return std::make_shared<Register>(keys, common(), wait_);
  }

  WaitOptions wait_;
};

}  // namespace

std::unique_ptr<Workload> make_register(Options& options) {
  CommonDefaults defaults;
  defaults.values.pace.think = 20ms;
  CommonOptions common = read_common(options, defaults);
  WaitOptions wait;
  wait.replicas = static_cast<std::uint32_t>(options.integer("wait", 0, {0, 100}));
  const Duration timeout = options.duration("wait_timeout", 100ms, kSomeTime);
  wait.ms = std::to_string(std::chrono::ceil<std::chrono::milliseconds>(timeout).count());
  if (wait.replicas == 0 && options.has("wait_timeout")) {
    options.problem("wait_timeout", "nothing waits for it without \"wait\"");
  }
  return std::make_unique<RegisterWorkload>(std::move(common), std::move(wait));
}

}  // namespace sim
