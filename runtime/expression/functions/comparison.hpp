// The order of two values of one kind, for the comparison operators and for functions that look for elements in lists. NaN equals NaN
// and is the greatest number, text is ordered by bytes, false is less than true, intervals compare by their length with months of 30
// days.
#pragma once

#include "runtime/expression/values.hpp"

#include <cstdint>
#include <string_view>

namespace millrace::expression::ordering {

/// Less than, equal and greater as -1, 0, 1 for what has no cheap operator.
inline int order(std::string_view a, std::string_view b) { return a.compare(b); }
inline int order(const decimal& a, const decimal& b) { return a < b ? -1 : a == b ? 0 : 1; }
inline int order(const interval_value& a, const interval_value& b) {
  const auto length = [](const interval_value& v) {
    return (static_cast<__int128>(v.months) * 30 + v.days) * 86'400'000'000 + v.micros;
  };
  return length(a) < length(b) ? -1 : length(a) > length(b) ? 1 : 0;
}

struct equal {
  template<class T>
  static bool run(const T& a, const T& b) {
    return order(a, b) == 0;
  }
  static bool run(std::string_view a, std::string_view b) { return a == b; }
  static bool run(std::int64_t a, std::int64_t b) { return a == b; }
  static bool run(std::uint8_t a, std::uint8_t b) { return a == b; }
  static bool run(double a, double b) { return (a == b) | ((a != a) & (b != b)); }
};
struct less {
  template<class T>
  static bool run(const T& a, const T& b) {
    return order(a, b) < 0;
  }
  static bool run(std::int64_t a, std::int64_t b) { return a < b; }
  static bool run(std::uint8_t a, std::uint8_t b) { return a < b; }
  static bool run(double a, double b) { return (a < b) | ((a == a) & (b != b)); }
};

}  // namespace millrace::expression::ordering
