// The JSON parser: one JSON object a record becomes one row. Declares the connector for the catalog, and
// makes parsers.
#pragma once

#include "actors/connector.hpp"
#include "actors/parsers/record_prefix.hpp"

#include <memory>

namespace millrace::parser {

[[nodiscard]] config::connector json_parser_declaration();
[[nodiscard]] connector json_parser_connector();

/// The options must have been validated: patterns compile, formats fit the columns.
[[nodiscard]] std::unique_ptr<record_parser> make_json_parser(parser_options options,
                                                              prefix_form prefix = prefix_form::none);

}  // namespace millrace::parser
