// Refuses a schema of chains in which a role that nobody trusts would have its code run, or could command the nodes.
#pragma once

#include "actors/node/stores/postgresql/connection.hpp"
#include "actors/node/stores/postgresql/statements.hpp"

#include <string>
#include <vector>

namespace millrace::postgresql_chain {

/// Looks at the schema and at those of its tables that are there; before anything else is asked of them. ec::refused, of the user, with
/// what was found and the remedy. Gives what is no danger by itself and the user should know.
[[nodiscard]] expected<std::vector<std::string>> check_owners(connection& database, const statements& texts);

}  // namespace millrace::postgresql_chain
