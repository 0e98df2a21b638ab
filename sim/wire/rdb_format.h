// The numbers of the RDB format, for its writer and its reader.
#pragma once

#include <cstdint>
#include <string_view>

namespace sim::rdb {

inline constexpr std::string_view kSignature = "REDIS";
inline constexpr std::size_t kVersionDigits = 4;
inline constexpr int kVersion = 10;
inline constexpr std::size_t kChecksumSize = 8;

// The first byte of what follows in a file: an opcode, or the type of a key.
namespace mark {
inline constexpr std::uint8_t kString = 0;
inline constexpr std::uint8_t kList = 1;
inline constexpr std::uint8_t kSet = 2;
inline constexpr std::uint8_t kZset = 3;  // scores in decimal
inline constexpr std::uint8_t kHash = 4;
inline constexpr std::uint8_t kZset2 = 5;
inline constexpr std::uint8_t kModule2 = 7;
inline constexpr std::uint8_t kHashZipmap = 9;
inline constexpr std::uint8_t kListZiplist = 10;
inline constexpr std::uint8_t kSetIntset = 11;
inline constexpr std::uint8_t kZsetZiplist = 12;
inline constexpr std::uint8_t kHashZiplist = 13;
inline constexpr std::uint8_t kListQuicklist = 14;  // of ziplists, before 7.0
inline constexpr std::uint8_t kStream = 15;
inline constexpr std::uint8_t kHashListpack = 16;
inline constexpr std::uint8_t kZsetListpack = 17;
inline constexpr std::uint8_t kListQuicklist2 = 18;
inline constexpr std::uint8_t kStream2 = 19;
inline constexpr std::uint8_t kFunction2 = 245;
inline constexpr std::uint8_t kModuleAux = 247;
inline constexpr std::uint8_t kIdle = 248;
inline constexpr std::uint8_t kFrequency = 249;
inline constexpr std::uint8_t kAux = 250;
inline constexpr std::uint8_t kResizeDb = 251;
inline constexpr std::uint8_t kExpireMs = 252;
inline constexpr std::uint8_t kExpireS = 253;
inline constexpr std::uint8_t kSelectDb = 254;
inline constexpr std::uint8_t kEnd = 255;
}  // namespace mark

// The two top bits of a length: its form.
inline constexpr std::uint8_t kLength6 = 0;
inline constexpr std::uint8_t kLength14 = 1;
inline constexpr std::uint8_t kLengthLong = 2;  // 4 or 8 bytes in network order follow
inline constexpr std::uint8_t kEncoded = 3;     // no length: a string in another form
inline constexpr std::uint8_t kLength32 = 0x80;
inline constexpr std::uint8_t kLength64 = 0x81;

// The forms of such a string.
inline constexpr std::uint8_t kInt8 = 0;
inline constexpr std::uint8_t kInt16 = 1;
inline constexpr std::uint8_t kInt32 = 2;
inline constexpr std::uint8_t kCompressed = 3;  // LZF

// How a node of a quicklist of 7.0 is kept.
inline constexpr std::uint8_t kNodePlain = 1;
inline constexpr std::uint8_t kNodePacked = 2;

}  // namespace sim::rdb
