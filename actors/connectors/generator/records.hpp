// Generated records, each a function of kind, seed, epoch and its number alone: so any of them can be made
// again at once, wherever reading goes on. Pure; used by the generator source and by load tests.
#pragma once

#include "actors/connectors/generator/drawn.hpp"
#include "runtime/base/ids.hpp"
#include "runtime/base/time.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::source {

/// Ranks by Zipf's law: rank k of n comes with a share of k to the power of -s. Drawn without tables, by
/// rejection-inversion (Hörmann and Derflinger, "Rejection-inversion to generate variates from monotone
/// discrete distributions", 1996), so that n may be large.
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

enum class record_kind : std::uint8_t { clicks, sales, rsvp, listening, game };

[[nodiscard]] std::vector<std::string> record_kinds();
[[nodiscard]] std::optional<record_kind> parse_record_kind(std::string_view name);

struct generated {
  record_kind kind = record_kind::clicks;
  std::uint64_t seed = 1;
  event_micros epoch = 0;               // event time of the first record
  micros step{1'000};                   // event time between two records
  std::optional<event_micros> begun{};  // event time of the first record, where `epoch` is that of one alone
  std::uint64_t keys = 0;        // users of clicks and listening, groups of rsvp; 0: the kind's own number
  std::optional<zipf> skewed{};  // the spread over `keys`; none: as the kind spreads them
};

/// The event time of a record; it stays at the last of all times once that is reached.
[[nodiscard]] event_micros time_of(const generated& g, std::uint64_t number);

/// Returns how many keys a kind has by itself; 0 where they are fixed.
[[nodiscard]] std::uint64_t own_keys(record_kind kind);

/// Appends record `number` as one JSON object, without a line end.
void append_record(std::string& out, const generated& g, std::uint64_t number);

}  // namespace millrace::source
