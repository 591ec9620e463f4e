// Options of a stage as those of WITH (...). Internal to write_sql.
#pragma once

#include "config/options.hpp"
#include "config/sql/written_text.hpp"
#include "config/text/report.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace millrace::config {

/// `name = value`, or `name.member = value` for each member of a map of plain values; other maps, and lists of more than names, are
/// JSON. `space`: "source" or "parser" where the table has both and each takes such an option, which is JSON then if it is a map.
/// `declared`: null where the stage knows no such option.
void write_option(const member& m, const option* declared, std::string_view space, const std::string& path,
                  written_items& to, report& out);
/// The value as JSON in a text.
[[nodiscard]] std::string json_literal(const node& n);
/// `name = 'value'`, which comes from that part.
[[nodiscard]] written_text text_option(std::string_view name, std::string_view value, const node& from,
                                       const std::string& path);
/// The names, with commas: in double quotes where one could be read otherwise. One alone stands as it is, unless it has a comma.
[[nodiscard]] std::string list_text(const std::vector<std::string>& names);
/// `WITH (...)` behind `width` bytes of its line; empty where there is no option.
[[nodiscard]] written_text with_options(const written_items& options, std::size_t width);

}  // namespace millrace::config
