#include "sim/trace/trace_json.h"

#include <array>
#include <charconv>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "sim/trace/event_fields.h"

namespace sim {
namespace {

using nlohmann::json;

constexpr std::string_view kHexDigits = "0123456789abcdef";

bool is_continuation(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
}

// Well-formed enough for the JSON parser: no stray or missing continuation, no overlong form, no
// surrogate, no code point beyond U+10FFFF (Unicode 15, table 3-7).
bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const auto second = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    std::size_t length = 1;
    if (lead >= 0x80) {
      if (lead < 0xc2 || lead > 0xf4) return false;
      length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
      if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f)) return false;
      if ((lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) return false;
    }
    for (std::size_t k = 1; k < length; ++k) {
      if (!is_continuation(text, i + k)) return false;
    }
    i += length;
  }
  return true;
}

// ---- Writing ----

class Writer {
 public:
  template <class E>
  using Ref = const E&;

  Writer(const Cast& cast, std::string& out) : cast_(cast), out_(out) {}

  template <class T>
  void operator()(std::string_view key, const T& value) {
    put_key(key);
    put(value);
  }
  void hash(std::string_view key, std::uint64_t value) {
    put_key(key);
    out_ += '"';
    for (int shift = 60; shift >= 0; shift -= 4) out_ += kHexDigits[(value >> shift) & 0xf];
    out_ += '"';
  }
  template <class E>
  void object(const E& value) {
    out_ += '{';
    first_ = true;
    fields(*this, value);
    out_ += '}';
    first_ = false;
  }
  void open() { out_ += '{', first_ = true; }
  void close() { out_ += "}\n"; }

 private:
  void put_key(std::string_view key) {
    if (!first_) out_ += ',';
    first_ = false;
    put_quoted(key);
    out_ += ':';
  }
  void put(bool value) { out_ += value ? "true" : "false"; }
  template <class Int>
  requires std::is_integral_v<Int>
  void put(Int value) { out_ += std::to_string(value); }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void put(Enum value) { put(enum_name(value)); }
  void put(std::string_view text) {
    if (is_utf8(text)) return put_quoted(text);
    out_ += "{\"hex\":\"";
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      out_ += kHexDigits[byte >> 4];
      out_ += kHexDigits[byte & 0xf];
    }
    out_ += "\"}";
  }
  void put(const std::string& text) { put(std::string_view(text)); }
  void put(const NodeName& name) { put(name.view()); }
  void put(const SlotsRef& slots) { put_quoted(format_slots(slots->slots())); }
  void put(SlotId slot) { put(slot.value); }
  void put(ConnId conn) { put(conn.value); }
  void put(Endpoint endpoint) { put_quoted(format_endpoint(endpoint)); }
  void put(MachineId machine) {
    if (machine.value < cast_.size()) return put(cast_[machine.value].name);
    put(machine.value);  // nobody's, or a test's
  }
  void put(const event::PeerView& view) { object(view); }
  void put(const MachineInfo& info) { object(info); }
  template <class A, class B>
  void put(const std::pair<A, B>& pair) {
    out_ += '[';
    put(pair.first);
    out_ += ',';
    put(pair.second);
    out_ += ']';
  }
  template <class T>
  void put(const std::vector<T>& values) {
    out_ += '[';
    bool first = true;
    for (const T& value : values) {
      if (!std::exchange(first, false)) out_ += ',';
      put(value);
    }
    out_ += ']';
  }
  void put(const std::map<std::string, std::uint64_t>& counters) {
    out_ += '{';
    first_ = true;
    for (const auto& counter : counters) (*this)(counter.first, counter.second);
    out_ += '}';
    first_ = false;
  }
  void put_quoted(std::string_view text) {
    out_ += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') {
        out_ += '\\';
        out_ += c;
      } else if (static_cast<unsigned char>(c) < 0x20) {
        out_ += "\\u00";
        out_ += kHexDigits[static_cast<unsigned char>(c) >> 4];
        out_ += kHexDigits[static_cast<unsigned char>(c) & 0xf];
      } else {
        out_ += c;
      }
    }
    out_ += '"';
  }

  const Cast& cast_;
  std::string& out_;
  bool first_ = true;
};

// ---- Reading ----

// What is wrong with a value; the line is added by whoever knows it.
struct BadValue {
  std::string expected;
};

class Reader {
 public:
  template <class E>
  using Ref = E&;
  using Machines = std::map<std::string, MachineId, std::less<>>;

