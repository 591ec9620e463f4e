#include "tools/load/disorder.hpp"

#include "actors/connectors/generator/drawn.hpp"

#include <algorithm>

namespace millrace::load {

disturbance disturb(const disorder_options& o, std::uint64_t number) {
  disturbance out;
  source::drawn d(o.seed ^ 0x6469'736F'7264'6572, number);
  const auto happens = [&](std::uint32_t share) { return d.below(1'000'000) < share; };
  // Each is drawn whether it is used or not, so that one option does not change what another hits.
  const bool late = happens(o.late);
  const bool future = happens(o.future);
  const bool malformed = happens(o.malformed);
  const bool twice = happens(o.duplicates);
  const auto before = d.below(static_cast<std::uint64_t>(std::max<std::int64_t>(o.out_of_order.count(), 1)));
  const auto back = d.below(furthest_back);
  if (late)
    out.shift = -o.late_by;
  else if (future)
    out.shift = o.future_by;
  else
    out.shift = -micros(static_cast<std::int64_t>(before));
  out.malformed = malformed;
  out.twice = twice;
  out.back = twice ? static_cast<std::uint32_t>(std::min<std::uint64_t>(back, number)) : 0;
  return out;
}

std::size_t cut_length(std::size_t whole) { return std::max<std::size_t>(1, whole / 2); }

}  // namespace millrace::load
