// The traffic of a run as a capture that Wireshark opens, as if taken on the cable of every machine
// at once: each frame once, when its host puts it on the wire, so what is lost is seen too, and
// seen again when it is sent again.
//
// The times are those of a wall clock that is right, so that they agree with what messages carry
// and servers log. The world has no acknowledgements of data and no answer to a FIN; both are told
// here as a kernel sends them:
//   - an acknowledgement goes with the next data the other way, or alone after 40 ms (Linux:
//     TCP_DELACK_MIN);
//   - who is told FIN answers with its own at once, for that is what servers do.
#include <array>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sim/app/exports/export.h"
#include "sim/app/exports/pcapng.h"
#include "sim/base/check.h"
#include "sim/base/hash.h"
#include "sim/trace/describe.h"
#include "sim/trace/directory.h"

namespace sim {
namespace {

using pcapng::TcpSegment;
namespace tcp_flag = pcapng::tcp_flag;

constexpr Duration kDelayedAck = 40ms;

WallTime wall(SimTime at) {
  return kWallStart + at.time_since_epoch();
}

// One end of a connection. Offsets count bytes after the SYN, the FIN for one.
struct Side {
  MachineId machine;
  Endpoint at;
  std::uint32_t first = 0;         // sequence number of the SYN
  std::uint64_t next = 0;          // offset of what sets out next
  std::uint64_t arrived = 0;       // of what it sent
  std::uint64_t acknowledged = 0;  // of what the other sent
  struct Part {
    std::uint32_t length = 0;
    bool fin = false;
  };
  std::deque<Part> under_way;
  std::optional<SimTime> fin_at;  // it has said that it sends no more

  std::uint32_t sequence(std::uint64_t offset) const {
    return static_cast<std::uint32_t>(first + 1 + offset);
  }
};

struct Flow {
  std::array<Side, 2> sides;  // who dialled, who listens
  bool answered = false;      // the listener took part in the handshake
};

class Pcap final : public Exporter {
 public:
  // `plan` outlives this.
  Pcap(ExportFile file, const Plan& plan, PlaneSet planes)
      : plan_(plan), planes_(planes), file_(std::move(file)), who_(plan.facts.cast) {
    file_.write(pcapng::file_header(plan.scenario.name + ", seed " + std::to_string(plan.seed)));
  }

  void formed(Duration origin) override { origin_ = origin; }

  void see(const Record& record) override {
    who_.see(record);
    if (const auto* crash = std::get_if<event::MachineCrashed>(&record.event))
      forget_acknowledgements_of(record.machine, crash->power_lost);
    if (record.at < SimTime{} || !is_milestone(record.event)) return;
    const SimTime at = record.at + origin_;
    acknowledge_until(at);
    const MachineId speaker = speaker_of(record, who_);
    file_.write(pcapng::journal_entry(wall(at), speaker == kNoMachine ? "" : who_.name(speaker),
                                      describe(record, who_)));
  }

  void see(const Frame& frame) override {
    acknowledge_until(frame.at);
    if (frame.kind == Frame::Kind::kForgotten) {
      flows_.erase(frame.line);
      return;
    }
    if (frame.kind == Frame::Kind::kSyn && is_wanted(frame)) open(frame);
    const auto found = flows_.find(frame.line);
    if (found != flows_.end()) follow(found->second, frame);
  }

  void end(const RunResult&) override { file_.close(); }

 private:
  // An acknowledgement that is sent unless data take it along first, or the last of a connection,
  // whose flow is known no more.
  struct Acknowledgement {
    std::uint64_t line = 0;
    std::uint8_t side = 0;
    std::uint64_t offset = 0;
    std::optional<TcpSegment> last;
    MachineId machine;
  };

  // Another capture of the same run may have asked for more. Replication is told by what is said
  // later on a connection of clients, so these go together.
  bool is_wanted(const Frame& syn) const {
    Plane plane = Plane::kClient;
    for (const auto& [port, of_port] : plan_.world.machines[syn.to.value].ports) {
      if (port == syn.listener.port) plane = of_port;
    }
    return (planes_ & plane_set(plane)) != 0;
  }

  void open(const Frame& frame) {
    const auto [place, is_new] = flows_.try_emplace(frame.line);
    if (!is_new) return;  // the same SYN again
    auto& [dialler, listener] = place->second.sides;
    dialler.machine = frame.from;
    dialler.at = frame.dialler;
    dialler.first = static_cast<std::uint32_t>(mix64(frame.line));
    listener.machine = frame.to;
    listener.at = frame.listener;
    listener.first = static_cast<std::uint32_t>(mix64(frame.line) >> 32);
  }

  void follow(Flow& flow, const Frame& frame) {
    const std::uint8_t s = frame.by_dialler ? 0 : 1;
    Side& side = flow.sides[s];
    switch (frame.kind) {
      case Frame::Kind::kSyn: {
        TcpSegment syn = segment(flow, s, tcp_flag::kSyn);
        syn.sequence = side.first;
        syn.acknowledgement = 0;
        return put(frame, syn, "SYN");
      }
      case Frame::Kind::kSynAck: {
        flow.answered = true;
        TcpSegment answer = segment(flow, s, tcp_flag::kSyn | tcp_flag::kAck);
        answer.sequence = side.first;
        return put(frame, answer, "SYN-ACK");
      }
      case Frame::Kind::kAck:
        return put(frame, segment(flow, s, tcp_flag::kAck), "ACK");
      case Frame::Kind::kData:
        return put_data(flow, s, frame);
      case Frame::Kind::kFin:
        side.fin_at = frame.at;
        put(frame, segment(flow, s, tcp_flag::kFin | tcp_flag::kAck), "FIN");
        return set_out(side, {1, true}, frame.lost);
      case Frame::Kind::kRst: {
        TcpSegment rst = segment(flow, s, tcp_flag::kRst | tcp_flag::kAck);
        const bool refuses = s == 1 && !flow.answered;
        if (refuses) rst.sequence = 0;
        return put(frame, rst, refuses ? "refusal" : "RST");
      }
      case Frame::Kind::kArrived:
        return arrived(flow, s, frame);
      case Frame::Kind::kReturned:
        side.under_way.clear();
        side.next = side.arrived;
        return;
      case Frame::Kind::kForgotten:
        return;
    }
  }

