// Reads the option `connection`: which product it names, and the text that SOCI connects with. It is a URI or
// SOCI's own text. No text that is shown holds the password.
#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::sink::sql {

enum class product : std::uint8_t { mysql, sqlite, postgresql };
[[nodiscard]] std::string_view to_string(product p);

struct target {
  product kind = product::sqlite;
  std::string connect;         // SOCI's connection text (SQLite: the path)
  std::string connect_server;  // the same without our database, to create that
  std::string database;        // its name; SQLite: the path of the file
  std::string shown;           // a form for messages: "mysql://user@host:3306/db"
};

/// Takes `mysql://user:password@host:port/db?sslca=FILE` (or mariadb://), `postgresql://...`, with
/// percent-encoding; `sqlite3://PATH`, the path as written; or SOCI's own `mysql://db=... user=...
/// password='...'`. The error text never repeats the connection.
[[nodiscard]] expected<target> parse_connection(std::string_view text);

/// Adds to a text for MySQL which ways to prove who one is the server may ask for: none that sends it the password as it is.
[[nodiscard]] std::string with_guarded_login(const std::string& connect);

}  // namespace millrace::sink::sql
