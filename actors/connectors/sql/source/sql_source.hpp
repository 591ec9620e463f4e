// A source that reads a table of MySQL, MariaDB, PostgreSQL or SQLite at intervals, and gives what has changed as a log.
#pragma once

#include "actors/connector.hpp"

namespace millrace::source {

[[nodiscard]] config::connector sql_source_declaration();
[[nodiscard]] connector sql_source_connector();

}  // namespace millrace::source
