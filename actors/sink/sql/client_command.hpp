// How a user asks a database itself, by the product's own client.
#pragma once

#include <string>
#include <string_view>

namespace millrace::sink::sql {

/// What a user types into a shell to ask it `query`; without the password, for which the client asks.
/// `connection`: as parse_connection() takes it; empty for another.
[[nodiscard]] std::string client_command(std::string_view connection, std::string_view query);

}  // namespace millrace::sink::sql
