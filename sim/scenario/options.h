// One object of a scenario file, read with typed getters.
//
// The getters remember path, line and column, report what is wrong and go on, so that a file's
// mistakes are all told at once; a getter that reported something answers its fallback (or a
// harmless value), and the caller need not care. Keys nobody asked for are reported by `finish`,
// with the keys that were asked for as suggestions. Keys that begin with "x-" are for the author's
// own use and never looked at.
//
// Times are texts with a unit ("500us", "1.5s", "2m"); ratios are "1%" or whole parts per million;
// nothing is ever a floating-point number.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/time.h"
#include "sim/scenario/json.h"
#include "sim/scenario/problems.h"
#include "sim/scenario/selector.h"

namespace sim {

template <class T>
struct Range {
  T min, max;  // inclusive
};
inline constexpr std::uint32_t kClientsMax = 5'000;  // of one workload
inline constexpr Duration kTimeMax = std::chrono::hours{1000};
inline constexpr Range<Duration> kAnyTime{Duration{0}, kTimeMax};
inline constexpr Range<Duration> kSomeTime{Duration{1}, kTimeMax};  // not zero
inline constexpr Range<Duration> kSignedTime{-kTimeMax, kTimeMax};  // "+2s", "-500ms"

// One word of a closed list and what it stands for.
template <class E>
struct Word {
  std::string_view name;
  E value;
};

class Options {
 public:
  // `object` must be an object; `problems` and `known` outlive this. `known` may be null: names are
  // not checked then.
  Options(JsonRef object, std::string pointer, Problems& problems,
          const KnownNames* known = nullptr);

  bool has(std::string_view key);  // also counts as asking for it
  Place place() const { return object_->place; }
  const std::string& pointer() const { return pointer_; }
  const JsonRef& source() const { return object_; }
  Problems& problems() { return problems_; }
  const KnownNames* known() const { return known_; }

  // In all getters: without a fallback the key is required, and its absence is reported.
  Duration duration(std::string_view key, std::optional<Duration> fallback = {},
                    Range<Duration> range = kAnyTime);
  std::int64_t integer(std::string_view key, std::optional<std::int64_t> fallback,
                       Range<std::int64_t> range);
  std::int64_t integer(std::string_view key, Range<std::int64_t> range) {
    return integer(key, {}, range);
  }
  // Parts per million: "1%", "0.05%", or 10000.
  std::uint32_t ratio_ppm(std::string_view key, std::optional<std::uint32_t> fallback = {},
                          Range<std::uint32_t> range = {0, 1'000'000});
  // "64MB", "1.5KiB", or a whole number of bytes.
  std::uint64_t bytes(std::string_view key, std::optional<std::uint64_t> fallback = {},
                      Range<std::uint64_t> range = {0, std::uint64_t{1} << 50});
  // Bytes per second from "1Gbit", "100Mbit", "10MB" (each per second); "unlimited" is 0.
  std::uint64_t bandwidth(std::string_view key, std::optional<std::uint64_t> fallback = {});
  bool boolean(std::string_view key, std::optional<bool> fallback = {});
  std::string text(std::string_view key, std::optional<std::string> fallback = {});
  // A list of texts; one text alone is a list of one.
  std::vector<std::string> texts(std::string_view key,
                                 std::optional<std::vector<std::string>> fallback = {});
  // A list of whole numbers.
  std::vector<std::int64_t> integers(std::string_view key, Range<std::int64_t> range);
  // Texts, numbers and booleans as redis.conf would spell them ("yes", "15000").
  std::vector<std::pair<std::string, std::string>> directives(std::string_view key);
  // ["1s", "10s"], or one time for both ends.
  Range<Duration> duration_range(std::string_view key, std::optional<Range<Duration>> fallback,
                                 Range<Duration> range = kAnyTime);
  Selector selector(std::string_view key, std::optional<Selector> fallback = {});
  // [["m1", "zone:a"], ["m2"]]: each item is a selector of its own.
  std::vector<Selector> selectors(std::string_view key,
                                  std::optional<std::vector<Selector>> fallback = {});