  static void set_out(Side& side, Side::Part part, bool lost) {
    if (lost) return;
    side.under_way.push_back(part);
    side.next += part.length;
  }

  void put_data(Flow& flow, std::uint8_t s, const Frame& frame) {
    Side& side = flow.sides[s];
    const std::string bytes = frame.payload->bytes();
    const std::string_view all = bytes;
    for (std::size_t at = 0; at < all.size(); at += pcapng::kPayloadMax) {
      const bool last = all.size() - at <= pcapng::kPayloadMax;
      TcpSegment data = segment(flow, s, tcp_flag::kAck | (last ? tcp_flag::kPsh : 0));
      data.sequence = side.sequence(side.next + at);
      data.payload = all.substr(at, pcapng::kPayloadMax);
      put(frame, data, frame.payload->label());
    }
    set_out(side, {static_cast<std::uint32_t>(all.size()), false}, frame.lost);
  }

  void arrived(Flow& flow, std::uint8_t s, const Frame& frame) {
    Side& sender = flow.sides[s];
    Side& receiver = flow.sides[1 - s];
    CHECK(!sender.under_way.empty());
    const Side::Part part = sender.under_way.front();
    sender.under_way.pop_front();
    sender.arrived += part.length;
    if (!part.fin) {
      pending_.emplace(frame.at + kDelayedAck,
                       Acknowledgement{frame.line, static_cast<std::uint8_t>(1 - s), sender.arrived,
                                       std::nullopt, receiver.machine});
      return;
    }
    Frame answer = frame;
    std::swap(answer.from, answer.to);
    if (receiver.fin_at) return put(answer, segment(flow, 1 - s, tcp_flag::kAck), "ACK");
    put(answer, segment(flow, 1 - s, tcp_flag::kFin | tcp_flag::kAck), "FIN");
    // The way back takes as long as the way there did.
    TcpSegment last = segment(flow, s, tcp_flag::kAck);
    last.acknowledgement = receiver.sequence(receiver.next + 1);
    pending_.emplace(frame.at + (frame.at - *sender.fin_at),
                     Acknowledgement{frame.line, s, 0, last, sender.machine});
  }

  // What this side would send now, without payload; it tells all that has arrived.
  TcpSegment segment(Flow& flow, std::uint8_t s, int flags) {
    Side& side = flow.sides[s];
    const Side& other = flow.sides[1 - s];
    side.acknowledged = other.arrived;
    TcpSegment segment;
    segment.from = side.at;
    segment.to = other.at;
    segment.sequence = side.sequence(side.next);
    segment.acknowledgement = other.sequence(other.arrived);
    segment.flags = static_cast<std::uint8_t>(flags);
    return segment;
  }

  void put(const Frame& frame, const TcpSegment& segment, std::string_view what) {
    std::string comment(what);
    comment += ' ';
    comment += who_.name(frame.from);
    comment += " to ";
    comment += who_.name(frame.to);
    if (frame.lost) comment += ", lost";
    put(frame.at, frame.from, segment, comment);
  }
  void put(SimTime at, MachineId from, TcpSegment segment, std::string_view comment) {
    segment.number = numbers_[from]++;
    file_.write(pcapng::packet(wall(at), pcapng::ethernet_frame(segment), comment));
  }

  void acknowledge_until(SimTime now) {
    while (!pending_.empty() && pending_.begin()->first <= now) {
      const auto node = pending_.extract(pending_.begin());
      const Acknowledgement& due = node.mapped();
      if (due.last) {
        put(node.key(), due.machine, *due.last, "");
        continue;
      }
      const auto found = flows_.find(due.line);
      if (found == flows_.end() || found->second.sides[due.side].acknowledged >= due.offset)
        continue;
      put(node.key(), due.machine, segment(found->second, due.side, tcp_flag::kAck), "");
    }
  }

  // The kernel of a box without power acknowledges nothing.
  void forget_acknowledgements_of(MachineId machine, bool power_lost) {
    if (!power_lost) return;
    std::erase_if(pending_, [&](const auto& due) { return due.second.machine == machine; });
  }

  const Plan& plan_;
  PlaneSet planes_;
  ExportFile file_;
  Directory who_;
  Duration origin_{};
  std::map<std::uint64_t, Flow> flows_;  // by line
  std::multimap<SimTime, Acknowledgement> pending_;
  std::map<MachineId, std::uint16_t> numbers_;  // of IPv4 packets, by sender
};

}  // namespace

std::unique_ptr<Exporter> make_pcap(ExportFile file, const Plan& plan) {
  return std::make_unique<Pcap>(std::move(file), plan, plane_set(Plane::kBus));
}
std::unique_ptr<Exporter> make_pcap_all(ExportFile file, const Plan& plan) {
  return std::make_unique<Pcap>(std::move(file), plan, kAllPlanes);
}

}  // namespace sim
