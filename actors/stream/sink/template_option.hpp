// The option `template` of sinks that write text lines: the same words and checks for all of them.
#pragma once

#include "actors/stream/sink/row_format.hpp"
#include "config/catalog.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace millrace::sink {

/// `chooser` is the option that has `text` among its choices, such as format.
[[nodiscard]] config::option template_option(std::string_view chooser);
void check_template(const config::check_input& in, const config::say& say, std::string_view chooser);
/// The columns that it names, hidden ones too; none where there is no template.
[[nodiscard]] std::vector<std::string> template_columns(const config::values& options);
/// An error names the column that is not among these.
[[nodiscard]] expected<row_format> template_format(const config::values& options, const data::schema& rows);

}  // namespace millrace::sink
