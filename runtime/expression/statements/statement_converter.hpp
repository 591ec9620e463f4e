// Converts libpg_query's tree of a statement to ours: beside tree_converter the only place that knows both.
#pragma once

#include "runtime/expression/statements/statement.hpp"
#include "runtime/expression/statements/token_list.hpp"

struct PgQuery__Node;  // NOLINT(bugprone-reserved-identifier): libpg_query's own name

namespace millrace::sql {

/// `text`: of the statement, which `begin` bytes of the whole text stand before; `words`: its tokens, with offsets in `text`.
/// Offsets of the result and of problems are those of the whole text. All problems that can be told at once are.
[[nodiscard]] expression::bound_or<statement>
convert_statement(const PgQuery__Node* tree, std::string_view text, const tokens& words, std::size_t begin);

}  // namespace millrace::sql
