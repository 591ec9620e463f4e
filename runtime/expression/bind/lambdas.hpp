// Functions without a name, x -> x + 1: other languages pass them to functions of lists, and -> reads a member of JSON here. Pure.
#pragma once

#include "runtime/expression/syntax/syntax.hpp"

namespace millrace::expression {

/// Whether it is one: to the left of -> stand names that are no columns, and to the right of it one of them again.
[[nodiscard]] bool is_lambda(const syntax& s, const scope& names);
/// The same within it: x -> x > 1 is a comparison of x -> x. Null pointer: there is none.
[[nodiscard]] const syntax* lambda_in(const syntax& s, const scope& names);
/// Whether a column of that name stands in it: x => x + 1 is none of a named argument.
[[nodiscard]] bool reads_name(const syntax& s, std::string_view name);

inline constexpr std::string_view no_lambdas =
    "there are no functions without a name here, such as x -> x + 1; unnest(list) in the columns of a select "
    "makes "
    "a row of each element, and a select downstream of it computes with them";

}  // namespace millrace::expression
