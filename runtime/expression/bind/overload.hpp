// Decides which overload of a function or operator a call means: PostgreSQL's rules (exact match, then
// implicit casts, most exact matches, preferred types, literals of unknown type last).
#pragma once

#include "runtime/expression/functions/functions.hpp"

#include <span>
#include <string>

namespace millrace::expression {

/// The overload, or null pointer where none or more than one fits.
[[nodiscard]] const function* choose(const std::vector<const function*>& overloads,
                                     std::span<const kind> kinds);

/// "substr(text, bigint), substr(text, bigint, bigint)"
[[nodiscard]] std::string signatures(const std::vector<const function*>& overloads);

/// The one kind that values of these kinds become together (case, coalesce, in ...); none where they do not
/// mix. Literals alone are text.
[[nodiscard]] std::optional<kind> common_kind(std::span<const kind> kinds);

}  // namespace millrace::expression
