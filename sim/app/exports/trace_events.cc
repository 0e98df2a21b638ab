#include "sim/app/exports/trace_events.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/app/exports/csv_row.h"
#include "sim/app/json_text.h"

namespace sim {
namespace {

constexpr Duration kTick = 1us;

std::string place(TrackId track) {
  return "\"pid\":" + std::to_string(track.process) + ",\"tid\":" + std::to_string(track.thread);
}
std::string time_text(SimTime at) {
  return decimal(to_ns(at), 3);
}

}  // namespace

TraceEvents::TraceEvents(ExportFile file) : file_(std::move(file)) {
  file_.write("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n");
}

void TraceEvents::line(const std::string& json) {
  if (!std::exchange(first_, false)) file_.write(",\n");
  file_.write(json);
}

void TraceEvents::event(char phase, TrackId track, SimTime at, std::string_view name,
                        const std::string& more) {
  std::string json = "{\"ph\":\"";
  json += phase;
  json += "\"," + place(track) + ",\"ts\":" + time_text(at);
  if (!name.empty()) json += ",\"name\":" + json_text(name);
  line(json + more + '}');
}

void TraceEvents::metadata(std::string_view what, TrackId track, const std::string& argument) {
  line("{\"ph\":\"M\"," + place(track) + ",\"name\":" + json_text(what) + ",\"args\":{" + argument +
       "}}");
}

void TraceEvents::name_process(std::uint32_t process, std::string_view name) {
  metadata("process_name", {process, 0}, "\"name\":" + json_text(name));
  metadata("process_sort_index", {process, 0}, "\"sort_index\":" + std::to_string(process));
}

void TraceEvents::name_track(TrackId track, std::string_view name) {
  metadata("thread_name", track, "\"name\":" + json_text(name));
  metadata("thread_sort_index", track, "\"sort_index\":" + std::to_string(track.thread));
}

void TraceEvents::open(TrackId track, SimTime at, std::string_view name) {
  ++open_[track];
  event('B', track, at, name, "");
}

void TraceEvents::shut(TrackId track, SimTime at) {
  const auto found = open_.find(track);
  if (found == open_.end()) return;
  if (--found->second == 0) open_.erase(found);
  event('E', track, at, "", "");
}

void TraceEvents::shut_all(TrackId track, SimTime at) {
  while (depth(track) > 0) shut(track, at);
}

std::uint32_t TraceEvents::depth(TrackId track) const {
  const auto found = open_.find(track);
  return found == open_.end() ? 0 : found->second;
}

SimTime TraceEvents::tick(TrackId track, SimTime at, std::string_view name, std::uint64_t bytes) {
  SimTime& end = ticks_end_[track];
  const SimTime begin = std::max(at, end);
  end = begin + kTick;
  event('X', track, begin, name,
        ",\"dur\":" + decimal(kTick.count(), 3) + ",\"args\":{\"bytes\":" + std::to_string(bytes) +
            '}');
  return begin;
}

void TraceEvents::instant(TrackId track, SimTime at, std::string_view name) {
  event('i', track, at, name, ",\"s\":\"t\"");
}

void TraceEvents::arrow(TrackId from, SimTime left, TrackId to, SimTime arrived) {
  const std::string id = ",\"cat\":\"bus\",\"id\":" + std::to_string(++arrows_);
  event('s', from, left, "message", id);
  event('f', to, arrived, "message", id + ",\"bp\":\"e\"");
}

void TraceEvents::event_apart(char phase, const Apart& apart, SimTime at, std::string_view name) {
  event(phase, {apart.process, 0}, at, name,
        ",\"cat\":" + json_text(apart.category) + ",\"id2\":{\"local\":\"" +
            std::to_string(apart.number) + "\"}");
}

void TraceEvents::open_apart(std::uint32_t process, std::string_view category, std::uint64_t number,
                             SimTime at, std::string_view name) {
  shut_apart(process, category, number, at);
  const auto place = open_apart_.emplace(Apart{process, std::string(category), number}, name).first;
  event_apart('b', place->first, at, name);
}

void TraceEvents::shut_apart(std::uint32_t process, std::string_view category, std::uint64_t number,
                             SimTime at) {
  const auto found = open_apart_.find(Apart{process, std::string(category), number});
  if (found == open_apart_.end()) return;
  event_apart('e', found->first, at, found->second);
  open_apart_.erase(found);
}

void TraceEvents::counter(std::uint32_t process, SimTime at, std::string_view name,
                          const std::string& value) {
  event('C', {process, 0}, at, name, ",\"args\":{\"value\":" + value + '}');
}

void TraceEvents::close(SimTime at, const std::map<std::string, std::string>& about) {
  while (!open_.empty()) shut(open_.begin()->first, at);
  while (!open_apart_.empty()) {
    const Apart apart = open_apart_.begin()->first;
    shut_apart(apart.process, apart.category, apart.number, at);
  }
  file_.write("\n],\"otherData\":" + nlohmann::ordered_json(about).dump() + "}\n");
  file_.close();
}

}  // namespace sim
