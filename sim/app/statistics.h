// The statistics of `slotsim diff`: how far two samples are apart, and how likely chance alone
// takes them so far. Pure functions; nothing here decides anything inside a run.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sim {

using Sample = std::vector<double>;

// Nearest rank: the ceil(percent/100 * n)-th smallest. Precondition: not empty.
double quantile(Sample sample, std::uint32_t percent);
// The middle one, or the mean of the two in the middle. Precondition: not empty.
double median(Sample sample);
double mean(const Sample& sample);

// Kolmogorov-Smirnov: the greatest distance between the two distribution functions, 0 to 1, where
// values that differ by no more than `forgiven` count as equal (so that two near-constants of 1.0
// and 1.1 are not wholly apart). Precondition: neither is empty.
double distance(Sample a, Sample b, double forgiven = 0);
// How likely two samples of these sizes from one distribution are at least so far apart: the
// asymptotic series with Stephens' correction for small samples, never less than the most extreme
// of all arrangements allows. Ties make it an upper bound.
double chance_of_distance(double d, std::size_t n, std::size_t m);
// The least distance that chance reaches with probability `alpha` at most; 1 if there is none.
double critical_distance(double alpha, std::size_t n, std::size_t m);

// Wilcoxon-Mann-Whitney, two-sided, by the normal approximation with corrections for ties and
// continuity: how likely the ranks of two samples from one distribution differ so. What a shift is
// best seen by.
double chance_of_ranks(const Sample& a, const Sample& b);

// Fisher's exact test, two-sided: `hits_a` of `n_a` against `hits_b` of `n_b`.
double chance_of_shares(std::uint64_t hits_a, std::uint64_t n_a, std::uint64_t hits_b,
                        std::uint64_t n_b);

// Holm: each probability as it must be read when all of them were asked for, in the order given.
std::vector<double> holm(std::span<const double> chances);

}  // namespace sim
