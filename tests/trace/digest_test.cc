#include "sim/trace/digest.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

namespace sim {
namespace {

DigestedInput an_input() {
  return {sim_time(5s), 11, 2, 4, ConnId::dialled(2, 9), 100, 77};
}

std::uint64_t digest_of(const DigestedInput& input) {
  Digest digest;
  digest.input(input);
  return digest.value();
}

TEST(DigestV1, EveryFieldOfAnInputCounts) {
  const std::uint64_t base = digest_of(an_input());
  EXPECT_EQ(base, digest_of(an_input()));
  const std::function<void(DigestedInput&)> changes[] = {
      [](DigestedInput& i) { i.at += 1ns; },
      [](DigestedInput& i) { ++i.node; },
      [](DigestedInput& i) { ++i.incarnation; },
      [](DigestedInput& i) { ++i.kind; },
      [](DigestedInput& i) { i.conn = ConnId::accepted(2, 9); },
      [](DigestedInput& i) { ++i.size; },
      [](DigestedInput& i) { ++i.content; },
  };
  std::set<std::uint64_t> digests{base};
  for (const auto& change : changes) {
    DigestedInput input = an_input();
    change(input);
    digests.insert(digest_of(input));
  }
  EXPECT_EQ(digests.size(), 1 + std::size(changes));
}

TEST(DigestV1, EveryFieldOfADiskEffectCounts) {
  const auto of = [](SimTime at, std::uint64_t node, DiskAct act, std::string_view file,
                     std::uint64_t offset, std::uint64_t content) {
    Digest digest;
    digest.disk(at, node, act, file, offset, content);
    return digest.value();
  };
  const SimTime t = sim_time(1s);
  const std::set<std::uint64_t> digests{
      of(t, 1, DiskAct::kWrite, "f", 3, 4), of(t + 1ns, 1, DiskAct::kWrite, "f", 3, 4),
      of(t, 2, DiskAct::kWrite, "f", 3, 4), of(t, 1, DiskAct::kTruncate, "f", 3, 4),
      of(t, 1, DiskAct::kWrite, "g", 3, 4), of(t, 1, DiskAct::kWrite, "f", 4, 4),
      of(t, 1, DiskAct::kWrite, "f", 3, 5)};
  EXPECT_EQ(digests.size(), 7u);
}

TEST(DigestV1, OrderCounts) {
  DigestedInput a = an_input(), b = an_input();
  b.content = 78;
  Digest ab, ba;
  ab.input(a);
  ab.input(b);
  ba.input(b);
  ba.input(a);
  EXPECT_NE(ab.value(), ba.value());
}

// The definition is frozen: goldens depend on it. If this fails, it is version 2.
TEST(DigestV1, IsWhatItWas) {
  EXPECT_EQ(kDigestVersion, 1);
  Digest digest;
  digest.input(an_input());
  digest.disk(sim_time(6s), 11, DiskAct::kWrite, "nodes.conf", 0, 99);
  digest.choices(5, 6);
  EXPECT_EQ(digest.value(), 1894675801015413068u);
}

TEST(DigestV1, KeepsAtMost4096CheckpointsEvenlySpaced) {
  Digest digest;
  for (std::uint64_t n = 1; n <= 100'000; ++n) {
    digest.choices(n, n);
    digest.event_done(n);
  }
  const auto& checkpoints = digest.checkpoints();
  EXPECT_LE(checkpoints.size(), 4096u);
  EXPECT_GE(checkpoints.size(), 2048u);
  const std::uint64_t stride = checkpoints[0].first;
  EXPECT_EQ(stride & (stride - 1), 0u);
  for (std::size_t i = 0; i < checkpoints.size(); ++i) {
    ASSERT_EQ(checkpoints[i].first, stride * (i + 1));
  }
}

}  // namespace
}  // namespace sim
