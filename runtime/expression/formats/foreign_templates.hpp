// Templates of to_char and to_timestamp that are patterns of Java, strftime or MySQL: PostgreSQL takes most of their letters
// for something else, or for themselves. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::expression {

/// The template that means what the pattern does, which is one of Java, strftime or MySQL.
[[nodiscard]] std::string template_of_others(std::string_view pattern);

/// Says which part of a template means something else than whoever wrote it thought, and what to write; nothing where it is
/// an ordinary one of PostgreSQL.
[[nodiscard]] std::optional<std::string> mistaken_template(std::string_view text);

}  // namespace millrace::expression
