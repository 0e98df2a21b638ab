// List-append: RPUSH of values that never repeat, and LRANGE of the whole list. One read shows the
// order of all appends before it, which makes this the sharpest of the histories (Kingsbury &
// Alvaro, "Elle", VLDB 2020).
//
// Lists must stay short, for reading them all the time costs their length. So a client works on a
// window of the keys, and moves it on by one when enough has been appended; all clients do so at
// about the same pace and mostly share it.
#include <algorithm>

#include "sim/workloads/common.h"
#include "sim/workloads/kinds.h"

namespace sim {

namespace {

struct Window {
  std::uint32_t keys = 8;
  std::uint32_t appends_per_key = 50;  // by all clients together
};

class ListAppend final : public Generator {
 public:
  ListAppend(const KeySpace& keys, const CommonOptions& common, const Window& window)
      : keys_(keys),
        window_(std::min(window.keys, keys.count)),
        appends_per_move_(std::max(1u, window.appends_per_key / common.clients)),
        reads_ppm_(common.reads_ppm),
        value_size_(common.value_size) {}

  std::optional<Operation> next(std::uint32_t, std::uint64_t operation, Choices& choices) override {
    const auto first = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(appends_ / appends_per_move_, keys_.count - window_));
    const auto offset = static_cast<std::uint32_t>(choices.choose(Site::kKey, window_));
    std::string key = keys_.key(first + offset);
    if (choices.choose(Site::kOperation, 1'000'000) < reads_ppm_) return read_list(std::move(key));
    ++appends_;
    Operation append;
    append.kind = event::OpKind::kAppend;
    append.value = unique_value(operation, value_size_);
    append.command = {"RPUSH", std::move(key), append.value};
    return append;
  }
  std::optional<Operation> ended(std::uint32_t, const OperationEnd&, std::vector<Event>&) override {
    return std::nullopt;
  }
  void finished(std::vector<Event>&) override {}
  std::unique_ptr<Generator> clone() const override { return std::make_unique<ListAppend>(*this); }

 private:
  KeySpace keys_;
  std::uint32_t window_;
  std::uint32_t appends_per_move_;  // of this client, until its window moves on by one key
  std::uint32_t reads_ppm_;
  std::uint64_t value_size_;
  std::uint64_t appends_ = 0;
};

class ListAppendWorkload final : public CommonWorkload {
 public:
  ListAppendWorkload(CommonOptions common, Window window)
      : CommonWorkload(std::move(common)), window_(window) {}

 private:
  std::shared_ptr<const Generator> generator(const KeySpace& keys, std::uint32_t) const override {
    return std::make_shared<ListAppend>(keys, common(), window_);
  }
  event::OpKind final_read() const override { return event::OpKind::kReadList; }

  Window window_;
};

}  // namespace

std::unique_ptr<Workload> make_list_append(Options& options) {
  CommonDefaults defaults;
  defaults.values.keys = 200;
  defaults.values.pace.think = 20ms;
  defaults.has_key_choice = false;
  CommonOptions common = read_common(options, defaults);
  Window window;
  window.keys = static_cast<std::uint32_t>(options.integer("window", window.keys, {1, 10'000'000}));
  window.appends_per_key = static_cast<std::uint32_t>(
      options.integer("appends_per_key", window.appends_per_key, {1, 1'000'000}));
  return std::make_unique<ListAppendWorkload>(std::move(common), window);
}

}  // namespace sim
