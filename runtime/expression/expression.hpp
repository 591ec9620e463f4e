// Expressions in PostgreSQL's grammar: text -> libpg_query's tree -> bound and typed program -> evaluated
// column by column over a batch, with SQL's three-valued nulls. Programs are immutable and may be shared and
// evaluated by any thread. Meaning is PostgreSQL's with session zone UTC (topology.md, "Expressions are
// PostgreSQL's").
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
  std::string message;  // what is wrong; what is expected; "did you mean" where a name is close
};
using problems = std::vector<problem>;
template<class T>
using bound_or = tl::expected<T, problems>;

/// What names an expression may use.
struct scope {
  const data::schema* columns = nullptr;
  std::string now_refused;  // not empty: now() is an error with this reason
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
  last
};

struct bound_aggregate {
  aggregate_function function{};
  std::optional<bound> argument;  // none for count(*)
  std::optional<bound> filter;    // from `filter (where ...)`
  data::type result;
};

/// One aggregate call, with optional filter; nothing around it.
[[nodiscard]] bound_or<bound_aggregate> bind_aggregate(std::string_view text, const scope& names);

/// `having`: a condition over the window's output columns (keys, named aggregates, window_start, window_end)
/// in which aggregate calls may also stand in full. Those that equal none of the `declared` are `extra`.
struct bound_having {
  bound condition;  // over: output's columns, then one column for each of `extra`
  std::vector<bound_aggregate> extra;
};
/// `declared[i]` is the text of the aggregate whose output column is `declared_column[i]`.
struct declared_aggregate {
  std::string text;
  std::size_t output_column;
};
[[nodiscard]] bound_or<bound_having> bind_having(std::string_view text, const scope& output,
                                                 const scope& input,
                                                 const std::vector<declared_aggregate>& declared);

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
