// Counts, by duration, how long commits take, and how far behind event time their rows are when they are
// committed. Written by the sink, read by anyone.
#pragma once

#include "runtime/base/duration_histogram.hpp"

#include <array>

namespace millrace::sink {

inline constexpr std::array<micros, 12> commit_bounds{
    micros(1'000),     micros(2'500),     micros(5'000),      micros(10'000),
    micros(25'000),    micros(50'000),    micros(100'000),    micros(250'000),
    micros(1'000'000), micros(2'500'000), micros(10'000'000), micros(60'000'000)};
/// The bounds go up to a day: beyond that old records are read again.
inline constexpr std::array<micros, 14> latency_bounds{
    micros(10'000),     micros(25'000),      micros(50'000),        micros(100'000),       micros(250'000),
    micros(500'000),    micros(1'000'000),   micros(2'500'000),     micros(5'000'000),     micros(10'000'000),
    micros(60'000'000), micros(600'000'000), micros(3'600'000'000), micros(86'400'000'000)};

using commit_histogram = duration_histogram<commit_bounds>;
using latency_histogram = duration_histogram<latency_bounds>;

}  // namespace millrace::sink
