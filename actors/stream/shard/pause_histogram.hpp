// Counts, by duration, how long a shard took no frames because it gathered a snapshot, and how long a
// snapshot took until it was durable. Written by the shard, read by anyone.
#pragma once

#include "runtime/base/duration_histogram.hpp"

#include <array>

namespace millrace::shard {

inline constexpr std::array<micros, 16> pause_bounds{
    micros(20),    micros(50),    micros(100),   micros(200),   micros(300),  micros(500),
    micros(700),   micros(1000),  micros(1500),  micros(2000),  micros(3000), micros(5000),
    micros(10000), micros(20000), micros(50000), micros(100000)};
/// A disk takes a millisecond, a store over a network up to many seconds.
inline constexpr std::array<micros, 12> snapshot_bounds{
    micros(1'000),     micros(2'000),     micros(5'000),      micros(10'000),
    micros(25'000),    micros(50'000),    micros(100'000),    micros(250'000),
    micros(1'000'000), micros(2'500'000), micros(10'000'000), micros(60'000'000)};

using pause_histogram = duration_histogram<pause_bounds>;
using snapshot_histogram = duration_histogram<snapshot_bounds>;

}  // namespace millrace::shard
