// Small definitions and inputs for the tests of windows: one text key, records as a list.
#pragma once

#include "runtime/window/shard_windows.hpp"
#include "tests/support/fire_all.hpp"

#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace millrace::window::test {

inline constexpr event_micros second = 1'000'000;

struct click {
  event_micros time = 0;
  std::optional<std::string> user;
  std::optional<double> amount = 1;
  std::optional<std::int64_t> size = 1;
  std::optional<bool> wanted = true;  // the filter, where there is one
  event_micros watermark = no_watermark;
  std::optional<decimal> price = decimal(100, 2);
};

/// An interval join of clicks by user: the columns a0 and a1 have `size` of the left and of the right row.
[[nodiscard]] definition interval_join_of(event_micros before, event_micros after,
                                          join_kind how = join_kind::inner, std::uint64_t max_pairs = 1000);
/// The same as of a time: a version that is not `wanted` says that its key is gone.
[[nodiscard]] definition as_of_join_of(event_micros late_versions, join_kind how = join_kind::left);
/// The first clicks of each user: the column a0 has `size`.
[[nodiscard]] definition dedup_of(event_micros ttl);
/// Aggregates over `amount` (double), `size` (bigint), `user` (text), `wanted` (boolean) or `price` (numeric; where it has a scale,
/// what is left of it there), by argument type.
[[nodiscard]] definition windows_of(event_micros size, event_micros slide, std::vector<aggregate> aggregates,
                                    event_micros lateness = 0, std::uint32_t shards = 1);
[[nodiscard]] aggregate count_rows();
[[nodiscard]] aggregate over(expression::aggregate_function f, data::type argument, data::type result);
/// y is `amount`, x is `size`.
[[nodiscard]] aggregate over_pairs(expression::aggregate_function f);
[[nodiscard]] aggregate over_distinct(expression::aggregate_function f, data::type argument,
                                      data::type result);

/// Adds in one batch; returns the late ones. `filtered`: every aggregate has the filter. `side`: that of a join; none: both.
/// Lists with an order go by their argument.
std::vector<std::uint32_t> add(partials_builder& b, const definition& d, const std::vector<click>& clicks,
                               bool filtered = false, std::optional<std::size_t> side = std::nullopt);
/// Adds and absorbs as one frame, into the one shard; what the shard missed.
std::uint64_t absorb(shard_windows& w, const definition& d, const std::vector<click>& clicks,
                     event_micros fired = no_watermark, bool filtered = false,
                     std::optional<std::size_t> side = std::nullopt);
/// A tick of `updates`, by turns of so many keys: the parts of it.
[[nodiscard]] std::vector<delivery::fired_window>
tick(shard_windows& w, std::size_t turn = std::numeric_limits<std::size_t>::max());
/// Rows as JSON, one string each.
[[nodiscard]] std::vector<std::string> rows_of(const delivery::fired_window& w);

}  // namespace millrace::window::test
