// The JSON parser: one JSON object a record becomes one row. Declares the connector for the catalog, and
// makes parsers.
#pragma once

#include "actors/connector.hpp"

#include <memory>

namespace millrace::parser {

/// No options of its own: schema, event time and the like are common to all parsers.
[[nodiscard]] config::connector json_parser_declaration();
[[nodiscard]] connector json_parser_connector();

/// The options must have been validated: patterns compile, formats fit the columns.
[[nodiscard]] std::unique_ptr<record_parser> make_json_parser(parser_options options);

}  // namespace millrace::parser
