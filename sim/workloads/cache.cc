// Cache: GET; on a miss the value is made anew and stored with a time to live. Nobody is owed a
// cached value, so its writes are recorded as kOther: no check counts them as lost. What matters is
// the hit rate.
#include <chrono>

#include "sim/workloads/common.h"
#include "sim/workloads/kinds.h"

namespace sim {

namespace {

class Cache final : public Generator {
 public:
  Cache(const KeySpace& keys, const CommonOptions& common, Duration ttl)
      : keys_(keys),
        choice_(common.key_choice()),
        value_size_(common.value_size),
        ttl_ms_(std::to_string(std::chrono::ceil<std::chrono::milliseconds>(ttl).count())) {}

  std::optional<Operation> next(std::uint32_t, std::uint64_t, Choices& choices) override {
    return read_key(keys_.key(choice_.choose(choices)));
  }

  std::optional<Operation> ended(std::uint32_t, const OperationEnd& end,
                                 std::vector<Event>& notes) override {
    if (end.command[0] != "GET" || end.outcome != event::OpOutcome::kOk) return std::nullopt;
    const bool hit = !std::holds_alternative<resp::Null>(end.reply->data);
    notes.push_back(event::CacheRead{hit});
    if (hit) return std::nullopt;
    Operation store;
    store.value = unique_value(end.next_operation, value_size_);
    store.command = {"SET", end.command[1], store.value, "PX", ttl_ms_};
    return store;
  }

  void finished(std::vector<Event>&) override {}
  std::unique_ptr<Generator> clone() const override { return std::make_unique<Cache>(*this); }

 private:
  KeySpace keys_;
  KeyChoice choice_;
  std::uint64_t value_size_;
  std::string ttl_ms_;
};

class CacheWorkload final : public CommonWorkload {
 public:
  CacheWorkload(CommonOptions common, Duration ttl)
      : CommonWorkload(std::move(common)), ttl_(ttl) {}

 private:
  std::shared_ptr<const Generator> generator(const KeySpace& keys, std::uint32_t) const override {
    return std::make_shared<Cache>(keys, common(), ttl_);
  }

  Duration ttl_;
};

}  // namespace

std::unique_ptr<Workload> make_cache(Options& options) {
  CommonDefaults defaults;
  defaults.values.keys = 1000;
  defaults.values.zipf = true;
  defaults.values.pace.think = 10ms;
  defaults.has_reads = false;
  CommonOptions common = read_common(options, defaults);
  const Duration ttl = options.duration("ttl", 60s, {Duration{1ms}, kTimeMax});
  return std::make_unique<CacheWorkload>(std::move(common), ttl);
}

}  // namespace sim
