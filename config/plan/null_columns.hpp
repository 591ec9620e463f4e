// Hidden columns that are null in every row, since no source upstream has such a thing: the keys and headers of a file's lines.
#pragma once

#include "config/plan/draft.hpp"

#include <string_view>

namespace millrace::config {

/// Whether records of the source have a value for that hidden column; true of columns that every record has.
[[nodiscard]] bool gives(const source_traits& source, std::string_view hidden);
/// Warns of each stage that names a hidden column which is null in all of its rows, unless an overlay has put the source there.
/// Called where nothing is wrong, once the columns in use are marked. `order`: order_of(all).
void warn_of_null_columns(const drafts& all, const std::vector<std::size_t>& order, report& out);

}  // namespace millrace::config
