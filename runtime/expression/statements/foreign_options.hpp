// Options of tables by the names that other products give them. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::sql {

/// Returns what is written here in the place of the option, such as "brokers" for properties.bootstrap.servers; none: the name is not known.
/// Capitals are no matter, and neither is whether words are divided by dots, hyphens or underscores.
[[nodiscard]] std::optional<std::string> option_here(std::string_view foreign);

}  // namespace millrace::sql
