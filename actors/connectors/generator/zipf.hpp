// Ranks by Zipf's law: rank k of n comes with a share of k to the power of -s. Drawn without tables, by
// rejection-inversion (Hörmann and Derflinger, "Rejection-inversion to generate variates from monotone
// discrete distributions", 1996), so that n may be large.
#pragma once

#include "actors/connectors/generator/drawn.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace millrace::source {

class zipf {
public:
  /// `ranks` at least 1, `exponent` above 0.
  zipf(std::uint64_t ranks, double exponent)
      : ranks_(static_cast<double>(ranks)), exponent_(exponent), first_(area(1.5) - 1),
        all_(area(ranks_ + 0.5)), near_(2 - inverse(area(2.5) - std::pow(2.0, -exponent))) {}

  /// Draws from [0, ranks): 0 is the most frequent.
  std::uint64_t draw(drawn& d) const {
    for (;;) {
      const double u = all_ + d.fraction() * (first_ - all_);
      const double x = inverse(u);
      const double k = std::clamp(std::round(x), 1.0, ranks_);
      if (k - x <= near_ || u >= area(k + 0.5) - std::pow(k, -exponent_))
        return static_cast<std::uint64_t>(k) - 1;
    }
  }

private:
  // The area below x to the power of -s, up to a constant, and its inverse; both go over to logarithms at 1.
  [[nodiscard]] double area(double x) const {
    const double rest = 1 - exponent_;
    return std::abs(rest) < 1e-9 ? std::log(x) : (std::pow(x, rest) - 1) / rest;
  }
  [[nodiscard]] double inverse(double y) const {
    const double rest = 1 - exponent_;
    return std::abs(rest) < 1e-9 ? std::exp(y) : std::pow(std::max(0.0, 1 + y * rest), 1 / rest);
  }

  double ranks_;
  double exponent_;
  double first_;
  double all_;
  double near_;
};

}  // namespace millrace::source
