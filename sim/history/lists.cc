#include "sim/history/lists.h"

#include <algorithm>
#include <tuple>

#include "sim/history/form.h"

namespace sim::history {

Lists::Lists(const History& history) : history_(history) {
  collect();
  find_writers();
}

void Lists::collect() {
  for (std::uint32_t i = 0; i < history_.operations.size(); ++i) {
    each_step(history_, operation(i), [&](const Step& step) {
      if (step.action == Action::kAppend) appends_.push_back({step.key, step.value, i});
    });
  }
  std::sort(appends_.begin(), appends_.end(), [](const Append& a, const Append& b) {
    return std::tie(a.key, a.value, a.operation) < std::tie(b.key, b.value, b.operation);
  });
  for (std::size_t i = 1; i < appends_.size(); ++i) {
    const Append& one = appends_[i];
    if (appends_[i - 1].key != one.key || appends_[i - 1].value != one.value) continue;
    throw HistoryError{operation(one.operation).began, 1,
                       history_.values.text(one.value) + " is appended" +
                           of_key(history_, one.key) + " a second time (first in line " +
                           std::to_string(operation(appends_[i - 1].operation).began) +
                           "): the elements of a list have to be unique, or nobody can tell which "
                           "append a read saw"};
  }
}

Lists::Append* Lists::find(std::uint32_t key, ValueId value) {
  const auto found = std::lower_bound(
      appends_.begin(), appends_.end(), std::pair(key, value), [](const Append& a, const auto& b) {
        return std::tie(a.key, a.value) < std::tie(b.first, b.second);
      });
  return found != appends_.end() && found->key == key && found->value == value ? &*found : nullptr;
}

void Lists::find_writers() {
  for (std::uint32_t key = 0; key < history_.lists.size(); ++key) {
    begin_.push_back(writers_.size());
    const std::vector<ValueId>& elements = history_.lists[key].elements;
    for (std::uint32_t position = 0; position < elements.size(); ++position) {
      Append* append = find(key, elements[position]);
      if (append != nullptr && append->seen) doubled_.push_back({key, position});
      if (append != nullptr) append->seen = true;
      writers_.push_back(append == nullptr ? kNobody : append->operation);
    }
  }
  begin_.push_back(writers_.size());
  for (const StrangeRead& read : history_.strange_reads) {
    for (const ValueId value : read.elements) {
      if (Append* append = find(read.key, value)) append->seen = true;
    }
  }
}

std::span<const std::uint32_t> Lists::writers(std::uint32_t key) const {
  return std::span(writers_).subspan(begin_[key], begin_[key + 1] - begin_[key]);
}

}  // namespace sim::history
