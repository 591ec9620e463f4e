// Expressions in PostgreSQL's grammar: text -> libpg_query's tree -> bound and typed program -> evaluated
// column by column over a batch, with SQL's three-valued nulls. Programs are immutable and may be shared and
// evaluated by any thread. Meaning is PostgreSQL's with session zone UTC
// (docs/design/expressions.md).
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"
#include "runtime/data/batch.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::expression {

/// Something wrong in an expression's text; offset in bytes from its beginning.
struct problem {
  std::size_t offset = 0;
  std::string message;  // the mistake; what is expected; "did you mean" where a name is close
};
using problems = std::vector<problem>;
template<class T>
using bound_or = tl::expected<T, problems>;

/// Lists the names that an expression may use.
struct scope {
  const data::schema* columns = nullptr;
  std::string now_refused;  // not empty: now() is an error with this reason
  /// The columns "l.NAME" and "r.NAME" are those of the two rows of a pair, and l.NAME without quotes means the first.
  bool sides = false;
};

class program;
using program_ptr = std::shared_ptr<const program>;

struct bound {
  program_ptr code;
  data::type type;
  std::vector<std::size_t> columns;  // indices into scope.columns that it reads, ascending
  bool can_fail = false;             // may fail for a row (cast, division, overflow)
  bool uses_now = false;
};

/// A scalar expression. Aggregate calls are problems here.
[[nodiscard]] bound_or<bound> bind(std::string_view text, const scope& names);
/// The same, and its type must be boolean.
[[nodiscard]] bound_or<bound> bind_condition(std::string_view text, const scope& names);

enum class aggregate_function : std::uint8_t {
  count_rows,
  count,
  sum,
  min,
  max,
  avg,
  count_distinct,
  first,
  last,
  bool_and,
  bool_or,
  var_samp,
  var_pop,
  stddev_samp,
  stddev_pop,
  string_agg,
  array_agg,
  percentile_cont,
  percentile_disc,
  bit_and,
  bit_or,
  bit_xor,
  corr,
  covar_pop,
  covar_samp,
  regr_count,
  regr_avgx,
  regr_avgy,
  regr_sxx,
  regr_syy,
  regr_sxy,
  regr_slope,
  regr_intercept,
  regr_r2
};

/// Returns whether it is over pairs of numbers, y and x.
[[nodiscard]] constexpr bool takes_pairs(aggregate_function f) {
  return f >= aggregate_function::corr && f <= aggregate_function::regr_r2;
}

/// An item of an aggregate's `order by`.
struct bound_order {
  bound value;
  bool descending = false;
  bool nulls_first = false;
};

struct bound_aggregate {
  aggregate_function function{};
  std::optional<bound> argument;  // none for count(*); y of a pair
  std::optional<bound> filter;    // the condition of `filter (where ...)`
  data::type result;
  std::vector<bound_order> order{};  // the order of array_agg, string_agg; a percentile has one, its
                                     // argument's; of a pair it is x, the column beside its argument
  bool distinct = false;             // used by array_agg, string_agg, sum, avg, variances, bit_xor
  std::string delimiter{};           // used by string_agg
  double fraction = 0;               // used by percentiles
};

/// Returns whether the text is one aggregate call with nothing around it.
[[nodiscard]] bool is_one_aggregate(std::string_view text, const scope& names);
/// One aggregate call, with optional filter; nothing around it.
[[nodiscard]] bound_or<bound_aggregate> bind_aggregate(std::string_view text, const scope& names);
/// Equal for aggregates that compute the same.
[[nodiscard]] std::string identity(const bound_aggregate& a);

/// Lists the names that an expression over a window's groups may use.
struct group_scope {
  scope group;  // the group's own columns: keys and bounds; of `having` the window's output
  scope input;  // columns of the records, for the arguments of aggregates
  struct known {
    std::string identity;
    std::size_t column;
  };
  std::vector<known> aggregates{};  // aggregates that exist already, and the column that has each one's value
  std::size_t next_column = 0;      // the column of the first further aggregate; the others follow
  struct formula {
    std::string name;
    std::string text;
  };
  std::vector<formula> formulas{};  // names that stand for an expression over groups (in `having`)
};

struct bound_over_groups {
  bound value;                         // reads the group's columns and those of aggregates
  std::vector<bound_aggregate> extra;  // the further aggregates, equal ones once
};
/// An expression around aggregates; each call in it stands for a column.
[[nodiscard]] bound_or<bound_over_groups> bind_over_groups(std::string_view text, const group_scope& names);
/// The same, and its type must be boolean: `having`.
[[nodiscard]] bound_or<bound_over_groups> bind_having(std::string_view text, const group_scope& names);

/// A row for which an expression failed; the row's value in the result is null.
struct row_failure {
  std::uint32_t row;
  std::string message;
};

/// One value a row. Columns of `input` that the program does not read may be null pointers. `now` is fixed
/// for a batch. Rows that fail are appended to `failures`, ascending, each at most once a call.
[[nodiscard]] data::column_ptr evaluate(const bound& e, const data::batch& input, event_micros now,
                                        std::vector<row_failure>& failures);
/// Rows for which a condition is true (neither false nor null), ascending.
[[nodiscard]] std::vector<std::uint32_t> rows_where(const bound& condition, const data::batch& input,
                                                    event_micros now, std::vector<row_failure>& failures);

}  // namespace millrace::expression
