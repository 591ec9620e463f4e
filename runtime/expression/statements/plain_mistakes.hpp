// Commas, parentheses, quotes and semicolons that are missing or too many, in a statement that does not parse. Pure.
#pragma once

#include "runtime/expression/statements/mistaken.hpp"

namespace millrace::sql {

/// Such a mistake, if it is the one that the parser has found.
[[nodiscard]] std::optional<expression::problem> plain_mistake(const mistaken& m);
/// Else: the parser's message, with the token that it could not take, and a hint where there is one.
[[nodiscard]] expression::problem syntax_mistake(const mistaken& m, std::string_view message);

}  // namespace millrace::sql
