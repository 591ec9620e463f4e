// Connections as other products write them: JDBC's, SQLAlchemy's, a path alone. The option `connection` takes none of these, and says what was
// meant. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::sink::sql {

/// Returns the form that the option takes, with the same path, or user, host and database: "sqlite3://clicks.db" for sqlite:clicks.db. A
/// password is the word PASSWORD, and what follows a ? is left out but for a user. No value where nothing can be said.
[[nodiscard]] std::optional<std::string> meant_connection(std::string_view given);

}  // namespace millrace::sink::sql
