// Binds unnest(list) in the columns of a select: the row becomes one row an element. Expressions read the
// element as a column after those of the input; their evaluator forms these rows first
// (actors/stream/stage/unnest.hpp).
#pragma once

#include "runtime/expression/expression.hpp"

#include <memory>
#include <string>

namespace millrace::expression {

/// The one list that the expressions of a select unnest: that of the first unnest(...) which is bound.
/// Another must take the same.
struct unnested_list {
  std::shared_ptr<const bound> list;
  std::string identity{};  // equal for equal lists
};

/// bind(), where unnest(...) may stand. `bound::columns` has those of the list, and not the element.
[[nodiscard]] bound_or<bound> bind_unnesting(std::string_view text, const scope& names, unnested_list& list);

/// The list that the expression unnests, null pointer for none. It lives as long as the expression.
[[nodiscard]] const bound* unnested_by(const bound& e);
/// The columns that the expression reads beside the element, ascending; of its list none.
[[nodiscard]] std::vector<std::size_t> columns_beside_element(const bound& e);

}  // namespace millrace::expression
