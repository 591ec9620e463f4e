// Spans of time of which an end may be unknown, for `overlaps` of timestamps and of times of day.
#pragma once

#include "runtime/expression/functions/kernel.hpp"

#include <cstdint>
#include <optional>
#include <utility>

namespace millrace::expression {

/// A span of time, of which one end may be unknown: that is the second one then.
struct time_span {
  std::optional<std::int64_t> begin;
  std::optional<std::int64_t> end;
};

inline time_span in_order(time_span s) {
  if (!s.begin || (s.end && *s.begin > *s.end))
    std::swap(s.begin, s.end);
  return s;
}

/// The answer is none where it is unknown.
inline std::optional<bool> overlap(const time_span& one, const time_span& other) {
  const auto a = in_order(one);
  const auto b = in_order(other);
  if (!a.begin || !b.begin)
    return std::nullopt;
  if (*a.begin == *b.begin)
    return a.end && b.end ? std::optional(true) : std::nullopt;
  const auto& early = *a.begin < *b.begin ? a : b;
  const auto& late = *a.begin < *b.begin ? b : a;
  if (!early.end)
    return std::nullopt;
  if (*late.begin < *early.end)
    return true;
  return late.end ? std::optional(false) : std::nullopt;
}

/// The span from args[0] to args[1], which is a time or an interval after it; `Add` gives none beyond all times.
template<class End, auto Add>
time_span span_of(row& r, std::span<const values> args) {
  time_span out;
  if (args[0].present(r.index))
    out.begin = args[0].get<std::int64_t>(r.index);
  if (!args[1].present(r.index))
    return out;
  const auto end = args[1].get<End>(r.index);
  if constexpr (std::is_same_v<End, std::int64_t>) {
    out.end = end;
  } else if (out.begin) {
    out.end = Add(*out.begin, end);
    if (!out.end)
      r.fail("timestamp out of range");
  }
  return out;
}

template<class End, class OtherEnd, auto Add>
values overlaps(call& c, std::span<const values> args) {
  return each_wanted<bool>(c, [args](row& r) -> bool {
    const auto a = span_of<End, Add>(r, args);
    const auto b = span_of<OtherEnd, Add>(r, args.subspan(2));
    const auto out = overlap(a, b);
    return out ? *out : static_cast<bool>(r.null());
  });
}

}  // namespace millrace::expression
