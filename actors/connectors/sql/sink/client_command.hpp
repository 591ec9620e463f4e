// Tells how a user asks a database directly, by the product's own client.
#pragma once

#include <string>
#include <string_view>

namespace millrace::sink::sql {

/// Returns what a user types into a shell to ask the database `query`; the password is not in it, the client
/// asks for that. `connection` is as parse_connection() takes it; for any other the command is empty.
[[nodiscard]] std::string client_command(std::string_view connection, std::string_view query);

}  // namespace millrace::sink::sql
