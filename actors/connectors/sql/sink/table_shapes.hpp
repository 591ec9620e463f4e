// Tables as the databases' catalogs describe them, a file a product, and what those files share. Called by
// database::describe alone.
#pragma once

#include "actors/connectors/sql/sink/database.hpp"

#include <algorithm>
#include <initializer_list>

namespace millrace::sink::sql {

[[nodiscard]] inline bool is_any(std::string_view type, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), type) != names.end();
}

/// The unique indexes of a table from rows that name the index and one of its columns, those of an index in a
/// run.
class index_rows {
public:
  explicit index_rows(std::vector<unique_index>& into) : into_(into) {}
  /// The index that this row is of.
  unique_index& of(const std::optional<std::string>& name) {
    if (last_ != name)
      into_.emplace_back();
    last_ = name;
    return into_.back();
  }

private:
  std::vector<unique_index>& into_;
  std::optional<std::string> last_;  // none yet: every index has a name
};

/// Returns nothing when there is no such table.
[[nodiscard]] outcome<std::optional<table_shape>> describe_mysql(database& db, const std::string& table);
[[nodiscard]] outcome<std::optional<table_shape>> describe_postgresql(database& db, const std::string& table);
[[nodiscard]] outcome<std::optional<table_shape>> describe_sqlite(database& db, const std::string& table);

}  // namespace millrace::sink::sql
