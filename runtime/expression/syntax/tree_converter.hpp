// Converts libpg_query's tree to our syntax: the only place that knows both.
#pragma once

#include "runtime/expression/syntax/syntax.hpp"

struct PgQuery__Node;  // NOLINT(bugprone-reserved-identifier): libpg_query's own name

namespace millrace::expression {

/// `prefix`: bytes that stand before the user's text in what was parsed.
[[nodiscard]] bound_or<syntax> convert_tree(const PgQuery__Node* tree, std::string_view text,
                                            std::size_t prefix);

}  // namespace millrace::expression
