// Register: SET of values that never repeat, and GET. What a read returns names the write it saw.
#include "sim/workloads/common.h"
#include "sim/workloads/kinds.h"

namespace sim {

namespace {

class Register final : public Generator {
 public:
  Register(const KeySpace& keys, const CommonOptions& common)
      : keys_(keys),
        choice_(common.key_choice()),
        reads_ppm_(common.reads_ppm),
        value_size_(common.value_size) {}

  std::optional<Operation> next(std::uint32_t, std::uint64_t operation, Choices& choices) override {
    std::string key = keys_.key(choice_.choose(choices));
    if (choices.choose(Site::kOperation, 1'000'000) < reads_ppm_) return read_key(std::move(key));
    return write_key(std::move(key), unique_value(operation, value_size_));
  }
  std::optional<Operation> ended(std::uint32_t, const OperationEnd&, std::vector<Event>&) override {
    return std::nullopt;
  }
  void finished(std::vector<Event>&) override {}
  std::unique_ptr<Generator> clone() const override { return std::make_unique<Register>(*this); }

 private:
  KeySpace keys_;
  KeyChoice choice_;
  std::uint32_t reads_ppm_;
  std::uint64_t value_size_;
};

class RegisterWorkload final : public CommonWorkload {
 public:
  using CommonWorkload::CommonWorkload;

 private:
  std::shared_ptr<const Generator> generator(const KeySpace& keys, std::uint32_t) const override {
    return std::make_shared<Register>(keys, common());
  }
};

}  // namespace

std::unique_ptr<Workload> make_register(Options& options) {
  CommonDefaults defaults;
  defaults.values.pace.think = 20ms;
  return std::make_unique<RegisterWorkload>(read_common(options, defaults));
}

}  // namespace sim
