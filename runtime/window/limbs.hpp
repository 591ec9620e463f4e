// Integers of any length that are not negative: limbs of 64 bits, least significant first. Exact sums, their averages and
// variances are computed in these.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace millrace::window {

using limb = std::uint64_t;

/// limbs * 2^(64 * at)
struct shifted_limbs {
  std::span<const limb> limbs;
  std::size_t at = 0;
};

/// The same number without zero limbs at its ends.
[[nodiscard]] inline shifted_limbs trimmed(shifted_limbs m) {
  while (!m.limbs.empty() && m.limbs.back() == 0)
    m.limbs = m.limbs.first(m.limbs.size() - 1);
  while (!m.limbs.empty() && m.limbs.front() == 0) {
    m.limbs = m.limbs.subspan(1);
    ++m.at;
  }
  return m;
}

/// m /= divisor; whether something remains.
inline bool divide(std::span<limb> m, limb divisor) {
  limb rest = 0;
  if (divisor >> 32 == 0) {  // halves: a processor divides 64 bits, 128 are a call
    for (std::size_t i = m.size(); i-- > 0;) {
      const limb high = rest << 32 | m[i] >> 32;
      const limb low = (high % divisor) << 32 | (m[i] & 0xFFFF'FFFF);
      m[i] = (high / divisor) << 32 | low / divisor;
      rest = low % divisor;
    }
    return rest != 0;
  }
  for (std::size_t i = m.size(); i-- > 0;) {
    const auto part = static_cast<unsigned __int128>(rest) << 64 | m[i];
    m[i] = static_cast<limb>(part / divisor);
    rest = static_cast<limb>(part) - m[i] * divisor;
  }
  return rest != 0;
}

}  // namespace millrace::window
