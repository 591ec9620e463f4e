// Tables as the databases' catalogs describe them, a file a product. Called by database::describe alone.
#pragma once

#include "actors/sink/sql/database.hpp"

namespace millrace::sink::sql {

/// Nothing when there is no such table.
[[nodiscard]] outcome<std::optional<table_shape>> describe_mysql(database& db, const std::string& table);
[[nodiscard]] outcome<std::optional<table_shape>> describe_postgresql(database& db, const std::string& table);
[[nodiscard]] outcome<std::optional<table_shape>> describe_sqlite(database& db, const std::string& table);

}  // namespace millrace::sink::sql
