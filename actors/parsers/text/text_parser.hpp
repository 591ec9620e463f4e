// The text parser: a record as it is becomes the one column `line`. Declares the connector for the catalog,
// and makes parsers.
#pragma once

#include "actors/connector.hpp"

#include <memory>

namespace millrace::parser {

[[nodiscard]] config::connector text_parser_declaration();
[[nodiscard]] connector text_parser_connector();
[[nodiscard]] std::unique_ptr<record_parser> make_text_parser(parser_options options);

}  // namespace millrace::parser
