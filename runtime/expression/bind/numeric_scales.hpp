// The scales of numeric results where they are the same for all rows, so that a sink with a type for each column knows one:
// price * 2 of a numeric(10,2) is a numeric(38,2).
#pragma once

#include "runtime/expression/bind/node.hpp"

#include <span>

namespace millrace::expression {

/// The column type of a numeric: its values have that scale, where it has one.
[[nodiscard]] data::type numeric_type_of(const node& n);
/// The type of a value that is one of these numerics, as a case or a coalesce is.
[[nodiscard]] data::type common_numeric_type(std::span<const node_ptr* const> of);
/// The type that a call with a numeric result has.
[[nodiscard]] data::type numeric_type_of_call(const node& call);

}  // namespace millrace::expression
