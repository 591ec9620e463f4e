// PostgreSQL's keywords, as libpg_query knows them.
#pragma once

#include <string>
#include <string_view>

namespace millrace::expression {

/// Returns the name as SQL reads it back: in double quotes, unless it is of small letters, digits and _ alone, and no
/// keyword but an unreserved one.
[[nodiscard]] std::string quoted_identifier(std::string_view name);
/// The same where any keyword is a name: behind a dot, and as an option of WITH.
[[nodiscard]] std::string quoted_label(std::string_view name);

}  // namespace millrace::expression
