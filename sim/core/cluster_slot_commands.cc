#include "sim/core/cluster_slot_commands.h"

#include <optional>
#include <string>
#include <variant>

#include "sim/core/commands.h"
#include "sim/core/nodes_file.h"
#include "sim/core/open_slots.h"
#include "sim/core/slots_config.h"
#include "sim/wire/crc16.h"

namespace sim {
namespace {

// The slots of one ADDSLOTS or DELSLOTS, as they are read.
struct SlotsArgument {
  const ClusterState& cluster;
  bool add;
  SlotSet slots{};

  std::optional<resp::Value> put(SlotId slot) {
    const std::string name = "ERR Slot " + std::to_string(slot.value);
    const bool bound = !slot_owner(cluster, slot).is_none();
    if (add && bound) return resp::error(name + " is already busy");
    if (!add && !bound) return resp::error(name + " is already unassigned");
    if (slots.test(slot.value)) return resp::error(name + " specified multiple times");
    slots.set(slot.value);
    return std::nullopt;
  }
};

// ADDSLOTS and DELSLOTS read all their numbers before they look at the first slot; the RANGE forms
// look at each range as it is read.
std::optional<resp::Value> read_slots(const resp::Command& command, bool ranges,
                                      SlotsArgument& argument) {
  for (std::size_t i = 2; !ranges && i < command.size(); ++i) {
    if (!parse_slot(command[i])) return resp::error("ERR Invalid or out of range slot");
  }
  for (std::size_t i = 2; i < command.size(); i += ranges ? 2 : 1) {
    const auto first = parse_slot(command[i]);
    const auto last = ranges ? parse_slot(command[i + 1]) : first;
    if (!first || !last) return resp::error("ERR Invalid or out of range slot");
    if (*first > *last) {
      return resp::error("ERR start slot number " + std::to_string(first->value) +
                         " is greater than end slot number " + std::to_string(last->value));
    }
    for (std::uint32_t slot = first->value; slot <= last->value; ++slot) {
      if (auto refused = argument.put(SlotId{static_cast<std::uint16_t>(slot)})) return refused;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<SlotId> parse_slot(const std::string& text) {
  const auto value = parse_integer(text);
  if (!value || *value < 0 || *value >= kSlotCount) return std::nullopt;
  return SlotId{static_cast<std::uint16_t>(*value)};
}

resp::Value cluster_changed(Server& server) {
  server.cluster.todo |= todo::kUpdateState;
  save_later(server.cluster, false);
  return resp::ok();
}

resp::Value cluster_change_slots(Server& server, Pass& pass, const resp::Command& command, bool add,
                                 bool ranges) {
  if (ranges && command.size() % 2 != 0) {
    return resp::error(std::string("ERR wrong number of arguments for 'cluster|") +
                       (add ? "addslotsrange" : "delslotsrange") + "' command");
  }
  SlotsArgument argument{server.cluster, add};
  if (auto refused = read_slots(command, ranges, argument)) return *refused;
  each_slot(argument.slots, [&](SlotId slot) { close_importing(server, pass, slot); });
  // Accepted on replicas too, in 7.0, who will fail their assertion over it later.
  bind_slots(server, pass, argument.slots, add ? kMyself : kNoPeer,
             add ? server.cluster.peers.cold(kMyself).config_epoch : 0);
  return cluster_changed(server);
}

resp::Value cluster_flush_slots(Server& server, Pass& pass) {
  if (!server.keyspace.empty()) {
    return resp::error("ERR DB must be empty to perform CLUSTER FLUSHSLOTS.");
  }
  unbind_all(server, pass, kMyself);
  return cluster_changed(server);
}

resp::Value cluster_key_slot(const resp::Command& command) {
  return resp::integer(slot_of(command[2]).value);
}

resp::Value cluster_count_keys_in_slot(const Server& server, const resp::Command& command) {
  if (!parse_integer(command[2])) return refuse(kNotAnInteger);
  const auto slot = parse_slot(command[2]);
  if (!slot) return resp::error("ERR Invalid slot");
  return resp::integer(server.keyspace.count_in_slot(*slot));
}

resp::Value cluster_get_keys_in_slot(const Server& server, const resp::Command& command) {
  const auto count = parse_integer(command[3]);
  if (!parse_integer(command[2]) || !count) return refuse(kNotAnInteger);
  const auto slot = parse_slot(command[2]);
  if (!slot || *count < 0) return resp::error("ERR Invalid slot or number of keys");
  resp::Array keys;
  for (std::string& key : server.keyspace.keys_in_slot(*slot, static_cast<std::uint64_t>(*count))) {
    keys.items.push_back(resp::bulk(std::move(key)));
  }
  return {std::move(keys)};
}

}  // namespace sim