  Reader(const json& object, const Cast& cast) : object_(object), cast_(cast) {}

  template <class T>
  void operator()(const char* key, T& value) {
    const auto found = object_.find(key);
    if (found == object_.end()) return;
    try {
      get(*found, value);
    } catch (const BadValue& bad) {
      throw BadValue{std::string("\"") + key + "\" to be " + bad.expected};
    }
  }
  void hash(const char* key, std::uint64_t& value) {
    std::string text;
    (*this)(key, text);
    if (text.empty()) return;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) {
      throw BadValue{std::string("\"") + key + "\" to be hex digits"};
    }
  }

 private:
  static void expect(bool as_expected, const char* what) {
    if (!as_expected) throw BadValue{what};
  }
  void get(const json& from, bool& value) {
    expect(from.is_boolean(), "true or false");
    value = from.get<bool>();
  }
  template <class Int>
  requires std::is_integral_v<Int>
  void get(const json& from, Int& value) {
    using Limits = std::numeric_limits<Int>;
    if (from.is_number_unsigned()) {
      const auto number = from.get<std::uint64_t>();
      expect(number <= static_cast<std::uint64_t>(Limits::max()), "an integer that fits its field");
      value = static_cast<Int>(number);
    } else {
      expect(from.is_number_integer(), "an integer");
      const auto number = from.get<std::int64_t>();
      if constexpr (std::is_signed_v<Int>) {
        expect(number >= Limits::min(), "an integer that fits its field");
      } else {
        expect(false, "no negative number");
      }
      value = static_cast<Int>(number);
    }
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void get(const json& from, Enum& value) {
    std::string text;
    get(from, text);
    constexpr auto kNames = enum_names(Enum{});
    std::string known;
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      if (kNames[i] == text) {
        value = static_cast<Enum>(i);
        return;
      }
      known += (i == 0 ? "" : ", ") + std::string(kNames[i]);
    }
    throw BadValue{"one of " + known};
  }
  void get(const json& from, std::string& value) {
    if (from.is_string()) {
      value = from.get<std::string>();
      return;
    }
    const auto hex = from.find("hex");
    expect(from.is_object() && hex != from.end() && hex->is_string(), "text");
    const auto& digits = hex->get_ref<const std::string&>();
    expect(digits.size() % 2 == 0, "an even number of hex digits");
    value.clear();
    for (std::size_t i = 0; i < digits.size(); i += 2) {
      const std::size_t high = kHexDigits.find(digits[i]), low = kHexDigits.find(digits[i + 1]);
      expect(high < 16 && low < 16, "hex digits");
      value += static_cast<char>((high << 4) | low);
    }
  }
  void get(const json& from, NodeName& value) {
    std::string text;
    get(from, text);
    expect(text.empty() || text.size() == value.text.size(), "a node id of 40 characters");
    value = NodeName::from(text);
  }
  void get(const json& from, SlotsRef& value) {
    std::string text;
    get(from, text);
    SlotSet slots;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
      const std::uint32_t first = slot_number(at, end);
      std::uint32_t last = first;
      if (at != end && *at == '-') last = slot_number(++at, end);
      expect(first <= last && last < kSlotCount && (at == end || *at == ' '),
             "slot ranges such as \"0-5460 10922\"");
      for (std::uint32_t slot = first; slot <= last; ++slot) slots.set(slot);
      if (at != end) ++at;
    }
    value = share_slots(slots);
  }
  static std::uint32_t slot_number(const char*& at, const char* end) {
    std::uint32_t number = kSlotCount;
    at = std::from_chars(at, end, number).ptr;
    return number;
  }
  void get(const json& from, SlotId& value) { get(from, value.value); }
  void get(const json& from, ConnId& value) { get(from, value.value); }
  void get(const json& from, Endpoint& value) {
    std::string text;
    get(from, text);
    const std::size_t colon = text.find(':');
    expect(colon != std::string::npos, "an endpoint such as \"10.0.0.1:6379\"");
    value.ipv4 = parse_ipv4(std::string_view(text).substr(0, colon));
    const auto parsed =
        std::from_chars(text.data() + colon + 1, text.data() + text.size(), value.port);
    expect(parsed.ec == std::errc{}, "an endpoint such as \"10.0.0.1:6379\"");
  }
  void get(const json& from, MachineId& value) {
    if (from.is_number()) return get(from, value.value);
    std::string name;
    get(from, name);
    for (std::size_t i = 0; i < cast_.size(); ++i) {
      if (cast_[i].name == name) {
        value.value = static_cast<std::uint32_t>(i);
        return;
      }
    }
    throw BadValue{"a machine of the cast, not \"" + name + "\""};
  }
  void get(const json& from, event::PeerView& value) { get_object(from, value); }
  void get(const json& from, MachineInfo& value) { get_object(from, value); }
  template <class E>
  void get_object(const json& from, E& value) {
    expect(from.is_object(), "an object");
    Reader inner(from, cast_);
    fields(inner, value);
  }
  template <class A, class B>
  void get(const json& from, std::pair<A, B>& value) {
    expect(from.is_array() && from.size() == 2, "a pair");
    get(from[0], value.first);
    get(from[1], value.second);
  }
  template <class T>
  void get(const json& from, std::vector<T>& values) {
    expect(from.is_array(), "an array");
    values.clear();
    for (const json& element : from) get(element, values.emplace_back());
  }
  void get(const json& from, std::map<std::string, std::uint64_t>& counters) {
    expect(from.is_object(), "an object of counters");
    for (const auto& counter : from.items()) get(counter.value(), counters[counter.key()]);
  }

  const json& object_;
  const Cast& cast_;
};

