#include "sim/hosts/process/witness.h"

#include <utility>
#include <variant>

#include "sim/base/check.h"
#include "sim/wire/nodes_conf.h"

namespace sim {
namespace {

// Where the text begins in "1234:M 26 Nov 2026 00:00:01.234 # text", and what the level's sign is.
constexpr int kSpacesBeforeText = 6;

struct LogLine {
  char level = '\0';
  std::string_view text;
};

LogLine split(std::string_view line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  std::size_t at = 0;
  for (int i = 0; i < kSpacesBeforeText; ++i) {
    const std::size_t space = line.find(' ', at);
    if (space == std::string_view::npos) return {};
    at = space + 1;
  }
  return {line[at - 2], line.substr(at)};
}

}  // namespace

Witness::Witness(Facts facts)
    : names_(std::move(facts.names)), config_file_(std::move(facts.config_file)) {
  CHECK(names_ != nullptr);
  picture_.incarnation = facts.incarnation;
  picture_.logs_suspicion = facts.logs_suspicion;
  const auto parsed = nodes_conf::parse(facts.nodes_conf);
  if (const auto* file = std::get_if<nodes_conf::File>(&parsed)) load(picture_, *file);
  if (picture_.id.is_none() && !facts.planned_id.is_none()) {
    rename_myself(picture_, facts.planned_id);
  }
}

void Witness::sent_bus(std::string_view message, Notes& out) {
  const auto decoded = bus::decode(message, *names_);
  if (const auto* whole = std::get_if<bus::Message>(&decoded)) sent_bus(*whole, out);
}

void Witness::received_bus(std::string_view message, Notes& out) {
  const auto decoded = bus::decode(message, *names_);
  if (const auto* whole = std::get_if<bus::Message>(&decoded)) received_bus(*whole, out);
}

void Witness::sent_bus(const bus::Message& message, Notes& out) {
  read_sent(picture_, message, *names_, {out, Source::kWire});
}

void Witness::received_bus(const bus::Message& message, Notes& out) {
  read_received(picture_, message, *names_, {out, Source::kWire});
}

void Witness::log_line(std::string_view line, Notes& out) {
  const LogLine split_line = split(line);
  picture_.logs_suspicion |= split_line.level == '.';
  read_log(picture_, split_line.text, {out, Source::kLog});
}

void Witness::file_written(std::string_view name, const std::string& content, Notes& out) {
  if (name == config_file_) read_nodes_conf(picture_, content, {out, Source::kDisk});
}

void Witness::file_synced(std::string_view name, Notes& out) {
  if (name != config_file_) return;
  Seen{out, Source::kDisk}.tell(event::ConfigSaved{true});
}

event::ViewSnapshot Witness::view(bool full) const {
  return view_of(picture_, full);
}

}  // namespace sim
