#include "sim/world/jitter.h"

#include <array>

namespace sim {
namespace {

// Quantiles at 0/64 .. 63/64 and at 63.75/64, in units of scale / 65536.
using Quantiles = std::array<std::int64_t, 65>;
constexpr Quantiles kExponentialQuantiles = {
    0,      1032,   2081,   3146,   4230,   5331,   6451,   7591,   8751,   9932,   11135,
    12360,  13608,  14880,  16178,  17502,  18854,  20233,  21643,  23083,  24556,  26063,
    27605,  29184,  30802,  32461,  34164,  35911,  37707,  39553,  41453,  43409,  45426,
    47507,  49656,  51877,  54177,  56561,  59034,  61604,  64280,  67069,  69982,  73031,
    76228,  79590,  83133,  86879,  90852,  95082,  99603,  104460, 109706, 115408, 121654,
    128559, 136278, 145029, 155132, 167080, 181704, 200558, 227130, 272557, 363409};
constexpr Quantiles kHalfNormalQuantiles = {
    0,     1283,   2567,   3852,   5139,   6427,   7718,   9012,   10310,  11611, 12917,
    14228, 15545,  16869,  18199,  19536,  20882,  22237,  23601,  24976,  26362, 27759,
    29170, 30594,  32032,  33487,  34958,  36446,  37954,  39482,  41032,  42605, 44203,
    45828, 47482,  49166,  50884,  52637,  54428,  56262,  58140,  60067,  62048, 64087,
    66191, 68364,  70616,  72954,  75389,  77933,  80600,  83408,  86377,  89536, 92917,
    96565, 100540, 104924, 109834, 115453, 122076, 130248, 141156, 158437, 189113};

// Linear between neighbours; `draw` is 0..65535.
std::int64_t interpolate(const Quantiles& table, std::uint64_t draw) {
  const std::size_t index = draw >> 10;
  const auto rest = static_cast<std::int64_t>(draw & 1023);
  return table[index] + (table[index + 1] - table[index]) * rest / 1024;
}

}  // namespace

Duration draw_jitter(JitterShape shape, Duration scale, Choices& choices) {
  const std::uint64_t draw = choices.choose(Site::kLatencyJitter, 65536);
  std::int64_t factor = static_cast<std::int64_t>(draw);
  if (shape == JitterShape::kExponential) factor = interpolate(kExponentialQuantiles, draw);
  if (shape == JitterShape::kNormal) factor = interpolate(kHalfNormalQuantiles, draw);
  // Split, so that a scale of hours does not overflow.
  const std::int64_t whole = scale.count() / 65536;
  const std::int64_t rest = scale.count() % 65536;
  return Duration{whole * factor + rest * factor / 65536};
}

}  // namespace sim
