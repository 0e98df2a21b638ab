#include "sim/app/exports/pcapng.h"

#include <algorithm>
#include <array>

#include "sim/base/check.h"

namespace sim::pcapng {
namespace {

constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a, kInterface = 1, kEnhancedPacket = 6,
                        kJournal = 9;
constexpr std::uint16_t kEndOfOptions = 0, kComment = 1, kApplication = 4, kInterfaceName = 2,
                        kTimeResolution = 9;
constexpr std::uint16_t kEthernet = 1;
constexpr std::size_t kOptionMax = 0xffff;

void put16(std::string& out, std::uint16_t value) {
  out += static_cast<char>(value & 0xff);
  out += static_cast<char>(value >> 8);
}
void put32(std::string& out, std::uint32_t value) {
  put16(out, static_cast<std::uint16_t>(value & 0xffff));
  put16(out, static_cast<std::uint16_t>(value >> 16));
}
void pad(std::string& out) {
  out.resize((out.size() + 3) / 4 * 4, '\0');
}

// Precondition: `out` is aligned, as blocks and options are.
void put_option(std::string& out, std::uint16_t code, std::string_view value) {
  value = value.substr(0, kOptionMax);
  put16(out, code);
  put16(out, static_cast<std::uint16_t>(value.size()));
  out += value;
  pad(out);
}

// Its length stands before and after what is in it.
std::string block(std::uint32_t type, std::string body) {
  pad(body);
  const auto length = static_cast<std::uint32_t>(body.size() + 12);
  std::string out;
  out.reserve(length);
  put32(out, type);
  put32(out, length);
  out += body;
  put32(out, length);
  return out;
}

void big16(std::string& out, std::uint16_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value & 0xff);
}
void big32(std::string& out, std::uint32_t value) {
  big16(out, static_cast<std::uint16_t>(value >> 16));
  big16(out, static_cast<std::uint16_t>(value & 0xffff));
}

std::uint64_t sum_of(std::string_view bytes) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(bytes[i]);
    sum += i % 2 == 0 ? std::uint64_t{byte} << 8 : byte;
  }
  return sum;
}
std::uint16_t checksum(std::uint64_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum & 0xffff);
}
void set16(std::string& bytes, std::size_t at, std::uint16_t value) {
  bytes[at] = static_cast<char>(value >> 8);
  bytes[at + 1] = static_cast<char>(value & 0xff);
}

// Of a handshake: the largest segment, selective acknowledgements, and windows in units of 128.
std::string handshake_options() {
  std::string options{2, 4};
  big16(options, static_cast<std::uint16_t>(kPayloadMax));
  return options + std::string{4, 2, 1, 3, 3, 7, 1, 0};
}

std::string tcp_header(const TcpSegment& segment) {
  constexpr std::uint16_t kWindow = 65535;
  constexpr std::size_t kWithoutOptions = 20, kChecksumAt = 16;
  constexpr std::uint8_t kProtocol = 6;
  const std::string options =
      (segment.flags & tcp_flag::kSyn) != 0 ? handshake_options() : std::string{};
  std::string header;
  big16(header, segment.from.port);
  big16(header, segment.to.port);
  big32(header, segment.sequence);
  big32(header, segment.acknowledgement);
  header += static_cast<char>((kWithoutOptions + options.size()) / 4 << 4);
  header += static_cast<char>(segment.flags);
  big16(header, kWindow);
  big32(header, 0);  // checksum, and no urgent data
  header += options;
  std::string pseudo;
  big32(pseudo, segment.from.ipv4);
  big32(pseudo, segment.to.ipv4);
  big16(pseudo, kProtocol);
  const std::uint64_t length = header.size() + segment.payload.size();
  set16(header, kChecksumAt,
        checksum(sum_of(pseudo) + length + sum_of(header) + sum_of(segment.payload)));
  return header;
}

std::string ipv4_header(const TcpSegment& segment, std::size_t length) {
  constexpr std::size_t kSize = 20, kChecksumAt = 10;
  constexpr std::uint16_t kDoNotFragment = 0x4000, kHops64ProtocolTcp = 64 << 8 | 6;
  std::string header{0x45, 0};
  big16(header, static_cast<std::uint16_t>(kSize + length));
  big16(header, segment.number);
  big16(header, kDoNotFragment);
  big16(header, kHops64ProtocolTcp);
  big16(header, 0);  // checksum
  big32(header, segment.from.ipv4);
  big32(header, segment.to.ipv4);
  set16(header, kChecksumAt, checksum(sum_of(header)));
  return header;
}

void put_hardware_address(std::string& out, std::uint32_t ipv4) {
  big16(out, 0x0200);  // locally administered
  big32(out, ipv4);
}

}  // namespace

std::string file_header(std::string_view comment) {
  std::string section;
  put32(section, 0x1a2b3c4d);  // tells the order of bytes
  put16(section, 1);           // version 1.0
  put16(section, 0);
  put32(section, 0xffffffff);  // the length of the section is not told
  put32(section, 0xffffffff);
  put_option(section, kComment, comment);
  put_option(section, kApplication, "slotsim");
  put_option(section, kEndOfOptions, "");
  std::string interface;
  put16(interface, kEthernet);
  put16(interface, 0);
  put32(interface, 0);  // frames are not cut off
  put_option(interface, kInterfaceName, "slotsim");
  put_option(interface, kTimeResolution, "\x09");  // 10^-9 s
  put_option(interface, kEndOfOptions, "");
  return block(kSectionHeader, std::move(section)) + block(kInterface, std::move(interface));
}

std::string packet(WallTime at, std::string_view frame, std::string_view comment) {
  const auto ns = static_cast<std::uint64_t>(to_ns(at));
  std::string body;
  body.reserve(frame.size() + comment.size() + 40);
  put32(body, 0);  // the interface
  put32(body, static_cast<std::uint32_t>(ns >> 32));
  put32(body, static_cast<std::uint32_t>(ns));
  put32(body, static_cast<std::uint32_t>(frame.size()));
  put32(body, static_cast<std::uint32_t>(frame.size()));
  body += frame;
  pad(body);
  if (!comment.empty()) {
    put_option(body, kComment, comment);
    put_option(body, kEndOfOptions, "");
  }
  return block(kEnhancedPacket, std::move(body));
}

std::string journal_entry(WallTime at, std::string_view machine, std::string_view message) {
  std::string line(message);
  std::replace(line.begin(), line.end(), '\n', ' ');
  std::string entry = "__REALTIME_TIMESTAMP=" + std::to_string(to_ns(at) / 1000) + '\n';
  if (!machine.empty()) entry += "_HOSTNAME=" + std::string(machine) + '\n';
  return block(kJournal, entry + "SYSLOG_IDENTIFIER=slotsim\nMESSAGE=" + line + '\n');
}

std::string ethernet_frame(const TcpSegment& segment) {
  CHECK(segment.payload.size() <= kPayloadMax);
  constexpr std::uint16_t kTypeIpv4 = 0x0800;
  const std::string tcp = tcp_header(segment);
  std::string frame;
  frame.reserve(34 + tcp.size() + segment.payload.size());
  put_hardware_address(frame, segment.to.ipv4);
  put_hardware_address(frame, segment.from.ipv4);
  big16(frame, kTypeIpv4);
  frame += ipv4_header(segment, tcp.size() + segment.payload.size());
  frame += tcp;
  frame += segment.payload;
  return frame;
}

}  // namespace sim::pcapng
