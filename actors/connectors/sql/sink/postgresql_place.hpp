// Finds the schema of a PostgreSQL table, and its owner. Called by postgresql.cpp alone.
#pragma once

#include "actors/connectors/sql/sink/database.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::sink::sql {

class table_places {
public:
  /// Reads the session's own search path and then fixes it to pg_catalog. First of all statements of a session. An error of the user's
  /// where no schema of the path is there.
  [[nodiscard]] expected<void> begin(database& db);
  /// Finds the first schema of the path that has the table; false where none has.
  [[nodiscard]] outcome<bool> find(database& db, const std::string& table);
  /// database::table_name: where find() has found it, else in the first schema of the path, where it is made.
  [[nodiscard]] std::string name_of(const database& db, std::string_view table) const;
  /// database::check_owner. Finds the table anew: it may have been made just now.
  [[nodiscard]] outcome<std::string> check_owner(database& db, const std::string& table, ownership whose);

private:
  std::vector<std::string> path_;
  std::map<std::string, std::string, std::less<>> schemas_;  // the tables that were found
};

}  // namespace millrace::sink::sql
