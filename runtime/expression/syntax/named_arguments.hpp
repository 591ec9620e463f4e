// Arguments by name, as in make_interval(days => 1): the names that PostgreSQL gives the parameters of its functions.
#pragma once

#include "runtime/expression/syntax/syntax.hpp"

#include <string_view>

namespace millrace::expression {

/// Whether the function's arguments may be named, or left out.
[[nodiscard]] bool has_named_parameters(std::string_view function);

/// The argument of a call as it is written; `name` is empty where it goes by its place.
struct written_argument {
  std::string name;
  syntax value;
};
/// Puts the arguments of `call` in the order of the parameters, and a 0 in the place of one that may be left out.
[[nodiscard]] bound_or<syntax> with_arguments(syntax call, std::vector<written_argument> written);

}  // namespace millrace::expression
