// The single entries of the table of aggregates, by file; only find_aggregate() looks here.
#pragma once

#include "runtime/window/aggregates.hpp"

namespace millrace::window {

extern const aggregate_ops count_entry;           // count(*) and count(x)
extern const aggregate_ops bigint_sum_entry;      // sum(bigint)
extern const aggregate_ops bigint_average_entry;  // avg(bigint)
extern const aggregate_ops double_sum_entry;      // sum(double)
extern const aggregate_ops double_average_entry;  // avg(double)

extern const aggregate_ops count_distinct_entry;  // takes any type that can be a key
/// Another aggregate over the different values; takes any type that can be a key.
extern const aggregate_ops over_distinct_entry;
extern const aggregate_ops over_distinct_numerics_entry;  // takes numerics, and says so where it fails
/// first and last, of any type that can be a key: by event time, then log (parser and partition), then position.
extern const aggregate_ops first_entry;
extern const aggregate_ops last_entry;

extern const aggregate_ops bool_and_entry;
extern const aggregate_ops bool_or_entry;
extern const aggregate_ops bit_and_entry;  // these take bigint
extern const aggregate_ops bit_or_entry;
extern const aggregate_ops bit_xor_entry;
extern const aggregate_ops array_agg_entry;   // takes any type that can be a key
extern const aggregate_ops string_agg_entry;  // takes text
extern const aggregate_ops percentile_cont_entry;
extern const aggregate_ops percentile_disc_entry;  // takes any type that can be a key

/// sum, avg, variances and standard deviations of numerics; null pointer for other types and functions.
[[nodiscard]] const aggregate_ops* find_numeric(expression::aggregate_function f, const data::type& t);

/// Variances and standard deviations of other numbers; null pointer for a type that has none, and for other functions.
[[nodiscard]] const aggregate_ops* find_variance(expression::aggregate_function f, data::type_id type);

/// corr, covar_* and regr_*, of pairs of doubles; null pointer for other functions.
[[nodiscard]] const aggregate_ops* find_pair_statistic(expression::aggregate_function f);

/// min and max; null pointer for a type that has none.
[[nodiscard]] const aggregate_ops* find_extreme(bool greatest, data::type_id type);

}  // namespace millrace::window
