// Names of tables and columns that a database would refuse, cut off or take for another one. Pure.
#pragma once

#include "actors/connectors/sql/sink/target.hpp"
#include "runtime/data/type.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace millrace::sink::sql {

/// Says what is wrong with a name, each with the remedy; `what` is called so.
[[nodiscard]] std::vector<std::string> faults_of_name(product kind, std::string_view name,
                                                      std::string_view what);

/// The same for the columns of a table.
[[nodiscard]] std::vector<std::string> faults_of_columns(product kind, const data::schema& columns);

}  // namespace millrace::sink::sql
