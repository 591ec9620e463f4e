// The statement with which the sink makes its table, as text and without a connection.
#pragma once

#include "actors/connectors/sql/sink/target.hpp"
#include "runtime/data/type.hpp"

#include <string>
#include <vector>

namespace millrace::sink::sql {

/// Composes the definition that a connection to a recent server of the product would compose, with a remark
/// where versions differ. `key`: of an upsert, or empty. Errors: columns that the product takes for the same.
[[nodiscard]] expected<std::string> table_definition(product kind, const std::string& table,
                                                     const data::schema& rows,
                                                     const std::vector<std::string>& key);

}  // namespace millrace::sink::sql
