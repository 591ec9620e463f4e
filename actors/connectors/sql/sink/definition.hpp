// The statement with which the sink makes its table, as text and without a connection.
#pragma once

#include "actors/connectors/sql/sink/target.hpp"
#include "runtime/data/type.hpp"

#include <string>
#include <vector>

namespace millrace::sink::sql {

/// Says of which columns the product has no type to make, each with the remedy.
[[nodiscard]] std::vector<std::string> faults_of_types(product kind, const data::schema& columns);

/// Composes the definition that a connection to a recent server of the product would compose, with a remark
/// where versions differ. `key`: of an upsert, or empty. Errors: columns that the product takes for the same, or has no type for.
[[nodiscard]] expected<std::string> table_definition(product kind, const std::string& table,
                                                     const data::schema& rows,
                                                     const std::vector<std::string>& key);

}  // namespace millrace::sink::sql
