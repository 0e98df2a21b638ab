// What a pcapng file consists of: blocks, and the Ethernet frames in them. Pure functions to bytes.
//
// (pcapng: draft-ietf-opsawg-pcapng; IPv4: RFC 791; TCP: RFC 9293, options RFC 7323 and 2018; the
// Internet checksum: RFC 1071. Blocks are little-endian, what is in frames is big-endian.)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/base/time.h"
#include "sim/base/types.h"

namespace sim::pcapng {

// The section header, and the one interface: Ethernet, times in nanoseconds.
std::string file_header(std::string_view comment);
// A frame as it was seen; the comment may be empty.
std::string packet(WallTime at, std::string_view frame, std::string_view comment);
// What happened on a machine, as an entry of its systemd journal, which Wireshark lists between
// the packets. Whole microseconds.
std::string journal_entry(WallTime at, std::string_view machine, std::string_view message);

namespace tcp_flag {
inline constexpr std::uint8_t kFin = 1;
inline constexpr std::uint8_t kSyn = 2;
inline constexpr std::uint8_t kRst = 4;
inline constexpr std::uint8_t kPsh = 8;
inline constexpr std::uint8_t kAck = 16;
}  // namespace tcp_flag

// As much as fits an IPv4 packet: kernels hand that much to a card that segments for them, and a
// capture on the host sees it in one.
inline constexpr std::size_t kPayloadMax = 65495;

struct TcpSegment {
  Endpoint from, to;
  std::uint32_t sequence = 0, acknowledgement = 0;
  std::uint8_t flags = 0;    // a SYN has the options of a handshake
  std::uint16_t number = 0;  // identification in the IPv4 header
  std::string_view payload;  // at most kPayloadMax bytes
};
// Ethernet, IPv4 and TCP, with both checksums. A machine's hardware address is 02:00 and its IPv4.
std::string ethernet_frame(const TcpSegment& segment);

}  // namespace sim::pcapng
