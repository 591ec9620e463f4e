// Expressions of Spark, Flink, BigQuery and MySQL that PostgreSQL's grammar does not take, and what to write instead. Pure.
#pragma once

#include "runtime/expression/statements/mistaken.hpp"

namespace millrace::sql {

/// Such an expression, if it is what the parser has stopped at. `columns`: those that may be meant, where they are known.
[[nodiscard]] std::optional<expression::problem> foreign_expression(const mistaken& m,
                                                                    const data::schema* columns = nullptr);

/// The unit of an interval behind its quotes, which the parser has taken for the name of the value: interval '1' hours.
[[nodiscard]] std::optional<expression::problem> unit_as_name(const mistaken& m);

}  // namespace millrace::sql
