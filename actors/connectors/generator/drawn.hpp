// Numbers drawn for one record: a counter-based generator (splitmix64 of Steele, Lea and Flood, "Fast
// splittable pseudorandom number generators", 2014), so that a record needs nothing of those before it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace millrace::source {

class drawn {
public:
  drawn(std::uint64_t seed, std::uint64_t number) : state_(mix(seed) ^ mix(number + 0x9E3779B97F4A7C15ULL)) {}

  std::uint64_t next() { return mix(state_ += 0x9E3779B97F4A7C15ULL); }
  /// Draws from [0, n).
  std::uint64_t below(std::uint64_t n) {
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(next()) * n) >> 64);
  }
  /// Draws from [0, 1).
  double fraction() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  bool chance(unsigned percent) { return below(100) < percent; }
  template<class T, std::size_t N>
  const T& one_of(const std::array<T, N>& of) {
    return of[below(N)];
  }

private:
  static std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }

  std::uint64_t state_;
};

}  // namespace millrace::source
