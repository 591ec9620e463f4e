// The rows of the table that a sql sink writes, for `millrace sql`.
#pragma once

#include "config/catalog.hpp"
#include "runtime/base/error.hpp"
#include "runtime/data/type.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::sink {

/// A row as texts in the product's own form, null where there is no value; they live until it returns.
using take_row = std::function<expected<void>(std::span<const std::optional<std::string_view>>)>;

/// The columns of the sink's table in this order; times are UTC. Waits for the server as long as a connection
/// does, and holds a row at a time. `sink`: the options of the sink.
[[nodiscard]] expected<void> read_table(const config::values& sink, const std::vector<data::field>& columns,
                                        const take_row& take);

/// Returns the shell command that asks the product's own client. It holds no password.
[[nodiscard]] std::string client_command(const config::values& sink, std::string_view query);

/// Formats the place of the database: "mysql://user@host:3306/db". It holds no password.
[[nodiscard]] std::string database_shown(const config::values& sink);

}  // namespace millrace::sink
