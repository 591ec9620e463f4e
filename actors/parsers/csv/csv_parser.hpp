// The CSV parser: one record of delimited fields becomes one row. Declares the connector for the catalog, and
// makes parsers.
#pragma once

#include "actors/connector.hpp"

#include <memory>

namespace millrace::parser {

[[nodiscard]] config::connector csv_parser_declaration();
[[nodiscard]] connector csv_parser_connector();

/// The options must have been validated. `header`: columns are found by the names in the chunk's header line,
/// else by position. `decoded_from`: the source has decoded the records from it.
[[nodiscard]] std::unique_ptr<record_parser>
make_csv_parser(parser_options options, const data::csv_dialect& dialect, bool header,
                data::encoding decoded_from = data::encoding::utf_8);
/// The dialect that validated options of a csv parser say.
[[nodiscard]] data::csv_dialect csv_dialect_of(const config::values& options);

}  // namespace millrace::parser
