// Log lines that have members of their own where logs are JSON objects.
#pragma once

#include <boost/json/object.hpp>
#include <spdlog/common.h>

#include <string_view>

namespace millrace::data {

/// Logs a line whose JSON form has these members after those that every line has: numbers as numbers.
void log_with(spdlog::level::level_enum level, std::string_view text, const boost::json::object& members);

/// Returns the members of the line that this thread is logging, for the formatter of lines; null where it has
/// none.
[[nodiscard]] const boost::json::object* members_of_line();

}  // namespace millrace::data
