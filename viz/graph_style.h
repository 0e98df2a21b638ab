// What all pictures that `dot` draws have in common: colours and fonts.
//
// Meaning is never carried by colour alone: every colour comes with a shape, a line style or a
// word, and the colours are Okabe and Ito's (2008), which colour-blind people can tell apart.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace sim {

inline constexpr const char* kVermillion = "#D55E00";
inline constexpr const char* kOrange = "#E69F00";
inline constexpr const char* kBlue = "#0072B2";
inline constexpr const char* kInk = "#222222";
inline constexpr const char* kGrey = "#888888";
inline constexpr const char* kDownFill = "#DDDDDD";
inline constexpr const char* kPrimaryFill = "#E6EEF2";
inline constexpr const char* kReplicaFill = "#FFFFFF";
// Tints of the palette, to write on; of the sides of a split network.
inline constexpr std::array<const char*, 6> kSideFills = {"#CDE6F7", "#FCEBC5", "#CDEBDF",
                                                          "#F5DCE9", "#FBF8C4", "#FBDCC8"};
inline const char* side_fill(std::uint32_t side) {
  return kSideFills[side % kSideFills.size()];
}

inline constexpr const char* kFont = "fontname=\"DejaVu Sans,Helvetica,sans-serif\"";

inline std::string quoted(const std::string& text) {
  return '"' + text + '"';
}

}  // namespace sim
