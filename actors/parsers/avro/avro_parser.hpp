// The Avro parser: one datum a record becomes one row. Declares the connector for the catalog, and makes parsers.
#pragma once

#include "actors/connector.hpp"
#include "actors/parsers/record_prefix.hpp"

#include <memory>

namespace millrace::parser {

[[nodiscard]] config::connector avro_parser_declaration();
[[nodiscard]] connector avro_parser_connector();

/// The options must have been validated. An error where schema_text cannot be read: it was made by another version.
[[nodiscard]] expected<std::unique_ptr<record_parser>>
make_avro_parser(parser_options options, prefix_form prefix = prefix_form::none);

}  // namespace millrace::parser
