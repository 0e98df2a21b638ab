#include "sim/scenario/selector.h"

#include <algorithm>
#include <array>

#include "sim/base/numbers.h"
#include "sim/base/types.h"
#include "sim/scenario/json.h"
#include "sim/scenario/operations.h"

namespace sim {
namespace {

using Kind = Selector::Kind;

// Forms that are a single word.
struct PlainForm {
  std::string_view word;
  Kind kind;
};
constexpr std::array<PlainForm, 9> kPlain{{{"all", Kind::kAll},
                                           {"primaries", Kind::kPrimaries},
                                           {"replicas", Kind::kReplicas},
                                           {"any-primary", Kind::kAnyPrimary},
                                           {"any-replica", Kind::kAnyReplica},
                                           {"any-node", Kind::kAnyNode},
                                           {"majority", Kind::kMajority},
                                           {"minority", Kind::kMinority},
                                           {"clients", Kind::kClients}}};

// Forms with an argument behind a colon: `shard-N` or `N`, a slot, the number of a spare, or a
// name.
enum class Argument : std::uint8_t { kShard, kSlot, kSpare, kName };
struct ArgumentForm {
  std::string_view prefix;
  Kind kind;
  Argument argument;
};
constexpr std::array<ArgumentForm, 12> kWithArgument{{
    {"primary", Kind::kPrimaryOf, Argument::kShard},
    {"replica", Kind::kReplicaOf, Argument::kShard},
    {"replicas", Kind::kReplicasOf, Argument::kShard},
    {"shard", Kind::kShard, Argument::kShard},
    {"zone", Kind::kZone, Argument::kName},
    {"rack", Kind::kRack, Argument::kName},
    {"host", Kind::kHost, Argument::kName},
    {"region", Kind::kRegion, Argument::kName},
    {"owner-of", Kind::kOwnerOfKey, Argument::kName},
    {"owner-of-slot", Kind::kOwnerOfSlot, Argument::kSlot},
    {"spare", Kind::kSpare, Argument::kSpare},
    {"hit-by", Kind::kHitBy, Argument::kName},
}};

constexpr std::array<SelectorForm, 21> kForms{{
    {"m3", "the machine of that name; also client-1, auditor-1"},
    {"primary:shard-N", "whoever is primary of the shard then"},
    {"replica:shard-N", "one replica of the shard that is up, chosen by the seed"},
    {"replicas:shard-N", "all replicas of the shard"},
    {"shard:N", "the shard's primary and replicas"},
    {"any-primary", "one primary that is up"},
    {"any-replica", "one replica that is up"},
    {"any-node", "one server that is up"},
    {"primaries", "all primaries"},
    {"replicas", "all replicas"},
    {"majority", "the smallest majority of the primaries that own slots, chosen by the seed"},
    {"minority", "the primaries that are left when a smallest majority is taken away"},
    {"all", "every server of the cluster; spares once they have joined, no clients"},
    {"clients", "every client, no auditors"},
    {"zone:Z", "the servers in the zone; likewise rack:R, host:H, region:R"},
    {"owner-of:KEY", "the primary that owns the key's slot"},
    {"owner-of-slot:N", "the primary that owns the slot"},
    {"spare:N", "one of the cluster's spares, counted from 0, whether it has joined or not"},
    {"hit-by:FAULT", "whom the latest fault of that kind hit, as the timeline calls it"},
    {"[A, B, ...]", "all that any of these selectors mean"},
    {"{\"not\": A}", "every server that A, a selector or a list, does not mean"},
}};

// How machines are called that are no servers, or what their names begin with.
constexpr std::array<std::string_view, 6> kOtherMachines{
    "client-", "auditor-", "prober", "tool-", kOperatorMachine, kRedisCliMachine};

const NameList* names_of(const KnownNames& known, Kind kind) {
  switch (kind) {
    case Kind::kMachine:
      return &known.machines;
    case Kind::kZone:
      return &known.zones;
    case Kind::kRack:
      return &known.racks;
    case Kind::kHost:
      return &known.hosts;
    case Kind::kRegion:
      return &known.regions;
    case Kind::kHitBy:
      return &known.faults;
    default:
      return nullptr;
  }
}

std::optional<Selector> named(Kind kind, std::string_view what, std::string_view name,
                              const KnownNames* known, SelectorMistake& mistake) {
  const NameList* names = known == nullptr ? nullptr : names_of(*known, kind);
  if (names != nullptr && !names->has(name)) {
    mistake.what = "there is no " + std::string(what) + ' ' + quote(name);
    if (!mistake.guess) return std::nullopt;
    const std::vector<std::string_view> candidates(names->begin(), names->end());
    mistake.hint = did_you_mean(name, candidates);
    if (mistake.hint.empty()) {
      mistake.hint = names->empty() ? "the cluster has none"
                                    : "there are " + names->front() + " to " + names->back();
    }
    return std::nullopt;
  }
  return Selector{kind, std::string(name), 0, {}};
}

std::optional<Selector> shard(Kind kind, std::string_view word, std::string_view argument,
                              const KnownNames* known, SelectorMistake& mistake) {
  std::string_view digits = argument;
  if (digits.rfind("shard-", 0) == 0) digits.remove_prefix(6);
  const std::optional<std::uint32_t> number = whole_number<std::uint32_t>(digits);
  if (!number) {
    mistake.what = "expected a shard such as \"shard-0\" in selector " + quote(word);
    return std::nullopt;
  }
  if (known != nullptr && *number >= known->shards) {
    mistake = {"there is no shard " + std::to_string(*number),
               known->shards == 0 ? "the cluster has none"
                                  : "the shards are 0 to " + std::to_string(known->shards - 1)};
    return std::nullopt;
  }
  return Selector{kind, "", *number, {}};
}

std::optional<Selector> spare(std::string_view word, std::string_view argument,
                              const KnownNames* known, SelectorMistake& mistake) {
  const std::optional<std::uint32_t> number = whole_number<std::uint32_t>(argument);
  if (!number) {
    mistake = {"expected the number of a spare in selector " + quote(word), "such as \"spare:0\""};
    return std::nullopt;
  }
  if (known != nullptr && *number >= known->spares) {
    mistake = {"there is no spare " + std::to_string(*number),
               known->spares == 0
                   ? "the cluster has none; \"cluster\": {\"spares\": 1} would give it one"
                   : "the spares are 0 to " + std::to_string(known->spares - 1)};
    return std::nullopt;
  }
  return Selector{Kind::kSpare, "", *number, {}};
}

std::optional<Selector> with_argument(std::string_view word, std::size_t colon,
                                      const KnownNames* known, SelectorMistake& mistake) {
  const std::string_view prefix = word.substr(0, colon);
  const std::string_view argument = word.substr(colon + 1);
  const auto* form = std::find_if(kWithArgument.begin(), kWithArgument.end(),
                                  [&](const ArgumentForm& f) { return f.prefix == prefix; });
  if (form == kWithArgument.end()) {
    std::vector<std::string_view> prefixes;
    for (const ArgumentForm& candidate : kWithArgument) prefixes.push_back(candidate.prefix);
    const std::string_view meant = nearest(prefix, prefixes);
    mistake.what = "unknown selector " + quote(word);
    if (!meant.empty()) {
      mistake.hint =
          "did you mean " + quote(std::string(meant) + ':' + std::string(argument)) + '?';
    }
    return std::nullopt;
  }
  if (argument.empty()) {
    mistake.what = "selector " + quote(word) + " names nothing behind its colon";
    return std::nullopt;
  }
  switch (form->argument) {
    case Argument::kShard:
      return shard(form->kind, word, argument, known, mistake);
    case Argument::kName:
      return named(form->kind, form->kind == Kind::kHitBy ? "fault" : prefix, argument, known,
                   mistake);
    case Argument::kSpare:
      return spare(word, argument, known, mistake);
    case Argument::kSlot:
      break;
  }
  const std::optional<std::uint32_t> slot = whole_number<std::uint32_t>(argument);
  if (!slot || *slot >= kSlotCount) {
    mistake.what = "expected a slot from 0 to 16383 in selector " + quote(word);
    return std::nullopt;
  }
  return Selector{form->kind, "", *slot, {}};
}

}  // namespace

bool Selector::plural() const {
  switch (kind) {
    case Kind::kMachine:
    case Kind::kPrimaryOf:
    case Kind::kReplicaOf:
    case Kind::kAnyPrimary:
    case Kind::kAnyReplica:
    case Kind::kAnyNode:
    case Kind::kOwnerOfKey:
    case Kind::kOwnerOfSlot:
    case Kind::kSpare:
      return false;
    case Kind::kUnion:
      return parts.size() != 1 || parts[0].plural();
    default:
      return true;
  }
}

namespace {

// Is it nothing, or nearer to one of the plain forms than to any machine's name?
bool is_mistyped(std::string_view word, const KnownNames* known, SelectorMistake& mistake) {
  if (!word.empty() && !mistake.guess) return false;
  std::vector<std::string_view> words;
  for (const PlainForm& form : kPlain) words.push_back(form.word);
  const std::size_t plain = words.size();
  if (known != nullptr) words.insert(words.end(), known->machines.begin(), known->machines.end());
  const std::string_view meant = nearest(word, words);
  const auto of_plain = words.begin() + static_cast<std::ptrdiff_t>(plain);
  const bool near_one = !meant.empty() && std::find(words.begin(), of_plain, meant) != of_plain;
  if (!word.empty() && !near_one) return false;
  mistake.what = "unknown selector " + quote(word);
  mistake.hint = did_you_mean(word, words);
  return true;
}

}  // namespace

std::optional<Selector> parse_selector(std::string_view word, const KnownNames* known,
                                       SelectorMistake& mistake) {
  for (const PlainForm& form : kPlain) {
    if (form.word == word) return Selector{form.kind, "", 0, {}};
  }
  if (const std::size_t colon = word.find(':'); colon != std::string_view::npos) {
    return with_argument(word, colon, known, mistake);
  }
  // A machine's name, or a word meant to be something else.
  const bool numbered =
      known == nullptr && !word.empty() && word.back() >= '0' && word.back() <= '9';
  const bool named_so = known != nullptr && known->machines.has(word);
  if (!named_so && !numbered && is_mistyped(word, known, mistake)) return std::nullopt;
  return named(Kind::kMachine, "machine", word, known, mistake);
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 32 &&
         text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
             std::string_view::npos;
}

std::optional<std::string> refuse_server_name(std::string_view name) {
  if (!is_name(name)) return quote(name) + " is no name: up to 32 letters, digits, '-' and '_'";
  for (const PlainForm& form : kPlain) {
    if (form.word == name) return quote(name) + " is a selector: it cannot be a name";
  }
  if (name[0] == 'm' && whole_number<std::uint64_t>(name.substr(1)))
    return quote(name) + " is how a server without a name is called";
  for (const std::string_view other : kOtherMachines) {
    if (name == other || (other.ends_with('-') && name.starts_with(other)))
      return quote(name) + " may be a machine that is no server";
  }
  return std::nullopt;
}

std::string simulated_among(const Selector& selector, const KnownNames& known) {
  if (selector.kind == Kind::kMachine)
    return known.processes.has(selector.name) ? "" : selector.name;
  if (selector.kind == Kind::kUnion) {
    for (const Selector& part : selector.parts) {
      std::string simulated = simulated_among(part, known);
      if (!simulated.empty()) return simulated;
    }
    return {};
  }
  if (selector.kind == Kind::kClients) return "a client";
  for (const std::string& server : known.servers) {
    if (!known.processes.has(server)) return server + ", which this may mean,";
  }
  return {};
}

std::string to_text(const Selector& selector) {
  for (const PlainForm& form : kPlain) {
    if (form.kind == selector.kind) return std::string(form.word);
  }
  for (const ArgumentForm& form : kWithArgument) {
    if (form.kind != selector.kind) continue;
    const std::string prefix = std::string(form.prefix) + ':';
    if (form.argument == Argument::kName) return prefix + selector.name;
    const bool numbered = form.argument != Argument::kShard || form.kind == Kind::kShard;
    return prefix + (numbered ? "" : "shard-") + std::to_string(selector.number);
  }
  if (selector.kind == Kind::kMachine) return selector.name;
  std::string text;
  for (const Selector& part : selector.parts) text += (text.empty() ? "" : ", ") + to_text(part);
  return selector.kind == Kind::kNot ? "not " + text : text;
}

std::span<const SelectorForm> selector_forms() {
  return kForms;
}

}  // namespace sim
