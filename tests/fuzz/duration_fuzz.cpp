// Arbitrary text as a duration, a size, a rate: no crash, nothing beyond the promised range, and a duration
// that was read is written and read back as itself.
#include "runtime/base/time.hpp"

#include <cmath>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace millrace;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto d = parse_duration(text))
    if (d->count() < 0 || *d > std::chrono::hours(24 * 36'600) || parse_duration(format_duration(*d)) != *d)
      std::abort();
  if (const auto r = parse_rate(text); r && !(*r > 0 && std::isfinite(*r)))
    std::abort();
  static_cast<void>(parse_size(text));
  return 0;
}
