// Says how to go on where a name is no column's.
#pragma once

#include "runtime/data/type.hpp"

#include <string>
#include <string_view>

namespace millrace::config {

/// `there is no column "usreid"; expected "userid" or "at"; did you mean "userid"?` Where the name is an
/// expression over the columns, such as `user.id`: how to make a column of it. `select_where` says at which
/// place, such as `a select upstream of this window`.
[[nodiscard]] std::string missing_column(std::string_view name, const data::schema& columns,
                                         std::string_view select_where);

}  // namespace millrace::config
