// JSON with comments and trailing commas -> tree with line:column of every key and value. Duplicate keys and
// everything that is not UTF-8 are refused; size and depth are bounded.
#pragma once

#include "config/text/node.hpp"
#include "config/text/report.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace millrace::config {

/// A topology is written by hand; what is larger was passed by mistake.
inline constexpr std::size_t largest_file = 4U << 20U;
inline constexpr std::size_t deepest_nesting = 64;

/// Returns nothing on a syntax error, which is reported; duplicate keys are reported and the tree given all the same.
[[nodiscard]] std::optional<node> read_json(std::string_view text, const std::string& file, report& out);
/// Not too long, UTF-8 without a byte order mark; else false, with what is wrong in the report.
[[nodiscard]] bool is_readable(std::string_view text, const std::string& file, report& out);
/// Up to a block more than largest_file of it.
[[nodiscard]] std::optional<std::string> read_whole_file(const std::string& file, report& out);
/// Reads the file, then as above.
[[nodiscard]] std::optional<node> read_json_file(const std::string& file, report& out);

}  // namespace millrace::config