template <std::size_t I>
Event read_event(Reader& reader) {
  std::variant_alternative_t<I, AnyEvent> event;
  fields(reader, event);
  return event;
}
template <std::size_t... I>
constexpr auto readers(std::index_sequence<I...>) {
  return std::array<Event (*)(Reader&), sizeof...(I)>{&read_event<I>...};
}
constexpr auto kEventReaders = readers(std::make_index_sequence<kEventKinds>());

}  // namespace

void append_json(const TraceHeader& header, std::string& out) {
  Writer writer(header.cast, out);
  writer.open();
  writer("slotsim_trace", 1);
  writer("scenario", header.scenario);
  writer("seed", header.seed);
  writer("cast", header.cast.people());
  writer.close();
}

void append_json(const Record& record, const Cast& cast, std::string& out) {
  Writer writer(cast, out);
  writer.open();
  writer("n", record.sequence);
  writer("at", to_ns(record.at));
  if (record.machine != kNoMachine) writer("machine", record.machine);
  writer("source", record.source);
  writer("kind", event_name(record.event));
  std::visit([&](const auto& event) { fields(writer, event); }, record.event);
  writer.close();
}

TraceReader::TraceReader(std::istream& in) : in_(in) {
  std::string text;
  ++line_;
  if (!std::getline(in_, text))
    throw TraceError(line_, "expected a slotsim trace, got an empty file");
  const json header = json::parse(text, nullptr, false);
  if (!header.is_object() || !header.contains("slotsim_trace")) {
    throw TraceError(line_, "expected the header {\"slotsim_trace\":1,...} of a slotsim trace");
  }
  if (header["slotsim_trace"] != 1) {
    throw TraceError(
        line_, "expected a trace of version 1, got version " + header["slotsim_trace"].dump());
  }
  try {
    Reader reader(header, header_.cast);
    reader("scenario", header_.scenario);
    reader("seed", header_.seed);
    reader("cast", header_.cast.edit());
  } catch (const BadValue& bad) {
    throw TraceError(line_, "expected " + bad.expected);
  }
}

std::optional<Record> TraceReader::next() {
  std::string text;
  while (std::getline(in_, text)) {
    ++line_;
    const json line = json::parse(text, nullptr, false);
    if (!line.is_object())
      throw TraceError(line_, "expected a record, one JSON object a line (is the file cut short?)");
    try {
      Reader reader(line, header_.cast);
      std::string kind;
      reader("kind", kind);
      std::size_t index = 0;
      while (index < kEventKinds && kEventNames[index] != kind) ++index;
      if (index == kEventKinds) {
        ++skipped_;
        continue;
      }
      Record record;
      std::int64_t at = 0;
      reader("n", record.sequence);
      reader("at", at);
      reader("machine", record.machine);
      reader("source", record.source);
      record.at = sim_time(Duration{at});
      record.event = kEventReaders[index](reader);
      return record;
    } catch (const BadValue& bad) {
      throw TraceError(line_, "expected " + bad.expected);
    }
  }
  return std::nullopt;
}

}  // namespace sim