  template <class E>
  E one_of(std::string_view key, std::initializer_list<Word<E>> words,
           std::optional<E> fallback = {}) {
    std::vector<std::string_view> names;
    for (const Word<E>& word : words) names.push_back(word.name);
    const std::optional<std::size_t> at = name_of(key, names, fallback.has_value());
    return at ? (words.begin() + *at)->value : fallback.value_or(words.begin()->value);
  }
  // A list of such words (or one alone), in the order of the file.
  template <class E>
  std::vector<E> some_of(std::string_view key, std::initializer_list<Word<E>> words,
                         std::optional<std::vector<E>> fallback = {}) {
    std::vector<std::string_view> names;
    for (const Word<E>& word : words) names.push_back(word.name);
    const std::optional<std::vector<std::size_t>> found =
        names_of(key, names, fallback.has_value());
    if (!found) return fallback.value_or(std::vector<E>{});
    std::vector<E> values;
    for (const std::size_t at : *found) values.push_back((words.begin() + at)->value);
    return values;
  }

  // A nested object. Absent: an empty one, unless `required`. The caller calls its `finish` too.
  Options object(std::string_view key, bool required = false);
  std::vector<Options> objects(std::string_view key, bool required = false);
  // No list of objects is longer.
  static constexpr std::size_t kObjectsMax = 10'000;
  // All keys of this object but "x-..." ones, in order of the file: for objects whose keys are
  // names.
  std::vector<std::string> keys() const;
  // The raw value, null if absent.
  JsonRef raw(std::string_view key);

  // Reports a mistake of meaning at a key of this object (or at the object itself, for "").
  void problem(std::string_view key, std::string what, std::string hint = {});
  // Reports every key nobody asked for. Call when all has been read.
  void finish();
  // Keys asked for so far.
  const std::vector<std::string>& asked() const { return asked_; }
  void also_known(std::span<const std::string> keys) {
    asked_.insert(asked_.end(), keys.begin(), keys.end());
  }

 private:
  void ask(std::string_view key);
  const JsonNode* value(std::string_view key, bool required, std::string_view expected);
  void mistake(std::string_view key, const JsonNode& node, std::string what, std::string hint = {});
  std::optional<std::size_t> name_of(std::string_view key, std::span<const std::string_view> names,
                                     bool optional);
  std::optional<std::vector<std::size_t>> names_of(std::string_view key,
                                                   std::span<const std::string_view> names,
                                                   bool optional);
  std::optional<std::size_t> index_of(const JsonNode& node, const std::string& at,
                                      std::span<const std::string_view> names);
  std::optional<Selector> selector_from(const JsonNode& node, const std::string& at);

  JsonRef object_;
  std::string pointer_;
  Problems& problems_;
  const KnownNames* known_;
  std::vector<std::string> asked_;
};

// An object of the file kept for whoever understands it: the options of a fault or a workload.
// Opening it twice is fine.
struct Section {
  JsonRef object;
  std::string pointer;
  std::vector<std::string> taken;  // keys that its finder has already read

  Options open(Problems& problems, const KnownNames* known = nullptr) const;
};

// "500us", "+1.5s", "2m": one number, one unit (ns us ms s m h). nullopt: not a time.
std::optional<Duration> parse_duration(std::string_view text);
// The shortest such text: "1.5s", "500us", "0s".
std::string format_duration(Duration duration);
// "1%", "0.25%" -> parts per million; nullopt: neither.
std::optional<std::uint32_t> parse_ratio_ppm(std::string_view text);
std::string format_ratio(std::uint32_t ppm);
std::optional<std::uint64_t> parse_bytes(std::string_view text);
// "1Gbit", "10MB", each per second; "unlimited" is 0.
std::optional<std::uint64_t> parse_bandwidth(std::string_view text);

}  // namespace sim
