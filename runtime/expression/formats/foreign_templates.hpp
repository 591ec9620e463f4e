// Templates of to_char and to_timestamp that are patterns of Java, strftime or MySQL: PostgreSQL takes most of their letters
// for something else, or for themselves. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::expression {

/// The template that means what the pattern does, which is one of Java, strftime or MySQL.
[[nodiscard]] std::string template_of_others(std::string_view pattern);

/// The pattern of timestamp_pattern.hpp that means what one of Java, or a template of PostgreSQL does; nothing where a part of it has
/// no directive, or the date stays open.
[[nodiscard]] std::optional<std::string> directives_of_others(std::string_view pattern);

/// Says which part of a template means something else than whoever wrote it thought, and what to write; nothing where it is
/// an ordinary one of PostgreSQL.
[[nodiscard]] std::optional<std::string> mistaken_template(std::string_view text);

/// True for a template with a month or a day and no year, whose times are all in the year 1 BC.
[[nodiscard]] bool lacks_year(std::string_view text);

}  // namespace millrace::expression
