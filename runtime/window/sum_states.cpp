#include "runtime/window/sum_states.hpp"

namespace millrace::window {

void put_sum(wire::writer& out, const exact_sum& sum, const side_store& side) {
  const auto w = widened(sum, side);
  std::size_t first = 0;
  std::size_t end = wide_sum::size;
  const std::uint64_t extension = (w.limbs.back() >> 63) != 0 ? ~0ULL : 0;
  while (first < end && w.limbs[first] == 0)
    ++first;
  while (end > first && w.limbs[end - 1] == extension)
    --end;
  const bool specials = w.nans != 0 || w.positive_infinities != 0 || w.negative_infinities != 0;
  out.fixed(static_cast<std::uint8_t>((extension != 0 ? 1 : 0) | (specials ? 2 : 0)));
  out.fixed(static_cast<std::uint8_t>(first));
  out.fixed(static_cast<std::uint8_t>(end));
  for (auto l = first; l < end; ++l)
    out.fixed(w.limbs[l]);
  if (specials) {
    out.varint(w.nans);
    out.varint(w.positive_infinities);
    out.varint(w.negative_infinities);
  }
}

bool read_sum(wire::reader& in, exact_sum& sum, side_store& side) {
  const auto before = sum.wide;
  sum = {};
  const auto flags = in.fixed<std::uint8_t>();
  const std::size_t first = in.fixed<std::uint8_t>();
  const std::size_t end = in.fixed<std::uint8_t>();
  if (!in.ok() || flags > 3 || first > end || end > wide_sum::size)
    return false;
  wide_sum w;
  for (auto l = first; l < end; ++l)
    w.limbs[l] = in.fixed<std::uint64_t>();
  if ((flags & 1) != 0)
    for (auto l = end; l < wide_sum::size; ++l)
      w.limbs[l] = ~0ULL;
  if ((flags & 2) != 0) {
    w.nans = in.varint();
    w.positive_infinities = in.varint();
    w.negative_infinities = in.varint();
  }
  if (before != 0) {
    side.wide(before) = w;
    sum.wide = before;
  } else {
    assign(sum, side, w);
  }
  return in.ok();
}

void adopt(exact_sum& sum, side_store& side, const side_store& origin) {
  if (sum.wide == 0)
    return;
  const auto from = sum.wide;
  sum.wide = side.add_wide();
  side.wide(sum.wide) = origin.wide(from);
}

}  // namespace millrace::window
